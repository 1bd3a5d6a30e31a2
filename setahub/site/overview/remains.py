"""What remains of sessions, in numbers; and whether they helped, so that no one answer can be read.

An answer is counted only once nobody can change it any more, and only in sums of at least ``LEAST``: those
of a topic and a week; what is left over of a week's other topics as one sum, where that has as many. No
total counts what is left out, so that nothing follows from a difference; and no sum ever changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.models import Booking, Thanks
from setahub.core import clock
from setahub.policy.current import policy
from setahub.site.overview.weeks import WEEK, Period, by_week, counts

LEAST = 5  # answers in a sum
SOON = timedelta(days=1)
Helped = Thanks.Helped


def takeaways(period: Period) -> tuple[list[int], list[int]]:
    """Of the completed bookings of each week: those whose takeaway came within a day, and all."""
    soon = Q(takeaway__created_at__lte=F("ends_at") + SOON)
    completed = Booking.objects.filter(status=Booking.Status.COMPLETED)
    what = {"soon": Count("pk", filter=soon), "over": Count("pk")}
    counted = counts(completed, "starts_at", period, **what)
    return counted["soon"], counted["over"]


def thanked(period: Period) -> list[int]:
    """How many bookings of each week were thanked for in words."""
    said = Thanks.objects.said()
    return counts(said, "booking__starts_at", period, thanked=Count("pk"))["thanked"]


@dataclass(frozen=True)
class Answers:
    """Of a topic ("" for the others) in a week: how many there are, and how many say yes."""

    week: date
    topic: str
    count: int
    yes: int

    @property
    def share(self) -> str:
        return f"{self.yes / self.count:.0%}"

    @property
    def row(self) -> list[object]:
        return [self.week.isoformat(), self.topic or _("other topics"), self.count, self.share]


def titles() -> list[str]:
    return [_("Week of"), _("Topic"), _("Answers"), _("It helped")]


def helped(period: Period) -> list[Answers]:
    """The sums that may be seen, newest week first. One query."""
    now = timezone.now()
    rows = (
        by_week(Thanks.objects.answered(), "booking__starts_at", period)
        .values("week", topic=F("booking__topic__name"))
        .annotate(count=Count("pk"), yes=Count("pk", filter=Q(helped=Helped.YES)))
        .order_by("-week", "booking__topic__sort_key")
    )
    weekly: dict[date, list[Answers]] = {}
    for row in rows:
        if clock.day_bounds(row["week"] + WEEK)[0] + policy.thanks_within + SOON <= now:
            weekly.setdefault(row["week"], []).append(Answers(**row))
    return [each for week in weekly.values() for each in _that_may_be_seen(week)]


def _that_may_be_seen(answers: Sequence[Answers]) -> list[Answers]:
    """Those of one week in sums that are large enough."""
    large = [each for each in answers if each.count >= LEAST]
    small = [each for each in answers if each.count < LEAST]
    count, yes = sum(each.count for each in small), sum(each.yes for each in small)
    others = [Answers(small[0].week, "", count, yes)] if count >= LEAST else []
    return [*large, *others]


def shares(seen: Sequence[Answers], period: Period) -> list[float | None]:
    """The share of yes of each week, of what may be seen of it alone."""
    weekly = {monday: [each for each in seen if each.week == monday] for monday in period.mondays}
    return [
        sum(each.yes for each in some) / sum(each.count for each in some) if some else None
        for some in weekly.values()
    ]
