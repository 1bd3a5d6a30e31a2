"""The page of a person, as others see it."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from accounts.queries.blocks import has_blocked
from accounts.queries.stars import is_starred
from chat.queries import reach
from scheduling.queries.free import free_from, sessions_given
from scheduling.queries.takeaways import thanks_given
from scheduling.views.contexts.slots import SlotDay, times
from setahub.core import clock
from setahub.core.web.refusals import Refusal
from topics.models import Registration

SLOTS_SHOWN = 8


@dataclass(frozen=True)
class ProfilePage:
    """``closed``: one of the two blocks the other; ``blocked``: the viewer does.

    ``days`` are the next free times, ``more`` whether there are others, ``limits`` what is said
    above them; ``given``: the number of sessions that the person gave,
    ``thanks``: how often they were thanked in words.
    """

    person: User
    error: Refusal | None
    own: bool
    closed: bool
    blocked: bool
    starred: bool
    may_message: bool
    registrations: QuerySet[Registration]
    given: int
    thanks: int
    days: list[SlotDay]
    limits: list[str]
    more: bool

    @classmethod
    def of(cls, viewer: User, person: User, error: Refusal | None) -> "ProfilePage":
        slots = free_from(clock.today(), ta=person.pk, limit=SLOTS_SHOWN + 1)
        shown = times(viewer, slots[:SLOTS_SHOWN])
        closed = person.pk in shown.apart
        return cls(
            person=person,
            error=error,
            own=person.pk == viewer.pk,
            closed=closed,
            blocked=has_blocked(viewer, person),
            starred=is_starred(viewer, person),
            may_message=reach.may_message(viewer, person),
            registrations=Registration.objects.of_user(person.pk).seen_by(viewer),
            given=sessions_given([person.pk]).get(person.pk, 0),
            thanks=thanks_given(person),
            days=[] if closed else shown.days,
            limits=shown.limits,
            more=len(slots) > SLOTS_SHOWN,
        )
