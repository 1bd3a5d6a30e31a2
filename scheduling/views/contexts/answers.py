"""What a TA who opened time is told of those who waited for it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.models import Appointment
from scheduling.queries.requests import opened
from scheduling.services import offers


def who_was_offered(sessions: Sequence[Appointment]) -> str:
    """How many people are offered a seat of these sessions now, and what is left; "" if nobody waits.

    What can be matched at once is, so that it says what happened.
    """
    told = offers.match_now(sessions)
    seats = opened(sessions)
    if seats.offered:
        words = ngettext(
            "An offer went to %(count)d student who waited.",
            "Offers went to %(count)d students who waited.",
            seats.offered,
        ) % {"count": seats.offered}
    elif told:
        words = ngettext(
            "It begins too soon to hold seats: %(count)d student who waited is told by email.",
            "It begins too soon to hold seats: %(count)d students who waited are told by email.",
            told,
        ) % {"count": told}
    else:
        return ""
    if seats.unmatched:
        return words + " " + _("The later times follow within a minute.")
    if not seats.free:
        return words + " " + _("No seat is left for others.")
    left = ngettext(
        "%(left)d seat is free for everybody.", "%(left)d seats are free for everybody.", seats.free
    )
    return words + " " + left % {"left": seats.free}
