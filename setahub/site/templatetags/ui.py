"""Template tags and filters that every page may use without loading them."""

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages import ERROR, WARNING
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.template import Context
from django.template.base import Parser, Token
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import faculty
from accounts.queries.faculty import WaysIn
from accounts.services import push
from setahub.core import clock
from setahub.core.links import linked
from setahub.core.text import one_way
from setahub.core.web import expired
from setahub.core.web.own import Told, own
from setahub.core.web.paging import Page
from setahub.core.web.prerendered import Prerendered
from setahub.core.web.repeated import repeated
from setahub.core.web.tokens import FormTokenNode, form_key, token_of
from setahub.site import icons

register = template.Library()

_languages = Prerendered("shared/_languages.html")
_menu = Prerendered("shared/_menu.html")
_foot = Prerendered("shared/_foot.html")
_star = Prerendered("shared/_star_form.html")
_pager = Prerendered("shared/_pager.html")

_TIMES = re.compile(r"\d\d:\d\d – \d\d:\d\d")


@register.filter("one_way", is_safe=True)
def on_one_line(text: object) -> str:
    """What people typed for one line among others, whose direction it can't turn."""
    return one_way(str(text))


@register.filter
def with_links(text: str) -> SafeString:
    """What people typed, its addresses as links that show where they lead."""
    return text.html if isinstance(text, Told) else linked(str(text))


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """A Lucide icon as inline SVG, hidden from screen readers: the words beside it say it."""
    return icons.drawn(str(name), int(size))  # what is kept are plain texts, whatever was handed in


@register.simple_tag
def faculty_name() -> str:
    """What the faculty is called (``FACULTY_NAME``)."""
    return settings.FACULTY_NAME


register.filter("own", own)
register.filter("clock", clock.time_of_day)
register.filter("day_name", clock.day_name)
register.filter("day_short", clock.day_short)
register.filter("day_long", clock.day_long)
register.filter("day_year", clock.day_and_year)
register.filter("month", clock.month)
register.filter("moment", clock.full)
register.filter("soon", clock.soon)
register.filter("until", clock.until)
register.filter("ago", clock.ago)


@register.filter
def years_of_reader(title: str) -> str:
    """A title that is a year alone, such as Django's admin makes, as readers count it."""
    alone = re.fullmatch("[0-9]{4}", title)
    return str(clock.year(date(int(title), 1, 1))) if alone and title != "0000" else title


@register.simple_tag
def date_leaf(moment: datetime, past: bool = False) -> SafeString:
    """A leaf of a calendar: the day of the week, of the month, and the month."""
    return _date_leaf(clock.local(moment).date(), bool(past))


@repeated("shared/_date_leaf.html")
def _date_leaf(day: date, past: bool) -> dict[str, Any]:
    return {"day": day, "past": past}


@register.simple_tag
def page_assets(signed_in: bool) -> SafeString:
    """The stylesheet and scripts of every page."""
    return _page_assets(bool(signed_in), push.site_key() if signed_in else "")


@repeated("shared/_assets.html")
def _page_assets(signed_in: bool, push_key: str) -> dict[str, Any]:
    return {"signed_in": signed_in, "push_key": push_key}


@register.simple_tag
@repeated("shared/_htmx_assets.html")
def htmx_assets() -> dict[str, Any]:
    """htmx, as the site uses it."""
    return {}


@register.simple_tag(takes_context=True)
def languages(context: Context, kind: str) -> SafeString:
    """The other languages, each by its own name, as buttons of this class; "" without a request."""
    request = context.get("request")
    if not request:
        return mark_safe("")
    back = expired.page_of_form(request) if request.method == "POST" else None
    current = get_language()
    codes = tuple([code for code, _name in settings.LANGUAGES if code != current])
    return _languages({"token": token_of(context), "next": back}, kind=str(kind), codes=codes)


@register.simple_tag(takes_context=True)
def menu(context: Context, user: User, is_ta: bool) -> SafeString:
    """The reader's own menu."""
    values = {
        "letters": None if user.avatar else initials(user.username),
        "avatar": avatar(user),
        "name": own(user.username),
        "languages": languages(context, ""),
        "token": token_of(context),
    }
    return _menu(values, is_staff=bool(user.is_staff), is_ta=bool(is_ta))


@register.simple_tag(takes_context=True)
def page_foot(context: Context) -> SafeString:
    """The foot of every page."""
    return _foot({"languages": languages(context, "btn quiet")})


@register.simple_tag
def avatar(person: Any) -> SafeString:
    """Somebody's picture, or their initials."""
    return _avatar(person.pk, person.username, person.avatar.url if person.avatar else "")


@repeated("shared/_avatar.html")
def _avatar(pk: int, name: str, picture: str) -> dict[str, Any]:
    shown = {"url": picture} if picture else None
    return {"person": {"pk": pk, "username": name, "avatar": shown}}


@register.simple_tag(takes_context=True)
def main_navigation(
    context: Context, template: str, unread: int, is_ta: bool = False
) -> SafeString:
    """The links to the parts of the site, the one that the reader is in marked."""
    here = part_of_site(context), unread
    return _bar_links(*here) if template == "bar" else _tab_links(*here, is_ta)


def part_of_site(context: Context) -> str:
    """The part of the site that the page belongs to; "" for none.

    What a TA gives or could give is among their sessions, what one asks for and takes among one's
    bookings.
    """
    match = context["request"].resolver_match
    section, name = (match.namespace, match.url_name or "") if match else ("", "")
    if section in ("topics", "chat") or name == "home":
        return section or name
    if name == "my_week":
        return "week"
    if "appointment" in name or name == "weekly_hours":
        return "sessions"
    if "booking" in name or "request" in name or name == "offer":
        booking, user = context.get("booking"), context.get("user")
        gives = booking is not None and user is not None and booking.ta_id == user.pk
        return "sessions" if gives or context.get("can_answer") else "bookings"
    return ""


@repeated("shared/_bar_links.html")
def _bar_links(part: str, unread: int) -> dict[str, Any]:
    return {"part": part, "unread": unread}


@repeated("shared/_tab_links.html")
def _tab_links(part: str, unread: int, is_ta: bool) -> dict[str, Any]:
    return {"part": part, "unread": unread, "is_ta": is_ta}


@register.simple_tag(takes_context=True)
def bell(context: Context, unread: int) -> SafeString:
    """The way to what happened, and how much of it is unread."""
    match = context["request"].resolver_match
    return _bell(unread, match is not None and match.url_name == "notices")


@repeated("shared/_bell.html")
def _bell(unread: int, here: bool) -> dict[str, Any]:
    return {"unread": unread, "here": here}


@register.tag
def csrf_token(parser: Parser, token: Token) -> FormTokenNode:
    """``{% csrf_token %}``, in the place of Django's."""
    return FormTokenNode()


@register.simple_tag
def ways_in() -> WaysIn:
    """How one signs in: ``password``, ``faculty`` (the words of its button), ``sign_up``."""
    return faculty.ways_in()


register.simple_tag(form_key)


@register.simple_tag
def when_range(start: datetime, end: datetime, *, day: bool = True) -> SafeString:
    """``Wed 25 Nov, 13:30 – 14:00`` as a ``<time>`` element; without the day if told so.

    Its lines break beside the day, never within the times.
    """
    words = clock.full_range(start, end) if day else clock.time_range(start, end)
    return format_html('<time datetime="{}">{}</time>', start.isoformat(), unbroken(words))


@register.filter
def unbroken(text: str) -> SafeString:
    """A text of ours, each range of times in it on one line: ``your session 13:30 – 14:00``."""
    kept = _TIMES.sub(r'<span class="nowrap">\g<0></span>', conditional_escape(text))
    return mark_safe(kept)  # noqa: S308  (escaped)


@register.filter
def local_date(moment: datetime) -> date:
    """The faculty's date of a moment."""
    return clock.local(moment).date()


@register.filter
def initials(name: str) -> str:
    """Two letters for an avatar without picture: of the first two words, or of the only one.

    Thai words keep their first consonant and no floating marks.
    """
    letters = [
        "".join(c for c in word if c.isalnum() and c not in "เแโใไ") for word in name.split()
    ]
    letters = [word for word in letters if word] or ["?"]
    pair = letters[0][0] + letters[1][0] if len(letters) > 1 else letters[0][:2]
    return pair.upper()


@register.filter
def hue(key: int | None) -> int:
    """A number from 0 to 5 that picks a colour of the palette, the same for the same key."""
    return (key or 0) % 6


@register.simple_tag
def crumbs(*trail: Any) -> SafeString:
    """Where the reader is: an address and a name for each page above, then the name of this one.

    An address is whatever ``redirect`` takes. Without the last name, the page is the one before.
    """
    *above, here = filter(None, trail)
    pairs = zip(above[::2], above[1::2], strict=False)
    shown = tuple((resolve_url(to), conditional_escape(name)) for to, name in pairs)
    return _crumbs(shown, conditional_escape(here))


@repeated("shared/_crumbs.html")
def _crumbs(above: tuple[tuple[str, SafeString], ...], here: SafeString) -> dict[str, Any]:
    return {"above": above, "here": here}


@register.simple_tag(takes_context=True)
def star(context: Context, url: str, starred: bool, name: str, back: str = "") -> SafeString:
    """The form of a star, which stands on its own page or on ``back``."""
    values = {"url": url, "name": own(name), "back": back or None, "token": token_of(context)}
    return _star(values, starred=bool(starred))


@register.simple_tag(takes_context=True)
def pager(context: Context, page: Page[Any]) -> SafeString:
    """The ways to the pages before and after this one; "" where there is but one."""
    back = query(context, "page", page.previous_number) if page.has_previous else None
    more = query(context, "page", page.next_number) if page.has_next else None
    if back is more is None:
        return mark_safe("")
    return _pager({"number": page.number, "back": back, "more": more})


@register.simple_block_tag
def notice(content: str, kind: str = "", glyph: str = "", role: str | None = None) -> SafeString:
    """A box around paragraphs; ``kind``: ``good``, ``warn``, ``bad``, or nothing.

    A bad one is heard at once and gets the focus, unless its ``role`` is given.
    """
    focused = kind == "bad" and role is None
    shown = {
        "content": content,
        "kind": kind,
        "glyph": glyph or {"good": "circle-check", "": "info"}.get(kind, "circle-alert"),
        "role": "alert" if focused else role,
        "focused": focused,
    }
    return render_to_string("shared/_notice.html", shown)


@register.filter
def message_kind(message: Message) -> str:
    """The ``kind`` of notice for one of Django's messages."""
    return {ERROR: "bad", WARNING: "warn"}.get(message.level, "good")


@register.simple_tag
def page_number(page: Page[Any]) -> str:
    """``, page 2`` for a title; nothing on the first."""
    return _(", page %(number)d") % {"number": page.number} if page.has_previous else ""


@register.simple_tag(takes_context=True)
def title_error(context: Context) -> str:
    """What stands before the title of a page that says what is wrong: heard before all of it."""
    refused = any(context.get(name) for name in ("refusal", "error", "errors"))
    values = (value for layer in context.dicts for value in layer.values())
    return _("Error:") + " " if refused or any(map(_is_wrong, values)) else ""


def _is_wrong(value: Any) -> bool:
    kind = type(value)  # by its class alone: a lazy value would be made for the question
    if issubclass(kind, BaseFormSet):
        return value.is_bound and value.total_error_count() > 0
    return issubclass(kind, BaseForm) and value.is_bound and bool(value.errors)


@register.simple_tag(takes_context=True)
def query(context: Any, name: str = "", value: Any = None, **changes: Any) -> str:
    """The page's own query string with some values changed (None takes one off).

    ``{% query page=2 part=None %}``, or ``{% query name value %}`` for a name that varies.
    """
    request: HttpRequest = context["request"]
    values = request.GET.copy()
    for key, wanted in (changes or {name: value}).items():
        if wanted is None:
            values.pop(key, None)
        else:
            values[key] = str(wanted)
    return "?" + values.urlencode()
