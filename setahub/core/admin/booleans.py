"""What yes and no look like in the admin: Django's pictures, in the reader's words."""

from django.contrib.admin.templatetags import admin_list
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


def say_yes_and_no() -> None:
    """From now on the pictures are heard as "Yes" and "No": Django's say True and False."""
    admin_list._boolean_icon = _icon  # type: ignore[attr-defined]


def _icon(value: bool | None) -> SafeString:
    name, words = {
        True: ("yes", _("Yes")),
        False: ("no", _("No")),
        None: ("unknown", _("Unknown")),
    }[value]
    return format_html('<img src="{}" alt="{}">', static(f"admin/img/icon-{name}.svg"), words)
