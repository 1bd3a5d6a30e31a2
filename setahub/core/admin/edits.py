"""Two who edit one row in the admin: each saves what they changed, and nothing else.

The form carries what it was filled with (see ``setahub.core.web.forms``). Where both changed one field
to different values, it is refused, and both are shown.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from setahub.core.web.forms import FIELD, field, is_disputed, opened, sealed


class MeanwhileForm(forms.ModelForm):
    """Comes before the form of a row that is stored."""

    disputed: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._salt = f"{self.instance._meta.label_lower}.{self.instance.pk}"
        self._untouched: set[str] = set()
        if self.instance.pk is not None:
            now = {name: _plain(self._now(name)) for name in self.fields}
            self.fields[FIELD] = field(now, self._salt)

    def clean(self) -> dict[str, Any]:
        base = opened(self.cleaned_data.pop(FIELD, ""), self._salt)
        if base is not None:
            self._merge(base)
        return super().clean() or self.cleaned_data

    def _merge(self, base: dict[str, Any]) -> None:
        told = dict(base)
        for name in base.keys() & self.cleaned_data.keys():
            now, sent = _plain(self._now(name)), _plain(self.cleaned_data[name])
            if sent == base[name]:
                self._untouched.add(name)
                self.cleaned_data[name] = self._now(name)
            elif is_disputed(base[name], now, sent):
                told[name] = now
                self.disputed = True
                text = _("Meanwhile this was changed to “%(theirs)s”. Save again to keep yours.")
                self.add_error(name, text % {"theirs": _in_words(self._now(name))})
        if self.disputed:
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data[FIELD] = sealed(told, self._salt)  # type: ignore[index]

    def _now(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name)

    @cached_property
    def changed_data(self) -> list[str]:
        """What the person changed; not what somebody else did since the form was shown."""
        self.errors  # noqa: B018  (which tells what was left untouched)
        return [name for name in super().changed_data if name not in {*self._untouched, FIELD}]


class Meanwhile(admin.ModelAdmin):
    """Puts that into every page that edits a row (see the site)."""

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **options: Any) -> Any:
        form = super().get_form(request, obj, *args, **options)
        return type(form.__name__, (MeanwhileForm, form), {"__module__": form.__module__})

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        """Locked while it is saved: what the form is compared with stays until then."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST":
            self.model._base_manager.select_for_update().filter(pk=found.pk).first()
            found = super().get_object(request, object_id, from_field)
        return found

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, **options)
        if getattr(context["adminform"].form, "disputed", False):
            response.status_code = 409
        return response


def _plain(value: Any) -> Any:
    """A value as text, or as several, so that it can be sealed and compared."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return sorted(_plain(each) for each in value)
    if value is None:
        return ""
    return str(getattr(value, "pk", value)).replace("\r\n", "\n").strip()


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ", ".join(map(str, value))
    return str(localize(value) or _("nothing")) if value is not None else _("nothing")
