"""How free times read in templates."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from scheduling.models import Booking, TimeSlot
from scheduling.queries.obstacles import Obstacle
from scheduling.views.contexts.my_week import Cell
from scheduling.views.contexts.requests import days_in_words, parts_in_words
from scheduling.views.contexts.slots import Chip, Choice, SlotDay, SlotGroup, Strip, why_closed
from setahub.core import clock
from setahub.core.web.own import own
from setahub.core.web.refusals import Refusal
from setahub.core.web.repeated import repeated
from topics.models import Topic

register = template.Library()

Link = tuple[str, str]
PlainChoice = tuple[str, str, str, bool]
PlainChips = tuple[tuple[int, datetime, int | None, bool, str, bool], ...]

# What the address of a page of times may ask for, and how long it can be.
KEPT = {"topic", "ta", "tas", "part", "place", "from", "slot", "q", "limit"}
KEPT_LENGTH = 100  # a slug


@register.simple_tag
def slot_link(topic: Topic | None, moving: Booking | None, rebooking: Booking | None) -> Link:
    """Where a time leads: what stands before and after its id in the address."""
    if moving:
        return reverse("scheduling:booking_reschedule", args=[moving.pk]) + "?slot=", ""
    if rebooking:
        return reverse("scheduling:booking_rebook", args=[rebooking.pk]) + "?slot=", ""
    after = f"&topic={topic.slug}" if topic else ""
    return reverse("scheduling:booking_create") + "?slot=", after


@register.simple_tag
def slot_days(
    days: Iterable[SlotDay], show_ta: bool, link: Link, chosen: int | None = None
) -> SafeString:
    """Times by day and session: where they are, and how long; ``show_ta``: whose."""
    today = clock.today()
    shown = [
        _slot_day(
            day.day,
            today,
            tuple([(*_where(each, show_ta), _plain(each.chips, chosen)) for each in day.groups]),
            *link,
        )
        for day in days
    ]
    return mark_safe("".join(shown))  # noqa: S308  (of a template)


def _where(group: SlotGroup, show_ta: bool) -> tuple[Any, ...]:
    session = group.appointment
    ta = session.ta if show_ta else None
    place = "" if session.is_online else session.location
    return ta and ta.pk, ta.username if ta else "", place, session.slot_minutes


@repeated("scheduling/_slot_day.html")
def _slot_day(
    day: date, today: date, groups: tuple[tuple[Any, ...], ...], before: str, after: str
) -> dict[str, Any]:
    shown = [(*where, _together(chips, today, before, after)) for *where, chips in groups]
    return {"day": day.isoformat(), "heading": _day_heading(day, today), "groups": shown}


@register.simple_tag
def slot_chips(chips: Iterable[Chip], link: Link, chosen: int | None = None) -> SafeString:
    """Times as links to book them, or closed, with the reason; ``chosen``: the id of the chosen one.

    Each is an item of a list.
    """
    return _together(_plain(chips, chosen), clock.today(), *link)


def _plain(chips: Iterable[Chip], chosen: int | None) -> PlainChips:
    """What ``_slot_chip`` takes of each time itself."""
    return tuple(
        [
            (
                slot.pk,
                slot.starts_at,
                slot.seats_left if slot.capacity > 1 else None,
                slot.pk == chosen,
                chip.obstacle.value if chip.obstacle else "",
                chip.busy,
            )
            for chip in chips
            for slot in [chip.slot]
        ]
    )


def _together(chips: PlainChips, today: date, before: str, after: str) -> SafeString:
    shown = (_slot_chip(*each, today, before, after) for each in chips)
    return mark_safe("".join(shown))  # noqa: S308  (of templates)


@repeated("scheduling/_chip.html")
def _slot_chip(
    slot: int,
    start: datetime,
    left: int | None,
    chosen: bool,
    obstacle: str,
    busy: bool,
    today: date,
    before: str,
    after: str,
) -> dict[str, Any]:
    return {
        "slot": slot,
        "time": clock.time_of_day(start),
        "day": clock.day_name(start, today),
        "left": "" if left is None else ngettext("%d seat", "%d seats", left) % left,
        "href": f"{before}{slot}{after}",
        "chosen": chosen,
        "refused": bool(obstacle),
        "why": why_closed(Obstacle(obstacle)) if obstacle else "",
        "busy": busy,
    }


@register.simple_tag
def slot_when(slot: TimeSlot, topic: Topic | None, refusal: Refusal | None = None) -> SafeString:
    """A time to book: when, for which topic, where, with whom; ``refusal``: why it can't be booked."""
    where, ta = slot.appointment, slot.appointment.ta
    return _slot_when(
        slot.starts_at,
        slot.ends_at,
        clock.today(),
        topic.name if topic else "",
        "" if where.is_online else where.location,
        ta.pk,
        ta.username,
        ta.avatar.url if ta.avatar else "",
        slot.seats_left if slot.capacity > 1 and not refusal else None,
        refusal.code if refusal else "",
    )


@repeated("scheduling/_slot_when.html")
def _slot_when(
    start: datetime,
    end: datetime,
    today: date,
    topic: str,
    place: str,
    ta: int,
    name: str,
    avatar: str,
    left: int | None,
    refused: str,
) -> dict[str, Any]:
    return {
        "start": start,
        "end": end,
        "topic": topic,
        "place": place,
        "ta": {"pk": ta, "username": name, "avatar": {"url": avatar} if avatar else None},
        "left": left,
        "refused": bool(refused),
        "struck": refused not in ("", "too_many"),
    }


@register.simple_tag
def day_buttons(day: SlotDay) -> SafeString:
    """The times of a day as buttons that send a form for them, under whose they are and where."""
    groups = tuple(
        (
            group.ta.username,
            "" if group.appointment.is_online else group.appointment.location,
            tuple((chip.slot.pk, clock.time_of_day(chip.slot.starts_at)) for chip in group.chips),
        )
        for group in day.groups
    )
    return _day_buttons(day.day, clock.today(), groups)


@repeated("scheduling/_day_buttons.html")
def _day_buttons(day: date, today: date, groups: tuple[Any, ...]) -> dict[str, Any]:
    return {"name": clock.day_name(day, today), "groups": groups}


@register.simple_tag
def day_heading(day: date) -> SafeString:
    """``Today Wed 25 Nov``; further ahead the date alone."""
    return _day_heading(day, clock.today())


@repeated("scheduling/_day_heading.html")
def _day_heading(day: date, today: date) -> dict[str, Any]:
    name, short = clock.day_name(day, today), clock.day_short(day, today)
    return {"name": name, "date": short if name != short else ""}


@register.simple_tag(takes_context=True)
def narrowing(
    context: Context, choices: Iterable[Iterable[Choice]], page: str | None = ""
) -> SafeString:
    """The chips that narrow times; they change the query of the page they stand on, or of ``page``."""
    groups = tuple(
        tuple([(each.name, each.value, each.label, each.chosen) for each in group])
        for group in choices
    )
    return _narrowing(page or "", tuple(_asked(context).items()), groups)


@repeated("scheduling/_choices.html")
def _narrowing(
    page: str, asked: tuple[tuple[str, str], ...], groups: tuple[tuple[PlainChoice, ...], ...]
) -> dict[str, Any]:
    return {
        "choices": [
            (
                f"{name}-{value}",
                own(label) if name == "ta" else label,
                _address(page, dict(asked), name, "" if chosen else value),
                chosen,
                bool(number and not place),
            )
            for number, group in enumerate(groups)
            for place, (name, value, label, chosen) in enumerate(group)
        ]
    }


@register.simple_tag(takes_context=True)
def topic_picks(context: Context, topics: Iterable[Topic], chosen: Topic | None) -> SafeString:
    """The topics that a TA's times may be for, and all of them."""
    named = tuple([(each.slug, each.name) for each in topics])
    return _topic_picks(tuple(_asked(context).items()), named, chosen.slug if chosen else "")


@repeated("scheduling/_topic_picks.html")
def _topic_picks(
    asked: tuple[tuple[str, str], ...], topics: tuple[tuple[str, str], ...], chosen: str
) -> dict[str, Any]:
    leads = partial(_address, "", dict(asked), "topic")
    shown = [(slug, name, leads(slug)) for slug, name in topics]
    return {"any": leads(""), "topics": shown, "chosen": chosen}


@register.simple_tag(takes_context=True)
def week_strip(context: Context, strip: Strip, page: str | None = "") -> SafeString:
    """Seven days to move through, by ``?from=`` of the page they stand on, or of ``page``."""
    asked = _asked(context)
    day = clock.read_date(asked.get("from"))
    return _week_strip(
        _address(page, asked, "from", "") + ("&" if len(asked) > ("from" in asked) else ""),
        strip.month,
        strip.days[0].day,
        "".join("x" if each.beyond else "01"[each.free] for each in strip.days),
        strip.earlier,
        strip.later,
        clock.year_refusal(day) if day else "",
    )


@repeated("scheduling/_week.html")
def _week_strip(
    before: str,
    current: date,
    first: date,
    marks: str,
    earlier: date | None,
    later: date | None,
    refusal: str,
) -> dict[str, Any]:
    days = [(first + timedelta(days=ahead), mark) for ahead, mark in enumerate(marks)]
    return {
        "before": before,
        "current": current,
        "days": [(day, mark == "1", mark == "x") for day, mark in days],
        "earlier": earlier,
        "later": later,
        "refusal": refusal,
    }


def _asked(context: Context) -> dict[str, str]:
    """What the page was asked for that its links keep; no more, since parts are kept by it."""
    given = context["request"].GET.dict().items()
    return {name: value for name, value in given if name in KEPT and len(value) <= KEPT_LENGTH}


def _address(page: str | None, asked: dict[str, str], name: str, value: str) -> str:
    """The page's address with one value changed in its query, or taken off where it is ""."""
    changed = {**asked, name: value}
    if not value:
        del changed[name]
    return f"{page or ''}?{urlencode(changed)}"


@register.simple_tag
def week_cell(cell: Cell, day: date) -> SafeString:
    """An empty hour of a day in one's week, with a link to open time there, where one may."""
    if not cell.url:
        return _week_cell(cell.minutes, cell.now, "", False, "", "")
    name = clock.day_long(day)
    return _week_cell(cell.minutes, cell.now, cell.url, cell.leads, cell.time, name)


@repeated("scheduling/_my_week_cell.html")
def _week_cell(
    minutes: int, now: int | None, url: str, leads: bool, time: str, day: str
) -> dict[str, Any]:
    return {
        "minutes": minutes,
        "now": now,
        "url": url,
        "leads": leads,
        "time": time,
        "day": day,
    }


# --- Who waits ----------------------------------------------------------------------------------


register.filter("days_asked", days_in_words)
register.filter("parts_asked", parts_in_words)
