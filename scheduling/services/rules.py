"""What may be booked, moved and cancelled, by whom and when: each rule once.

The services ask under their locks; pages ask the same functions for what to offer. All of them
raise SchedulingError with the reason, or do nothing. What may be said afterwards: ``outcome_rules``.
"""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking, BookingEvent, TimeSlot
from scheduling.queries.care import limits_of, why_spared
from scheduling.queries.free import is_free
from scheduling.queries.obstacles import Limits, Obstacle, Obstacles, most_bookings
from scheduling.queries.slots import offering_of
from setahub.core import clock
from setahub.core.web import ratelimit
from setahub.core.web.refusals import refusal_of
from setahub.policy.current import ExamWeek, policy
from topics.models import Topic

Status = Booking.Status
CHANGES_COUNTED = timedelta(minutes=10)


def passes(check: Callable[..., None], *args: object, **more: object) -> bool:
    """Whether a rule lets this through."""
    return refusal_of(check, *args, **more) is None


# --- Taking a seat ------------------------------------------------------------------------------

# These are said even of a time that nobody can book any more.
SAID_BEFORE_FREE = {Obstacle.OWN, Obstacle.BLOCKED, Obstacle.SEAT}
# How many bookings one may have, whichever time it is.
LIMITS = {Obstacle.LIMIT, Obstacle.ONE_AT_A_TIME}


def check_bookable(
    student: User,
    slot: TimeSlot,
    topic: Topic,
    *,
    moving: Booking | None = None,
    replacing: bool = False,
    own_seat: bool = False,
) -> None:
    """A seat may be taken where the time is free and nothing of the student's own is in the way.

    ``moving`` is left out of account where a booking changes its slot. ``replacing``: instead of
    one that was cancelled, which may go beyond the number of bookings. ``own_seat``: an offer holds
    one of the seats for this student. The slot has its appointment
    and TA loaded.
    """
    if not student.is_active:  # suspended, or gone, while the request was on its way
        raise SchedulingError("inactive", _("This account can't book."))
    obstacles = Obstacles.to(student, [slot], moving=moving, limited=not replacing)
    given = replacing or moving is not None
    refusal = _why_not(slot, topic, obstacles, moving, given=given, own_seat=own_seat)
    if refusal is not None:
        refusal.obstacles = obstacles
        raise refusal


def _why_not(
    slot: TimeSlot,
    topic: Topic,
    obstacles: Obstacles,
    moving: Booking | None,
    *,
    given: bool,
    own_seat: bool,
) -> SchedulingError | None:
    obstacle = obstacles.of(slot)
    if obstacle in SAID_BEFORE_FREE:
        return _in_the_way(obstacle, slot, obstacles)
    full = moving is None and slot.is_full  # that is plain without a query
    if full or not is_free(slot.pk, topic.pk, moving, own_seat=own_seat):
        return why_not_free(slot, topic, given=given, own_seat=own_seat, leaving=moving)
    return None if obstacle is None else _in_the_way(obstacle, slot, obstacles)


def _in_the_way(obstacle: Obstacle, slot: TimeSlot, obstacles: Obstacles) -> SchedulingError:
    if obstacle in LIMITS:
        return SchedulingError(obstacle.value, limit_in_words(obstacle, slot, obstacles.limits))
    words = {
        Obstacle.OWN: _("This is your own session; you can't book yourself."),
        Obstacle.BLOCKED: _("You can't book time with this TA."),
        Obstacle.SEAT: _("You have a seat at this time already."),
        Obstacle.CLASH: _("You have another booking at that time."),
    }
    return SchedulingError(obstacle.value, words[obstacle])


def limit_in_words(obstacle: Obstacle, slot: TimeSlot, limits: Limits) -> str:
    """One of ``LIMITS`` that stands before this slot."""
    if obstacle == Obstacle.ONE_AT_A_TIME:
        return _one_at_a_time(limits)
    return too_many(limits.week_of(slot.starts_at))


def why_no_more(limits: Limits) -> str:
    """That one may have no more bookings now, exam weeks aside; "" where one may."""
    if limits.one_until:
        return _one_at_a_time(limits)
    return too_many(None) if None in limits.full else ""


def _one_at_a_time(limits: Limits) -> str:
    """That one may have a single booking, and until when."""
    day = clock.day_long(limits.one_until) if limits.one_until else ""
    return _(
        "Until %(day)s you can have one booking at a time, since missed and late-cancelled times"
        " count for a while. Your bookings page shows which."
    ) % {"day": day}


def too_many(week: ExamWeek | None) -> str:
    """That one has as many bookings in this exam week, or outside of them, as there may be."""
    most = most_bookings(week)
    if week is not None:
        message = ngettext(
            "You have %(most)d upcoming booking in this exam week, the most you can have in it.",
            "You have %(most)d upcoming bookings in this exam week, the most you can have in it.",
            most,
        )
    else:
        message = ngettext(
            "You have %(most)d upcoming booking, the most you can have at once.",
            "You have %(most)d upcoming bookings, the most you can have at once.",
            most,
        )
    return message % {"most": most}


def why_not_free(
    slot: TimeSlot,
    topic: Topic,
    *,
    given: bool = False,
    own_seat: bool = False,
    leaving: Booking | None = None,
) -> SchedulingError:
    """The words for a slot that is not free; it decides nothing.

    ``given``: the topic stays, so that it is the slot that doesn't fit: a rule, not a field.
    """
    now, appointment = timezone.now(), slot.appointment
    if slot.withdrawn or appointment.is_cancelled or not appointment.ta.is_active:
        return SchedulingError("gone", _("This time is no longer offered."))
    if slot.starts_at <= now:
        return SchedulingError("past", _("This time has passed."))
    notice = policy.min_notice_at(slot.starts_at)
    if slot.starts_at < now + notice:
        return SchedulingError(
            "notice",
            _("This time starts too soon: bookings close %(time)s before the start.")
            % {"time": in_words(notice.total_seconds())},
        )
    if slot.starts_at > now + policy.horizon:
        days = policy.horizon.days
        return SchedulingError(
            "horizon",
            ngettext(
                "This time is too far ahead: bookings open %(days)d day before the start.",
                "This time is too far ahead: bookings open %(days)d days before the start.",
                days,
            )
            % {"days": days},
        )
    if slot.is_full:  # for any topic
        return SchedulingError("full", _("Sorry, this time was just taken."))
    if message := _why_not_offered(appointment, topic):
        if given:
            return SchedulingError("topic", message)
        return SchedulingError.beside("topic", message)
    kept = slot.freed if slot.freed_until is not None and slot.freed_until > now else 0
    if not own_seat and slot.seats_left <= kept:
        return SchedulingError(
            "held",
            _("This time is offered to somebody who has waited for one. It may come free again."),
        )
    if spared := why_spared(slot.pk, leaving):
        return SchedulingError(spared, _why_spared(spared, appointment.ta))
    return SchedulingError("ta_busy", _("The TA has another booking at that time."))


def _why_spared(code: str, ta: User) -> str:
    """A limit of the TA's own, in words."""
    if code == "away":
        away = limits_of(ta).away_until
        if away is not None:
            return _("This TA is away until %(day)s.") % {"day": clock.day_long(away)}
    if code == "week_full":
        return _("This TA has as many bookings in that week as they take. Try another week.")
    return _("This TA takes a break at that time.")


def _why_not_offered(appointment: Appointment, topic: Topic) -> str:
    offering = offering_of(appointment, topic.pk)
    if offering is not None and offering.archived_at is not None:
        return _("This topic was archived, so it can't be booked any more.")
    if offering is None or not offering.in_session:
        return _("This session isn't for that topic.")
    if not offering.taught:
        return _("The TA doesn't teach this topic any more.")
    return ""


# --- Changing a booking -------------------------------------------------------------------------


def check_active(booking: Booking) -> None:
    """The booking still holds its seat and isn't over."""
    if booking.status == Status.CANCELLED:
        raise SchedulingError("cancelled", _("This booking has already been cancelled."))
    if booking.effective_status != Status.BOOKED:
        raise SchedulingError("over", _("This booking is over."))


def check_movable(booking: Booking, actor: User) -> None:
    """Its student may move it, until ``LATE_CANCEL`` before its start."""
    if booking.student_id != actor.pk:
        raise SchedulingError("role", _("Only the student can move a booking."))
    check_active(booking)
    now = timezone.now()
    if now >= booking.starts_at:
        raise SchedulingError("started", _("It has started, so it can't be moved any more."))
    if booking.is_late_to_change(now):
        raise SchedulingError(
            "late",
            _("A booking can't be moved within %(time)s of its start. You can still cancel it.")
            % {"time": in_words(policy.late_cancel.total_seconds())},
        )


def check_move_to(
    booking: Booking, student: User, slot: TimeSlot, *, own_seat: bool = False
) -> None:
    """A movable booking may go to another slot of its TA that the student could book."""
    if slot.pk == booking.slot_id:
        raise SchedulingError("same", _("This is the time you have already."))
    if slot.appointment.ta_id != booking.ta_id:
        raise SchedulingError(
            "other_ta", _("A booking can only be moved to another time of the same TA.")
        )
    check_bookable(student, slot, booking.topic, moving=booking, own_seat=own_seat)


def check_replaceable(booking: Booking, actor: User) -> None:
    """Its student may book another time instead, once, where it was cancelled for them."""
    if booking.student_id != actor.pk:
        raise SchedulingError("role", _("Only the student can book another time instead."))
    if booking.status != Status.CANCELLED:
        raise SchedulingError("stands", _("This booking wasn't cancelled."))
    if not booking.was_taken_away:
        raise SchedulingError("own", _("You cancelled this booking yourself."))
    if Booking.objects.filter(replaces=booking.pk).exists():
        raise replaced()


def replaced() -> SchedulingError:
    """That another time was booked instead already."""
    return SchedulingError("replaced", _("You have already booked another time instead."))


def check_rate(actor: User) -> None:
    """Each booking, move and cancellation writes to somebody: not too many in ten minutes.

    Counts what is stored, under the actor's lock. Bookings that went with a whole session are one
    act of its TA and don't count.
    """
    if not ratelimit.is_on():
        return
    since = timezone.now() - CHANGES_COUNTED
    if BookingEvent.objects.changes_of(actor.pk, since).count() >= policy.booking_changes:
        raise SchedulingError(
            "rate_limited",
            _("You have booked, moved or cancelled very often. Please wait ten minutes."),
            seconds=int(CHANGES_COUNTED.total_seconds()),
        )


def check_cancellable(booking: Booking, actor: User) -> None:
    """Its student and its TA may cancel it, until its start."""
    check_active(booking)
    if actor.pk not in (booking.student_id, booking.ta_id):
        raise SchedulingError("role", _("Only the student and the TA can cancel it."))
    if timezone.now() >= booking.starts_at:
        raise SchedulingError("started", _("It has started, so it can't be cancelled any more."))


def cancels_late(booking: Booking, actor: User) -> bool:
    """Whether a cancellation by ``actor`` now counts as late. Only a student's can."""
    now = timezone.now()
    return (
        actor.pk == booking.student_id
        and booking.is_late_to_change(now)
        and not booking.is_in_grace(now)
    )


def frees_seat(booking: Booking) -> bool:
    """Whether others can book the seat when this booking is cancelled now."""
    return is_free(booking.slot_id, None, booking)


def needs_reason(booking: Booking, actor: User) -> bool:
    """A TA always says why; a student who cancels late too."""
    return actor.pk == booking.ta_id or cancels_late(booking, actor)


def in_words(seconds: float) -> str:
    """A length of time in words: whole hours where they are, else minutes."""
    minutes = int(seconds // 60)
    if minutes % 60 == 0 and minutes:
        return ngettext("%d hour", "%d hours", minutes // 60) % (minutes // 60)
    return ngettext("%d minute", "%d minutes", minutes) % minutes
