"""The page on which somebody chooses what reaches them, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.forms.notifications import NotificationsForm
from accounts.models import PushSubscription


@dataclass(frozen=True)
class Device:
    """A device that is told. ``here``: the viewer's own browser."""

    subscription: PushSubscription
    here: bool


@dataclass(frozen=True)
class NotificationsPage:
    """``push``: whether this site can push at all."""

    form: NotificationsForm
    push: bool
    devices: Sequence[Device]

    @classmethod
    def of(
        cls, form: NotificationsForm, subscriptions: Sequence[PushSubscription], here: str
    ) -> "NotificationsPage":
        """``here`` is the key of the viewer's session; its browser comes first."""
        devices = [Device(each, each.sign_in.session_id == here) for each in subscriptions]
        return cls(form, form.push, sorted(devices, key=lambda each: not each.here))
