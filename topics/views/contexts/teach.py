"""The page that asks before somebody stops teaching a topic."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from scheduling.models import Appointment
from scheduling.queries.appointments import coming_with
from scheduling.queries.bookings import upcoming_bookings_of
from topics.models import Registration, Topic


@dataclass(frozen=True)
class UnregisterPage:
    """Coming sessions that would be ``ended``, and that would be ``left`` with other topics.

    ``mine`` is the registration; ``bookings`` says how many of them stand in the way.
    """

    topic: Topic
    mine: Registration
    ended: Sequence[Appointment]
    left: Sequence[Appointment]
    bookings: int

    @classmethod
    def of(cls, user: User, topic: Topic, registration: Registration) -> "UnregisterPage":
        coming = list(coming_with(topic, user).prefetch_related("topics").order_by("starts_at"))
        ended = [each for each in coming if len(each.topics.all()) == 1]
        left = [each for each in coming if each not in ended]
        return cls(topic, registration, ended, left, upcoming_bookings_of(user, topic))
