"""How topics read in templates."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from scheduling.queries.free import FreeTime
from setahub.core import clock
from setahub.core.web.repeated import repeated
from topics.models import Topic

register = template.Library()


@register.simple_tag
def topic_tile(topic: Topic, free: FreeTime | None) -> SafeString:
    """A topic (with its TAs counted) in the list, with its free time."""
    return _topic_tile(
        topic.pk,
        topic.slug,
        topic.name,
        topic.get_absolute_url(),
        topic.image_url,
        topic.ta_count,
        free.count if free else 0,
        clock.soon(free.next_at) if free else "",
        free.is_near if free else False,
    )


@repeated("topics/_tile.html")
def _topic_tile(
    pk: int,
    slug: str,
    name: str,
    href: str,
    image: str,
    tas: int,
    free: int,
    next: str,
    near: bool,
) -> dict[str, Any]:
    shown = {"pk": pk, "slug": slug, "name": name, "href": href, "image": image, "near": near}
    return shown | {
        "tas": ngettext("%d TA", "%d TAs", tas) % tas if tas else "",
        "free": ngettext("%d free slot", "%d free slots", free) % free if free else "",
        "next": next,
    }
