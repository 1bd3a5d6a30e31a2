"""The last twelve weeks in numbers. Each function is one query, whatever the size of the tables.

A week is the faculty's, from Monday on. What is counted in a week takes place in it; the running
one counts what is planned as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    DateField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncWeek
from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, Booking, HelpRequest, NothingFree, Offer
from setahub.core import clock
from topics.models import Topic

WEEKS = 12
WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)
Status = Booking.Status


@dataclass(frozen=True)
class Period:
    """Twelve Mondays, the last of them this week's, and the moments around them."""

    mondays: Sequence[date]

    @property
    def start(self) -> datetime:
        return clock.day_bounds(self.mondays[0])[0]

    @property
    def end(self) -> datetime:
        return clock.day_bounds(self.mondays[-1] + WEEK)[0]

    def along(self, by_week: dict[date, int]) -> list[int]:
        """The values in the order of the weeks, nothing where a week has none."""
        return [by_week.get(monday, 0) for monday in self.mondays]


def last_weeks() -> Period:
    this = clock.monday(clock.today())
    return Period([this - (WEEKS - 1 - number) * WEEK for number in range(WEEKS)])


def _week(field: str) -> TruncWeek:
    return TruncWeek(field, output_field=DateField(), tzinfo=clock.zone())


def within(rows: "QuerySet", field: str, period: Period) -> "QuerySet":
    return rows.filter(**{f"{field}__gte": period.start, f"{field}__lt": period.end}).order_by()


def opened(period: Period) -> tuple[list[int], list[int]]:
    """How many sessions there were each week, and how many slots they opened."""
    length = ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField())
    rows = (
        within(Appointment.objects.open(), "starts_at", period)
        .annotate(week=_week("starts_at"), length=length)
        .values("week", "length", "slot_minutes")
        .annotate(count=Count("pk"))
    )
    sessions: dict[date, int] = {}
    slots: dict[date, int] = {}
    for row in rows:
        # A session is cut into whole slots without a rest.
        each = row["length"] // timedelta(minutes=row["slot_minutes"])
        sessions[row["week"]] = sessions.get(row["week"], 0) + row["count"]
        slots[row["week"]] = slots.get(row["week"], 0) + row["count"] * each
    return period.along(sessions), period.along(slots)


@dataclass(frozen=True)
class Booked:
    """Bookings of each week: those kept, the slots they fill, and what became of them."""

    kept: list[int]
    slots: list[int]
    over: list[int]  # kept, and their end has passed
    no_shows: list[int]
    made: list[int]  # kept or cancelled
    late: list[int]  # cancelled late


def booked(period: Period) -> Booked:
    kept = ~Q(status=Status.CANCELLED)
    rows = list(
        within(Booking.objects.all(), "starts_at", period)
        .annotate(week=_week("starts_at"))
        .values("week")
        .annotate(
            kept=Count("pk", filter=kept),
            slots=Count("slot", filter=kept, distinct=True),
            over=Count("pk", filter=kept & Q(ends_at__lte=timezone.now())),
            no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
            made=Count("pk"),
            late=Count("pk", filter=Q(cancelled_late=True)),
        )
    )
    names = ("kept", "slots", "over", "no_shows", "made", "late")
    return Booked(*(period.along({row["week"]: row[name] for row in rows}) for name in names))


class Median(Aggregate):
    """PostgreSQL's own; SQLite has none."""

    name = "Median"
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def lead_times(period: Period) -> list[float | None]:
    """The median time from booking to session of each week's kept bookings, in hours."""
    ahead = ExpressionWrapper(F("starts_at") - F("created_at"), output_field=DurationField())
    rows = within(Booking.objects.kept(), "starts_at", period).annotate(week=_week("starts_at"))
    return _medians(rows, ahead, period)


def _medians(rows: "QuerySet", lasted: ExpressionWrapper, period: Period) -> list[float | None]:
    """The middle of what lasted, in hours, of each week that has any."""
    weekly = medians(rows, lasted, "week")
    return [max(weekly[monday], 0) if monday in weekly else None for monday in period.mondays]


def medians(rows: "QuerySet", lasted: ExpressionWrapper, by: str) -> dict[Any, float]:
    """The middle of what lasted, in hours, by a field of the rows. One query."""
    if connection.vendor == "postgresql":
        middle = Median(lasted, output_field=DurationField())
        found = rows.values_list(by).annotate(middle=middle)
        return {key: length / HOUR for key, length in found}
    lengths: dict[Any, list[float]] = {}
    for key, length in rows.annotate(lasted=lasted).values_list(by, "lasted"):
        lengths.setdefault(key, []).append(length / HOUR)
    return {key: median(each) for key, each in lengths.items()}


@dataclass(frozen=True)
class Asked:
    """Requests for time of each week, and what became of them."""

    made: list[int]
    answered: list[int]
    expired: list[int]
    hours: list[float | None]  # the median time to an answer


def asked(period: Period) -> Asked:
    """By the week that they were asked in. Two queries."""
    rows = within(HelpRequest.objects.all(), "created_at", period)
    rows = rows.annotate(week=_week("created_at"))
    answered = Q(status=HelpRequest.Status.ANSWERED)
    counted = list(
        rows.values("week").annotate(
            made=Count("pk"),
            answered=Count("pk", filter=answered),
            expired=Count("pk", filter=Q(status=HelpRequest.Status.EXPIRED)),
        )
    )
    took = ExpressionWrapper(F("closed_at") - F("created_at"), output_field=DurationField())
    made, answered_ones, expired = (
        period.along({row["week"]: row[name] for row in counted})
        for name in ("made", "answered", "expired")
    )
    hours = _medians(rows.filter(answered, closed_at__isnull=False), took, period)
    return Asked(made, answered_ones, expired, hours)


@dataclass(frozen=True)
class Offered:
    """Seats of each week that were held for who waited, and how many of them were taken."""

    seats: list[int]
    taken: list[int]


def offered(period: Period) -> Offered:
    """A seat that was passed on is one seat. By the week that it was offered in. One query."""
    first = Q(turn=1)
    rows = list(
        within(Offer.objects.all(), "created_at", period)
        .annotate(week=_week("created_at"))
        .values("week")
        .annotate(
            seats=Count("pk", filter=first),
            taken=Count("pk", filter=Q(status=Offer.Status.TAKEN)),
        )
    )
    return Offered(
        *(period.along({row["week"]: row[name] for row in rows}) for name in ("seats", "taken"))
    )


def joined(period: Period) -> list[int]:
    """New users of each week."""
    people = User.objects.filter(deleted_at__isnull=True)
    rows = within(people, "date_joined", period).annotate(week=_week("date_joined"))
    counted = rows.values("week").annotate(count=Count("pk"))
    return period.along({row["week"]: row["count"] for row in counted})


def by_ta(period: Period) -> list[tuple[User, list[int]]]:
    """The TAs with most bookings this week, at most eight, with those of each week. Three queries."""
    bookings = within(Booking.objects.kept(), "starts_at", period)
    this_week = bookings.filter(starts_at__gte=clock.day_bounds(period.mondays[-1])[0])
    top = this_week.values_list("ta").annotate(count=Count("pk")).order_by("-count", "ta")[:8]
    ids = [ta for ta, _count in top]
    rows = bookings.filter(ta__in=ids).annotate(week=_week("starts_at")).values_list("ta", "week")
    return _lines(period, ids, rows.annotate(count=Count("pk")), User.objects.in_bulk(ids))


def by_topic(period: Period) -> "list[tuple[Topic, list[int]]]":
    """The topics whose page had no free time for most students this week, at most eight."""
    rows = NothingFree.objects.filter(day__gte=period.mondays[0]).order_by()
    this_week = rows.filter(day__gte=period.mondays[-1]).values_list("topic")
    top = this_week.annotate(count=Count("student", distinct=True)).order_by("-count", "topic")[:8]
    ids = [topic for topic, _count in top]
    weekly = (
        rows.filter(topic__in=ids)
        .annotate(week=TruncWeek("day", output_field=DateField()))
        .values_list("topic", "week")
        .annotate(count=Count("student", distinct=True))
    )
    return _lines(period, ids, weekly, Topic.objects.in_bulk(ids))


def by_asked_topic(period: Period) -> "list[tuple[Topic, list[int]]]":
    """The topics that most time was asked for this week, at most eight."""
    rows = within(HelpRequest.objects.all(), "created_at", period)
    this_week = rows.filter(created_at__gte=clock.day_bounds(period.mondays[-1])[0])
    top = this_week.values_list("topic").annotate(count=Count("pk")).order_by("-count", "topic")[:8]
    ids = [topic for topic, _count in top]
    weekly = rows.filter(topic__in=ids).annotate(week=_week("created_at"))
    counted = weekly.values_list("topic", "week").annotate(count=Count("pk"))
    return _lines(period, ids, counted, Topic.objects.in_bulk(ids))


def _lines(period: Period, ids: Sequence[int], rows: Iterable, named: dict) -> list:
    """For each id what is named so, and its counts along the weeks."""
    counts: dict[int, dict[date, int]] = {}
    for key, week, count in rows:
        counts.setdefault(key, {})[week] = count
    return [(named[key], period.along(counts.get(key, {}))) for key in ids if key in named]
