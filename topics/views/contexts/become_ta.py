"""The page on which somebody becomes a TA."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from setahub.core.text import trimmed
from setahub.policy.current import policy
from topics import services
from topics.forms import TeachForm
from topics.models import Registration, Topic
from topics.queries.registrations import registrations_of
from topics.queries.topics import named

SHOWN = 24


@dataclass(frozen=True)
class Pick:
    """A topic to choose, with its ``ta_count``; ticked or not."""

    topic: Topic
    chosen: bool


@dataclass(frozen=True)
class TeachPage:
    """``too_early``: why the year of study doesn't let them teach, or "".

    ``waiting`` are registrations that staff have yet to decide on, ``teaches`` those approved. The
    picks are what was chosen so far, then those with fewest TAs; ``more`` are left out.
    """

    too_early: str
    first_year: int
    approval: bool
    waiting: Sequence[Registration]
    teaches: Sequence[Registration]
    query: str
    picks: Sequence[Pick]
    more: int

    @classmethod
    def of(cls, user: User, form: TeachForm, *, query: str) -> "TeachPage":
        own = registrations_of(user)
        query = trimmed(query.replace("\0", ""))
        mine = {each.topic_id for each in own}
        open_to_me = [each for each in form.offered if each.pk not in mine]
        found = named(query) if query else None
        chosen = [each for each in open_to_me if each.pk in form.chosen]
        others = [
            each
            for each in open_to_me
            if each.pk not in form.chosen and (found is None or each.pk in found)
        ]
        return cls(
            too_early=services.year_refusal(user) if user.year is not None else "",
            first_year=policy.ta_min_year,
            approval=policy.ta_approval,
            waiting=[each for each in own if not each.is_approved],
            teaches=[each for each in own if each.is_approved],
            query=query,
            picks=[
                *(Pick(each, True) for each in chosen),
                *(Pick(each, False) for each in others[:SHOWN]),
            ],
            more=max(len(others) - SHOWN, 0),
        )
