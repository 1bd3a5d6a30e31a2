"""What a form on a page carries hidden: for whom it was made, and which one it is."""

import secrets

from django.template import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from setahub.core.web import expired


class FormTokenNode(CsrfTokenNode):
    """Django's token, and for whom the page was made: a form that comes too late tells by it."""

    def render(self, context: Context) -> SafeString:
        token = mark_safe(super().render(context))  # noqa: S308  (Django's own, escaped)
        user = context.get("user")
        if not token or user is None:
            return token
        made_for = f'<input type="hidden" name="{expired.MADE_FOR}" value="{user.pk or ""}">'
        return mark_safe(token + made_for)  # noqa: S308  (a number)


def token_of(context: Context) -> SafeString:
    """What ``{% csrf_token %}`` gives on a page."""
    return FormTokenNode().render(context)


def form_key() -> SafeString:
    """The hidden one-time key of a form that writes; see ``accounts.once``."""
    return format_html(
        '<input type="hidden" name="form_key" value="{}" autocomplete="off">', secrets.token_hex(16)
    )
