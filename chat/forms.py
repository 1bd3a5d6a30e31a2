"""What people type and upload in conversations."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from chat import protocol
from chat.models import REASON_MAX, TEXT_MAX
from setahub.core.images import ACCEPT
from setahub.core.web.fields import LinesField
from setahub.core.web.refusals import STATUS, RefusableForm


class MessageForm(RefusableForm):
    """``text``, ``image`` or both, and the browser's own name for the message.

    ``image`` stays as it was uploaded; the service makes a picture of it.
    """

    text = LinesField(
        label=_("Message"),
        max_length=TEXT_MAX,
        required=False,
        strip=False,
        error_messages={"max_length": _("A message has at most %(limit_value)d characters.")},
        rows=1,
    )
    image = forms.FileField(
        label=_("Picture"),
        required=False,
        # Without a title of ours browsers show one of their own.
        widget=forms.FileInput(attrs={"accept": ACCEPT, "title": _("Add a picture")}),
    )
    client_id = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_client_id(self) -> uuid.UUID | None:
        value = self.cleaned_data["client_id"]
        client_id = protocol.as_uuid(value)
        if value and client_id is None:
            raise forms.ValidationError(_("Please reload the page and send it again."))
        return client_id

    @property
    def first_error(self) -> tuple[str, str]:
        """Code (of the socket's errors) and words of what is wrong first."""
        error = next(iter(self.errors.as_data().values()))[0]
        code = "too_long" if error.code == "max_length" else error.code
        return code if code in STATUS else "invalid", error.messages[0]


class ReadForm(forms.Form):
    last_id = forms.IntegerField(min_value=1, max_value=protocol.ID_MAX)


class ReportForm(RefusableForm):
    """Why a message is reported."""

    reason = LinesField(
        label=_("What is wrong with it?"),
        max_length=REASON_MAX,
        error_messages={"required": _("Say in a few words what is wrong.")},
        rows=4,
    )
