"""The faculty's policy numbers, in the shape rules want them.

One object, ``policy``, so that a rule never reads a setting's unit or a literal. The settings give
the defaults; what staff changed comes from ``policy.source``, which the app plugs in once it is
ready: settings read this module too, when there is no database yet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings

from setahub.core import clock, env

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
UNITS = {MINUTE: "minutes", HOUR: "hours", DAY: "days", WEEK: "weeks"}


@dataclass(frozen=True)
class Number:
    """The bounds of a number; ``unit``: what one of it is, where it is a length of time."""

    low: int
    high: int
    unit: timedelta | None = None


# By the name of the setting. The same bounds hold for the environment and for the admin.
NUMBERS = {
    "TA_MIN_YEAR": Number(1, 8),
    "BOOKING_MIN_NOTICE": Number(0, 20_160, MINUTE),
    "BOOKING_HORIZON": Number(1, 365, DAY),
    "MAX_ACTIVE_BOOKINGS": Number(1, 1000),
    "MAX_REQUESTS": Number(1, 100),
    "RELIABILITY_POINTS": Number(0, 100),
    "LATE_CANCEL": Number(0, 20_160, MINUTE),
    "LATE_CANCEL_GRACE": Number(0, 1440, MINUTE),
    "NO_SHOW_AFTER": Number(0, 60, MINUTE),
    "OUTCOME_SWITCH": Number(1, 60, DAY),
    "AUTO_COMPLETE": Number(1, 168, HOUR),
    "APPOINTMENT_MAX_LENGTH": Number(1, 24, HOUR),
    "APPOINTMENT_MAX_AHEAD": Number(1, 366, DAY),
    "APPOINTMENT_MAX_REPEAT": Number(1, 52, WEEK),
    "APPOINTMENT_MAX_SEATS": Number(1, 20),
    "MESSAGES_PER_MINUTE": Number(1, 600),
    "MESSAGE_IMAGES_PER_MINUTE": Number(1, 600),
}


def from_environment(name: str, default: int) -> int:
    """The variable of this name, within the number's bounds, else its default."""
    number = NUMBERS[name]
    unit = UNITS[number.unit] if number.unit else ""
    return env.number(name, default, low=number.low, high=number.high, unit=unit)


# A session made under an earlier policy may be longer than a new one may, but never longer than
# this: a bound for searches.
LONGEST_SESSION = HOUR * NUMBERS["APPOINTMENT_MAX_LENGTH"].high


@dataclass(frozen=True)
class ExamWeek:
    """Days, both included, for which other numbers hold; None: the ordinary one.

    It is about the slots that start on these days in the faculty's zone, whenever they are booked.
    """

    first: date
    last: date
    max_active_bookings: int | None = None
    min_notice: timedelta | None = None

    def holds(self, start: datetime) -> bool:
        """Whether a slot with this start lies in it."""
        return self.has(clock.local(start).date())

    def has(self, day: date) -> bool:
        """Whether a day of the faculty's lies in it."""
        return self.first <= day <= self.last

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment of it and the first after it."""
        return clock.day_bounds(self.first)[0], clock.day_bounds(self.last)[1]


@dataclass(frozen=True)
class Changes:
    """What staff changed: numbers by the name of their setting, and exam weeks in order of time."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    exam_weeks: Sequence[ExamWeek] = ()


NO_CHANGES = Changes()


@dataclass(frozen=True)
class Count:
    """A number of the policy, by the name of its setting."""

    name: str

    def __get__(self, policy: "Policy", owner: type) -> int:
        return policy.number(self.name)


@dataclass(frozen=True)
class Length:
    """A length of time, by the name of its setting."""

    name: str

    def __get__(self, policy: "Policy", owner: type) -> timedelta:
        return policy.number(self.name) * (NUMBERS[self.name].unit or MINUTE)


class Policy:
    """Each number is read at the time of asking, so that a changed one counts at once."""

    source: Callable[[], Changes] = staticmethod(lambda: NO_CHANGES)

    def number(self, name: str) -> int:
        changed = self.source().numbers.get(name)
        return getattr(settings, name) if changed is None else changed

    ta_min_year = Count("TA_MIN_YEAR")
    min_notice = Length("BOOKING_MIN_NOTICE")  # ordinary; of a certain slot: min_notice_at
    horizon = Length("BOOKING_HORIZON")
    max_active_bookings = Count("MAX_ACTIVE_BOOKINGS")  # ordinary; see capped_weeks
    max_requests = Count("MAX_REQUESTS")  # places in line of one student
    reliability_points = Count(
        "RELIABILITY_POINTS"
    )  # from so many on one booking at a time; 0: off
    late_cancel = Length("LATE_CANCEL")
    late_cancel_grace = Length("LATE_CANCEL_GRACE")
    no_show_after = Length("NO_SHOW_AFTER")
    outcome_switch = Length("OUTCOME_SWITCH")
    auto_complete = Length("AUTO_COMPLETE")
    booking_changes = Count("BOOKING_CHANGES")  # of one person in ten minutes
    session_changes = Count("SESSION_CHANGES")  # of one TA in ten minutes
    topics_a_day = Count("TOPICS_A_DAY")  # of one person
    requests_a_day = Count("REQUESTS_A_DAY")  # of one person
    records_a_day = Count("RECORDS_A_DAY")  # of one TA
    max_length = Length("APPOINTMENT_MAX_LENGTH")
    max_ahead = Length("APPOINTMENT_MAX_AHEAD")
    max_repeat = Length("APPOINTMENT_MAX_REPEAT")
    max_seats = Count("APPOINTMENT_MAX_SEATS")
    messages_per_minute = Count("MESSAGES_PER_MINUTE")
    message_images_per_minute = Count("MESSAGE_IMAGES_PER_MINUTE")

    @property
    def ta_approval(self) -> bool:
        return bool(self.number("TA_APPROVAL"))

    @property
    def join_before(self) -> timedelta:
        """How long before its start people are shown the way into a session."""
        return settings.JOIN_BEFORE * MINUTE

    @property
    def takeaway_within(self) -> timedelta:
        """How long after the end a TA may leave a takeaway, and change it."""
        return settings.TAKEAWAY_WITHIN * DAY

    @property
    def thanks_within(self) -> timedelta:
        """How long after the end a student may say how it was, and change that."""
        return settings.THANKS_WITHIN * DAY

    @property
    def grid(self) -> timedelta:
        return settings.APPOINTMENT_GRID

    @property
    def slot_minutes(self) -> list[int]:
        return settings.APPOINTMENT_SLOT_MINUTES

    # --- Exam weeks -----------------------------------------------------------------------------

    def min_notice_at(self, start: datetime) -> timedelta:
        """The notice that a slot with this start takes."""
        for week in self.source().exam_weeks:
            if week.min_notice is not None and week.holds(start):
                return week.min_notice
        return self.min_notice

    def bookable_spans(self, now: datetime) -> list[tuple[datetime, datetime | None]]:
        """The spans [start, end) in which slots start whose notice is kept at ``now``, in order.

        The last has no end. It is the only one, unless an exam week with another notice is near.
        """
        spans: list[tuple[datetime, datetime | None]] = []

        def add(start: datetime, end: datetime | None, notice: timedelta) -> None:
            start = max(start, now + notice)
            if end is not None and start >= end:
                return
            if spans and spans[-1][1] == start:
                start = spans.pop()[0]
            spans.append((start, end))

        ordinary, begin = self.min_notice, now
        for week in self.source().exam_weeks:
            first, end = week.bounds
            if week.min_notice is not None and end > now:
                add(begin, first, ordinary)
                add(max(first, now), end, week.min_notice)
                begin = end
        add(begin, None, ordinary)
        return spans

    def capped_weeks(self) -> list[ExamWeek]:
        """The exam weeks not yet over that have a number of bookings of their own."""
        return [each for each in self.exam_weeks_to_come() if each.max_active_bookings is not None]

    def exam_weeks_to_come(self) -> list[ExamWeek]:
        """Those that are not over, in order of time."""
        today = clock.today()
        return [week for week in self.source().exam_weeks if week.last >= today]

    def exam_week_on(self, day: date) -> ExamWeek | None:
        """The exam week that a day lies in."""
        return next((week for week in self.source().exam_weeks if week.has(day)), None)


policy = Policy()
