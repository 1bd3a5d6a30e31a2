"""How free times read in templates."""

from datetime import date, datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from scheduling.models import Booking
from scheduling.queries.obstacles import Obstacle
from scheduling.views.contexts.slots import Chip, why_closed
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
def slot_chip(chip: Chip, link: Link, chosen: int | None = None) -> SafeString:
    """A time as a link to book it, or closed, with the reason; ``chosen``: the id of the chosen one."""
    slot = chip.slot
    return _slot_chip(
        slot.pk,
        clock.local(slot.starts_at),
        clock.today(),
        slot.seats_left if slot.capacity > 1 else None,
        *link,
        slot.pk == chosen,
        chip.obstacle.value if chip.obstacle else "",
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
