"""What emails about waiting for time say: what is offered, passed on, asked for."""

from collections.abc import Sequence
from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.emails.bookings import when
from scheduling.models import HelpRequest, Offer, PlaceInLine, TimeSlot
from setahub.core import clock
from setahub.core.mail import Email
from setahub.core.web.own import told, typed


def offered(offer: Offer) -> Email:
    """A seat is held for somebody who waited."""
    return Email(
        subject=_("Your time has come: %(topic)s, %(time)s") % _offer_words(offer),
        lead=[
            told(
                _("You waited for time on %(topic)s. A seat is held for you until %(until)s."),
                {"topic": offer.request.topic.name},
                until=clock.full(offer.expires_at),
            ),
            _(
                "Until then nobody else can book it. If it doesn't suit you, pass it on: you keep your place in line."
            ),
        ],
        facts=[*_offer_facts(offer), _place_of(offer.slot)],
        quotes=[(_("What you need help with"), offer.request.question)]
        if offer.request.student_id == offer.student_id
        else [],
        action=(_("Take it or pass it on"), offer.get_absolute_url()),
    )


def passed_on(offer: Offer) -> Email:
    """An offer ran out; after three in a row the place in line ended with it."""
    lead = [_("The seat that was held for you was passed on, since no answer came in time.")]
    if offer.place.end == PlaceInLine.End.UNANSWERED:
        lead.append(
            _(
                "Three offers ran out without an answer, so you no longer wait. You can ask again at any time."
            )
        )
    lead += _still_waits(offer)
    return Email(
        subject=_("Passed on: %(topic)s, %(time)s") % _offer_words(offer),
        lead=lead,
        facts=_offer_facts(offer),
        action=_my_requests(),
    )


def no_longer_offered(offer: Offer) -> Email:
    """The time itself is gone, cancelled or changed by its TA, or a block stands before it."""
    return Email(
        subject=_("No longer offered: %(topic)s, %(time)s") % _offer_words(offer),
        lead=[
            _("This time is no longer offered, so the seat isn't held for you any more."),
            *_still_waits(offer),
        ],
        facts=_offer_facts(offer),
        action=_my_requests(),
    )


def free_time(slot: TimeSlot, request: HelpRequest) -> Email:
    """Too little time is left to hold a seat: whoever is first has it."""
    words = {"topic": request.topic.name, "time": clock.full(slot.starts_at)}
    book = reverse("scheduling:booking_create")
    return Email(
        subject=_("A free time: %(topic)s, %(time)s") % words,
        lead=[_("It begins soon, so nothing is held: whoever books it first has it.")],
        facts=[when(slot), (_("TA"), typed(slot.appointment.ta.username)), _place_of(slot)],
        action=(_("Book it"), f"{book}?slot={slot.pk}&topic={request.topic.slug}"),
    )


def runs_out(request: HelpRequest) -> Email:
    """Tomorrow is the last day of those that somebody waits for."""
    return Email(
        subject=_("Your request for %(topic)s runs out tomorrow") % {"topic": request.topic.name},
        lead=[
            _("No time has come up yet. If you still need it, ask again with later days."),
        ],
        quotes=[(_("The question"), request.question)],
        action=(_("See the request"), request.get_absolute_url()),
    )


def gone(place: PlaceInLine) -> Email:
    """The topic or the TA that was named is not there any more, or a block stands before them."""
    request, topic = place.request, place.request.topic
    listed = (_("See all topics"), reverse("topics:list"))
    return Email(
        subject=_("No longer offered: %(topic)s") % {"topic": topic.name},
        lead=[_("What you waited for is no longer offered, so your place in line has ended.")],
        quotes=[(_("The question"), request.question)]
        if request.student_id == place.person_id
        else [],
        # Others may teach it.
        action=listed if topic.is_archived else (_("See the topic"), topic.get_absolute_url()),
    )


def new_requests(count: int) -> Email:
    """For a TA: how much was asked today on their topics."""
    return Email(
        subject=ngettext(
            "%(count)d new request on your topics", "%(count)d new requests on your topics", count
        )
        % {"count": count},
        lead=[
            _("Students wait for time on what you teach. Open some and they are offered it first.")
        ],
        action=(_("See who waits"), reverse("scheduling:appointments") + "?tab=requests"),
    )


def digest(requests: Sequence[HelpRequest]) -> Email:
    """The same with what was asked, without names. Each has ``waiting``."""
    quotes = [
        (
            told(
                ngettext("%(topic)s (%(count)d waits)", "%(topic)s (%(count)d wait)", each.waiting),
                {"topic": each.topic.name},
                count=each.waiting,
            ),
            each.question,
        )
        for each in requests
    ]
    return replace(new_requests(len(requests)), quotes=quotes)


def _offer_words(offer: Offer) -> dict[str, str]:
    return {
        "topic": offer.request.topic.name,
        "time": clock.full(offer.slot.starts_at),
    }


def _offer_facts(offer: Offer) -> list[tuple[str, str]]:
    return [
        when(offer.slot),
        (_("Topic"), typed(offer.request.topic.name)),
        (_("TA"), typed(offer.slot.appointment.ta.username)),
    ]


def _still_waits(offer: Offer) -> list[str]:
    """Unless the place has ended too."""
    if offer.place.ended_at is not None:
        return []
    return [_("You keep your place in line: the next free time may be yours.")]


def _place_of(slot: TimeSlot) -> tuple[str, str]:
    """For who hasn't booked it: where on campus, or that it is online; never a way in."""
    session = slot.appointment
    return _("Where"), _("online") if session.is_online else typed(session.location)


def _my_requests() -> tuple[str, str]:
    return _("See what you wait for"), reverse("scheduling:bookings") + "?tab=requests"
