"""A TA's own page, as anybody sees it: name, picture, topics and the next free times."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.models import User
from scheduling.queries.free import free_from
from scheduling.views.contexts.slots import SlotDay, open_days, times
from setahub.core import clock, qr
from topics.models import Topic
from topics.queries.topics import taught_by

TIMES = 12


@dataclass(frozen=True)
class OwnPage:
    """``days`` and ``limits``: the next times, as the viewer could book them; ``viewer`` None: a
    visitor, who is asked to sign in by the page of the time."""

    ta: User
    topics: Sequence[Topic]
    days: Sequence[SlotDay]
    limits: Sequence[str]

    @classmethod
    def of(cls, ta: User, viewer: User | None) -> "OwnPage | None":
        """None for somebody who teaches nothing."""
        topics = taught_by(ta)
        if not topics:
            return None
        slots = free_from(clock.today(), ta=ta.pk, limit=TIMES)
        if viewer is None:
            return cls(ta, topics, open_days(slots), [])
        shown = times(viewer, slots)
        if ta.pk in shown.apart:
            return cls(ta, topics, [], [])
        return cls(ta, topics, shown.days, shown.limits)


def poster(page: OwnPage, site: str) -> dict[str, Any]:
    """What is printed: the page's address under ``site``, as one types it and as a camera reads it."""
    address = site + reverse("own_page", args=[page.ta.pk])
    return {"ta": page.ta, "topics": page.topics, "address": address, "qr": qr.svg(address)}
