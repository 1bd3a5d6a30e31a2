"""Allowing a browser to show what happens, and taking that back."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import PushSubscription, SignIn, User
from setahub.core import vapid
from setahub.core.web import ratelimit
from setahub.core.web.ratelimit import Window

DEVICES_MAX = 10  # of one person; the oldest gives way
CHANGES_MAX, CHANGES_SECONDS = 30, 600
UNSEEN_FOR = timedelta(days=30)


def is_on() -> bool:
    """Whether this site can push at all: it has a key, and a service worker that shows what comes."""
    return bool(settings.VAPID_PRIVATE_KEY) and settings.SERVICE_WORKER


def site_key() -> str:
    """What browsers make their subscription with; "" where this site can't push."""
    return vapid.public_key(settings.VAPID_PRIVATE_KEY) if is_on() else ""


@dataclass(frozen=True)
class Given:
    """A subscription as its browser gave it. ``replaces``: the endpoint that it had before, or ""."""

    endpoint: str
    p256dh: str
    auth: str
    replaces: str = ""


def subscribe(user: User, sign_in: SignIn, given: Given) -> PushSubscription:
    """From now on this browser is told what happens to the user, until the session ends.

    Whoever had the endpoint before has it no more. Raises AccountError; also ("gone", 404) where the
    subscription that it replaces is no longer there: it was taken back.
    """
    _check_rate(user)
    others = PushSubscription.objects.filter(endpoint=given.endpoint).values_list("user", flat=True)
    try:
        with transaction.atomic():
            User.objects.locked(user.pk, *others)  # two may swap their browsers
            return _subscribe(user, sign_in, given)
    except IntegrityError as error:
        # The session has ended meanwhile, or another asked for the same endpoint at this moment.
        raise AccountError("raced", _("Please try again.")) from error


def _subscribe(user: User, sign_in: SignIn, given: Given) -> PushSubscription:
    own = PushSubscription.objects.filter(user=user, sign_in=sign_in)
    if given.replaces and not own.filter(endpoint=given.replaces).exists():
        raise AccountError("gone", _("This device is no longer told."), 404)
    here, there = Q(sign_in=sign_in), Q(endpoint=given.endpoint)
    PushSubscription.objects.filter(here & ~there | there & ~Q(user=user)).delete()
    made, _created = PushSubscription.objects.update_or_create(
        endpoint=given.endpoint,
        defaults={
            "user": user,
            "sign_in": sign_in,
            "p256dh": given.p256dh,
            "auth": given.auth,
            "site_key": vapid.fingerprint(settings.VAPID_PRIVATE_KEY),
        },
    )
    newest = PushSubscription.objects.of(user.pk).newest_first().values_list("pk", flat=True)
    kept = [made.pk, *newest.exclude(pk=made.pk)[: DEVICES_MAX - 1]]
    PushSubscription.objects.of(user.pk).exclude(pk__in=kept).delete()
    return made


def unsubscribe(user: User, endpoint: str) -> bool:
    """The browser has ended it. Returns whether it was this user's."""
    _check_rate(user)
    return _delete(user, Q(endpoint=endpoint))


def remove(user: User, pk: int) -> bool:
    """Tell the user no more on one of their devices. Returns whether it was theirs."""
    return _delete(user, Q(pk=pk))


def forget_stale() -> None:
    """Delete those made with an earlier key of the site whose browser never came to renew them."""
    if not is_on():
        return
    unseen = timezone.now() - UNSEEN_FOR
    rows = PushSubscription.objects.filter(sign_in__last_seen_at__lt=unseen)
    rows.exclude(site_key=vapid.fingerprint(settings.VAPID_PRIVATE_KEY)).delete()


def _delete(user: User, which: Q) -> bool:
    deleted, _by_model = PushSubscription.objects.of(user.pk).filter(which).delete()
    return deleted > 0


def _check_rate(user: User) -> None:
    if not ratelimit.is_on():
        return
    changes = Window(f"push:{user.pk}", CHANGES_SECONDS)
    if changes.add() > CHANGES_MAX:
        text = _("You changed this too often. Please wait a few minutes.")
        raise AccountError("rate_limited", text, seconds=changes.left())
