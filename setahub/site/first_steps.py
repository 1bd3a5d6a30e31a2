"""What somebody new has yet to do: three lines on the start page, each gone once it is done."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import FirstSteps, User
from chat.queries.conversations import has_written
from scheduling.queries.appointments import last_of
from scheduling.queries.bookings import has_booked


@dataclass(frozen=True)
class Step:
    """Where it is done, in what words, and what it is good for."""

    glyph: str
    url: str
    text: str
    why: str
    is_done: bool


def first_steps(user: User, *, is_ta: bool, has_coming: bool) -> Sequence[Step]:
    """Those that are left of a TA's or of a student's; none once they were dismissed.

    What a TA dismissed holds for both; a student who becomes a TA sees the TA's. ``has_coming``:
    whether there is a session ahead, or a booking, which answers for one of them. Two queries at most.
    """
    if user.first_steps_dismissed in (
        FirstSteps.TA,
        FirstSteps.TA if is_ta else FirstSteps.STUDENT,
    ):
        return []
    steps = _of_ta(user, has_coming) if is_ta else _of_student(user, has_coming)
    return [step for step in steps if not step.is_done]


def _of_student(user: User, has_coming: bool) -> list[Step]:
    return [
        Step(
            "camera",
            reverse("accounts:avatar"),
            _("Add a picture"),
            _("So that your TA finds you in the room."),
            bool(user.avatar),
        ),
        Step(
            "calendar-plus",
            reverse("topics:list"),
            _("Book your first time"),
            _("Choose a topic that you are stuck on, and one of its free times."),
            has_coming or has_booked(user.pk),
        ),
        Step(
            "message-circle",
            reverse("chat:inbox"),
            _("Write to a TA"),
            _("Send your code or a photo of your notes before you meet."),
            has_written(user.pk),
        ),
    ]


def _of_ta(user: User, has_coming: bool) -> list[Step]:
    return [
        Step(
            "calendar-range",
            reverse("scheduling:weekly_hours"),
            _("Open your weekly hours"),
            _("Once for the whole term; students book what suits them."),
            has_coming or last_of(user) is not None,
        ),
        Step(
            "pencil",
            reverse("accounts:edit"),
            _("Say what you can help with"),
            _("Two sentences about you, on your profile."),
            bool(user.bio),
        ),
        Step(
            "qr-code",
            reverse("accounts:edit") + "#id_public",
            _("Switch on your own page"),
            _("Share your free times by link or as a poster with a QR code."),
            user.public,
        ),
    ]
