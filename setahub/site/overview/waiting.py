"""Who waited for time in the last twelve weeks, topic by topic, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.utils.translation import gettext as _

from scheduling.models import Booking, HelpRequest, Offer
from setahub.site.overview.weeks import Period, medians, within
from topics.models import Topic

Status = HelpRequest.Status


@dataclass(frozen=True)
class Waited:
    """Requests of one topic, and its seats: those that were held for who waited, and those that were
    given back."""

    topic: Topic
    asked: int = 0
    answered: int = 0
    expired: int = 0
    hours: float | None = None  # the median time to an answer
    offered: int = 0  # however often each was passed on
    taken: int = 0
    freed: int = 0  # by a cancellation
    reused: int = 0  # of those, booked again

    @property
    def row(self) -> Sequence[object]:
        """In the order of ``titles``."""
        hours = None if self.hours is None else round(self.hours, 1)
        counts = (self.offered, self.taken, self.freed, self.reused)
        return (self.topic.name, self.asked, self.answered, self.expired, hours, *counts)


def titles() -> list[str]:
    return [
        _("Topic"),
        _("Asked"),
        _("Answered"),
        _("Expired"),
        _("Hours to an answer (median)"),
        _("Seats offered"),
        _("Offered seats taken"),
        _("Seats given back"),
        _("Given back and booked again"),
    ]


def by_topic(period: Period) -> list[Waited]:
    """Those that anybody waited for or gave a seat back of, most asked first. Five queries."""
    requests = within(HelpRequest.objects.all(), "created_at", period)
    answered = Q(status=Status.ANSWERED)
    found: dict[int, dict[str, float]] = {}
    for rows in (
        requests.values("topic").annotate(
            asked=Count("pk"),
            answered=Count("pk", filter=answered),
            expired=Count("pk", filter=Q(status=Status.EXPIRED)),
        ),
        within(Offer.objects.all(), "created_at", period)
        .values(topic=F("request__topic"))
        .annotate(
            offered=Count("pk", filter=Q(turn=1)),
            taken=Count("pk", filter=Q(status=Offer.Status.TAKEN)),
        ),
        _given_back(period),
    ):
        for row in rows:
            found.setdefault(row.pop("topic"), {}).update(row)
    took = ExpressionWrapper(F("closed_at") - F("created_at"), output_field=DurationField())
    closed = requests.filter(answered, closed_at__isnull=False)
    for topic, hours in medians(closed, took, "topic").items():
        found[topic]["hours"] = hours
    topics = Topic.objects.in_bulk(found)
    waited = [Waited(topics[key], **numbers) for key, numbers in found.items()]  # type: ignore[arg-type]
    return sorted(waited, key=lambda each: (-each.asked, each.topic.sort_key))


def _given_back(period: Period) -> "QuerySet[Booking, dict[str, int]]":
    """How many bookings of each topic were cancelled, and whose seat somebody booked afterwards."""
    later = Booking.objects.kept().filter(
        slot=OuterRef("slot"), created_at__gte=OuterRef("cancelled_at")
    )
    gone = within(Booking.objects.cancelled(), "cancelled_at", period)
    return (
        gone.alias(again=Exists(later))
        .values("topic")
        .annotate(freed=Count("pk"), reused=Count("pk", filter=Q(again=True)))
    )
