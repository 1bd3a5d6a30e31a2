"""Very many people, sessions and bookings, for measurements.

Nobody is ever in two places, by the way it is made: time is cut into blocks of two hours, a TA has
at most one session in a block, and the students of one block all differ.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count, islice

from django.db import connection, reset_queries, transaction
from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, Booking, BookingEvent, TimeSlot
from scheduling.services.plan import Span, cut
from scheduling.services.rows import slots_at
from setahub.core import clock
from setahub.core.keys import fold
from setahub.demo import accounts
from setahub.demo.history import events_of
from setahub.demo.scale_topics import QUESTIONS, TOPICS
from setahub.policy.current import policy
from topics.models import Registration, Topic

PAST_DAYS = 365
BLOCK = timedelta(hours=2)
BLOCK_STARTS = (9, 11, 13, 15, 17)
SHAPES = ((30, 1), (30, 1), (20, 1), (60, 1), (60, 3), (15, 1), (30, 2))  # minutes, seats
SEATS = sum(BLOCK // timedelta(minutes=minutes) * seats for minutes, seats in SHAPES) / len(SHAPES)
OCCUPANCY = 0.6  # of all seats
COMING_SHARE = 0.1  # of all bookings
COMING_SESSIONS = 4  # of each TA at least, so that there is free time to find
FLUSH = 500  # sessions: the memory needed follows from it
BATCH = 2000  # rows of one INSERT

Status = Booking.Status


class TooMany(ValueError):
    """So much doesn't fit into so few people's time."""


@dataclass(frozen=True)
class Block:
    """Two hours of one day; ``sessions`` are (index of a TA, minutes, seats)."""

    start: datetime
    sessions: list[tuple[int, int, int]]

    def usable_seats(self, students: int) -> int:
        """How many seats can be booked: nobody sits on two at once."""
        offered = sum(
            BLOCK // timedelta(minutes=minutes) * seats for _ta, minutes, seats in self.sessions
        )
        return min(offered, students)


@dataclass(frozen=True)
class Session:
    """An appointment with all that belongs to it, not stored yet."""

    appointment: Appointment
    topics: Sequence[int]  # ids
    slots: list[TimeSlot] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)


class Scale:
    """Makes it all, in order of time and in batches; ``say`` gets a line now and then."""

    def __init__(self, students: int, tas: int, bookings: int, say: Callable[[str], None]) -> None:
        self.counts = students, tas, bookings
        self.say = say
        self.now = timezone.now()
        self.run = _next_run()
        self.dice = random.Random(f"scale {self.run}")
        self.students: list[User] = []
        self.tas: list[User] = []
        self.topics: list[list[int]] = []  # ids, for each TA
        self.next_student = 0
        self.made = 0

    def make(self) -> None:
        """Raises TooMany before anything is stored."""
        students, tas, bookings = self.counts
        past_blocks, coming_blocks = self._blocks()
        coming = min(round(bookings * COMING_SHARE), students * policy.max_active_bookings)
        coming = coming if coming_blocks else 0
        past = self._plan(past_blocks, bookings - coming, at_least=0)
        ahead = self._plan(coming_blocks, coming, at_least=COMING_SESSIONS)
        self._people()
        self.say(f"{students + tas:,} people")
        self._write(past, bookings - coming)
        self._write(ahead, coming)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # without it the database plans for empty tables

    # --- Time -----------------------------------------------------------------------------------

    def _blocks(self) -> tuple[list[datetime], list[datetime]]:
        """The starts of all blocks on working days that are over, and of those to come."""
        today = clock.today()
        days = [today + timedelta(days=n) for n in range(-PAST_DAYS, policy.horizon.days + 1)]
        starts = [
            clock.at(day, time(hour)) for day in days for hour in BLOCK_STARTS if day.weekday() < 5
        ]
        past = [start for start in starts if start + BLOCK <= self.now]
        return past, [start for start in starts if start > self.now + policy.min_notice]

    def _plan(self, starts: Sequence[datetime], bookings: int, *, at_least: int) -> list[Block]:
        """Sessions for every TA, on blocks of their own choice, with seats for so many bookings."""
        students, tas, _bookings = self.counts
        each = max(at_least, round(bookings / OCCUPANCY / SEATS / tas + 0.5)) if tas else 0
        while True:
            each = min(each, len(starts))
            blocks = {index: Block(start, []) for index, start in enumerate(starts)}
            for ta in range(tas):
                for index in self.dice.sample(range(len(starts)), each):
                    blocks[index].sessions.append((ta, *self.dice.choice(SHAPES)))
            if sum(block.usable_seats(students) for block in blocks.values()) >= bookings:
                return [block for block in blocks.values() if block.sessions]
            if each == len(starts):
                raise TooMany("So many bookings don't fit: ask for more TAs and students.")
            each += 1 + each // 4

    # --- People and topics ----------------------------------------------------------------------

    def _people(self) -> None:
        students, tas, _bookings = self.counts
        joined = self.now - timedelta(days=PAST_DAYS + 30)
        with transaction.atomic():
            stored = accounts.store(
                User(
                    username=f"Scale{self.run} {kind} {number:05d}",
                    email=f"scale{self.run}-{kind.lower()}-{number:05d}@example.com",
                    year=self.dice.choice(years),
                    date_joined=joined,
                )
                for kind, total, years in (
                    ("Student", students, (1, 1, 2, 3)),
                    ("TA", tas, (2, 3, 3, 4)),
                )
                for number in range(1, total + 1)
            )
            self.students, self.tas = stored[:students], stored[students:]
            # So that neighbours in time are strangers in the table.
            self.dice.shuffle(self.students)
            if self.tas:
                self._registrations(_listed_topics(self.tas[0]))

    def _registrations(self, topic_ids: Sequence[int]) -> None:
        self.topics = [self.dice.sample(topic_ids, self.dice.randint(1, 4)) for _ta in self.tas]
        Registration.objects.bulk_create(
            (
                Registration(user=ta, topic_id=topic_id)
                for ta, own in zip(self.tas, self.topics, strict=True)
                for topic_id in own
            ),
            batch_size=BATCH,
        )

    # --- Sessions and bookings ------------------------------------------------------------------

    def _write(self, blocks: Sequence[Block], bookings: int) -> None:
        """Store the blocks' sessions, with exactly so many bookings spread over their seats."""
        sessions = self._sessions(blocks, bookings)
        while batch := list(islice(sessions, FLUSH)):
            _store(batch)
            reset_queries()  # DEBUG keeps the text of every statement
            self.made += sum(len(session.bookings) for session in batch)
            self.say(f"{self.made:,} of {self.counts[2]:,} bookings")

    def _sessions(self, blocks: Sequence[Block], wanted: int) -> Iterator[Session]:
        left = sum(block.usable_seats(len(self.students)) for block in blocks)
        for block in blocks:
            usable = block.usable_seats(len(self.students))
            for ta, minutes, seats in block.sessions:
                session = self._session(ta, block.start, minutes, seats)
                for slot in session.slots:
                    for _seat in range(min(seats, usable)):
                        # Selection sampling: of the seats left, just as many as are still wanted.
                        # Source: Knuth, The Art of Computer Programming, volume 2, algorithm S.
                        if self.dice.random() * left < wanted:
                            session.bookings.append(self._booking(session, slot))
                            wanted -= 1
                        usable -= 1
                        left -= 1
                yield session

    def _session(self, ta: int, start: datetime, minutes: int, seats: int) -> Session:
        appointment = Appointment(
            ta=self.tas[ta],
            starts_at=start,
            ends_at=start + BLOCK,
            slot_minutes=minutes,
            capacity=seats,
            location=f"Room {self.dice.randint(101, 820)}",
            created_at=start - timedelta(days=40),
        )
        own = self.topics[ta]
        topics = self.dice.sample(own, self.dice.randint(1, len(own)))
        slots = slots_at(appointment, cut(Span(start, start + BLOCK), minutes))
        return Session(appointment, topics, slots)

    def _booking(self, session: Session, slot: TimeSlot) -> Booking:
        # One after the other through all students: those of one block differ, and the coming ones
        # of each stay within the limit.
        student = self.students[self.next_student % len(self.students)]
        self.next_student += 1
        booked_at = min(slot.starts_at, self.now) - timedelta(hours=self.dice.randint(2, 200))
        booking = Booking(
            slot=slot,
            student=student,
            ta=session.appointment.ta,
            topic_id=self.dice.choice(session.topics),
            question=self.dice.choice(QUESTIONS),
            status=self._status(slot),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            created_at=booked_at,
            reminded_day_for=slot.starts_at,  # made-up people get no emails
            reminded_hour_for=slot.starts_at,
        )
        if booking.status == Status.CANCELLED:
            booking.cancelled_at = booked_at + timedelta(hours=1)
            booking.cancelled_by = student
        return booking

    def _status(self, slot: TimeSlot) -> str:
        luck = self.dice.random()
        if slot.ends_at + policy.auto_complete > self.now:
            return Status.BOOKED if luck < 0.95 else Status.CANCELLED
        if luck < 0.84:
            return Status.COMPLETED
        return Status.CANCELLED if luck < 0.95 else Status.NO_SHOW


@transaction.atomic
def _store(sessions: Sequence[Session]) -> None:
    through = Appointment.topics.through
    bookings = [booking for session in sessions for booking in session.bookings]
    Appointment.objects.bulk_create((session.appointment for session in sessions), batch_size=BATCH)
    through.objects.bulk_create(
        (
            through(appointment_id=session.appointment.pk, topic_id=topic_id)
            for session in sessions
            for topic_id in session.topics
        ),
        batch_size=BATCH,
    )
    TimeSlot.objects.bulk_create(
        (slot for session in sessions for slot in session.slots), batch_size=BATCH
    )
    Booking.objects.bulk_create(bookings, batch_size=BATCH)
    BookingEvent.objects.bulk_create(
        (event for booking in bookings for event in events_of(booking)), batch_size=BATCH
    )


def _next_run() -> int:
    """The first number that no earlier run has used in its accounts' emails."""
    return next(
        run
        for run in count(1)
        if not User.objects.filter(email_key__startswith=f"scale{run}-").exists()
    )


def _listed_topics(creator: User) -> list[int]:
    """The ids of the topics that sessions are about, made where they are missing."""
    known = Topic.objects.in_bulk([fold(name) for name in TOPICS], field_name="name_key")
    topics = [
        known.get(fold(name)) or Topic.objects.create(name=name, creator=creator) for name in TOPICS
    ]
    return [topic.pk for topic in topics if not topic.is_archived]
