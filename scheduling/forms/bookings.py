"""What a student types: the question of a booking, the reason of a cancellation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.models import Booking
from scheduling.models.appointments import REASON_MAX
from scheduling.models.bookings import QUESTION_MAX
from setahub.core.web.fields import LinesField
from setahub.core.web.refusals import RefusableForm
from topics.models import Topic
from topics.queries.topics import find

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

    def clean_topic(self) -> Topic:
        topic = find(self.cleaned_data["topic"])
        if topic is None:
            raise forms.ValidationError(NO_TOPIC)
        return topic


class CancelForm(RefusableForm):
    """Whether the reason may be left out is a rule of the service."""

    reason = LinesField(label=_("Reason"), max_length=REASON_MAX, required=False, rows=3)
