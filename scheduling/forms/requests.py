"""What a student types who asks for time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from scheduling.forms.bookings import QuestionForm
from scheduling.models import Part
from scheduling.queries.requests import tas_to_ask, topics_to_ask
from scheduling.services.requests import ASKED_DAYS, check_limit
from setahub.core import clock
from setahub.core.web.fields import DayField
from setahub.core.web.inputs import Options, PlainSelect
from setahub.core.web.paging import whole
from setahub.core.web.refusals import RefusableForm, Refusal, refusal_of
from setahub.policy.current import policy
from topics.models import Topic
from topics.queries.topics import find

NO_TOPIC = _("Choose a topic.")
NO_TA = _("Choose one of the TAs of this topic, or any.")


def askable_days() -> tuple[date, date]:
    """Those that time can be asked for."""
    today = clock.today()
    return today, today + policy.horizon


class OneOf(PlainSelect):
    """One of ``options``, names which the form fills in."""

    is_own = True

    def __init__(self, unchosen: Any) -> None:
        super().__init__()
        self.unchosen = unchosen
        self.options: Sequence[tuple[str, str]] = ()

    def groups(self) -> Iterable[tuple[str, Options]]:
        yield "", self.options

    def format_value(self, value: Any) -> str:
        return str(value or "").strip()


class AskForm(QuestionForm):
    """Days that are left out are the usual ones: from today, two weeks on."""

    field_order = ["topic", "question", "ta", "from_day", "to_day", "parts", "shared"]
    topic = forms.CharField(
        label=_("Topic"),
        max_length=100,
        error_messages={"required": NO_TOPIC},
        widget=OneOf(_("Choose a topic")),
    )
    ta = forms.CharField(
        label=_("TA"), max_length=20, required=False, widget=OneOf(_("Any TA: the soonest"))
    )
    from_day = DayField(label=pgettext_lazy("a day", "From"), required=False, days=askable_days)
    to_day = DayField(label=pgettext_lazy("a day", "To"), required=False, days=askable_days)
    parts = forms.MultipleChoiceField(
        label=_("Time of day"),
        choices=Part.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Morning is before 12:00, evening from 17:00. Choose none if any will do."),
    )
    shared = forms.BooleanField(
        label=_("Others may wait with me"),
        required=False,
        help_text=_(
            "They see the question on the topic's page, never your name. The more who wait, the sooner time is opened."
        ),
    )

    def __init__(self, student: User, data: Mapping[str, Any] | None = None, **options: Any):
        super().__init__(data, **options)
        self.student = student
        for name in ("ta", "from_day", "to_day"):
            self.fields[name].unmarked = True  # type: ignore[attr-defined]
        given = self.initial if data is None else data
        named = _active(given.get("ta"))
        named = named if named != student else None
        self.known_topic = _listed(given.get("topic"))
        if self.known_topic is None:
            self._offer("topic", topics_to_ask(named).values_list("pk", "name"))
        if self.known_topic is not None:
            tas = (each.user for each in tas_to_ask(self.known_topic, student))
            self._offer("ta", ((each.pk, each.username) for each in tas))
        elif named is not None:
            self._offer("ta", [(named.pk, named.username)])

    @classmethod
    def started(cls, student: User, given: Mapping[str, Any]) -> "AskForm":
        """As it is shown first; ``given``: what the address or another form knows already."""
        form = cls(student, initial={**_usual_days(), **_known(given)})
        offered = {value for value, _name in form.fields["ta"].widget.options}
        if form.initial["ta"] not in offered:
            form.initial["ta"] = ""
        return form

    @property
    def limit_reached(self) -> Refusal | None:
        """That the student waits for as much as they may, said before anything is typed."""
        return self.refusal or refusal_of(check_limit, self.student)

    def _offer(self, name: str, options: Iterable[tuple[int, str]]) -> None:
        widget = self.fields[name].widget
        widget.options = [(str(pk), words) for pk, words in options]

    def clean_topic(self) -> Topic:
        if self.known_topic is None:
            raise ValidationError(NO_TOPIC)
        return self.known_topic

    def clean_ta(self) -> User | None:
        if not self.cleaned_data["ta"]:
            return None
        named = _active(self.cleaned_data["ta"])
        if named is None:
            raise ValidationError(NO_TA)
        return named

    def clean_from_day(self) -> date:
        return self.cleaned_data["from_day"] or clock.today()

    def clean_to_day(self) -> date:
        given: date | None = self.cleaned_data["to_day"]
        return given or _usual_end(self.cleaned_data.get("from_day") or clock.today())


def _usual_days() -> dict[str, date]:
    return {"from_day": clock.today(), "to_day": _usual_end(clock.today())}


def _usual_end(first: date) -> date:
    return min(first + timedelta(days=ASKED_DAYS), askable_days()[1])


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    """What an address with ``?topic=``, ``ta``, ``part``, ``from`` says, or a form of a booking."""
    topic, ta = _listed(given.get("topic")), _active(given.get("ta"))
    if topic is None and ta is not None and len(taught := topics_to_ask(ta)[:2]) == 1:
        topic = taught[0]
    known: dict[str, Any] = {
        "topic": str(topic.pk) if topic else "",
        "ta": str(ta.pk) if ta else "",
        "question": given.get("question", ""),
        "parts": [part for part in Part.values if part == given.get("part")],
    }
    first, last = askable_days()
    day = clock.parse_date(given.get("from"))
    if day and first < day <= last:
        known |= {"from_day": day, "to_day": _usual_end(day)}
    return known


def _listed(handle: Any) -> Topic | None:
    topic = find(str(handle).strip()) if handle else None
    return None if topic is None or topic.is_archived else topic


def _active(handle: Any) -> User | None:
    number = whole(str(handle or "").strip(), 0, low=0, high=10**9)
    return User.objects.active().filter(pk=number).first() if number else None


class CloseForm(RefusableForm):
    """Whether it is solved without a session."""

    solved = forms.BooleanField(required=False)
