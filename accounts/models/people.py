"""People: the user."""

from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.validators import (
    DELETED_NAME,
    NOWHERE,
    USERNAME_MAX,
    validate_student_id,
    validate_username,
)
from setahub.core.db.rows import QuickRow
from setahub.core.images import random_name
from setahub.core.keys import (
    GROWTH,
    NUMBER,
    fold,
    fold_email,
    fold_search,
    nfc,
    numbered_key,
    sort_key,
)

USERNAME_KEY_MAX = GROWTH * USERNAME_MAX
BIO_MAX = 500
WISH_MAX = 500


def avatar_path(instance: object, filename: str) -> str:
    """``upload_to`` of profile pictures; the uploaded name is ignored."""
    return f"avatars/{random_name()}"


class MailKind(models.TextChoices):
    """The kinds of notices that a person may get by email, by push, both or neither.

    What is told about security is none of them: it always comes.
    """

    BOOKINGS = "bookings", _("Bookings")
    WAITING = "waiting", _("Waiting for time")
    REMINDERS = "reminders", _("Reminders")
    MESSAGES = "messages", _("Messages")
    TEACHING = "teaching", _("Teaching")

    @property
    def field(self) -> str:
        """The field of User that says whether it is wanted by email."""
        return f"mail_{self.value}"

    @property
    def push_field(self) -> str:
        """The field of User that says whether it is wanted by push."""
        return f"push_{self.value}"


class FirstSteps(models.TextChoices):
    """Whose first steps a start page lists."""

    STUDENT = "student", _("student")
    TA = "ta", _("TA")


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)

    def with_own_page(self) -> "UserQuerySet":
        """Those whose own page is for everybody, if they teach anything."""
        return self.active().filter(public=True)

    def seen_by(self, viewer: "User") -> "UserQuerySet":
        """People whose page this viewer may open: suspended ones only staff."""
        return self if viewer.has_staff_powers else self.active()

    def search(self, text: str) -> "UserQuerySet":
        """For staff: every word is part of the name, the email or the student ID."""
        rows = self
        for word in fold_search(text).split():
            rows = rows.filter(
                Q(search_key__contains=word)
                | Q(email_key__contains=word)
                | Q(student_id__contains=word)
            )
        return rows

    def named(self, name: str) -> "UserQuerySet":
        """People whose name reads the same, including those whose key got a number for it."""
        key = fold(name)
        return self.filter(Q(username_key=key) | Q(username_key__startswith=key + NUMBER))

    def with_email(self, email: str) -> "UserQuerySet":
        """People who sign in with this address, whatever its case."""
        return self.filter(email_key=fold_email(email))

    def administrators(self) -> "list[int]":
        """Ids of those who may give others every power, where it is given: in the admin."""
        powerful = self.active().filter(is_superuser=True, is_staff=True)
        return list(powerful.order_by("pk").values_list("pk", flat=True))

    def locked(self, *ids: int) -> "list[User]":
        """These people, their rows locked in the order of their ids (so two writers can't deadlock).

        ``no_key``: rows elsewhere that merely point at a person need not wait.
        """
        return list(self.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)["User"]):  # type: ignore[misc]
    def create_user(
        self, username: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A stored user. Raises IntegrityError when the name or the email is taken."""
        user = self.model(username=username, email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(
            username, email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email_key=fold_email(email or ""))


class User(QuickRow, AbstractBaseUser, PermissionsMixin):
    """A person with an account. Everybody can be a student and a TA.

    ``username`` is the one name that others see; email and student ID are private.
    """

    username = models.CharField(_("name"), max_length=USERNAME_MAX, validators=[validate_username])
    username_key = models.CharField(max_length=USERNAME_KEY_MAX, editable=False)
    search_key = models.CharField(max_length=USERNAME_KEY_MAX, editable=False)
    sort_key = models.TextField(editable=False, default="", db_default="")
    email = models.EmailField(
        _("email"),
        unique=True,  # Django asks for it of a USERNAME_FIELD; email_key is what really decides
        error_messages={"unique": _("An account with this email exists already.")},
    )
    email_key = models.CharField(max_length=254, editable=False)
    student_id = models.CharField(
        _("student ID"), max_length=8, null=True, blank=True, validators=[validate_student_id]
    )
    year = models.PositiveSmallIntegerField(
        _("year of study"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(8)],
    )
    bio = models.TextField(_("about you"), max_length=BIO_MAX, blank=True)
    avatar = models.ImageField(_("picture"), upload_to=avatar_path, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Suspended users are not active.")
    )
    # The one that they chose or first came in; "" before their first visit.
    language = models.CharField(
        _("language"), max_length=2, choices=settings.LANGUAGES, blank=True, default=""
    )
    mail_bookings = models.BooleanField(_("emails: bookings"), default=True)
    mail_waiting = models.BooleanField(_("emails: waiting for time"), default=True, db_default=True)
    mail_reminders = models.BooleanField(_("emails: reminders"), default=True)
    mail_messages = models.BooleanField(_("emails: messages"), default=True)
    mail_teaching = models.BooleanField(_("emails: teaching"), default=True)
    push_bookings = models.BooleanField(default=True, db_default=True, editable=False)
    push_waiting = models.BooleanField(default=True, db_default=True, editable=False)
    push_reminders = models.BooleanField(default=True, db_default=True, editable=False)
    push_messages = models.BooleanField(default=True, db_default=True, editable=False)
    push_teaching = models.BooleanField(default=True, db_default=True, editable=False)
    # Part of what the address of the private calendar is made from; a new one ends the old address.
    calendar_nonce = models.CharField(max_length=32, blank=True, default="", editable=False)
    public = models.BooleanField(
        _("own page for everybody"),
        default=False,
        db_default=False,
        help_text=_("A TA's name, picture, topics and next free times, without signing in."),
    )
    # By staff, who vouch for the address; None once they have been here.
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True, editable=False)
    # Where they were going when they signed up, until their first sign-in leads there.
    wish = models.CharField(
        max_length=WISH_MAX, blank=True, default="", db_default="", editable=False
    )
    # Whose first steps they have put away on the start page.
    first_steps_dismissed = models.CharField(
        max_length=10, choices=FirstSteps, blank=True, default="", db_default="", editable=False
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    # The row of a deleted account stays, so that others keep their history.
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    # Whether this session was signed in to in two steps; set on the request's user alone.
    in_two_steps = False

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                fields=["username_key"],
                name="user_username_key_unique",
                violation_error_message=_("This name is taken."),
            ),
            models.UniqueConstraint(
                fields=["email_key"],
                name="user_email_key_unique",
                violation_error_message=_("An account with this email exists already."),
            ),
            models.UniqueConstraint(
                fields=["student_id"],
                name="user_student_id_unique",
                violation_error_message=_("An account with this student ID exists already."),
            ),
            models.CheckConstraint(
                condition=Q(year__isnull=True) | Q(year__range=(1, 8)), name="user_year_range"
            ),
        ]
        indexes = [
            # What free time leaves out: a handful, read with every count of it.
            models.Index(fields=["id"], condition=Q(is_active=False), name="user_suspended"),
        ]

    def __str__(self) -> str:
        return self.username

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **more: Any) -> Self:
        user = super().from_db(db, field_names, values, **more)
        if user.__dict__.get("deleted_at") and "username" in user.__dict__:
            user.username = gettext(DELETED_NAME)
        return user

    def get_short_name(self) -> str:
        return self.username

    def get_absolute_url(self) -> str:
        return reverse("accounts:profile", args=[self.pk])

    @property
    def is_administrator(self) -> bool:
        """Whether they may give others every power. One such person always stays."""
        return self.is_active and self.is_superuser and self.is_staff

    @property
    def has_staff_powers(self) -> bool:
        """Whether they may use here and now what staff may: the one question for every such power.

        With ``STAFF_MFA`` on that takes a session signed in to in two steps, so it is asked of the
        request's user. Costs one query, for staff with such a session.
        """
        if not (self.is_staff and self.is_active):
            return False
        return not settings.STAFF_MFA or (self.in_two_steps and self._has_factor)

    @cached_property
    def _has_factor(self) -> bool:
        """Whether there still is a second step: it may have been removed in this session."""
        return self.authenticator_set.exclude(type="recovery_codes").exists()

    def wants_mail(self, kind: MailKind | None) -> bool:
        """Whether to send an email of this kind; None is what nobody can switch off."""
        reads = bool(self.email) and not self.email.endswith(f"@{NOWHERE}")
        return self.is_active and reads and (kind is None or getattr(self, kind.field))

    def wants_push(self, kind: MailKind | None) -> bool:
        """The same of a push."""
        return self.is_active and (kind is None or getattr(self, kind.push_field))

    def fits_session(self, stored: str) -> bool:
        """Whether a session with this hash is still this user's: the password is what it was.

        Hashes made with one of SECRET_KEY_FALLBACKS count too, as they do for pages.
        """
        hashes = (self.get_session_auth_hash(), *self.get_session_auth_fallback_hash())
        return any(constant_time_compare(stored, each) for each in hashes)

    def clean_fields(self, exclude: Any = None) -> None:
        """An unchanged name stays valid, whatever rules were made after it."""
        unchanged = User.objects.filter(pk=self.pk, username=nfc(self.username))
        if self.pk and unchanged.exists():
            exclude = {*(exclude or ()), "username"}
        super().clean_fields(exclude)

    def clean(self) -> None:
        self._normalize()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._normalize()
        update_fields: Iterable[str] | None = kwargs.get("update_fields")
        if update_fields is not None:
            keys = {"username": ["username_key", "search_key", "sort_key"], "email": ["email_key"]}
            derived = (key for name in update_fields for key in keys.get(name, ()))
            kwargs["update_fields"] = {*update_fields, *derived}
        super().save(*args, **kwargs)

    def _normalize(self) -> None:
        self.username = nfc(self.username)
        earlier = self.__dict__.get("username_key", "")
        self.username_key = numbered_key(fold(self.username), earlier)
        self.search_key = fold_search(self.username)
        self.sort_key = sort_key(self.username)
        if self.deleted_at:  # all of them share the name; no name can have this key
            self.username_key, self.search_key, self.sort_key = f"deleted #{self.pk}", "", ""
        self.email = User.objects.normalize_email(nfc(self.email))
        self.email_key = fold_email(self.email)
        self.student_id = self.student_id or None  # unique, so "none" must not be ""
