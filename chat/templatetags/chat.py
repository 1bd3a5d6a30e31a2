"""How messages read in templates."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from chat import rendering
from chat.queries.conversations import Badge, badge
from scheduling.models import BookingEvent
from setahub.core.web.prerendered import Prerendered

register = template.Library()

GLYPHS = {
    BookingEvent.Kind.MADE: "calendar-check",
    BookingEvent.Kind.MOVED: "calendar-clock",
    BookingEvent.Kind.CANCELLED: "calendar-x",
}

_live = Prerendered("shared/_live.html")

register.filter(rendering.chat_text)
register.filter(rendering.clock_or_day)
for shown in (
    rendering.message_html,
    rendering.card_title,
    rendering.takeaway_title,
    rendering.preview,
    rendering.plain_preview,
):
    register.simple_tag(shown)


@register.filter
def card_glyph(event: BookingEvent) -> str:
    """The icon of what happened to a booking."""
    return GLYPHS[BookingEvent.Kind(event.kind)]


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
    return _live({"reader": user.pk, "newest": _badge(user).newest})


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
