"""Booking a seat, moving it, and giving it back."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling import constraints, notifications
from scheduling.errors import SchedulingError
from scheduling.models import Booking, BookingEvent, Offer, TimeSlot
from scheduling.models.reminders import Reminder
from scheduling.queries.bookings import made_for
from scheduling.queries.slots import locked_slot, slot_with_ta
from scheduling.queries.takeaways import latest_takeaway
from scheduling.services import offers, outcome_rules, rules
from scheduling.services.bookings.rows import locked, record, revise
from setahub.core.text import is_blank, trimmed
from topics.models import Topic

Status = Booking.Status
Kind = BookingEvent.Kind


def book(
    student: User,
    slot_id: int,
    topic: Topic,
    question: str,
    *,
    show_takeaway: bool = False,
    seen: TimeSlot | None = None,
) -> Booking:
    """Take one seat of the slot for ``student``. Raises SchedulingError with the reason if not.

    ``seen``: the slot as it was read a moment ago, with its TA. ``show_takeaway``: its TA may read what
    the student was left last on the topic. The same again, while it stands, is the booking that it made.
    """
    try:
        return _book(student, slot_id, topic, question, show_takeaway=show_takeaway, seen=seen)
    except SchedulingError as refusal:
        # Looked for only now: hardly any is sent twice, and one that stands refuses another. Whoever
        # has a seat is told of that rather than that there is none left.
        if refusal.code == "full":
            raise
        same = Booking.objects.active().filter(student=student, slot=slot_id, topic=topic)
        if standing := same.filter(question=question).first():
            return standing
        raise


def rebook(booking: Booking, student: User, slot_id: int, question: str) -> Booking:
    """Take another time instead of a booking that was cancelled for its student, once for each.

    For the same topic, of any TA. All rules of booking hold but the number of them. Raises
    SchedulingError; the same again, while it stands, is the booking that it made.
    """
    try:
        return _book(student, slot_id, booking.topic, question, instead_of=booking)
    except SchedulingError:
        same = Booking.objects.active().filter(replaces=booking, student=student)
        same = same.filter(question=question)
        if standing := made_for(same, slot_id):
            return standing
        raise


def take(offer: Offer, student: User, question: str) -> Booking:
    """Book the seat that an offer holds for the student, while it does. Raises SchedulingError.

    The same again, while it stands, is the booking that it made.
    """
    if offer.student_id != student.pk:
        raise SchedulingError("role", _("This time is offered to somebody else."))
    topic, slot_id = offer.request.topic, offer.slot_id
    try:
        return _book(student, slot_id, topic, question, held_by=offer)
    except SchedulingError:
        same = Booking.objects.active().filter(student=student, topic=topic, question=question)
        same = same.filter(created_at__gte=offer.created_at)
        if standing := made_for(same, slot_id):
            return standing
        raise


def _book(
    student: User,
    slot_id: int,
    topic: Topic,
    question: str,
    *,
    instead_of: Booking | None = None,
    held_by: Offer | None = None,
    show_takeaway: bool = False,
    seen: TimeSlot | None = None,
) -> Booking:
    """``held_by``: nothing but the seat of this offer, while it can be taken."""
    replacing = instead_of is not None
    seen = seen or slot_with_ta(slot_id)
    if seen is not None and seen.is_full:
        # A crowd need not queue for what is gone.
        rules.check_bookable(student, seen, topic, replacing=replacing)
    ta_id = seen.appointment.ta_id if seen else None
    # Where no seat is held, no offer can have run out.
    settled = offers.settled(slot_id) if seen is None or seen.held else nullcontext()
    with settled, _refused_by_database(), transaction.atomic():
        people = {user.pk: user for user in User.objects.locked(student.pk, ta_id or 0)}
        slot = _locked_slot(slot_id)
        if instead_of is not None:
            rows = Booking.objects.select_for_update(of=("self",), no_key=True)
            rules.check_replaceable(rows.get(pk=instead_of.pk), student)
        offer = offers.standing_for(student.pk, slot_id, topic) if slot.held else None
        if held_by is not None and offer != held_by:
            held_by.refresh_from_db()
            offers.check_stands(held_by)
            raise SchedulingError("withdrawn", _("This time is no longer offered."))
        rules.check_bookable(
            people[student.pk], slot, topic, replacing=replacing, own_seat=offer is not None
        )
        rules.check_rate(student)
        if offer is not None:
            offers.taken(offer)
        booking = Booking.objects.create(
            slot=slot,
            student=student,
            ta=slot.appointment.ta,
            topic=topic,
            question=question,
            replaces=instead_of,
            shown_takeaway=latest_takeaway(student, topic) if show_takeaway else None,
        )
        offers.booked(student.pk, topic, booking.ta_id)
        if slot.has_limits:
            offers.spare(booking.ta_id)
        record(booking, Kind.MADE, student, new_starts_at=booking.starts_at)
    return booking


def move(booking: Booking, student: User, slot_id: int) -> Booking:
    """Move a booking to another free slot of the same TA; it keeps its id and topic.

    Every rule of booking holds for the new slot, not counting the booking itself. To the slot that
    it was moved to it is moved already.
    """
    with offers.settled(slot_id), _refused_by_database(), transaction.atomic():
        booking = locked(booking)
        moved = booking.moved_at is not None and not booking.is_settled
        if moved and (booking.slot_id, booking.student_id) == (slot_id, student.pk):
            return booking
        rules.check_movable(booking, student)
        slot = _locked_slot(slot_id)
        offer = offers.standing_for(student.pk, slot_id, booking.topic)
        rules.check_move_to(booking, student, slot, own_seat=offer is not None)
        rules.check_rate(student)
        if offer is not None:
            offers.taken(offer)
            offers.booked(student.pk, booking.topic, booking.ta_id)
        old, left = booking.starts_at, booking.slot
        booking.slot, booking.moved_at, booking.checked_in_at = slot, timezone.now(), None
        revise(booking)
        booking.save()
        offers.freed(left)
        if slot.has_limits:  # of the same TA's as the one left
            offers.spare(booking.ta_id)
        record(booking, Kind.MOVED, student, old_starts_at=old, new_starts_at=booking.starts_at)
    return booking


def cancel(booking: Booking, actor: User, reason: str) -> Booking:
    """Cancel for one of its two people, until the start.

    A TA always gives a reason; a student within ``LATE_CANCEL`` of the start too, and is marked
    late, unless the booking was made or moved just now. Whoever cancelled it already has done so.
    """
    with transaction.atomic():
        booking = locked(booking)
        if booking.status == Status.CANCELLED and booking.cancelled_by_id == actor.pk:
            return booking
        rules.check_cancellable(booking, actor)
        if is_blank(reason) and rules.needs_reason(booking, actor):
            text = _("Please give a reason: the other person has planned this time for you.")
            raise SchedulingError.beside("reason", text)
        rules.check_rate(actor)
        late = rules.cancels_late(booking, actor)
        return _cancel(booking, actor, trimmed(reason), late=late)


def cancel_all(
    bookings: Iterable[Booking], actor: User | None, reason: str = "", *, cause: str = ""
) -> int:
    """Cancel these for staff or because their session ends; the caller holds the TA's lock.

    ``cause``: of Cause, where nobody gave a ``reason``.

    Those that are no longer active are left alone. Returns how many were cancelled.
    """
    count = 0
    for booking in bookings:
        if booking.status == Status.BOOKED:
            _cancel(booking, actor, reason, late=False, cause=cause)
            count += 1
    return count


def cancel_by_staff(booking: Booking, actor: User, reason: str) -> Booking:
    """Cancel for an admin, with a reason, while it is active."""
    with transaction.atomic():
        booking = locked(booking)
        rules.check_active(booking)
        return _cancel(booking, actor, reason, late=False)


def confirm_absence(booking: Booking, staff: User, reason: str) -> Booking:
    """Staff agree that the TA did not come: it is cancelled, whatever the TA said of it.

    ``reason`` is told to both; the student is offered another time.
    """
    with transaction.atomic():
        booking = locked(booking)
        outcome_rules.check_reported(booking)
        return _cancel(booking, staff, trimmed(reason), late=False)


def remind(slot_id: int, which: Reminder) -> None:
    """Queue this reminder for whoever sits in the slot, where it is due and wasn't queued before.

    Whoever heard of the time only after the reminder was due needs none. Skipped while another worker or
    a booking holds the slot.
    """
    with transaction.atomic():
        slots = TimeSlot.objects.select_for_update(no_key=True, skip_locked=True)
        slot = slots.filter(pk=slot_id).first()
        if slot is None:
            return
        coming = Booking.objects.to_remind(which, timezone.now()).filter(slot=slot_id)
        rows = list(coming.order_by("pk").select_for_update(no_key=True))
        Booking.objects.filter(pk__in=[row.pk for row in rows]).update(
            **{which.field: F("starts_at")}
        )
        due = [row for row in rows if row.placed_at <= row.starts_at - which.lead]
        notifications.due(slot_id, due, which)


def note_change(
    bookings: Iterable[Booking], actor: User, changes: Mapping[str, tuple[str, str]]
) -> None:
    """Tell the students of these bookings what changed in the session; the caller holds the locks.

    ``changes``: old and new value by the name of the field. The bookings have their people and their session loaded.
    """
    for booking in bookings:
        revise(booking)
        booking.save(update_fields=["sequence", "revised_at"])
        record(booking, Kind.CHANGED, actor, changes=changes)


def _locked_slot(slot_id: int) -> TimeSlot:
    slot = locked_slot(slot_id)
    if slot is None:  # an edit of the session took it off a moment ago
        raise SchedulingError("gone", _("This time is no longer offered."))
    return slot


def _cancel(
    booking: Booking, actor: User | None, reason: str, *, late: bool, cause: str = ""
) -> Booking:
    changes = {
        "status": Status.CANCELLED,
        "cancelled_at": timezone.now(),
        "cancelled_by": actor,
        "cancel_reason": reason,
        "cancel_cause": cause,
        "cancelled_late": late,
        "checked_in_at": None,  # before the start one may check in, and still cancel
    }
    for name, value in changes.items():
        setattr(booking, name, value)
    revise(booking)
    booking.save(update_fields=[*changes, "sequence", "revised_at"])
    offers.freed(booking.slot)
    offers.spare(booking.ta_id)
    start = booking.starts_at
    record(booking, Kind.CANCELLED, actor, detail=reason, cause=cause, old_starts_at=start)
    return booking


@contextmanager
def _refused_by_database() -> Iterator[None]:
    """Turns the IntegrityError of the loser of a race into the refusal that the rules would give.

    The locks make this rare: it is the net under them, for writers that take none.
    """
    try:
        yield
    except IntegrityError as error:
        if constraints.COMMITMENT_OVERLAP in str(error):
            raise SchedulingError(
                "clash", _("You or the TA have another booking at that time.")
            ) from error
        if "replaces" in str(error):
            raise rules.replaced() from error
        raise SchedulingError("full", _("Sorry, this time was just taken.")) from error
