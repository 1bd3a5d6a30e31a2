"""How topics read in templates."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from accounts.models import User
from scheduling.queries.free import Counts, FreeTime, is_near
from setahub.core import clock
from setahub.core.web.prerendered import Prerendered
from setahub.core.web.repeated import repeated
from setahub.core.web.tokens import form_key, token_of
from topics.models import Topic

ON_FIRST_SCREEN = 2  # tiles of a phone: their pictures are fetched at once

register = template.Library()

_teach = Prerendered("topics/_teach.html")


@register.simple_tag
def topic_tiles(tiles: Sequence[tuple[Topic, Counts]], kept: str = "") -> SafeString:
    """Topics, each with its TAs and its free time, as items of a list.

    ``kept``: what their links carry on of the times that are wanted.
    """
    today = clock.today()
    shown = [
        _topic_tile(
            topic.pk,
            topic.slug,
            topic.name,
            topic.image_url,
            counted.tas,
            counted.free.count if counted.free else 0,
            counted.free.next_at if counted.free else None,
            today,
            place < ON_FIRST_SCREEN,
            kept,
        )
        for place, (topic, counted) in enumerate(tiles)
    ]
    return mark_safe("".join(shown))  # noqa: S308  (of a template)


@repeated("topics/_tile.html")
def _topic_tile(
    pk: int,
    slug: str,
    name: str,
    image: str,
    tas: int,
    free: int,
    next_at: datetime | None,
    today: date,
    first: bool,
    kept: str,
) -> dict[str, Any]:
    return {
        "pk": pk,
        "first": first,
        "slug": slug,
        "kept": kept,
        "name": name,
        "image": image,
        "tas": ngettext("%d TA", "%d TAs", tas) % tas if tas else "",
        "free": ngettext("%d free slot", "%d free slots", free) % free if free else "",
        "next": clock.soon(next_at, today) if next_at else "",
        "near": next_at is not None and is_near(next_at, today),
    }


@register.simple_tag
def topic_art(topic: Topic) -> SafeString:
    """The picture of a topic, or the letters in its place."""
    return _topic_art(topic.pk, topic.name, topic.image_url)


@repeated("topics/_art.html")
def _topic_art(pk: int, name: str, image: str) -> dict[str, Any]:
    return {"pk": pk, "name": name, "image": image}


@register.simple_tag
def ta_cards(tas: Iterable[tuple[User, FreeTime | None, int, bool]], topic: Topic) -> SafeString:
    """TAs of a topic as items of a list.

    Of each the sessions given, the next free time for it, and a way to write to them.
    """
    today = clock.today()
    shown = [
        _ta_card(
            ta.pk,
            ta.username,
            ta.year,
            ta.avatar.url if ta.avatar else "",
            given,
            clock.local(free.next_at) if free else None,
            today,
            may_message,
            topic.slug,
        )
        for ta, free, given, may_message in tas
    ]
    return mark_safe("".join(shown))  # noqa: S308  (of a template)


@repeated("topics/_ta.html")
def _ta_card(
    pk: int,
    name: str,
    year: int | None,
    picture: str,
    given: int,
    next_at: datetime | None,
    today: date,
    may_message: bool,
    topic: str,
) -> dict[str, Any]:
    return {
        "ta": {"pk": pk, "username": name, "avatar": {"url": picture} if picture else None},
        "year": year,
        "given": given,
        "next": clock.soon(next_at, today) if next_at else "",
        "near": next_at is not None and is_near(next_at, today),
        "may_message": may_message,
        "topic": topic,
    }


@register.simple_tag(takes_context=True)
def teach(context: Context, topic: Topic, mine: str, cannot_teach: str) -> SafeString:
    """Whether the reader teaches the topic or could: ``mine`` is the status of their registration, or "";
    ``cannot_teach``: why not, or ""."""
    values = {
        "cannot_teach": cannot_teach or None,
        "token": None if mine or cannot_teach else token_of(context),
        "key": None if mine or cannot_teach else form_key(),
    }
    no_year = bool(cannot_teach) and context["user"].year is None
    return _teach(
        values, slug=topic.slug, archived=topic.is_archived, mine=str(mine), no_year=no_year
    )
