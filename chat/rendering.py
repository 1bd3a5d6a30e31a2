"""How a message is shown: in a list, on pages and in frames alike, and in one line."""

from datetime import datetime
from html import unescape

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chat import text
from chat.models import Message
from scheduling.models import BookingEvent, Takeaway
from setahub.core import clock
from setahub.core.text import one_way
from setahub.core.web.own import own, sentence
from setahub.core.web.prerendered import Prerendered

ALT_MAX = 80  # characters
PREVIEW_MAX = 120
THUMB_WIDTH, THUMB_HEIGHT = 320, 360  # of pictures in a conversation, in CSS pixels

_bubble = Prerendered("chat/_message.html")


def message_html(
    message: Message,
    viewer_id: int,
    *,
    joined: bool = False,
    state: str = "",
    read_at: datetime | None = None,
    live: bool = False,
) -> SafeString:
    """A message, its sender loaded, as this viewer sees it in a list.

    ``joined``, ``state``: of chat.views.contexts.messages.Line; ``read_at``: when the other read, where the
    state tells; ``live``: it comes by itself, with what a list of conversations shows of it.
    """
    name = message.sender.username
    moment = clock.local(message.created_at)
    values: dict[str, str | int | None] = {
        "id": message.pk,
        "sender_id": message.sender_id,
        "sender_name": name,
        "day": moment.date().isoformat(),
        "day_name": clock.day_name(moment),
        "time": moment.isoformat(),
        "clock": clock.time_of_day(moment),
        "preview": plain_preview(message, viewer_id) if live else None,
        "ago": clock.ago(moment) if live else None,
    }
    if message.is_card:
        return render_to_string("chat/_card.html", {"message": message, "live": live, **values})
    mine = message.sender_id == viewer_id
    values |= {
        "client_id": str(message.client_id) if message.client_id else None,
        "sender": None if mine else own(name),
        "report_url": None if mine else reverse("chat:report", args=[message.pk]),
        "text": chat_text(message.text) if message.text else None,
        "read_at": clock_or_day(read_at) if read_at and state == "read" else None,
    }
    if message.kind == Message.Kind.IMAGE and message.image:
        values |= _picture(message)
    return _bubble(values, mine=mine, joined=joined, state=state, live=live)


def _picture(message: Message) -> dict[str, str | int | None]:
    """Of a message that has one; it is shown smaller, its shape kept."""
    width, height = message.width or 1, message.height or 1
    scale = min(THUMB_WIDTH / width, THUMB_HEIGHT / height, 1)
    return {
        "image_url": reverse("chat:image", args=[message.pk]),
        "alt": Truncator(one_way(message.text)).chars(ALT_MAX) or _("Picture"),
        "width": message.width,
        "height": message.height,
        "shown_width": max(round(width * scale), 1),
        "shown_height": max(round(height * scale), 1),
    }


def chat_text(typed: str) -> SafeString:
    """The text of a message, with links and code, which takes the focus to be scrolled by keyboard."""
    shown = text.render(typed)
    if "<pre>" not in shown:
        return shown
    focusable = format_html(
        '<pre tabindex="0" role="group" aria-label="{}">', pgettext("of a program", "Code")
    )
    # What was typed is escaped: each of these is a fence's own.
    return mark_safe(shown.replace("<pre>", focusable))  # noqa: S308


def clock_or_day(moment: datetime) -> str:
    """``14:02`` today, ``Mon 23 Nov, 14:02`` on another day."""
    today = clock.local(moment).date() == clock.today()
    return clock.time_of_day(moment) if today else clock.full(moment)


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


def takeaway_title(takeaway: Takeaway) -> SafeString:
    """``Takeaway: Data Structures, Wed 25 Nov, 13:30``."""
    booking = takeaway.booking
    words, time = _("Takeaway: %(topic)s, %(time)s"), clock.full(booking.starts_at)
    return sentence(words, {"topic": booking.topic.name}, time=time)


def preview(message: Message, viewer_id: int) -> str:
    """A message in one line of a list."""
    if message.takeaway is not None:
        return takeaway_title(message.takeaway)
    if message.is_card and message.event is not None:
        return card_title(message.event)
    words = " ".join(one_way(message.text[:PREVIEW_MAX]).split()) or _("Photo")
    return _("You: %(text)s") % {"text": words} if message.sender_id == viewer_id else words


def plain_preview(message: Message, viewer_id: int) -> str:
    """The same without marks of names: for an attribute, which scripts show as text."""
    shown = preview(message, viewer_id)
    return unescape(strip_tags(shown)) if isinstance(shown, SafeString) else shown
