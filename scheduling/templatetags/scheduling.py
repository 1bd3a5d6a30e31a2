"""How free times read in templates."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from scheduling.models import Booking
from scheduling.queries.obstacles import Obstacle
from scheduling.views.contexts.slots import Chip, SlotGroup, why_closed
from setahub.core import clock
from setahub.core.web.repeated import repeated
from topics.models import Topic

register = template.Library()

Link = tuple[str, str]


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
def slot_group(group: SlotGroup, show_ta: bool) -> SafeString:
    """Whose times follow, where they are, and how long; ``show_ta``: name the TA."""
    where = group.appointment
    place = "" if where.is_online else where.location
    ta = group.ta if show_ta else None
    return _slot_group(ta.pk if ta else None, ta.username if ta else "", place, where.slot_minutes)


@repeated("scheduling/_slot_group.html")
def _slot_group(ta: int | None, name: str, place: str, minutes: int) -> dict[str, Any]:
    return {"ta": ta, "name": name, "place": place, "minutes": minutes}


@register.simple_tag
def slot_chips(chips: Iterable[Chip], link: Link, chosen: int | None = None) -> SafeString:
    """Times as links to book them, or closed, with the reason; ``chosen``: the id of the chosen one.

    Each is an item of a list.
    """
    today = clock.today()
    return mark_safe(  # noqa: S308  (rendered by templates)
        "".join(
            _slot_chip(
                chip.slot.pk,
                clock.local(chip.slot.starts_at),
                today,
                chip.slot.seats_left if chip.slot.capacity > 1 else None,
                *link,
                chip.slot.pk == chosen,
                chip.obstacle.value if chip.obstacle else "",
            )
            for chip in chips
        )
    )


@repeated("scheduling/_chip.html")
def _slot_chip(
    slot: int,
    start: datetime,
    today: date,
    left: int | None,
    before: str,
    after: str,
    chosen: bool,
    obstacle: str,
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
    }


@register.simple_tag
def day_heading(day: date) -> SafeString:
    """``Today Wed 25 Nov``; further ahead the date alone."""
    return _day_heading(day, clock.today())


@repeated("scheduling/_day_heading.html")
def _day_heading(day: date, today: date) -> dict[str, Any]:
    name, short = clock.day_name(day, today), clock.day_short(day, today)
    return {"name": name, "date": short if name != short else ""}
