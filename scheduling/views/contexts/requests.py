"""What the pages around help requests and offers show: a place in line, a request, an offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.errors import SchedulingError
from scheduling.models import Booking, HelpRequest, Offer, PlaceInLine, TimeSlot
from scheduling.queries.busy import busy_during
from scheduling.queries.free import is_free
from scheduling.queries.requests import (
    booking_of,
    ended_places,
    free_for,
    held_offers,
    place_of,
    waiting_places,
)
from scheduling.queries.waiting import can_answer, people_before
from scheduling.services.offers import check_stands
from scheduling.services.rules import why_no_more
from scheduling.views.contexts.slots import SlotDay, open_days
from setahub.core import clock
from setahub.core.web.paging import Page, paginate
from setahub.core.web.refusals import Refusal, refusal_of
from topics.models import Topic

Status = Offer.Status

# --- Where one asks ------------------------------------------------------------------------------


def ask_address(
    topic: Topic | None = None, ta: int | None = None, part: str = "", day: str = ""
) -> str:
    """The form to ask for time, filled with what was looked for."""
    known = {"topic": topic.slug if topic else "", "ta": ta or "", "part": part, "from": day}
    given = urlencode({name: value for name, value in known.items() if value})
    return reverse("scheduling:request_create") + (f"?{given}" if given else "")


# --- Words --------------------------------------------------------------------------------------


def days_in_words(asked: HelpRequest) -> str:
    """``until Fri 11 Dec``; with its first day where that lies ahead."""
    until = clock.day_short(asked.to_day)
    if asked.from_day <= clock.today():
        return _("until %(day)s") % {"day": until}
    if asked.from_day == asked.to_day:
        return until
    return f"{clock.day_short(asked.from_day)} – {until}"


def parts_in_words(asked: HelpRequest) -> str:
    return ", ".join(name.lower() for name in asked.part_names) or _("any time of the day")


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``13th``."""
    words = {1: _("%(number)dst"), 2: _("%(number)dnd"), 3: _("%(number)drd")}
    exact = 0 if 10 < number % 100 < 14 else number % 10
    return words.get(exact, _("%(number)dth")) % {"number": number}


def before_in_words(before: int) -> str:
    if not before:
        return _("Nobody is before you, by fairness.")
    return ngettext(
        "%(before)d person before you, by fairness.",
        "%(before)d people before you, by fairness.",
        before,
    ) % {"before": before}


def time_left(until: datetime, now: datetime) -> str:
    """``1 h 12 min``, ``12 min``; whole minutes that are left."""
    minutes = max(int((until - now).total_seconds() // 60), 0)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    words = _("%(hours)d h %(minutes)d min") if rest else _("%(hours)d h")
    return words % {"hours": hours, "minutes": rest}


# --- Waiting ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InLine:
    """A place in line, how many come before it, what is offered for it now, and what is free.

    ``passed_over``: why nothing can be offered to its person now.
    """

    place: PlaceInLine
    before: int
    offer: Offer | None
    free: Sequence[SlotDay]
    passed_over: str

    @property
    def asked(self) -> HelpRequest:
        return self.place.request

    @property
    def is_joined(self) -> bool:
        return self.place.person_id != self.asked.student_id

    @property
    def number(self) -> str:
        return ordinal(self.before + 1)

    @property
    def before_in_words(self) -> str:
        return before_in_words(self.before)


@dataclass(frozen=True)
class Held:
    """An offer that stands: until when, and how much of its time is left."""

    offer: Offer
    now: datetime

    @property
    def until(self) -> str:
        """The hour alone, while it is today."""
        ends = self.offer.expires_at
        today = clock.local(ends).date() == clock.today()
        return clock.time_of_day(ends) if today else clock.full(ends)

    @property
    def left(self) -> str:
        return time_left(self.offer.expires_at, self.now)

    @property
    def seconds(self) -> int:
        return int((self.offer.expires_at - self.offer.created_at).total_seconds())

    @property
    def seconds_left(self) -> int:
        return max(int((self.offer.expires_at - self.now).total_seconds()), 0)


@dataclass(frozen=True)
class MyRequests:
    """What one is offered, then what one waits for; ``page``: former places in line."""

    offers: Sequence[Held]
    lines: Sequence[InLine]
    page: Page[PlaceInLine]

    @classmethod
    def of(cls, viewer: User, number: str | None) -> "MyRequests":
        now = timezone.now()
        page = paginate(ended_places(viewer.pk), number)
        if page.has_previous:
            return cls([], [], page)
        held = held_for(viewer, now)
        return cls(held, in_line(viewer, list(waiting_places(viewer.pk)), held, now), page)

    @property
    def is_empty(self) -> bool:
        return not (self.offers or self.lines or self.page.items)


def held_for(viewer: User, now: datetime) -> list[Held]:
    """What the viewer can take now. One query."""
    return [Held(offer, now) for offer in held_offers(viewer.pk, now)]


def in_line(
    viewer: User, places: Sequence[PlaceInLine], held: Sequence[Held], now: datetime
) -> list[InLine]:
    """The viewer's places that wait, with what comes before each and what is free. Eight queries."""
    before, (free, limits) = people_before(places, now), free_for(viewer, places)
    passed_over = why_no_more(limits) if not held else ""
    busy = busy_during(viewer.pk, [slot for slots in free.values() for slot in slots])
    offers = {each.offer.place_id: each.offer for each in held}
    return [
        InLine(
            each,
            before.get(each.pk, 0),
            offers.get(each.pk),
            open_days(free[each.pk], busy),
            passed_over,
        )
        for each in places
    ]


# --- One request --------------------------------------------------------------------------------


@dataclass(frozen=True)
class RequestPage:
    """A request for its owner, for who joined, or for a TA: who waits is only counted.

    ``line`` is the viewer's own place while it waits; ``ended`` the one that has ended.
    """

    asked: HelpRequest
    error: Refusal | None
    waiting: int
    is_owner: bool
    can_answer: bool
    line: InLine | None
    ended: PlaceInLine | None
    held: Held | None

    @classmethod
    def of(cls, viewer: User, asked: HelpRequest, error: Refusal | None = None) -> "RequestPage":
        """``asked`` with ``waiting``, and with its topic and TA loaded."""
        now, place = timezone.now(), place_of(asked, viewer.pk)
        waits = place is not None and place.ended_at is None
        held = [each for each in held_for(viewer, now) if each.offer.request_id == asked.pk]
        return cls(
            asked=asked,
            error=error,
            waiting=asked.waiting,
            is_owner=asked.student_id == viewer.pk,
            can_answer=place is None and can_answer(viewer.pk, asked.pk),
            line=in_line(viewer, [place], held, now)[0] if place and waits else None,
            ended=None if waits else place,
            held=next(iter(held), None),
        )


# --- One offer ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfferPage:
    """A time that is, or was, held for the viewer: ``over`` says what became of it."""

    offer: Offer
    held: Held | None
    over: Refusal | None
    refusal: Refusal | None
    booking: Booking | None
    is_free: bool

    @classmethod
    def of(cls, offer: Offer, refusal: Refusal | None = None) -> "OfferPage":
        over = refusal_of(check_stands, offer)
        if over is None and offer.place.ended_at is not None:
            over = SchedulingError("withdrawn", _("This time is no longer offered."))
        is_taken = offer.status == Status.TAKEN
        return cls(
            offer=offer,
            held=Held(offer, timezone.now()) if over is None else None,
            over=over,
            refusal=refusal if over is None else None,
            booking=booking_of(offer) if is_taken else None,
            # It may be anybody's by now.
            is_free=over is not None
            and not is_taken
            and is_free(offer.slot_id, offer.request.topic_id),
        )

    @property
    def slot(self) -> TimeSlot:
        return self.offer.slot

    @property
    def topic(self) -> Topic:
        return self.offer.request.topic

    @property
    def still_waits(self) -> bool:
        return self.offer.place.ended_at is None


def first_day(asked: HelpRequest) -> date:
    """The first of its days that is not over."""
    return max(asked.from_day, clock.today())
