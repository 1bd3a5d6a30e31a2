"""What a student types: the question of a booking, the reason of a cancellation."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.models import Appointment, Booking
from scheduling.models.appointments import REASON_MAX
from scheduling.models.bookings import QUESTION_MAX
from scheduling.queries.appointments import bookings_of
from setahub.core.web.fields import LinesField
from setahub.core.web.own import sentence
from setahub.core.web.refusals import RefusableForm, Refusal
from topics.models import Topic
from topics.queries.topics import find

CODE_MAX = 300  # of what was scanned and sealed
NO_TOPIC = _("Choose one of the topics of this session.")


class QuestionForm(RefusableForm):
    """What a student needs help with, before a booking is made."""

    question = LinesField(
        label=_("What do you need help with?"),
        max_length=QUESTION_MAX,
        help_text=_(
            "Your TA reads this beforehand. The more precise it is, the more time there is for the answer."
        ),
        error_messages={"required": _("Write a sentence or two, so that your TA can prepare.")},
    )

    @classmethod
    def of(cls, booking: Booking) -> "QuestionForm":
        """With the question of a booking as it stands."""
        return cls(initial={"question": booking.question})


class BookForm(QuestionForm):
    """``topic`` is an id or a slug. The slot isn't a field: an unknown one is a page not found."""

    field_order = ["topic", "question"]
    topic = forms.CharField(label=_("Topic"), max_length=100, error_messages={"required": NO_TOPIC})
    show_takeaway = forms.BooleanField(required=False)

    def clean_topic(self) -> Topic:
        topic = find(self.cleaned_data["topic"])
        if topic is None:
            raise forms.ValidationError(NO_TOPIC)
        return topic


class CancelForm(RefusableForm):
    """Whether the reason may be left out is a rule of the service."""

    reason = LinesField(label=_("Reason"), max_length=REASON_MAX, required=False, rows=3)


class CheckInForm(RefusableForm):
    """The code that the TA shows; or what was scanned, as it was sealed."""

    code = forms.CharField(
        label=_("The six digits that your TA shows"),
        max_length=CODE_MAX,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "spellcheck": "false",
            }
        ),
    )

    @property
    def is_scanned(self) -> bool:
        """Whether the code need not be typed: it stands in the address, and nothing is wrong."""
        return not self.errors and bool(self["code"].value())

    def refuse(self, refusal: Refusal) -> None:
        """What was scanned is of no use to whoever types another code."""
        super().refuse(refusal)
        if not self.data["code"].strip().isdigit():
            self.data = {"code": ""}


class DisputeForm(RefusableForm):
    """Why a no-show is wrong, in the student's words."""

    reason = LinesField(
        label=_("What happened?"),
        max_length=REASON_MAX,
        rows=3,
        error_messages={"required": _("Write a sentence, so that the staff can decide.")},
    )


class OutcomesForm(RefusableForm):
    """How bookings of a session went: ids under ``completed`` and under ``no_show``."""

    completed = forms.TypedMultipleChoiceField(required=False, coerce=int)
    no_show = forms.TypedMultipleChoiceField(required=False, coerce=int)

    def __init__(self, appointment: Appointment, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.names = {each.pk: each.student.username for each in bookings_of(appointment)}
        words = _("Choose bookings of this session.")
        for field in self.fields.values():
            field.choices = [(pk, pk) for pk in self.names]  # type: ignore[attr-defined]
            field.error_messages["invalid_choice"] = words

    @property
    def outcomes(self) -> dict[int, str]:
        """What was said, by the booking's id."""
        given = self.cleaned_data
        return {pk: name for name in ("completed", "no_show") for pk in given[name]}

    def clean(self) -> dict[str, Any]:
        came, missed = (set(self.cleaned_data.get(name, ())) for name in self.fields)
        if both := came & missed:
            names = ", ".join(self.names[pk] for pk in sorted(both))
            words = _("Either came or did not come, not both: %(names)s.")
            raise forms.ValidationError(sentence(words, {"names": names}))
        if not came | missed and not self.errors:
            raise forms.ValidationError(_("Say how it went for at least one."))
        return self.cleaned_data
