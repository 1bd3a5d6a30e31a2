"""What browsers are told of the site as an app. Source: W3C, Web Application Manifest."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

NAME = "SETAHub"
# Of the tokens (static/css/tokens.css), in the light: a manifest has one of each.
THEME = "#ffffff"
BACKGROUND = "#faf9f7"
# Drawn by script/icons.py.
ICONS = [
    ("img/app/icon-192.png", 192, "any"),
    ("img/app/icon-512.png", 512, "any"),
    ("img/app/maskable-192.png", 192, "maskable"),
    ("img/app/maskable-512.png", 512, "maskable"),
]


def manifest() -> dict[str, Any]:
    """The manifest, in the language of whoever reads it."""
    start = reverse("home")
    return {
        "id": start,
        "name": NAME,
        "short_name": NAME,
        "description": _(
            "Students of software engineering help each other: find a topic, choose a time, bring your"
            " question."
        ),
        "lang": get_language(),
        "dir": "ltr",
        "categories": ["education"],
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "theme_color": THEME,
        "background_color": BACKGROUND,
        "icons": [_icon(*each) for each in ICONS],
        "shortcuts": [
            _shortcut(_("My week"), "scheduling:my_week"),
            _shortcut(_("Messages"), "chat:inbox"),
        ],
    }


def _icon(name: str, size: int, purpose: str) -> dict[str, str]:
    return {
        "src": static(name),
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": purpose,
    }


def _shortcut(name: str, page: str) -> dict[str, Any]:
    return {"name": name, "url": reverse(page), "icons": [_icon(*ICONS[0])]}
