"""What people type about a topic."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from setahub.core.images import ReencodedImageField, UploadForm
from setahub.core.keys import nfc
from setahub.core.text import turns
from setahub.core.web.fields import LinesField, validate_reads_as_it_is
from setahub.core.web.forms import BasedForm, ChangedMeanwhile
from setahub.core.web.own import own
from setahub.core.web.refusals import RULE, RefusableForm, T
from setahub.policy.current import policy
from topics import services
from topics.models import (
    DESCRIPTION_MAX,
    KEYWORD_MAX,
    KEYWORDS,
    NAME_MAX,
    Topic,
    joined,
    keywords_of,
)


class TopicNameField(forms.CharField):
    """A name for a topic; its cleaned value is trimmed, with single spaces, in NFC.

    ``kept``: the names that stood there, which stay until they are changed.
    """

    kept: Collection[str] = ()

    def __init__(self, **kwargs: Any) -> None:
        errors = {"required": _("Give the topic a name.")}
        super().__init__(max_length=NAME_MAX, error_messages=errors, **kwargs)

    def clean(self, value: Any) -> str:
        name = nfc(" ".join(super().clean(value).split()))
        for kept in self.kept:
            if name == nfc(" ".join(kept.split())):
                return kept
        # Letters, digits, punctuation or symbols: something that can be seen.
        if not any(unicodedata.category(char)[0] in "LNPS" for char in name):
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if turns(name) or any(unicodedata.category(char) == "Cc" for char in name):
            raise forms.ValidationError(_("This name has characters that can't be shown."))
        validate_reads_as_it_is(name)
        if len(name) > NAME_MAX:  # composing can lengthen what was sent
            raise forms.ValidationError(
                _("At most %(max)d characters."), params={"max": NAME_MAX}, code="max_length"
            )
        return name


class KeywordsField(forms.CharField):
    """Words with commas between them; its cleaned value is ``SQL, joins``."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if turns(text) or any(unicodedata.category(char) == "Cc" for char in text if char != "\n"):
            raise forms.ValidationError(_("These words have characters that can't be shown."))
        words = keywords_of(text)
        if len(words) > KEYWORDS:
            raise forms.ValidationError(
                _("At most %(max)d words; these are %(count)d."),
                params={"max": KEYWORDS, "count": len(words)},
            )
        for word in words:
            if len(word) > KEYWORD_MAX:
                raise forms.ValidationError(
                    _(
                        "“%(word)s…” is too long: at most %(max)d characters, with commas between words."
                    ),
                    params={"word": word[:KEYWORD_MAX], "max": KEYWORD_MAX},
                )
        return joined(text)


class TopicForm(UploadForm, BasedForm):
    """``image`` comes out as a new picture, False to take the old one off, or None to leave it."""

    name = TopicNameField(
        label=_("Name"),
        help_text=_("As in the course list, so that others find it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = LinesField(
        label=_("Description"),
        max_length=DESCRIPTION_MAX,
        required=False,
        help_text=_("What it covers, and what it helps with."),
    )
    keywords = KeywordsField(
        label=_("Keywords"),
        required=False,
        help_text=_(
            "Up to 12 words that students would type, with commas between them: SQL, joins, ฐานข้อมูล"
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    image = ReencodedImageField(
        label=_("Picture"),
        required=False,
        max_side=1280,
        help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB. Wide pictures look best."),
    )
    remove_image = forms.BooleanField(label=_("Remove the picture"), required=False)

    @classmethod
    def of(
        cls, topic: Topic, data: Any = None, files: Any = None, *, uploader: int | None = None
    ) -> "TopicForm":
        """The form filled from a topic, or with what was sent for it."""
        now = services.editable(topic)
        filled = {name: now[name] for name in services.TEXTS}
        form = cls(data, files, initial=filled, uploader=uploader)
        form.carry(now, f"topics.topic.{topic.pk}")
        form.fields["name"].kept = {now["name"], (form.filled_with or now)["name"]}  # type: ignore[attr-defined]
        return form

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("image"):
            values["image"] = False if values.get("remove_image") else None
        values.pop("remove_image", None)
        return values

    def attempt(self, write: Callable[[], T]) -> T | None:
        """Where somebody else was faster, what stands there is shown, a picture in words."""
        try:
            return super().attempt(write)
        except ChangedMeanwhile as error:
            another = _("another picture") if error.now["image"] else _("no picture")
            self.show_both(error, {"image": str(another)})
            self._status = RULE
            return None


class TopicsField(forms.MultipleChoiceField):
    """Some of the topics given to ``offer``, sent as ids or slugs; cleans to a list of topics."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.offer([])

    def offer(self, topics: Sequence[Topic]) -> None:
        self.topics = {topic.slug: topic for topic in topics}
        self.topics |= {str(topic.pk): topic for topic in topics}  # an id wins over a slug
        self.choices = [(topic.pk, own(topic.name)) for topic in topics]

    def prepare_value(self, value: Any) -> Any:
        """What was sent as a slug is ticked like an id."""
        handles = [str(each) for each in value or []]
        return [self.topics[each].pk if each in self.topics else each for each in handles]

    def clean(self, value: Any) -> list[Topic]:
        handles = [str(each) for each in value or []]
        if not handles:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if not all(each in self.topics for each in handles):
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice"
            )
        return list({self.topics[each].pk: self.topics[each] for each in handles}.values())


class TeachForm(RefusableForm):
    """Which topics somebody would like to teach, and their year of study where we don't know it."""

    topics = TopicsField(
        label=_("Topics"),
        error_messages={
            "required": _("Choose at least one topic."),
            "invalid_choice": _("Choose topics from the list."),
        },
    )
    year = forms.TypedChoiceField(
        label=_("Your year of study"),
        coerce=int,
        choices=[(year, str(year)) for year in range(1, 9)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose your year of study.")},
    )

    def __init__(
        self,
        user: User,
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        if user.year is not None:
            del self.fields["year"]
        else:
            words = _("TAs are in year %(year)d or above.") % {"year": policy.ta_min_year}
            self.fields["year"].help_text = words
        # Those that one has registered for already count: what is sent twice is done once.
        self.offered = list(Topic.objects.by_need())
        self.fields["topics"].offer(self.offered)  # type: ignore[attr-defined]

    @property
    def chosen(self) -> set[int]:
        """The ids of what is ticked."""
        return {each for each in self["topics"].value() or [] if isinstance(each, int)}
