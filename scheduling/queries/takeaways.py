"""What remains of bookings, as pages ask for it."""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from scheduling.models import Booking, Takeaway, Thanks
from setahub.core.db.prepared import padded, prepared
from topics.models import Topic


def takeaway_of(booking: Booking) -> Takeaway | None:
    """What was left of this booking."""
    return Takeaway.objects.filter(booking=booking.pk).first()


def with_takeaway(bookings: Iterable[Booking]) -> set[int]:
    """Ids of those of which something was left. One query."""
    rows = Takeaway.objects.filter(booking__in=[each.pk for each in bookings])
    return set(rows.values_list("booking", flat=True))


def thanks_of(booking: Booking) -> Thanks | None:
    """What its student said of it: for the student alone."""
    return Thanks.objects.filter(booking=booking.pk).first()


def words_of_thanks(booking: Booking) -> str:
    """What its student wrote to the TA, and nothing else of what they said."""
    said = Thanks.objects.said().filter(booking=booking.pk)
    return said.values_list("text", flat=True).first() or ""


def latest_takeaway(student: User, topic: Topic) -> Takeaway | None:
    """What the student was left last on the topic, by whichever TA."""
    rows = Takeaway.objects.of_student(student.pk, topic.pk)
    return rows.select_related("booking").first()


def latest_takeaways(student: User, topics: Iterable[Topic]) -> dict[int, Takeaway]:
    """The same of several topics, by their id. One query."""
    oldest_first = _left(student.pk, padded([topic.pk for topic in topics]))
    return {each.booking.topic_id: each for each in oldest_first}


@prepared
def _left(student: int, topics: tuple[int, ...]) -> "QuerySet[Takeaway]":
    rows = Takeaway.objects.filter(booking__student=student, booking__topic__id__in=topics)
    return rows.select_related("booking__topic").order_by("booking__starts_at", "pk")


def shown_takeaway(booking: Booking) -> Takeaway | None:
    """What the student lets the TA of this booking read of an earlier one, as long as it stands."""
    if booking.shown_takeaway_id is None or booking.status == Booking.Status.CANCELLED:
        return None
    rows = Takeaway.objects.filter(pk=booking.shown_takeaway_id)
    return rows.select_related("booking__topic").first()


def thanks_given(ta: User) -> int:
    """How often students have thanked a TA in words."""
    return Thanks.objects.said().filter(booking__ta=ta).count()
