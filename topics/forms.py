"""What people type about a topic."""

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from setahub.lib.fields import LinesField
from setahub.lib.images import TOPIC_MAX_SIDE, ReencodedImageField
from setahub.lib.keys import nfc
from topics.models import DESCRIPTION_MAX, NAME_MAX, Topic

TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


class TopicForm(forms.Form):
    """``image`` comes out as a new picture, False to take the old one off, or None to leave it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX,
        error_messages={"required": _("Give the topic a name.")},
        help_text=_("As in the course list, so that others find it."),
    )
    description = LinesField(
        label=_("Description"),
        max_length=DESCRIPTION_MAX,
        required=False,
        help_text=_("What belongs to it, and what one can get help with."),
    )
    image = ReencodedImageField(
        label=_("Picture"),
        required=False,
        max_side=TOPIC_MAX_SIDE,
        widget=forms.FileInput,
        help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB. Wide pictures look best."),
    )
    remove_image = forms.BooleanField(label=_("Remove the picture"), required=False)

    @classmethod
    def of(cls, topic: Topic, data: Any = None, files: Any = None) -> "TopicForm":
        """The form filled from a topic, or with what was sent for it."""
        filled = {"name": topic.name, "description": topic.description}
        return cls(data, files, initial=filled)

    def clean_name(self) -> str:
        name = nfc(" ".join(self.cleaned_data["name"].split()))
        # Letters, digits, punctuation or symbols: something that can be seen.
        if not any(unicodedata.category(char)[0] in "LNPS" for char in name):
            raise forms.ValidationError(_("Give the topic a name."), code="required")
        # Control characters, and those that turn the direction of what follows.
        if any(
            unicodedata.category(char) == "Cc" or unicodedata.bidirectional(char) in TURNS
            for char in name
        ):
            raise forms.ValidationError(_("This name has characters that can't be shown."))
        if len(name) > NAME_MAX:  # composing can lengthen what was sent
            raise forms.ValidationError(
                _("At most %(max)d characters."), params={"max": NAME_MAX}, code="max_length"
            )
        return name

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("image"):
            values["image"] = False if values.get("remove_image") else None
        values.pop("remove_image", None)
        return values
