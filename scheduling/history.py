"""What happened to a booking, in words, as one of its two people reads it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from scheduling.models import Booking, BookingEvent, Cause
from setahub.core import clock
from setahub.core.web.own import sentence
from setahub.policy.current import policy

Status = Booking.Status
Kind = BookingEvent.Kind
IMPERSONAL_CAUSES = {Cause.LEFT, Cause.TOPIC}  # cancelled by none of its people, nor by staff


@dataclass(frozen=True)
class Line:
    """One line of a booking's history."""

    glyph: str
    text: str  # HTML, where it has a name
    detail: str
    at: datetime

    @classmethod
    def of(cls, event: BookingEvent, viewer: User) -> "Line":
        return cls(
            GLYPHS[Kind(event.kind)], tell(event, viewer), detail(event, viewer), event.created_at
        )


# Each as the person who did it reads it, and as the other does.
WORDS = {
    Kind.MADE: (_("You booked it"), _("%(name)s booked it")),
    Kind.MOVED: (_("You moved it"), _("%(name)s moved it")),
    Kind.CHANGED: (_("You changed the session"), _("%(name)s changed the session")),
    Kind.CANCELLED: (_("You cancelled it"), _("%(name)s cancelled it")),
    Kind.COMPLETED: (_("You marked it as completed"), _("%(name)s marked it as completed")),
    Kind.NO_SHOW: (_("You marked it as a no-show"), _("%(name)s marked it as a no-show")),
    Kind.TA_ABSENT: (
        _("You reported that the TA did not come"),
        _("%(name)s reported that the TA did not come"),
    ),
    Kind.CHECKED_IN: (_("You checked in"), _("%(name)s checked in")),
    Kind.UNCHECKED: (_("You undid the check-in"), _("%(name)s undid the check-in")),
}
MOVED_BETWEEN = (
    _("You moved it from %(old)s to %(new)s"),
    _("%(name)s moved it from %(old)s to %(new)s"),
)
GLYPHS = {
    Kind.MADE: "calendar-plus",
    Kind.MOVED: "calendar-clock",
    Kind.CHANGED: "pencil",
    Kind.CANCELLED: "calendar-x",
    Kind.COMPLETED: "circle-check",
    Kind.NO_SHOW: "user-x",
    Kind.TA_ABSENT: "flag",
    Kind.CHECKED_IN: "scan-line",
    Kind.UNCHECKED: "undo-2",
}


def history(booking: Booking, viewer: User) -> list[Line]:
    """What happened to the booking, oldest first, with what only the time has done. One query."""
    lines = [Line.of(event, viewer) for event in booking.events.select_related("actor")]
    if booking.status == Status.BOOKED and booking.effective_status == Status.COMPLETED:
        at = booking.ends_at + policy.auto_complete
        lines.append(Line("circle-check", _by_itself(), "", at))
    return lines


def detail(event: BookingEvent, viewer: User) -> str:
    """The reason, or what changed in the session as far as the viewer may know it."""
    if event.kind == Kind.CHANGED and not event.booking.shows_room_to(viewer.pk):
        return ""
    return words(event)


def words(event: BookingEvent) -> str:
    """The reason, or what changed in the session."""
    lines = {"location": gettext("New place: %(new)s"), "notes": gettext("New notes: %(new)s")}
    changes = event.changes or {}
    changed = [
        line % {"new": changes[name][1] or gettext("none")}
        for name, line in lines.items()
        if name in changes
    ]
    return "\n".join(changed) or event.detail or event.get_cause_display()


def tell(event: BookingEvent, viewer: User) -> str:
    """An event in words, as one of the booking's two people reads it.

    The event has its actor loaded; its booking too, unless the actor is the viewer.
    """
    kind = Kind(event.kind)
    if kind == Kind.COMPLETED and event.actor_id is None:
        return _by_itself()
    if event.cause in IMPERSONAL_CAUSES:
        return impersonal_reason(event)
    if kind == Kind.CANCELLED and event.booking.ta_was_absent:
        return gettext("The faculty's staff found that the TA did not come")
    moved = kind == Kind.MOVED and event.old_starts_at and event.new_starts_at
    own, others = MOVED_BETWEEN if moved else WORDS[kind]
    times = {
        "old": event.old_starts_at and clock.full(event.old_starts_at),
        "new": event.new_starts_at and clock.full(event.new_starts_at),
    }
    if event.actor_id == viewer.pk:
        return own % times
    if is_of_staff(event):
        return others % {"name": actor_name(event), **times}
    return sentence(others, {"name": actor_name(event)}, **times)


def impersonal_reason(event: BookingEvent, count: int = 1) -> str:
    """What cancelled a booking, or ``count`` at once, where none of its people did, nor staff.

    The booking is loaded.
    """
    if event.cause == Cause.TOPIC:
        return gettext("It was cancelled, since its topic is no longer offered")
    if event.booking.ta.deleted_at:
        return ngettext(
            "It was cancelled, since the TA deleted their account",
            "They were cancelled, since the TA deleted their account",
            count,
        )
    return ngettext(
        "It was cancelled, since the student deleted their account",
        "They were cancelled, since the student deleted their account",
        count,
    )


def _by_itself() -> str:
    return gettext("Completed, since nobody said otherwise")


def actor_name(event: BookingEvent) -> str:
    """The actor as the two know them; anybody else acts for the faculty."""
    if event.actor is None or is_of_staff(event):
        return gettext("The faculty's staff")
    return event.actor.username


def is_of_staff(event: BookingEvent) -> bool:
    """Whether none of the booking's two people did it."""
    return event.actor_id not in (event.booking.student_id, event.booking.ta_id)
