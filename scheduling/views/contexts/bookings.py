"""What the pages around bookings show: the tabs of the list, an offered time, one booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat.queries import reach
from scheduling import calendars
from scheduling.errors import SchedulingError
from scheduling.forms.bookings import BookForm
from scheduling.history import Line, history
from scheduling.models import Booking, BookingEvent, Takeaway, TimeSlot
from scheduling.queries.bookings import offers_other_times, replacement, times_instead
from scheduling.queries.busy import Busy, busy_during
from scheduling.queries.nearest import NEAREST, nearest_free, nearest_of_ta
from scheduling.queries.obstacles import Obstacles
from scheduling.queries.outcomes import said_by_staff
from scheduling.queries.requests import question_waiting
from scheduling.queries.slots import any_topic_of, topics_of
from scheduling.queries.takeaways import latest_takeaways
from scheduling.services import offers, outcome_rules, rules
from scheduling.views.contexts.slots import SlotDay, open_days, seen_days
from setahub.core.web.refusals import Refusal, refusal_of
from topics.models import Topic
from topics.queries.topics import find

Status = Booking.Status
Kind = BookingEvent.Kind
NO_TIME_HELPS = (
    "too_many",
    "one_at_a_time",
    "rate_limited",
)  # another time would be refused for the same reason

# --- Booking a time -----------------------------------------------------------------------------


@dataclass(frozen=True)
class BookPage:
    """A time to confirm: its topics, the chosen one; what speaks against it, and times instead."""

    slot: TimeSlot
    topics: Sequence[Topic]
    topic: Topic | None
    refusal: Refusal | None
    nearest: Sequence[SlotDay]
    can_ask: bool = False
    left: Sequence[Takeaway] = ()  # what the student was left last, on each topic

    def waited_for(self, viewer: User) -> str:
        """The question that the viewer waits with for time on this topic, or ""."""
        ta_id = self.slot.appointment.ta_id
        return question_waiting(viewer.pk, self.topic, ta_id) if self.topic else ""

    @classmethod
    def of(cls, viewer: User, slot: TimeSlot, handle: str) -> "BookPage":
        """Before anything is sent. ``handle``: the id or slug of a topic, or ""."""
        topics = topics_of(slot)
        topic = _chosen(topics, handle) or _held_for(viewer, slot, topics)
        refusal = _refusal(viewer, slot, topic or next(iter(topics), None))
        if refusal is None:
            return cls(slot, topics, topic, None, [], left=_left(viewer, topics))
        # The session may have other topics now than the one that was looked for.
        topic = find(handle) or topic
        nearest = _instead(viewer, slot, topic, refusal)
        return cls(slot, topics, topic, refusal, nearest, _can_ask(refusal))

    @classmethod
    def sent(cls, viewer: User, slot: TimeSlot, form: BookForm) -> "BookPage":
        """After a form was sent that is not valid, or was refused."""
        refusal = form.refusal
        if refusal is None:
            topics = topics_of(slot)
            topic = _chosen(topics, form.data.get("topic"))
            return cls(slot, topics, topic, None, [], left=_left(viewer, topics))
        topic = form.cleaned_data["topic"]
        # Whoever showed nothing the first time is not asked again.
        left = _left(viewer, [topic]) if form.cleaned_data["show_takeaway"] else []
        nearest = _instead(viewer, slot, topic, refusal)
        return cls(slot, [topic], topic, refusal, nearest, _can_ask(refusal), left)


def _left(student: User, topics: Sequence[Topic]) -> list[Takeaway]:
    latest = latest_takeaways(student, topics)
    return [latest[topic.pk] for topic in topics if topic.pk in latest]


def _can_ask(refusal: Refusal | None) -> bool:
    """Whether another time would help who can't have this one."""
    return refusal is not None and refusal.code not in NO_TIME_HELPS


def _instead(viewer: User, slot: TimeSlot, topic: Topic | None, error: Refusal) -> list[SlotDay]:
    """The nearest free slots for somebody who can't have this one, by day.

    For the topic; where none was chosen, for those of the slot. None where another time would be
    refused for the same reason.
    """
    if error.code in NO_TIME_HELPS:
        return []
    ta, to, slots = slot.appointment.ta_id, slot.starts_at, dict[int, TimeSlot]()
    looked_at = error.obstacles if isinstance(error, SchedulingError) else None
    obstacles = looked_at or Obstacles.to(viewer)
    for each in [topic] if topic else topics_of(slot):
        slots |= {near.pk: near for near in nearest_free(obstacles, each, ta, to, but=slot.pk)}
    nearest = sorted(slots.values(), key=lambda near: abs(near.starts_at - to))[:NEAREST]
    nearest.sort(key=lambda near: (near.starts_at, near.pk))
    return seen_days(nearest, obstacles)


def _chosen(topics: Sequence[Topic], handle: str | None) -> Topic | None:
    """One that isn't offered here is as good as none."""
    if len(topics) == 1:
        return topics[0]
    return next((each for each in topics if handle in (each.slug, str(each.pk))), None)


def _held_for(viewer: User, slot: TimeSlot, topics: Sequence[Topic]) -> Topic | None:
    """The topic for which the viewer is offered a seat of the slot."""
    return next((each for each in topics if offers.has_seat(viewer, slot, each)), None)


def _refusal(viewer: User, slot: TimeSlot, topic: Topic | None) -> Refusal | None:
    topic = topic or any_topic_of(slot)
    if topic is None:
        return SchedulingError("gone", _("This time is no longer offered."))
    own_seat = offers.has_seat(viewer, slot, topic)
    refusal = refusal_of(rules.check_bookable, viewer, slot, topic, own_seat=own_seat)
    if refusal is not None and refusal.status == 422:
        refusal.status = 409  # nothing was sent yet, so no field is wrong
    return refusal


def nearest_to_move_to(booking: Booking, viewer: User, slot: TimeSlot) -> list[SlotDay]:
    """Free slots of the booking's TA and topic that are closest to the one that can't be had."""
    obstacles = Obstacles.to(viewer, moving=booking)
    ta, to = booking.ta_id, slot.starts_at
    return seen_days(nearest_of_ta(obstacles, booking.topic, ta, to, but=slot.pk), obstacles)


# --- Another time after a cancellation ----------------------------------------------------------


@dataclass(frozen=True)
class OtherTimes:
    """Free times instead of a booking that was cancelled: its TA's, and those of others."""

    own: Sequence[TimeSlot]
    others: Sequence[TimeSlot]
    busy: Sequence[Busy] = ()  # the student, as calendars of theirs say

    @property
    def all(self) -> list[TimeSlot]:
        return [*self.own, *self.others]

    @property
    def own_days(self) -> list[SlotDay]:
        return open_days(self.own, self.busy)

    @property
    def other_days(self) -> list[SlotDay]:
        return open_days(self.others, self.busy)


def other_times(booking: Booking, but: int | None = None) -> OtherTimes:
    """What its student can take; ``but``: a slot that was just refused."""
    own, others = times_instead(booking, but)
    return OtherTimes(own, others, busy_during(booking.student_id, [*own, *others]))


# --- One booking --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Actions:
    """What the viewer may do with the booking now."""

    move: bool
    cancel: bool
    complete: bool
    no_show: bool
    report_absent: bool
    report_back: bool
    check_in: bool

    @property
    def outcome(self) -> bool:
        return self.complete or self.no_show

    @classmethod
    def of(cls, booking: Booking, viewer: User) -> "Actions":
        status = booking.effective_status
        outcome = partial(
            rules.passes,
            outcome_rules.check_outcome,
            booking,
            viewer,
            decided=viewer.pk == booking.ta_id and bool(said_by_staff([booking.pk])),
        )
        return cls(
            # While the TA is suspended there is no time to move it to.
            move=booking.ta.is_active and rules.passes(rules.check_movable, booking, viewer),
            cancel=rules.passes(rules.check_cancellable, booking, viewer),
            complete=status != Status.COMPLETED and outcome(Status.COMPLETED),
            no_show=status != Status.NO_SHOW and outcome(Status.NO_SHOW),
            report_absent=booking.ta_absent_at is None
            and rules.passes(outcome_rules.check_absence_report, booking, viewer),
            report_back=rules.passes(outcome_rules.check_report_back, booking, viewer),
            check_in=booking.checked_in_at is None
            and rules.passes(outcome_rules.check_check_in, booking, viewer),
        )


@dataclass(frozen=True)
class BookingPage:
    """A booking as one of its two people sees it: what every page around it shows."""

    booking: Booking
    as_student: bool
    other: User
    shows_room: bool
    actions: Actions
    history: Sequence[Line]
    google: str
    started: bool
    ended: bool

    @classmethod
    def of(cls, booking: Booking, viewer: User) -> "BookingPage":
        now = timezone.now()
        return cls(
            booking=booking,
            as_student=viewer.pk == booking.student_id,
            other=booking.other_than(viewer),
            shows_room=booking.shows_room_to(viewer.pk),
            actions=Actions.of(booking, viewer),
            history=history(booking, viewer),
            google=calendars.google_link(booking, viewer),
            started=booking.starts_at <= now,
            ended=booking.ends_at <= now,
        )


@dataclass(frozen=True)
class Sequel:
    """What its own page adds: the booking made instead, or times for one; may the two write?"""

    replacement: Booking | None
    times: OtherTimes | None
    may_message: bool

    @classmethod
    def of(cls, booking: Booking, viewer: User) -> "Sequel":
        writes = reach.may_message(viewer, booking.other_than(viewer))
        if viewer.pk != booking.student_id:
            return cls(None, None, writes)
        offers = offers_other_times(booking)
        return cls(replacement(booking), other_times(booking) if offers else None, writes)
