"""Who is signed in where, and the forms that were sent once."""

from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class SignInQuerySet(models.QuerySet["SignIn"]):
    def of(self, user_id: int) -> "SignInQuerySet":
        return self.filter(user=user_id)

    def alive(self, now: datetime) -> "SignInQuerySet":
        """Those whose session has not expired."""
        return self.filter(session__expire_date__gt=now)


class SignIn(models.Model):
    """A session that somebody is signed in with: on which device, and when it was last seen.

    It goes with its session, however that ends. No network address is kept: a campus shares one.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    session = models.OneToOneField(Session, models.CASCADE, related_name="sign_in")
    browser = models.CharField(max_length=30, blank=True)
    system = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SignInQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self) -> str:
        return f"{self.user_id} on {self.device}"

    @property
    def device(self) -> str:
        """The device in words: ``Chrome on Android``."""
        if self.browser and self.system:
            words = {"browser": self.browser, "system": self.system}
            return gettext("%(browser)s on %(system)s") % words
        return self.browser or self.system or gettext("Unknown browser")

    @property
    def is_handheld(self) -> bool:
        return self.system in {"iPhone", "iPad", "Android"}

    def opens(self, user: User) -> bool:
        """Whether the session still lets somebody in: a password set by command shuts it out."""
        return user.fits_session(self.session.get_decoded().get(HASH_SESSION_KEY, ""))


class SentForm(models.Model):
    """A form that was sent and did its work: its one-time key, and where that led."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    content = models.CharField(max_length=64)  # a digest of what was sent
    url = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "user"], name="sent_form_key_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.url}"
