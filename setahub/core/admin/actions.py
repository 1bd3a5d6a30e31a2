"""Pages of the admin where rows are looked at, and changed by actions that call services."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from setahub.core.web.refusals import attempt

AT_ONCE = 100  # rows of one action: each is a transaction of its own, and a person waits
NAMED = 20  # rows that a page asking for confirmation names


class Acting(admin.ModelAdmin):
    """Actions on rows, also offered as buttons on the page of one row."""

    change_form_template = "admin/act.html"
    list_per_page = 50
    show_full_result_count = False
    titles: Mapping[str, Any] = {}  # of actions whose buttons say more than their name

    def has_act_permission(self, request: HttpRequest) -> bool:
        """What actions ask for: Django's permission to change rows of this model."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def describe(self, row: Any) -> str:
        """The row as a question before an action names it."""
        return str(row)

    def offers(self, action: str, row: Any) -> bool:
        """Whether the row's page shows the action's button; the services have the last word."""
        return True

    def apply(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        act: Callable[..., object],
        given: Mapping[str, Any] | None = None,
    ) -> HttpResponse | None:
        """Do it to each row: ``act(row, actor, **given)``. Tell how many it was and what was refused.

        ``given``: what the person was asked for; the row's history keeps the words of it.
        """
        given = given or {}
        words = " ".join(filter(None, (given.get("note"), given.get("reason"))))
        action, done = request.POST["action"], 0
        for row in self._few(request, chosen):
            _done, refusal = attempt(partial(act, row, request.user, **given))
            if refusal is not None:
                text = f"{self.describe(row)}: {refusal.message}"
                self.message_user(request, text, messages.ERROR)
            else:
                done += 1
                with translation.override(None):  # the log names the row as no reader does
                    self.log_change(request, row, [{"action": action, "words": words}])
        if done:
            text = ngettext("%(count)d done.", "%(count)d done.", done) % {"count": done}
            self.message_user(request, f"{self.title_of(action)}: {text}", messages.SUCCESS)
        return self._back(request)

    def ask(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        form_class: type[forms.Form],
        act: Callable[..., object],
        *,
        warning: str = "",
    ) -> HttpResponse | None:
        """A page that asks for what the action needs; once that is sent, ``apply`` it to each row."""
        sent = "confirm" in request.POST
        form = form_class(request.POST if sent else None)
        if sent and form.is_valid():
            return self.apply(request, chosen, act, form.cleaned_data)
        rows = self._few(request, chosen)
        if not rows:
            return self._back(request)
        shown = {
            **self.admin_site.each_context(request),
            "title": self.title_of(request.POST["action"]),
            "warning": warning,
            "opts": self.opts,
            "form": form,
            "rows": [self.describe(row) for row in rows[:NAMED]],
            "more": max(0, len(rows) - NAMED),
            "action": request.POST.get("action"),
            "from_page": request.POST.get("from_page"),
            "chosen": [row.pk for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": self._back_path(request),
        }
        return TemplateResponse(request, "admin/ask.html", shown, status=422 if sent else 200)

    def title_of(self, action: str) -> str:
        """What an action is called."""
        described = getattr(getattr(self, action, None), "short_description", action)
        return str(self.titles.get(action, described))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """What was done to a row; the log keeps actions by name, their words are made here."""
        response = super().history_view(request, object_id, extra_context)
        if isinstance(response, TemplateResponse):
            for entry in (response.context_data or {})["action_list"]:
                entry.change_message = self._in_words(entry)
        return response

    def _in_words(self, entry: LogEntry) -> str:
        try:
            [done] = json.loads(entry.change_message)
            title, words = self.title_of(done["action"]), done["words"]
        except (ValueError, TypeError, KeyError):
            return entry.get_change_message()
        return f"{title}: {words}" if words else title

    def _few(self, request: HttpRequest, chosen: QuerySet[Any]) -> list[Any]:
        """The chosen rows; none, and a word about it, where they are too many or gone."""
        rows = list(chosen[: AT_ONCE + 1])
        if not rows:
            text = _(
                "What you chose is no longer in this list: somebody else may have been faster."
            )
            self.message_user(request, text, messages.WARNING)
        if len(rows) > AT_ONCE:
            text = _("At most %(count)d at once, please.") % {"count": AT_ONCE}
            self.message_user(request, text, messages.ERROR)
            return []
        return rows

    def _back_path(self, request: HttpRequest) -> str:
        """Where the action was chosen: the row's own page, or the list."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if "from_page" in request.POST:
            chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
            if len(chosen) == 1 and chosen[0].isdigit():
                return reverse(f"{name}_change", args=chosen)
        return reverse(f"{name}_changelist")

    def _back(self, request: HttpRequest) -> HttpResponse | None:
        if "from_page" not in request.POST:
            return None
        return HttpResponseRedirect(self._back_path(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None:
            context["row_actions"] = [
                (name, action[2])
                for name, action in self.get_actions(request).items()
                if action and name != "delete_selected" and self.offers(name, row)
            ]
        return super().render_change_form(request, context, *args, **kwargs)


class LookOnly(Acting):
    """Rows that nobody adds, edits or deletes here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LookOnlyInline(admin.TabularInline):
    """Rows of a row, to look at."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields  # all of them, those that are never editable included

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
