"""Who booked what in the demo: yesterday's bookings as history, tomorrow's through the services."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Booking, BookingEvent, TimeSlot
from scheduling.models.slots import Bookable
from scheduling.queries.obstacles import Obstacle
from scheduling.services import bookings
from setahub.core import clock
from setahub.demo.calendar import Session, dice, split
from setahub.demo.history import events_of
from setahub.demo.people import STUDENT, STUDENTS, TA, TAS, Cast
from setahub.demo.topics import questions, slugs
from topics.models import Topic

COMING_EACH = 3  # of one student: fewer than allowed, so that there is room to try
PAST_SHARE = 0.45  # of the past slots
CHECKED_IN_SHARE = 0.7  # of those that took place
COMING_SHARE = 0.25  # of the coming ones, while students have room

Status = Booking.Status
Pair = tuple[Session, TimeSlot]

STUDENT_REASONS = (
    "Sorry, I have an exam at that time now.",
    "ขอยกเลิกก่อนนะคะ ไม่สบายค่ะ",
    "I found the mistake myself. Thank you anyway!",
)
TA_REASONS = ("The room is closed that day, sorry.", "ผมติดประชุมด่วนครับ ขอโทษด้วยนะครับ")


def ensure(cast: Cast, sessions: Sequence[Session]) -> int:
    """Bookings in sessions that were made just now. Returns how many."""
    students = cast.of(STUDENTS)
    over, coming = split(sessions, timezone.now())
    past = _Past(cast, students, over).make()
    return past + _Coming(cast, students, coming).make()


class _Past:
    """Written directly, since the services book nothing in the past."""

    def __init__(self, cast: Cast, students: Sequence[User], slots: Sequence[Pair]) -> None:
        self.cast, self.students, self.slots = cast, students, slots
        self.busy: dict[int, list[tuple[datetime, datetime]]] = {}
        self.made: list[Booking] = []

    def make(self) -> int:
        self._of_the_student()
        for session, slot in self.slots:
            luck = dice("past", session.ta.email, slot.starts_at)
            for _seat in range(slot.capacity):
                if luck.random() < PAST_SHARE:
                    self._book(session, slot, luck, self._outcome(luck))
        Booking.objects.bulk_create(self.made)
        BookingEvent.objects.bulk_create(
            event for booking in self.made for event in events_of(booking)
        )
        return len(self.made)

    def _of_the_student(self) -> None:
        """The demo's student has one that took place, with the demo's TA, one that its TA cancelled, and
        one that they cancelled late themselves: a point that fades."""
        student = self.cast.users[STUDENT]
        if STUDENT not in self.cast.fresh or student not in self.students:
            return
        ta = self.cast.users[TA].pk
        with_ta = [pair for pair in self.slots if pair[0].ta.pk == ta]
        others = [pair for pair in self.slots if pair[0].ta.pk != ta]
        for pairs, at, status, late in (
            (with_ta, 1 / 2, Status.COMPLETED, False),
            (others, 1 / 2, Status.CANCELLED, False),
            (others, 3 / 4, Status.CANCELLED, True),
        ):
            if pairs:
                session, slot = pairs[int(len(pairs) * at)]
                self._book(session, slot, dice("student", status), status, student, late=late)

    def _outcome(self, luck: Random) -> str:
        return luck.choices(
            (Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED), weights=(80, 7, 13)
        )[0]

    def _book(
        self,
        session: Session,
        slot: TimeSlot,
        luck: Random,
        status: str,
        student: User | None = None,
        *,
        late: bool = False,
    ) -> None:
        # The demo's student has what was given above, so that the list tells a short story.
        known = self.cast.users[STUDENT].pk
        free = [
            each
            for each in self.students
            if (each == student or (student is None and each.pk != known))
            and self._is_free(each, slot)
        ]
        if not free or sum(each.slot is slot for each in self.made) >= slot.capacity:
            return
        student = luck.choice(free)
        self.busy.setdefault(student.pk, []).append((slot.starts_at, slot.ends_at))
        topic = luck.choice(session.topics)
        booking = Booking(
            slot=slot,
            student=student,
            ta=session.ta,
            topic=topic,
            question=luck.choice(questions(topic)),
            status=status,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            created_at=slot.starts_at - timedelta(hours=luck.randint(20, 150)),
        )
        if status == Status.CANCELLED:
            by_ta = student.pk == known or luck.random() < 0.25
            by_ta, booking.cancelled_late = by_ta and not late, late
            booking.cancelled_by = session.ta if by_ta else student
            booking.cancel_reason = luck.choice(TA_REASONS if by_ta else STUDENT_REASONS)
            before = 2 if late else luck.randint(6, 18)
            booking.cancelled_at = slot.starts_at - timedelta(hours=before)
        if status == Status.COMPLETED and luck.random() < CHECKED_IN_SHARE:
            booking.checked_in_at = slot.starts_at + timedelta(minutes=luck.randint(-4, 6))
        self.made.append(booking)

    def _is_free(self, student: User, slot: TimeSlot) -> bool:
        return student.pk != slot.appointment.ta_id and all(
            slot.ends_at <= start or slot.starts_at >= end
            for start, end in self.busy.get(student.pk, ())
        )


class _Coming:
    """Through the services, as people book: every rule holds, and everybody is told."""

    def __init__(self, cast: Cast, students: Sequence[User], slots: Sequence[Pair]) -> None:
        self.cast, self.students, self.slots = cast, students, slots
        self.now = timezone.now()
        self.made: list[Booking] = []
        self.content: set[int] = set()  # students who may have but one, and have it
        upcoming = Booking.objects.upcoming(self.now).filter(student__in=students)
        self.has = Counter(upcoming.values_list("student_id", flat=True))

    def make(self) -> int:
        if not self.slots:
            return 0
        self._of_the_student()
        self._of_the_ta()
        for session, slot in self.slots:
            luck = dice("coming", session.ta.email, slot.starts_at)
            for _seat in range(slot.capacity):
                if luck.random() < COMING_SHARE:
                    self._book_any(session.topics, slot, luck)
        self._backdate()
        return len(self.made)

    def _of_the_student(self) -> None:
        """The demo's student has three, the first of them tomorrow with the demo's TA."""
        student, ta = self.cast.users[STUDENT], self.cast.users[TA]
        if student not in self.students or self.has[student.pk]:
            return
        others = [each for each in self.cast.of(TAS) if each != ta]
        # Once more on what they had help with: so there is a takeaway to show.
        had = Booking.objects.of_student(student.pk).filter(status=Status.COMPLETED)
        known = set(had.values_list("topic", flat=True))
        for days, tas in ((1, [ta]), (3, others), (6, others)):
            day = clock.day_bounds(clock.today() + timedelta(days=days))[0]
            slots = (
                TimeSlot.objects.free(bookable=Bookable.at(self.now))
                .filter(appointment__ta__in=tas, starts_at__gte=day)
                .soonest()
            )
            for slot in slots[:5]:
                topics = [each for each in slot.appointment.topics.all() if each.slug in slugs()]
                topics = [each for each in topics if each.pk in known] or topics
                if topics and self._book(student, topics, slot, dice("student", days)):
                    break

    def _of_the_ta(self) -> None:
        """The demo's TA has some questions to read for the next sessions."""
        if TA not in self.cast.fresh:
            return
        ta = self.cast.users[TA]
        soon = [pair for pair in self.slots if pair[0].ta == ta][:6]
        for session, slot in soon[::2]:
            self._book_any(session.topics, slot, dice("soon", slot.starts_at))

    def _book_any(self, topics: Sequence[Topic], slot: TimeSlot, luck: Random) -> None:
        """By one of the students who have room for it."""
        known = self.cast.users[STUDENT].pk
        willing = [
            each for each in self.students if each.pk != known and self.has[each.pk] < COMING_EACH
        ]
        luck.shuffle(willing)
        for student in willing[:3]:
            if self._book(student, topics, slot, luck):
                return

    def _book(self, student: User, topics: Sequence[Topic], slot: TimeSlot, luck: Random) -> bool:
        topic = luck.choice(topics)
        question = luck.choice(questions(topic))
        if student.pk in self.content:
            return False
        try:
            made = bookings.book(student, slot.pk, topic, question)
        except SchedulingError as refused:
            if refused.code == Obstacle.ONE_AT_A_TIME.value:
                self.content.add(student.pk)
            return False  # too soon, full, or a clash: then not this one
        self.has[student.pk] += 1
        self.made.append(made)
        return True

    def _backdate(self) -> None:
        """Not all of them were booked in the same second, and nobody needs a reminder."""
        for booking in self.made:
            luck = dice("booked", booking.starts_at, booking.student_id)
            booking.created_at = self.now - timedelta(minutes=luck.randint(120, 3000))
            # Made-up people get no emails.
            booking.reminded_day_for = booking.reminded_hour_for = booking.starts_at
        Booking.objects.bulk_update(
            self.made, ["created_at", "reminded_day_for", "reminded_hour_for"]
        )
        events = list(BookingEvent.objects.filter(booking__in=self.made))
        booked_at = {booking.pk: booking.created_at for booking in self.made}
        for event in events:
            event.created_at = booked_at[event.booking_id]
        BookingEvent.objects.bulk_update(events, ["created_at"])
