"""Suspensions, blocks, notices and second steps of signing in, in the admin: to look at."""

from allauth.mfa import admin as allauth_mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import admin as allauth_socialaccount
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import Block, Notice, Suspension
from accounts.services.kinds import kind_of
from setahub.core.admin.actions import LookOnly
from setahub.core.admin.filters import Folded, by_period, by_person, by_state


@admin.register(Suspension)
class SuspensionAdmin(Folded, LookOnly):
    list_display = ["created_at", "user", "actor", "why", "lifted_at", "lifted_by"]
    list_select_related = ["user", "actor", "lifted_by"]
    list_filter = [
        by_state(
            "state",
            _("state"),
            ("open", _("Suspended now"), lambda rows: rows.filter(lifted_at=None)),
            ("lifted", _("Restored"), lambda rows: rows.exclude(lifted_at=None)),
        ),
        by_period("created_at", _("date")),
        by_person("user", _("user")),
    ]
    search_fields = ["user__search_key", "user__email_key", "user__student_id"]
    ordering = ["-created_at"]
    fields = [
        "user", "actor", "created_at", "why", "cancelled_bookings", "lifted_at", "lifted_by",
        "lift_reason",
    ]  # fmt: skip

    @admin.display(description=_("reason"))
    def why(self, row: Suspension) -> str:
        return row.why


@admin.register(Block)
class BlockAdmin(Folded, LookOnly):
    list_display = ["created_at", "blocker", "blocked"]
    list_select_related = ["blocker", "blocked"]
    search_fields = ["blocker__search_key", "blocked__search_key"]
    ordering = ["-created_at"]
    fields = ["blocker", "blocked", "created_at"]


@admin.register(Notice)
class NoticeAdmin(Folded, LookOnly):
    """Whether somebody was told; what it says is for them."""

    list_display = ["created_at", "user", "about", "mail_done_at"]
    list_select_related = ["user"]
    list_filter = [by_period("created_at", _("date")), by_person("user", _("user"))]
    search_fields = ["user__search_key", "user__email_key", "kind"]
    ordering = ["-created_at"]
    fields = ["user", "about", "created_at", "mail_done_at"]

    @admin.display(description=_("kind"))
    def about(self, notice: Notice) -> str:
        """By which switch of its person it comes."""
        kind = kind_of(notice)
        return str(kind.choice.label) if kind and kind.choice else str(_("Security"))


# allauth's own would show the secrets, and settings that stand in the environment.
admin.site.unregister(allauth_mfa.Authenticator)
for _model in ("SocialAccount", "SocialApp", "SocialToken"):
    admin.site.unregister(getattr(allauth_socialaccount, _model))


# That has words for none of it.
Authenticator._meta.verbose_name = _("second step")
Authenticator._meta.verbose_name_plural = _("second steps")
for _name, _words in {
    "user": _("user"),
    "type": _("kind"),
    "created_at": _("set up at"),
    "last_used_at": _("last used at"),
}.items():
    setattr(Authenticator._meta.get_field(_name), "verbose_name", _words)  # noqa: B010  (for mypy)


@admin.register(Authenticator)
class AuthenticatorAdmin(Folded, LookOnly):
    list_display = ["created_at", "user", "type", "last_used_at"]
    list_select_related = ["user"]
    list_filter = ["type"]
    search_fields = ["user__search_key", "user__email_key"]
    ordering = ["-created_at"]
    fields = ["user", "type", "created_at", "last_used_at"]
