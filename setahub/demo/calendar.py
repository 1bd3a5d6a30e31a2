"""The demo's sessions: a past that has happened, and time to book on each of the coming days."""

import random
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, TimeSlot
from scheduling.services.plan import Span, collisions, cut
from scheduling.services.rows import slots_at
from setahub.core import clock
from setahub.demo.people import TAS, Cast
from setahub.demo.week import WEEK, Pattern
from setahub.policy.current import policy
from topics.models import Topic
from topics.models.slugs import base_slug

DAYS_BACK = 14
DAYS_AHEAD = 14
SERIES = uuid.UUID("5e7a0000-0000-4000-8000-000000000000")  # names are given below this one


@dataclass(frozen=True)
class Session:
    """An appointment made just now, with its topics and slots."""

    appointment: Appointment
    topics: Sequence[Topic]
    slots: list[TimeSlot] = field(default_factory=list)

    @property
    def ta(self) -> User:
        return self.appointment.ta


def dice(*words: object) -> random.Random:
    """Chance that is the same in every run for the same words."""
    return random.Random(" ".join(map(str, words)))


def ensure(cast: Cast, topics: dict[str, Topic]) -> list[Session]:
    """Sessions for every demo TA on each day of the coming two weeks, and new ones' last two.

    A day on which the TA has a session already, be it a cancelled one, is left as it is. Returns
    those that were made.
    """
    made = [
        session for ta in cast.of(TAS) for session in _missing(ta, cast.email_of(ta), cast, topics)
    ]
    _store(made)
    return made


def _missing(ta: User, email: str, cast: Cast, topics: dict[str, Topic]) -> list[Session]:
    """The TA's sessions that aren't there yet, not stored."""
    today = clock.today()
    first = today - timedelta(days=DAYS_BACK if email in cast.fresh else 0)
    days = [first + timedelta(days=n) for n in range((today - first).days + DAYS_AHEAD + 1)]
    planned = _days_with_sessions(ta, days)
    taught = set(Topic.objects.taught_by(ta.pk).values_list("slug", flat=True))
    own = [topic for slug, topic in topics.items() if slug in taught]
    patterns = [pattern for pattern in WEEK if pattern.ta == email]
    sessions = [
        session
        for day in days
        if day not in planned
        for pattern in patterns
        if day.weekday() in pattern.days and (session := _session(ta, pattern, day, own))
    ]
    spans = [Span(each.appointment.starts_at, each.appointment.ends_at) for each in sessions]
    reasons = collisions(ta.pk, spans)
    return [each for each, reason in zip(sessions, reasons, strict=True) if not reason]


def _days_with_sessions(ta: User, days: Sequence[date]) -> Collection[date]:
    start, end = clock.day_bounds(days[0])[0], clock.day_bounds(days[-1])[1]
    starts = Appointment.objects.of(ta.pk).filter(starts_at__gte=start, starts_at__lt=end)
    return {clock.local(moment).date() for moment in starts.values_list("starts_at", flat=True)}


def _session(ta: User, pattern: Pattern, day: date, own: Sequence[Topic]) -> Session | None:
    """One day of a pattern; None when the TA teaches none of its topics any more."""
    chosen = {base_slug(name) for name in pattern.topics}
    topics = [topic for topic in own if not chosen or topic.slug in chosen]
    if not topics:
        return None
    start, end = (clock.at(day, time.fromisoformat(each)) for each in (pattern.start, pattern.end))
    name = f"{pattern.ta} {day.weekday()} {pattern.start}"
    appointment = Appointment(
        ta=ta,
        starts_at=start,
        ends_at=end,
        slot_minutes=pattern.minutes,
        capacity=pattern.seats,
        location=pattern.place,
        notes=pattern.notes,
        series=uuid.uuid5(SERIES, name) if pattern.weekly else None,
        created_at=min(timezone.now(), start - timedelta(days=DAYS_AHEAD)),
    )
    return Session(
        appointment, topics, slots_at(appointment, cut(Span(start, end), pattern.minutes))
    )


def _store(sessions: Iterable[Session]) -> None:
    """Directly, since the services open no time in the past."""
    sessions = list(sessions)
    Appointment.objects.bulk_create([session.appointment for session in sessions])
    through = Appointment.topics.through
    through.objects.bulk_create(
        [
            through(appointment_id=session.appointment.pk, topic_id=topic.pk)
            for session in sessions
            for topic in session.topics
        ]
    )
    TimeSlot.objects.bulk_create([slot for session in sessions for slot in session.slots])


def split(
    sessions: Iterable[Session], now: datetime
) -> tuple[list[tuple[Session, TimeSlot]], list[tuple[Session, TimeSlot]]]:
    """All slots in order of time: those that are over, and those that can be booked."""
    slots = [(session, slot) for session in sessions for slot in session.slots]
    slots.sort(key=lambda pair: (pair[1].starts_at, pair[1].pk))
    over = [pair for pair in slots if pair[1].ends_at <= now]
    until = now + policy.horizon
    return over, [
        (session, slot)
        for session, slot in slots
        if now + policy.min_notice_at(slot.starts_at) <= slot.starts_at <= until
    ]
