"""What the pages around bookings show: the tabs of the list, an offered time, one booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, DateTimeField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling import calendars
from scheduling.errors import SchedulingError
from scheduling.models import Booking, BookingEvent, TimeSlot
from scheduling.models.bookings import BookingQuerySet
from scheduling.pages import (
    NEAREST,
    SlotDay,
    by_day,
    nearest_free,
    nearest_instead,
    topics_of,
)
from scheduling.services import rules
from setahub.lib import when
from setahub.lib.compiled import Compiled, Rows
from setahub.lib.policy import policy
from topics.models import Topic

Status = Booking.Status
Kind = BookingEvent.Kind

# --- Lists --------------------------------------------------------------------------------------

TABS = ("upcoming", "completed", "cancelled")


def taken_in_tab(student: User, tab: str | None) -> tuple[str, Rows[Booking]]:
    """The tab that ``?tab=`` means (garbage is the first) and the student's bookings in it."""
    shown = tab if tab in TABS else TABS[0]
    return shown, _taken(student=student.pk, now=timezone.now(), tab=shown)


def coming(student: User, now: datetime) -> Rows[Booking]:
    """The student's next bookings, soonest first."""
    return _taken(student=student.pk, now=now, tab="upcoming")


def _build_taken(student: Any, now: Any, tab: str) -> BookingQuerySet:
    # The student is the reader: no need to load them with each row.
    mine = Booking.objects.of_student(student).select_related("ta", "topic", "slot__appointment")
    if tab == "completed":
        return mine.completed(now)
    return mine.cancelled() if tab == "cancelled" else mine.upcoming(now)


_taken = Compiled(_build_taken, student=BigIntegerField(), now=DateTimeField())


# --- Booking a time -----------------------------------------------------------------------------


def offer(viewer: User, slot: TimeSlot, handle: str | None, *, ask: bool = True) -> dict[str, Any]:
    """A time as the confirm page shows it: its topics, the chosen one, and what speaks against it.

    ``handle`` is the id or slug of a topic; one that isn't offered here is as good as none. Without
    ``ask`` nobody asks what speaks against it, since that is known already.
    """
    topics = topics_of(slot)
    topic = _chosen(topics, handle)
    shown = topic or (topics[0] if topics else None)
    return {
        "slot": slot,
        "topics": topics,
        "topic": topic,
        "refusal": _refusal(viewer, slot, shown) if ask else None,
    }


def instead(
    viewer: User, slot: TimeSlot, topic: Topic | None, error: SchedulingError
) -> dict[str, Any]:
    """The nearest free slots for somebody who can't have this one, by day.

    For the topic; where none was chosen, for those of the slot. None where another time would be
    refused for the same reason.
    """
    if error.code in ("too_many", "rate_limited"):
        return {"nearest": []}
    ta, to, found = slot.appointment.ta_id, slot.starts_at, dict[int, TimeSlot]()
    for each in [topic] if topic else topics_of(slot):
        found |= {near.pk: near for near in nearest_free(viewer, each, ta, to, but=slot.pk)}
    nearest = sorted(found.values(), key=lambda near: abs(near.starts_at - to))[:NEAREST]
    return {"nearest": by_day(sorted(nearest, key=lambda near: (near.starts_at, near.pk)))}


def _chosen(topics: Sequence[Topic], handle: str | None) -> Topic | None:
    if len(topics) == 1:
        return topics[0]
    return next((each for each in topics if handle in (each.slug, str(each.pk))), None)


def _refusal(viewer: User, slot: TimeSlot, topic: Topic | None) -> SchedulingError | None:
    topic = topic or slot.appointment.topics.first()
    if topic is None:
        return SchedulingError("gone", _("This time is no longer offered."))
    try:
        rules.check_bookable(viewer, slot, topic)
    except SchedulingError as error:
        # Nothing was sent yet, so no field is wrong: the time just isn't to be had.
        error.status = 409 if error.status == 422 else error.status
        return error.with_traceback(None)  # whose frames would keep the request
    return None


def move_refusal(booking: Booking, viewer: User, slot: TimeSlot) -> SchedulingError | None:
    """Why the booking can't be moved to this slot, or None."""
    try:
        rules.check_move_to(booking, viewer, slot)
    except SchedulingError as error:
        return error.with_traceback(None)
    return None


def nearest_to_move_to(booking: Booking, viewer: User, slot: TimeSlot) -> list[SlotDay]:
    """Free slots of the booking's TA and topic that are closest to the one that can't be had."""
    slots = nearest_free(
        viewer, booking.topic, booking.ta_id, slot.starts_at, but=slot.pk, moving=booking
    )
    return by_day(slots)


# --- Another time after a cancellation ----------------------------------------------------------


@dataclass(frozen=True)
class OtherTimes:
    """Free times instead of a booking that was cancelled: its TA's, and those of others."""

    own: Sequence[TimeSlot]
    others: Sequence[TimeSlot]

    @property
    def all(self) -> list[TimeSlot]:
        return [*self.own, *self.others]

    @property
    def own_days(self) -> list[SlotDay]:
        return by_day(self.own)

    @property
    def other_days(self) -> list[SlotDay]:
        return by_day(self.others)


def other_times(booking: Booking, but: int | None = None) -> OtherTimes:
    """The free times nearest to that of a cancelled booking that its student can take.

    Never the time itself, nor ``but``, a slot that was just refused instead of it.
    """
    to = max(booking.starts_at, timezone.now())
    own, others = nearest_instead(
        booking.student, booking.topic, booking.ta_id, to, but=but or booking.slot_id
    )
    return OtherTimes(
        *([each for each in part if each.pk != booking.slot_id] for part in (own, others))
    )


def replacement(booking: Booking) -> Booking | None:
    """The booking that its student made instead. One query, and none for one that stands."""
    if not booking.was_taken_away:
        return None
    return Booking.objects.filter(replaces=booking.pk).select_related("ta").first()


def instead_of(booking: Booking, viewer: User) -> dict[str, Any]:
    """What the page of a booking that was cancelled for its student offers, or leads to."""
    if viewer.pk != booking.student_id:
        return {}
    found = replacement(booking)
    offers = booking.was_taken_away and found is None and viewer.is_active
    return {"replacement": found, "times": other_times(booking) if offers else None}


def rebook_refusal(booking: Booking, viewer: User, slot: TimeSlot) -> SchedulingError | None:
    """Why the viewer can't take this slot instead of the cancelled booking, or None."""
    try:
        rules.check_bookable(viewer, slot, booking.topic, replacing=True)
    except SchedulingError as error:
        return error.with_traceback(None)
    return None


# --- One booking --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Actions:
    """What the viewer may do with the booking now."""

    move: bool
    cancel: bool
    complete: bool
    no_show: bool
    report_absent: bool

    @property
    def outcome(self) -> bool:
        return self.complete or self.no_show


@dataclass(frozen=True)
class Line:
    """One line of a booking's history."""

    glyph: str
    text: str
    detail: str
    at: datetime


def page(booking: Booking, viewer: User) -> dict[str, Any]:
    """All that the page of one booking shows to one of its two people."""
    now = timezone.now()
    as_student = viewer.pk == booking.student_id
    return {
        "booking": booking,
        "as_student": as_student,
        "other": booking.ta if as_student else booking.student,
        "shows_room": booking.shows_room_to(viewer.pk),
        "actions": actions(booking, viewer),
        "history": history(booking, viewer),
        "google": calendars.google_link(booking, viewer),
        "started": booking.starts_at <= now,
        "ended": booking.ends_at <= now,
    }


def actions(booking: Booking, viewer: User) -> Actions:
    status = booking.effective_status
    return Actions(
        # While the TA is suspended there is no time to move it to.
        move=booking.ta.is_active and rules.passes(rules.check_movable, booking, viewer),
        cancel=rules.passes(rules.check_cancellable, booking, viewer),
        complete=status != Status.COMPLETED
        and rules.passes(rules.check_outcome, booking, viewer, Status.COMPLETED),
        no_show=status != Status.NO_SHOW
        and rules.passes(rules.check_outcome, booking, viewer, Status.NO_SHOW),
        report_absent=booking.ta_absent_at is None
        and rules.passes(rules.check_absence_report, booking, viewer),
    )


GLYPHS = {
    Kind.MADE: "calendar-plus",
    Kind.MOVED: "calendar-clock",
    Kind.CHANGED: "pencil",
    Kind.CANCELLED: "calendar-x",
    Kind.COMPLETED: "circle-check",
    Kind.NO_SHOW: "user-x",
    Kind.TA_ABSENT: "flag",
}


def glyph(event: BookingEvent) -> str:
    """The icon of an event."""
    return GLYPHS[Kind(event.kind)]


def history(booking: Booking, viewer: User) -> list[Line]:
    """What happened to the booking, oldest first, with what only the time has done. One query."""
    lines = [
        Line(glyph(event), tell(event, viewer), detail(event, viewer), event.created_at)
        for event in booking.events.select_related("actor")
    ]
    if booking.status == Status.BOOKED and booking.effective_status == Status.COMPLETED:
        at = booking.ends_at + policy.auto_complete
        lines.append(Line("circle-check", _by_itself(), "", at))
    return lines


def detail(event: BookingEvent, viewer: User) -> str:
    """The reason, or what changed in the session as far as the viewer may know it."""
    if event.kind == Kind.CHANGED and not event.booking.shows_room_to(viewer.pk):
        return ""
    return event.detail


def tell(event: BookingEvent, viewer: User) -> str:
    """An event in words, as one of the booking's two people reads it.

    The event has its actor loaded; its booking too, unless the actor is the viewer.
    """
    kind = Kind(event.kind)
    if kind == Kind.COMPLETED and event.actor_id is None:
        return _by_itself()
    if event.cause:
        return why_nobody_did(event)
    if kind == Kind.MOVED and event.old_starts_at and event.new_starts_at:
        times = {"old": when.full(event.old_starts_at), "new": when.full(event.new_starts_at)}
        if event.actor_id == viewer.pk:
            return _("You moved it from %(old)s to %(new)s") % times
        return _("%(name)s moved it from %(old)s to %(new)s") % {"name": _name(event), **times}
    if event.actor_id == viewer.pk:
        return {
            Kind.MADE: _("You booked it"),
            Kind.MOVED: _("You moved it"),
            Kind.CHANGED: _("You changed the session"),
            Kind.CANCELLED: _("You cancelled it"),
            Kind.COMPLETED: _("You marked it as completed"),
            Kind.NO_SHOW: _("You marked it as a no-show"),
            Kind.TA_ABSENT: _("You reported that the TA did not come"),
        }[kind]
    return {
        Kind.MADE: _("%(name)s booked it"),
        Kind.MOVED: _("%(name)s moved it"),
        Kind.CHANGED: _("%(name)s changed the session"),
        Kind.CANCELLED: _("%(name)s cancelled it"),
        Kind.COMPLETED: _("%(name)s marked it as completed"),
        Kind.NO_SHOW: _("%(name)s marked it as a no-show"),
        Kind.TA_ABSENT: _("%(name)s reported that the TA did not come"),
    }[kind] % {"name": _name(event)}


def why_nobody_did(event: BookingEvent, count: int = 1) -> str:
    """What cancelled a booking, or ``count`` at once, where none of its people did, nor staff.

    The booking is loaded.
    """
    if event.cause == BookingEvent.Cause.TOPIC:
        return _("It was cancelled, since its topic is no longer offered")
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
    return _("Completed, since nobody said otherwise")


def _name(event: BookingEvent) -> str:
    """The actor as the two know them; anybody else acts for the faculty."""
    booking = event.booking
    if event.actor is None or event.actor_id not in (booking.student_id, booking.ta_id):
        return _("The faculty's staff")
    return event.actor.username
