"""The last twelve weeks in numbers. Each function is one query, whatever the size of the tables.

A week is the faculty's, from Monday on. What is counted in a week takes place in it; the running
one counts what is planned as well.
"""

from collections.abc import Sequence
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
from scheduling.models import Appointment, Booking, HelpRequest, NothingFree, Offer, TeachingLimits
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


def within(rows: "QuerySet", field: str, period: Period) -> "QuerySet":
    return rows.filter(**{f"{field}__gte": period.start, f"{field}__lt": period.end}).order_by()


def by_week(rows: "QuerySet", field: str, period: Period) -> "QuerySet":
    """Those of the twelve weeks, each with its ``week``."""
    week = TruncWeek(field, output_field=DateField(), tzinfo=clock.zone())
    return within(rows, field, period).annotate(week=week)


def opened(period: Period) -> tuple[list[int], list[int]]:
    """How many sessions there were each week, and how many slots they opened."""
    length = ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField())
    rows = (
        by_week(Appointment.objects.open(), "starts_at", period)
        .annotate(length=length)
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


def counts(rows: "QuerySet", field: str, period: Period, **what: Count) -> dict[str, list[int]]:
    """What is counted, by its name, in each week. One query."""
    weekly = list(by_week(rows, field, period).values("week").annotate(**what))
    return {name: period.along({row["week"]: row[name] for row in weekly}) for name in what}


def booked(period: Period) -> dict[str, list[int]]:
    """Bookings of each week: those kept, the slots they fill, and what became of them."""
    kept = ~Q(status=Status.CANCELLED)
    over = kept & Q(ends_at__lte=timezone.now())
    return counts(
        Booking.objects.all(),
        "starts_at",
        period,
        kept=Count("pk", filter=kept),
        slots=Count("slot", filter=kept, distinct=True),
        over=Count("pk", filter=over),
        no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
        made=Count("pk"),  # kept or cancelled
        late=Count("pk", filter=Q(cancelled_late=True)),
        verified=Count("pk", filter=over & Q(checked_in_at__isnull=False)),
        disputed=Count("dispute"),  # no-shows that the student says are wrong
    )


class Median(Aggregate):
    """PostgreSQL's own; SQLite has none."""

    name = "Median"
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def lead_times(period: Period) -> list[float | None]:
    """The median time from booking to session of each week's kept bookings, in hours."""
    ahead = ExpressionWrapper(F("starts_at") - F("created_at"), output_field=DurationField())
    rows = by_week(Booking.objects.kept(), "starts_at", period)
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


def asked(period: Period) -> dict[str, list[int]]:
    """Requests for time of the week that they were asked in, and what became of them."""
    return counts(
        HelpRequest.objects.all(),
        "created_at",
        period,
        made=Count("pk"),
        answered=Count("pk", filter=Q(status=HelpRequest.Status.ANSWERED)),
        expired=Count("pk", filter=Q(status=HelpRequest.Status.EXPIRED)),
    )


def answer_times(period: Period) -> list[float | None]:
    """The median time from a request to its answer, in hours, by the week that it was asked in."""
    took = ExpressionWrapper(F("closed_at") - F("created_at"), output_field=DurationField())
    rows = HelpRequest.objects.filter(status=HelpRequest.Status.ANSWERED, closed_at__isnull=False)
    return _medians(by_week(rows, "created_at", period), took, period)


def offered(period: Period) -> dict[str, list[int]]:
    """Seats that were held for who waited, by the week that they were offered in, and those taken.

    A seat that was passed on is one seat.
    """
    return counts(
        Offer.objects.all(),
        "created_at",
        period,
        seats=Count("pk", filter=Q(turn=1)),
        taken=Count("pk", filter=Q(status=Offer.Status.TAKEN)),
    )


def joined(period: Period) -> list[int]:
    """New users of each week."""
    people = User.objects.filter(deleted_at__isnull=True)
    return counts(people, "date_joined", period, joined=Count("pk"))["joined"]


def by_ta(period: Period) -> list[tuple[User, list[int]]]:
    """The TAs with most bookings this week, at most eight, with those of each week. Three queries."""
    rows = by_week(Booking.objects.kept(), "starts_at", period)
    return _top(User, "ta", rows, Count("pk"), period)


def loads(period: Period) -> list[tuple[User, list[int], int]]:
    """TAs with a limit of their own, at most eight: their booked slots of each week, and the limit.

    Who is nearest to it this week comes first. Three queries.
    """
    limits = TeachingLimits.objects.values_list("ta_id", "weekly_slots")
    most = {ta: slots for ta, slots in limits if slots is not None}
    rows = by_week(Booking.objects.kept(), "starts_at", period).filter(ta__in=list(most))
    weekly: dict[int, dict[date, int]] = {ta: {} for ta in most}
    for ta, week, count in rows.values_list("ta", "week").annotate(
        count=Count("slot", distinct=True)
    ):
        weekly[ta][week] = count
    this = period.mondays[-1]
    ids = sorted(most, key=lambda ta: (-weekly[ta].get(this, 0) / most[ta], ta))[:8]
    named = User.objects.in_bulk(ids)
    return [(named[ta], period.along(weekly[ta]), most[ta]) for ta in ids]


def by_topic(period: Period) -> "list[tuple[Topic, list[int]]]":
    """The topics whose page had no free time for most students this week, at most eight."""
    week = TruncWeek("day", output_field=DateField())
    rows = NothingFree.objects.filter(day__gte=period.mondays[0]).order_by().annotate(week=week)
    return _top(Topic, "topic", rows, Count("student", distinct=True), period)


def by_asked_topic(period: Period) -> "list[tuple[Topic, list[int]]]":
    """The topics that most time was asked for this week, at most eight."""
    rows = by_week(HelpRequest.objects.all(), "created_at", period)
    return _top(Topic, "topic", rows, Count("pk"), period)


def _top(model: Any, field: str, rows: "QuerySet", count: Count, period: Period) -> list:
    """Those with the most rows this week, each with the counts of every week."""
    this_week = rows.filter(week=period.mondays[-1]).values_list(field)
    most = this_week.annotate(count=count).order_by("-count", field)[:8]
    ids = [pk for pk, _count in most]
    weekly = rows.filter(**{f"{field}__in": ids}).values_list(field, "week").annotate(count=count)
    counts: dict[int, dict[date, int]] = {}
    for pk, week, number in weekly:
        counts.setdefault(pk, {})[week] = number
    named = model.objects.in_bulk(ids)
    return [(named[pk], period.along(counts.get(pk, {}))) for pk in ids if pk in named]
