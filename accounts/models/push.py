"""Push: the browsers that their people allowed to show what happens, and what is on its way to them."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.notices import IN_HAND
from accounts.models.people import User
from accounts.models.sign_ins import SignIn

ENDPOINT_MAX = 1000
KEY_MAX = 100  # of the browser's two, as it writes them
DELIVERIES_KEPT = timedelta(days=2)  # longer than anything is tried


def is_push_service(host: str) -> bool:
    """Whether it is one of ``PUSH_HOSTS``, or lies below one."""
    return any(f".{host.lower()}".endswith(f".{each}") for each in settings.PUSH_HOSTS)


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    def of(self, user_id: int) -> "PushSubscriptionQuerySet":
        return self.filter(user=user_id)

    def alive(self, now: datetime) -> "PushSubscriptionQuerySet":
        """Those whose session has not expired."""
        return self.filter(sign_in__session__expire_date__gt=now)

    def newest_first(self) -> "PushSubscriptionQuerySet":
        return self.order_by("-created_at", "-pk")


class PushSubscription(models.Model):
    """Where a push service takes what is for one browser, and the keys that only it can read it with.

    It belongs to the session that asked for it and goes with it, however that ends. An endpoint
    belongs to whoever asked last.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="push_subscriptions")
    sign_in = models.OneToOneField(SignIn, models.CASCADE, related_name="push_subscription")
    endpoint = models.CharField(max_length=ENDPOINT_MAX)
    p256dh = models.CharField(max_length=KEY_MAX)
    auth = models.CharField(max_length=KEY_MAX)
    # The fingerprint of the site's key that it was made with: no other can send to it.
    site_key = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")
        constraints = [
            models.UniqueConstraint(fields=["endpoint"], name="push_endpoint_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.host}"

    @property
    def host(self) -> str:
        """That of its push service; the rest of the address is a secret."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def device(self) -> str:
        """The device in words: ``Chrome on Android``."""
        return self.sign_in.device


class PushDeliveryQuerySet(models.QuerySet["PushDelivery"]):
    def with_device(self) -> "PushDeliveryQuerySet":
        """Each with its browser, whose it is, and the session that it belongs to."""
        return self.select_related("subscription__user", "subscription__sign_in__session")

    def take_up(self, pk: int) -> bool:
        """Begin to send one; False when that is done, or another worker is at it."""
        now = timezone.now()
        free = Q(begun_at=None) | Q(begun_at__lt=now - IN_HAND)
        return bool(self.filter(free, pk=pk, done_at=None).update(begun_at=now))

    def put_back(self, pk: int) -> None:
        """It could not be sent; a later try begins anew."""
        self.filter(pk=pk).update(begun_at=None)

    def settle(self, pk: int) -> None:
        self.filter(pk=pk).update(done_at=timezone.now())

    def old(self, now: datetime) -> "PushDeliveryQuerySet":
        """Those that nobody tries to send any more."""
        return self.filter(created_at__lt=now - DELIVERIES_KEPT)


class PushDelivery(models.Model):
    """Something that happened, on its way to one browser: once, whatever is tried again or raced.

    ``source`` and ``matter`` say what (``accounts.pushes``); words are made when it is sent.
    """

    subscription = models.ForeignKey(PushSubscription, models.CASCADE, related_name="deliveries")
    source = models.CharField(max_length=10)
    matter = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    begun_at = models.DateTimeField(null=True, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)

    objects = PushDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("push delivery")
        verbose_name_plural = _("push deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "source", "matter"], name="push_delivery_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="push_delivery_age")]

    def __str__(self) -> str:
        return f"{self.source} {self.matter} to {self.subscription_id}"
