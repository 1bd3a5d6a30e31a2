"""What the form of an edit was filled with comes back with it, signed, in a hidden field.

So what a person changed can be told from what merely stood there, also when another tab or somebody
else has saved meanwhile. Without it, all that was sent counts.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _

Values = Mapping[str, Any]
FIELD = "base"


def sealed(values: Values, salt: str) -> str:
    """The values, as the hidden field carries them."""
    return signing.dumps(dict(values), salt=salt, compress=True)


def opened(text: str, salt: str) -> dict[str, Any] | None:
    """What ``sealed`` put in; None for anything else."""
    try:
        values: dict[str, Any] = signing.loads(text, salt=salt)
    except signing.BadSignature:
        return None
    return values


def field(values: Values, salt: str) -> forms.CharField:
    """The hidden field, filled."""
    initial = sealed(values, salt)
    return forms.CharField(required=False, widget=forms.HiddenInput, initial=initial)


def is_disputed(base: Any, now: Any, sent: Any) -> bool:
    """Whether something was changed here and meanwhile elsewhere, to different values."""
    return sent != base and now not in (base, sent)


class ChangedMeanwhile(Exception):
    """``names`` were changed here and elsewhere; ``now`` is what stands there."""

    def __init__(self, names: list[str], now: Values) -> None:
        super().__init__(names)
        self.names, self.now = names, now


def merged(base: Values | None, now: Values, sent: Values) -> dict[str, Any]:
    """What is to be stored of ``sent``: what was changed in it, and ``now`` for the rest.

    Raises ChangedMeanwhile. Call it with what stands in a locked row.
    """
    if base is None:
        return dict(sent)
    names = [name for name in sent if is_disputed(base.get(name), now[name], sent[name])]
    if names:
        raise ChangedMeanwhile(names, now)
    return {name: now[name] if sent[name] == base.get(name) else sent[name] for name in sent}


class BasedForm(forms.Form):
    """The form of an edit. ``carry`` what stands there; write ``asked``; ``show_both``."""

    filled_with: dict[str, Any] | None = None

    def carry(self, now: Values, salt: str) -> None:
        """Fill the hidden field with ``now``, and open the one that was sent."""
        self.salt = salt
        self.fields[FIELD] = field(now, salt)
        self.filled_with = opened(self.data.get(FIELD, ""), salt)

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid form holds and its base, as a service takes them."""
        values = {name: value for name, value in self.cleaned_data.items() if name != FIELD}
        for name, value in (self.filled_with or {}).items():
            # What was stored before today's rules is not changed by cleaning it.
            if name in self.data and values[name] == self._cleaned(name, value):
                values[name] = value
        return {**values, "base": self.filled_with}

    def _cleaned(self, name: str, value: Any) -> Any:
        try:
            return self.fields[name].clean(value)
        except forms.ValidationError:
            return value

    def _in_words(self, name: str, value: Any) -> str:
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value or "") or value or _("nothing"))

    def show_both(self, error: ChangedMeanwhile, words: Mapping[str, str] | None = None) -> None:
        """Keep what was typed, beside it what stands there now, and what changed elsewhere.

        That becomes the base, so sending it again saves it. ``words``: of what is no text.
        """
        asked, data = self.asked, self.data.copy()  # type: ignore[attr-defined]
        for name in error.now.keys() & self.fields.keys():
            if name in data and asked[name] == (self.filled_with or {}).get(name):
                data[name] = "" if error.now[name] is None else str(error.now[name])
        data[FIELD] = sealed(error.now, self.salt)
        for name in error.names:
            theirs = (words or {}).get(name) or self._in_words(name, error.now[name])
            text = _("Meanwhile this was changed to “%(theirs)s”. Save again to keep yours.")
            self.add_error(name, text % {"theirs": theirs})
        self.data = data
