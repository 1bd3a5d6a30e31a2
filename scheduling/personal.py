"""What this app holds about a person: their sessions, and bookings taken and given.

Others appear by their public name, and what they wrote is theirs.
"""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.privacy import Part, register
from scheduling.models import (
    Appointment,
    Booking,
    BookingEvent,
    BusyCalendar,
    Digest,
    Dispute,
    HelpRequest,
    NothingFree,
    Offer,
    PlaceInLine,
    Record,
    Takeaway,
    TeachingLimits,
    Thanks,
)
from scheduling.services import records
from scheduling.services.plan import COLUMNS

NOWHERE = "–"


def sessions_of(user: User) -> list[dict[str, Any]]:
    rows = Appointment.objects.of(user.pk).prefetch_related("topics").order_by("starts_at")
    return [
        {
            "id": each.pk,
            "starts_at": each.starts_at,
            "ends_at": each.ends_at,
            "topics": [topic.name for topic in each.topics.all()],
            **{name: getattr(each, name) for name in COLUMNS},
            "made_at": each.created_at,
            "cancelled_at": each.cancelled_at,
            "cancel_reason": each.why_cancelled,
        }
        for each in rows
    ]


def bookings_of(user: User) -> list[dict[str, Any]]:
    rows = Booking.objects.of(user.pk).with_people().order_by("starts_at", "pk")
    return [_booking(user, each) for each in rows]


def _booking(user: User, booking: Booking) -> dict[str, Any]:
    taken = booking.student_id == user.pk
    own_reason = booking.cancelled_by_id == user.pk
    return {
        "id": booking.pk,
        "as": "student" if taken else "TA",
        "with": booking.other_than(user).username,
        "topic": booking.topic.name,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "status": booking.status,
        "booked_at": booking.created_at,
        "moved_at": booking.moved_at,
        "instead_of": booking.replaces_id if taken else None,
        "question": booking.question if taken else None,
        "takeaway_shown_to_ta": booking.shown_takeaway_id if taken else None,
        "cancelled_at": booking.cancelled_at,
        "cancel_reason": booking.why_cancelled if own_reason else None,
        "cancelled_late": booking.cancelled_late if own_reason else None,
        "checked_in_at": booking.checked_in_at,
        "ta_absent_reported_at": booking.ta_absent_at,
    }


def takeaways_of(user: User) -> list[dict[str, Any]]:
    """What they left as a TA; what they were left is the words of their TAs."""
    rows = Takeaway.objects.filter(booking__ta=user).order_by("pk")
    return list(
        rows.values("booking", "done", "next_step", "links", "created_at", "edited_at")  # type: ignore[arg-type]
    )


def thanks_of(user: User) -> list[Any]:
    """What they said as a student; what was said to them is in their students' words."""
    rows = Thanks.objects.filter(booking__student=user).order_by("pk")
    return list(rows.values("booking", "helped", "text", "created_at"))


def records_of(user: User) -> list[Any]:
    rows = Record.objects.filter(ta=user).order_by("pk")
    return list(
        rows.values(
            "id",
            "token",
            "name",
            "from_day",
            "to_day",
            "sums",
            "topics",
            "created_at",
            "ended_at",
            "end",
        )
    )


def disputes_of(user: User) -> list[Any]:
    own = Dispute.objects.filter(Q(booking__student=user) | Q(decided_by=user)).order_by("pk")
    return [
        {
            "booking": each.booking_id,
            "reason": each.reason if each.booking.student_id == user.pk else None,
            "disputed_at": each.created_at,
            "decision": each.decision,
            "decided_at": each.decided_at,
        }
        for each in own.select_related("booking")
    ]


def forget_disputes(user: User) -> None:
    Dispute.objects.filter(booking__student=user).update(reason=NOWHERE)


def actions_of(user: User) -> list[Any]:
    rows = BookingEvent.objects.filter(actor=user).order_by("created_at", "pk")
    return list(rows.values("booking", "kind", "detail", "changes", "created_at"))


def visits_of(user: User) -> list[Any]:
    rows = NothingFree.objects.filter(student=user).order_by("day", "pk")
    return list(rows.values("day", "topic__name"))


def requests_of(user: User) -> list[dict[str, Any]]:
    rows = HelpRequest.objects.filter(student=user).select_related("topic", "ta").order_by("pk")
    return [
        {
            "id": each.pk,
            "topic": each.topic.name,
            "ta": each.ta.username if each.ta else None,
            "question": each.question,
            "from_day": each.from_day,
            "to_day": each.to_day,
            "parts": each.parts,
            "shared": each.shared,
            "status": each.status,
            "asked_at": each.created_at,
            "closed_at": each.closed_at,
        }
        for each in rows
    ]


def places_of(user: User) -> list[Any]:
    rows = PlaceInLine.objects.of(user.pk).order_by("pk")
    return list(rows.values("request", "request__topic__name", "created_at", "ended_at", "end"))


def offers_of(user: User) -> list[Any]:
    rows = Offer.objects.filter(student=user).order_by("pk")
    return list(
        rows.values(
            "id", "request", "slot__starts_at", "status", "created_at", "expires_at", "ended_at"
        )
    )


def digests_of(user: User) -> list[Any]:
    return list(Digest.objects.filter(ta=user).order_by("day").values("day"))


def limits_of(user: User) -> list[dict[str, Any]]:
    return [
        {
            "weekly_slots": each.weekly_slots,
            "slots_in_a_row": each.slots_in_a_row,
            "away_until": each.away_until,
        }
        for each in TeachingLimits.objects.filter(ta=user)
    ]


def calendars_of(user: User) -> list[dict[str, Any]]:
    """Their addresses are left out: they let in whoever has them."""
    return [
        {
            "name": each.name,
            "since": each.created_at,
            "read_at": each.read_at,
            "failing_since": each.failing_since,
            "busy": list(each.times.order_by("starts_at").values("starts_at", "ends_at")),
        }
        for each in BusyCalendar.objects.filter(user=user).order_by("pk")
    ]


def forget_calendars(user: User) -> None:
    BusyCalendar.objects.filter(user=user).delete()


def forget_limits(user: User) -> None:
    TeachingLimits.objects.filter(ta=user).delete()


def forget_requests(user: User) -> None:
    """That somebody waited stays in the numbers; what they asked goes."""
    HelpRequest.objects.filter(student=user).update(question=NOWHERE)


def forget(user: User) -> None:
    """History stays with the others; the address of a room of one's own goes, and what was shown of
    earlier sessions is shown no more."""
    Booking.objects.filter(student=user).update(shown_takeaway=None)
    NothingFree.objects.filter(student=user).delete()
    Digest.objects.filter(ta=user).delete()
    own_rooms = Appointment.objects.of(user.pk).filter(location__icontains="://")
    own_rooms.update(location=NOWHERE)
    events = BookingEvent.objects.filter(booking__ta=user)
    events.filter(place__icontains="://").update(place=NOWHERE)
    events.filter(actor=user, kind=BookingEvent.Kind.CHANGED).update(detail="", changes=None)


register(
    Part(
        "sessions",
        _("The TA sessions you open: times, places, topics and notes."),
        _("To let students book them."),
        _(
            "For good, as the history of who came. The address of an online room goes "
            "with your account."
        ),
        export=sessions_of,
        erase=forget,
        kept=["scheduling.Appointment.ta"],
    ),
    Part(
        "disputes",
        _("That you disputed a no-show, and why; as staff, which you decided."),
        _("So that staff can decide whether it counts."),
        _("As long as the booking. What you wrote goes when you delete your account."),
        export=disputes_of,
        erase=forget_disputes,
        kept=["scheduling.Dispute.decided_by"],
    ),
    Part(
        "teaching_limits",
        _("Your own limits as a TA: slots in a week and in a row, and until when you are away."),
        _("So that no more of your time is offered."),
        _("Until you change them or delete your account."),
        export=limits_of,
        erase=forget_limits,
        gone=["scheduling.TeachingLimits.ta"],
    ),
    Part(
        "bookings",
        _(
            "Your bookings: when, with whom, on which topic, your question, whether you checked in, and how it went."
        ),
        _("To let both of you know when, where and what about, and to remind you."),
        _(
            "For good: it is the other person's history too. Your name leaves it when you delete your account."
        ),
        export=bookings_of,
        kept=[
            "scheduling.Booking.student",
            "scheduling.Booking.ta",
            "scheduling.Booking.cancelled_by",
            "scheduling.Commitment.person",
        ],
    ),
    Part(
        "takeaways",
        _("What you leave behind after a session: what you did, the next step, links."),
        _("So that something remains for the student."),
        _("For good, for the student you wrote it to."),
        export=takeaways_of,
    ),
    Part(
        "thanks",
        _("Whether a session helped you, and your thanks to the TA."),
        _(
            "Your TA reads the thanks. Whether it helped is counted in sums of five or more; neither your TA nor "
            "the staff see your answer."
        ),
        _("For good: the thanks for your TA, the answer as a number."),
        export=thanks_of,
    ),
    Part(
        "records",
        _("The records of your hours that you issued: your name, the days, sums and topics."),
        _("So that whoever you hand one to can check it. Whoever has its address sees it."),
        _(
            "Until you delete your account; taken back, its address says only that it no longer counts."
        ),
        export=records_of,
        erase=records.forget,
        kept=["scheduling.Record.ta"],
    ),
    Part(
        "visits_without_free_time",
        _("That you looked for time on a topic that had none."),
        _("To show the staff where TAs are missing."),
        _("Until you delete your account."),
        export=visits_of,
        gone=["scheduling.NothingFree.student"],
    ),
    Part(
        "booking_actions",
        _("What you did with a booking, and when."),
        _("To tell why a time was moved or cancelled, and by whom."),
        _("As long as the booking."),
        export=actions_of,
        kept=["scheduling.BookingEvent.actor"],
    ),
    Part(
        "help_requests",
        _("What you asked for time on: the topic, your question, the days."),
        _("So that TAs can open time for it and you are offered it first."),
        _("For good, as a number. Your question goes when you delete your account."),
        export=requests_of,
        erase=forget_requests,
        kept=["scheduling.HelpRequest.student", "scheduling.HelpRequest.ta"],
    ),
    Part(
        "places_in_line",
        _("That you wait or waited for time, and since when."),
        _("To offer free time in a fair order."),
        _("For good, as a number. Your name leaves it when you delete your account."),
        export=places_of,
        kept=["scheduling.PlaceInLine.person"],
    ),
    Part(
        "offers",
        _("Which times were held for you, and what you answered."),
        _("So that no time is offered to you twice."),
        _("For good, as a number. Your name leaves it when you delete your account."),
        export=offers_of,
        kept=["scheduling.Offer.student"],
    ),
    Part(
        "digests_of_requests",
        _("On which days you were written to about new requests on your topics."),
        _("So that nobody hears of them twice."),
        _("Two days."),
        export=digests_of,
        gone=["scheduling.Digest.ta"],
    ),
    Part(
        "calendars",
        _(
            "Calendars of your own that you named: name, address (encrypted), and when you are busy."
        ),
        _(
            "To mark times at which you are busy, for you alone. What you are busy with is not kept."
        ),
        _("Until you remove the calendar or delete your account."),
        export=calendars_of,
        erase=forget_calendars,
        gone=["scheduling.BusyCalendar.user"],
    ),
)
