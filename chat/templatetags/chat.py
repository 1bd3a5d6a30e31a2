"""How messages read in templates."""

from datetime import datetime
from html import unescape
from typing import Any

from django import template
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from chat import text
from chat.models import Message
from chat.queries.conversations import Badge, badge
from scheduling.models import BookingEvent, Takeaway
from setahub.core import clock
from setahub.core.text import one_way
from setahub.core.web.own import sentence
from setahub.core.web.repeated import HOLE, filled, repeated

register = template.Library()

PREVIEW_MAX = 120
THUMB_WIDTH, THUMB_HEIGHT = 320, 360  # of pictures in a conversation, in CSS pixels
GLYPHS = {
    BookingEvent.Kind.MADE: "calendar-check",
    BookingEvent.Kind.MOVED: "calendar-clock",
    BookingEvent.Kind.CANCELLED: "calendar-x",
}


@register.filter
def chat_text(typed: str) -> SafeString:
    """The text of a message, with links and code, which takes the focus to be scrolled by keyboard."""
    focusable = format_html(
        '<pre tabindex="0" role="group" aria-label="{}">', pgettext("of a program", "Code")
    )
    # What was typed is escaped: each of these is a fence's own.
    return mark_safe(text.render(typed).replace("<pre>", focusable))  # noqa: S308


@register.simple_tag
def card_title(event: BookingEvent) -> SafeString:
    """``Booked: Data Structures, Wed 25 Nov, 13:30``."""
    Kind = BookingEvent.Kind
    words = {
        Kind.MADE: _("Booked: %(topic)s, %(new)s"),
        Kind.MOVED: _("Moved: %(topic)s, from %(old)s to %(new)s"),
        Kind.CANCELLED: _("Cancelled: %(topic)s, %(old)s"),
    }[Kind(event.kind)]
    times = {
        name: clock.full(moment or event.booking.starts_at)
        for name, moment in (("old", event.old_starts_at), ("new", event.new_starts_at))
    }
    return sentence(words, {"topic": event.booking.topic.name}, **times)


@register.simple_tag
def takeaway_title(takeaway: Takeaway) -> SafeString:
    """``Takeaway: Data Structures, Wed 25 Nov, 13:30``."""
    booking = takeaway.booking
    words, time = _("Takeaway: %(topic)s, %(time)s"), clock.full(booking.starts_at)
    return sentence(words, {"topic": booking.topic.name}, time=time)


@register.filter
def card_glyph(event: BookingEvent) -> str:
    """The icon of what happened to a booking."""
    return GLYPHS[BookingEvent.Kind(event.kind)]


@register.filter
def shown_size(message: Message) -> tuple[int, int]:
    """Width and height that a message's picture takes in the list, its shape kept."""
    width, height = message.width or 1, message.height or 1
    scale = min(THUMB_WIDTH / width, THUMB_HEIGHT / height, 1)
    return max(round(width * scale), 1), max(round(height * scale), 1)


@register.filter
def clock_or_day(moment: datetime) -> str:
    """``14:02`` today, ``Mon 23 Nov, 14:02`` on another day."""
    today = clock.local(moment).date() == clock.today()
    return clock.time_of_day(moment) if today else clock.full(moment)


@register.simple_tag
def preview(message: Message, viewer_id: int) -> str:
    """A message in one line of a list."""
    if message.takeaway is not None:
        return takeaway_title(message.takeaway)
    if message.is_card and message.event is not None:
        return card_title(message.event)
    words = " ".join(one_way(message.text[:PREVIEW_MAX]).split()) or _("Photo")
    return _("You: %(text)s") % {"text": words} if message.sender_id == viewer_id else words


@register.simple_tag
def plain_preview(message: Message, viewer_id: int) -> str:
    """The same without marks of names: for an attribute, which scripts show as text."""
    shown = preview(message, viewer_id)
    return unescape(strip_tags(shown)) if isinstance(shown, SafeString) else shown


@register.simple_tag
def unread_total(user: User) -> int:
    """What the badges of the navigation show."""
    return _badge(user).unread


@register.simple_tag
def unread_notices(user: User) -> int:
    """What the bell shows."""
    return _badge(user).notices


@register.simple_tag
def live_updates(user: User) -> SafeString:
    """What scripts keep up to date: a script that hears of a newer message than the newest missed some."""
    newest = mark_safe(str(_badge(user).newest))  # noqa: S308  (a number, as ids are)
    return filled(_live(), mark_safe(str(user.pk)), newest)  # noqa: S308


@repeated("shared/_live.html")
def _live() -> dict[str, Any]:
    return {"reader": HOLE, "newest": HOLE}


@register.simple_tag
def teaches(user: User) -> bool:
    """Whether the navigation leads to sessions of one's own."""
    return _badge(user).is_ta


def _badge(user: User) -> Badge:
    """Asked once a page."""
    if not hasattr(user, "_badge"):
        user._badge = badge(user.pk)  # type: ignore[attr-defined]
    return user._badge  # type: ignore[attr-defined]


@register.simple_tag
def chat_words() -> dict[str, str]:
    """What the scripts of a conversation say."""
    return {
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "read": _("Read {time}"),
        "sent": _("Sent"),
        "sending": _("Sending…"),
        "online": _("Online"),
        "offline": _("Offline"),
        "network": _("Not sent: the server can't be reached."),
        "failed": _("Not sent: something went wrong on our side."),
        "signedOut": _("Not sent: you are signed out. Sign in again, then try again."),
        "somebodyElse": _("Not sent: somebody else has signed in on this browser."),
        "lost": _("Not sent: the picture is not here any more. Choose it again."),
        "tooLong": _("A message has at most {most} characters; this one has {count}."),
        "noPicture": _("“{name}” is not a picture that can be sent (JPEG, PNG, WebP or GIF)."),
        "tooMany": _("At most {most} pictures at once."),
        "caption": _("Add a caption…"),
        "unseen": _("{count} new"),
        "removePicture": _("Remove {name}"),
        "typing": _("{name} is typing"),
    }
