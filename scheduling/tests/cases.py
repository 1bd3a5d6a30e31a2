"""A slot and all that may stand around it, generated, with the rules said once more.

In plain Python over what was generated, to hold the one definition of free and the words of a refusal
against.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

from hypothesis import assume
from hypothesis import strategies as st

from accounts.models import Block, User
from scheduling.models import (
    Appointment,
    Booking,
    FreedSeat,
    HelpRequest,
    Offer,
    PlaceInLine,
    TeachingLimits,
    TimeSlot,
)
from scheduling.services import spared
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes, ExamWeek
from topics.models import Registration, Topic

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)  # 9:00 in Bangkok
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOW = ["booked", "booked", "held", "completed", "no_show", "cancelled"]
EDGES = [timedelta(seconds=-1), timedelta(0), timedelta(seconds=1)]


@dataclass(frozen=True)
class Case:
    """A slot, who would book it, and what is around them."""

    notice: int  # minutes
    horizon: int  # days
    most: int
    week: ExamWeek | None
    start: datetime
    withdrawn: bool
    cancelled: bool
    capacity: int
    taken: int
    ta_is_active: bool
    registration: str  # its status; "" for none
    archived: bool
    of_session: bool  # the topic is one of the session's
    ta_is_elsewhere: timedelta | None  # when another session begins in which the TA is a student
    student_is_active: bool
    own: bool
    blocked: str  # by whom
    has_seat: bool
    elsewhere: timedelta | None  # when another booking of the student begins
    moves: bool  # it is that one which is to be moved here
    others: int  # more bookings of the student, later the same day
    held: int  # seats that are offered to somebody
    offered: bool  # one of them to the student
    freed: int  # seats that wait to be matched
    freed_for: timedelta  # until when they are kept for that, from now
    back_in: timedelta | None  # when its TA is back, from the slot's start
    weekly: int | None  # the most slots that its TA takes in a week
    in_a_row: int | None  # and in a row
    also: tuple[int, ...]  # when other slots of the TA begin, in half hours from this one
    how: tuple[
        str, ...
    ]  # what became of each: "booked", "held", "completed", "no_show", "cancelled"

    @property
    def end(self):
        return self.start + HOUR / 2

    def week_of(self, moment: datetime):
        day = (moment + 7 * HOUR).date()
        return self.week if self.week and self.week.first <= day <= self.week.last else None

    @property
    def why_not_free(self) -> set[str]:
        """Codes of all that keeps everybody from booking it."""
        week = self.week_of(self.start)
        notice = timedelta(minutes=self.notice)
        if week and week.min_notice is not None:
            notice = week.min_notice
        busy = self.ta_is_elsewhere is not None and abs(self.ta_is_elsewhere) < HOUR / 2
        broken = {
            "gone": self.withdrawn or self.cancelled or not self.ta_is_active,
            "past": self.start <= NOW,
            "notice": self.start < NOW + notice,
            "horizon": self.start > NOW + DAY * self.horizon,
            "topic": self.archived or not self.of_session or self.registration != "approved",
            "full": self.taken + self.has_seat >= self.capacity,
            "held": self.taken + self.has_seat + self.held + self.kept >= self.capacity,
            "ta_busy": busy,
            "away": self.back_in is not None and self.back_in > timedelta(0),
            "week_full": self.is_limited
            and self.weekly is not None
            and self.in_week >= self.weekly,
            "break": self.is_limited and self.in_a_row is not None and self.run > self.in_a_row,
        }
        return {code for code, is_broken in broken.items() if is_broken}

    @property
    def is_limited(self) -> bool:
        """Nobody has a seat in it yet, so that it would be one more slot for its TA."""
        return not (self.taken or self.has_seat or self.held)

    @property
    def engaged(self) -> set[int]:
        """Which of the other slots take the TA's time."""
        return {at for at, how in zip(self.also, self.how, strict=True) if how != "cancelled"}

    @property
    def in_week(self) -> int:
        def monday(moment):
            day = (moment + 7 * HOUR).date()
            return day - DAY * day.weekday()

        return sum(monday(self.start + HOUR / 2 * at) == monday(self.start) for at in self.engaged)

    @property
    def run(self) -> int:
        """How many slots there would be in a row, this one included."""
        first = last = 0
        while first - 1 in self.engaged:
            first -= 1
        while last + 1 in self.engaged:
            last += 1
        return last - first + 1

    @property
    def kept(self) -> int:
        """Freed seats that are free for nobody yet."""
        return self.freed if self.freed_for > timedelta(0) else 0

    @property
    def why_not_free_for_me(self) -> set[str]:
        return self.why_not_free - ({"held"} if self.offered else set())

    @property
    def in_the_way(self) -> set[str]:
        """Codes of all that keeps this student from it."""
        mine = [self.start] if self.has_seat else []
        mine += [self.start + DAY / 4 + HOUR * number for number in range(self.others)]
        if self.elsewhere is not None and not self.moves:
            mine.append(self.start + self.elsewhere)
        most: dict[ExamWeek | None, int] = {None: self.most}
        if self.week and self.week.max_active_bookings is not None:
            most[self.week] = self.week.max_active_bookings
        here = self.week_of(self.start)
        here = here if here in most else None

        def counted(start):
            week = self.week_of(start)
            return (week if week in most else None) == here and start + HOUR / 2 > NOW

        clashes = self.elsewhere is not None and abs(self.elsewhere) < HOUR / 2
        broken = {
            "own": self.own,
            "blocked": bool(self.blocked),
            "second_seat": self.has_seat,
            "clash": clashes and not self.moves,
            "too_many": sum(map(counted, mine)) >= most[here],
            "inactive": not (self.ta_is_active if self.own else self.student_is_active),
        }
        return {code for code, is_broken in broken.items() if is_broken}


@st.composite
def cases(draw):
    """Mostly nothing is wrong; starts lie on and beside each boundary."""
    rarely = st.sampled_from([False] * 9 + [True])
    notice = draw(st.sampled_from([0, 60, 90]))
    horizon = draw(st.sampled_from([1, 3, 30]))
    week = None
    if draw(st.booleans()):
        first = date(2026, 11, 23) + DAY * draw(st.integers(-1, 4))
        week = ExamWeek(
            first,
            first + DAY * draw(st.integers(0, 2)),
            draw(st.sampled_from([None, 1, 2])),
            draw(st.sampled_from([None, timedelta(0), 2 * HOUR, 2 * DAY])),
        )
    week_ends = NOW - 2 * HOUR - 7 * HOUR + 7 * DAY  # Monday, 0:00 in Bangkok
    boundaries = [
        week_ends,
        NOW,
        NOW + MINUTE * notice,
        NOW + DAY * horizon,
        NOW + 5 * HOUR,
        NOW + 2 * DAY,
    ]
    if week:
        boundaries += week.bounds
        if week.min_notice is not None:
            boundaries.append(NOW + week.min_notice)
    nearby = st.sampled_from([None] * 4 + [HOUR * part / 4 for part in (-2, -1, 0, 1, 2)])
    own = draw(rarely)
    has_seat = not own and draw(rarely)
    capacity = draw(st.integers(1, 3))
    elsewhere = None if own or has_seat else draw(nearby)
    taken = draw(st.sampled_from([0, 0, capacity - has_seat]))
    held = draw(st.integers(0, capacity - has_seat - taken))
    # Around the slot, and some hours and days from it, over the end of the week.
    nearby_slots = st.sampled_from([-3, -2, -1, 1, 2, 3, -20, 20, -48, 48, 96])
    also = () if own else tuple(draw(st.sets(nearby_slots, max_size=4)))
    return Case(
        notice=notice,
        horizon=horizon,
        most=draw(st.sampled_from([1, 2, 5])),
        week=week,
        start=draw(st.sampled_from(boundaries)) + draw(st.sampled_from(EDGES)),
        withdrawn=draw(rarely),
        cancelled=draw(rarely),
        capacity=capacity,
        taken=taken,
        ta_is_active=not draw(rarely),
        registration=draw(st.sampled_from(["approved"] * 8 + ["pending", ""])),
        archived=draw(rarely),
        of_session=not draw(rarely),
        ta_is_elsewhere=None if own else draw(nearby),
        student_is_active=not draw(rarely),
        own=own,
        blocked="" if own else draw(st.sampled_from([""] * 8 + ["ta", "student"])),
        has_seat=has_seat,
        elsewhere=elsewhere,
        moves=elsewhere is not None and draw(st.booleans()),
        others=0 if own else draw(st.integers(0, 2)),
        held=held,
        offered=held > 0 and not (own or has_seat) and draw(st.booleans()),
        freed=draw(st.sampled_from([0, 0, 1])),
        freed_for=draw(st.sampled_from([MINUTE, *EDGES])),
        back_in=draw(st.sampled_from([None] * 6 + EDGES)),
        weekly=draw(st.sampled_from([None, None, 1, 2, 3])),
        in_a_row=draw(st.sampled_from([None, None, 1, 2, 3])),
        also=also,
        how=tuple(draw(st.sampled_from(HOW)) for _slot in also),
    )


class World:
    """The rows of a case, written past the services, which would refuse some of them."""

    def __init__(self, case: Case) -> None:
        self.names = count()
        self.topic = self._topic()
        self.ta = self._person()
        self.student = self.ta if case.own else self._person()
        if case.registration:
            Registration.objects.create(user=self.ta, topic=self.topic, status=case.registration)
        self.slot = self._slot(self.ta, case.start, case.capacity)
        if not case.of_session:
            self.slot.appointment.topics.set([self._topic()])
        for _number in range(case.taken):
            self._book(self._person(), self.slot)
        if case.has_seat:
            self._book(self.student, self.slot)
        for number in range(case.held):
            mine = case.offered and number == 0
            self._offer(self.student if mine else self._person(), self.slot)
        FreedSeat.objects.bulk_create(FreedSeat(slot=self.slot) for _seat in range(case.freed))
        TimeSlot.objects.filter(pk=self.slot.pk).update(freed_until=NOW + case.freed_for)
        if case.ta_is_elsewhere is not None:
            self._book_elsewhere(self.ta, case.start + case.ta_is_elsewhere)
        self.moving = None
        if case.elsewhere is not None:
            made = self._book_elsewhere(self.student, case.start + case.elsewhere)
            self.moving = made if case.moves else None
        for number in range(case.others):
            self._book_elsewhere(self.student, case.start + DAY / 4 + HOUR * number)
        if case.blocked:
            pair = (self.ta, self.student) if case.blocked == "ta" else (self.student, self.ta)
            Block.objects.create(blocker=pair[0], blocked=pair[1])
        for at, how in zip(case.also, case.how, strict=True):
            self._also(case.start + HOUR / 2 * at, how)
        back_at = None if case.back_in is None else case.start + case.back_in
        TeachingLimits.objects.create(
            ta=self.ta, weekly_slots=case.weekly, slots_in_a_row=case.in_a_row, back_at=back_at
        )
        Topic.objects.filter(pk=self.topic.pk).update(archived_at=NOW if case.archived else None)
        User.objects.filter(pk=self.ta.pk).update(is_active=case.ta_is_active)
        if not case.own:
            User.objects.filter(pk=self.student.pk).update(is_active=case.student_is_active)
        TimeSlot.objects.filter(pk=self.slot.pk).update(withdrawn=case.withdrawn)
        spared.refresh(self.ta.pk)  # as services do
        if case.cancelled:
            Appointment.objects.filter(pk=self.slot.appointment_id).update(cancelled_at=NOW)
        self.slot = TimeSlot.objects.with_ta().get(pk=self.slot.pk)
        self.student = User.objects.get(pk=self.student.pk)

    def _person(self) -> User:
        number = next(self.names)
        user = User(username=f"Person {number}", email=f"person{number}@example.com")
        user.set_unusable_password()
        user.save()
        return user

    def _topic(self) -> Topic:
        number = next(self.names)
        return Topic.objects.create(name=f"Topic {number}", slug=f"topic-{number}")

    def _slot(self, ta: User, start: datetime, capacity: int = 1) -> TimeSlot:
        session = Appointment.objects.create(
            ta=ta,
            starts_at=start,
            ends_at=start + HOUR / 2,
            slot_minutes=30,
            capacity=capacity,
            location="Room 504",
        )
        session.topics.set([self.topic])
        return TimeSlot.objects.create(
            appointment=session, starts_at=start, ends_at=session.ends_at, capacity=capacity
        )

    def _book(self, student: User, slot: TimeSlot) -> Booking:
        return Booking.objects.create(
            slot=slot, student=student, ta=slot.appointment.ta, topic=self.topic, question="Why?"
        )

    def _offer(self, person: User, slot: TimeSlot) -> Offer:
        today = when.today()
        wish = HelpRequest.objects.create(
            student=person, topic=self.topic, question="Why?", from_day=today, to_day=today
        )
        place = PlaceInLine.objects.create(request=wish, person=person)
        return Offer.objects.create(
            slot=slot, student=person, request=wish, place=place, turn=1, expires_at=NOW + HOUR
        )

    def _also(self, start: datetime, how: str) -> None:
        """Another slot of the TA, for none of the topics that are looked for, and what became of it."""
        slot = self._slot(self.ta, start)
        slot.appointment.topics.clear()
        if how == "held":
            self._offer(self._person(), slot)
            return
        Booking.objects.create(
            slot=slot,
            student=self._person(),
            ta=self.ta,
            topic=self.topic,
            question="Why?",
            status=how,
        )

    def _book_elsewhere(self, student: User, start: datetime) -> Booking:
        return self._book(student, self._slot(self._person(), start))


def written(case: Case) -> World:
    """The case's rows, unless the database itself forbids it: nobody is in two places."""
    ta_is_there = case.taken or case.has_seat
    busy = case.ta_is_elsewhere is not None and abs(case.ta_is_elsewhere) < HOUR / 2
    assume(not (ta_is_there and busy))
    # Nor is its TA a student elsewhere while they teach.
    if case.ta_is_elsewhere is not None:
        gaps = [abs(case.ta_is_elsewhere - HOUR / 2 * at) for at in case.engaged]
        assume(all(gap >= HOUR / 2 for gap in gaps))
    numbers = {
        "BOOKING_MIN_NOTICE": case.notice,
        "BOOKING_HORIZON": case.horizon,
        "MAX_ACTIVE_BOOKINGS": case.most,
    }
    source.keep(Changes(numbers, [case.week] if case.week else []))
    return World(case)
