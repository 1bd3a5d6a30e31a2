"""Choosing what reaches one, and how."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import MailKind, User
from setahub.core.web.forms import BasedForm


@dataclass(frozen=True)
class Reach:
    """A kind of notice on the form: its switch for email, and that for push where there is any."""

    email: forms.BoundField
    push: forms.BoundField | None


class NotificationsForm(BasedForm):
    """A switch for each kind of email, and with ``push`` one for each kind of push."""

    HELP = {
        MailKind.BOOKINGS: _("A booking is made, moved, changed or cancelled. For your calendar."),
        MailKind.WAITING: _(
            "Your time has come and is held for you, until when; it was passed on; your request runs out."
        ),
        MailKind.REMINDERS: _("A day and an hour before a booking."),
        MailKind.MESSAGES: _("Somebody wrote to you ten minutes ago, and you are not online."),
        MailKind.TEACHING: _(
            "The staff decided on your registration as a TA; students ask for time on your topics."
        ),
    }
    MESSAGES_BOTH = _(
        "Somebody wrote to you: on your devices after ten seconds, by email after ten minutes if you are not"
        " online."
    )

    def __init__(self, *args: Any, push: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.push = push
        words = {**self.HELP, **({MailKind.MESSAGES: self.MESSAGES_BOTH} if push else {})}
        for kind in MailKind:
            switch = forms.BooleanField(label=kind.label, help_text=words[kind], required=False)
            self.fields[kind.value] = switch
            if push:
                described = {"aria-describedby": f"id_{kind.value}_helptext"}
                self.fields[kind.push_field] = forms.BooleanField(
                    label=kind.label, required=False, widget=forms.CheckboxInput(described)
                )

    @classmethod
    def of(
        cls, user: User, data: QueryDict | None = None, *, push: bool = False
    ) -> "NotificationsForm":
        """The switches as they stand, or with what was sent for them."""
        now = {kind.value: getattr(user, kind.field) for kind in MailKind}
        if push:
            now |= {kind.push_field: getattr(user, kind.push_field) for kind in MailKind}
        form = cls(data, initial=now, push=push)
        form.carry(now, f"accounts.notifications.{user.pk}")
        return form

    @property
    def rows(self) -> list[Reach]:
        return [
            Reach(self[kind.value], self[kind.push_field] if self.push else None)
            for kind in MailKind
        ]

    @property
    def wanted(self) -> dict[MailKind, bool]:
        """Those emails that were switched: two who switch the same one agree."""
        return {kind: on for kind in MailKind if (on := self._switched(kind.value)) is not None}

    @property
    def wanted_by_push(self) -> dict[MailKind, bool]:
        """The same of pushes; what a program sends that knows of none leaves them as they are."""
        sent = self.filled_with or self.data
        if not self.push or not any(kind.push_field in sent for kind in MailKind):
            return {}
        return {
            kind: on for kind in MailKind if (on := self._switched(kind.push_field)) is not None
        }

    def _switched(self, name: str) -> bool | None:
        """Its new state; None where it is what it was."""
        sent: bool = self.cleaned_data.get(name, False)
        return None if (self.filled_with or {}).get(name) == sent else sent
