"""Shape and field rules of what people say about themselves."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, ReauthenticateForm, ResetPasswordKeyForm
from allauth.account.forms import ChangePasswordForm as BaseChangePasswordForm
from allauth.account.forms import LoginForm as BaseLoginForm
from allauth.account.forms import ResetPasswordForm as BaseResetPasswordForm
from allauth.account.forms import SetPasswordForm as BaseSetPasswordForm
from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.account.internal.flows.email_verification import (
    send_verification_email_to_address,
)
from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.crypto import get_random_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import tasks
from accounts.models import BIO_MAX, User
from accounts.once import keep_sign_up
from accounts.services import email_changes, guesses, profiles, wishes
from accounts.validators import validate_student_id, validate_username
from setahub.core.images import ReencodedImageField, UploadForm
from setahub.core.keys import fold, nfc
from setahub.core.web.addresses import own_path
from setahub.core.web.fields import LinesField
from setahub.core.web.forms import BasedForm
from setahub.core.web.refusals import RefusableForm
from setahub.core.work.tasks import later

MANDATORY = app_settings.EmailVerificationMethod.MANDATORY
NAME_HELP = _("The name that others see. Thai or any other script is fine.")
STUDENT_ID_HELP = _("8 digits. Only you and the staff see it.")
YEARS = [("", _("I would rather not say")), *((year, str(year)) for year in range(1, 9))]


def student_id_field() -> forms.CharField:
    return forms.CharField(
        label=_("Student ID"),
        required=False,
        validators=[validate_student_id],
        help_text=STUDENT_ID_HELP,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def year_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("Year of study"), required=False, choices=YEARS, coerce=int, empty_value=None
    )


class Labelled:
    """A form of allauth under our labels, without its placeholders."""

    labels: ClassVar[dict[str, Any]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(Labelled, BaseLoginForm):
    labels = {"remember": _("Keep me signed in on this device")}


class AdministratorLoginForm(LoginForm):
    """For superusers; to others it says what it says of a wrong password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # the pages of a forgotten one are not there

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.user is not None and not self.user.is_superuser:
            raise get_adapter().validation_error("email_password_mismatch")
        return cleaned


class FacultyNameForm(RefusableForm):
    """``username`` of somebody who comes from the faculty's sign-in for the first time."""

    username = forms.CharField(
        label=_("Name"),
        help_text=NAME_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def __init__(self, *args: Any, suggested: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with suppress(ValidationError):  # what they are called there may be no name here
            self.initial["username"] = get_adapter().clean_username(suggested)

    def clean_username(self) -> str:
        name: str = get_adapter().clean_username(self.cleaned_data["username"])
        return name


class SetPasswordForm(Labelled, BaseSetPasswordForm):
    labels = {"password2": _("Password, once more")}


class NewPasswordForm(Labelled, ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password, once more")}


class PasswordAgainForm(Labelled, ReauthenticateForm):
    """The password, to show that it is still oneself."""


class SignupForm(Labelled, BaseSignupForm):
    """``username email password1`` and, if one likes, ``student_id year``."""

    labels = {"username": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["username"]
        name.help_text = NAME_HELP
        # The length counts after NFC, which the adapter does; as typed it may be longer.
        name.validators = [
            each
            for each in name.validators
            if not isinstance(each, MaxLengthValidator | MinLengthValidator)
        ]
        name.widget.attrs = {"autocomplete": "nickname"}
        self.fields["password1"].help_text = _("At least 8 characters, and not a common password.")
        self.fields["student_id"] = student_id_field()
        self.fields["year"] = year_field()

    def clean_student_id(self) -> str | None:
        student_id = self.cleaned_data["student_id"] or None
        if student_id and User.objects.filter(student_id=student_id).exists():
            text = _("An account with this student ID exists already.")
            raise ValidationError(text, code="taken")
        return student_id

    def validate_unique_email(self, value: str) -> str:
        """Taken is what somebody signs in with or has proven, in any case of letters.

        What another account merely wishes to change to keeps nobody out.
        """
        used = User.objects.with_email(value).exists()
        proven = EmailAddress.objects.filter(email=value, verified=True).exists()
        self.account_already_exists = used or proven  # both asked: it must take the same time
        if self.account_already_exists and app_settings.EMAIL_VERIFICATION != MANDATORY:
            raise get_adapter().validation_error("email_taken")
        return value  # with verification the answer is the same, and a letter tells the owner

    def try_save(self, request: HttpRequest) -> Any:
        # All or nothing: the view asks again when somebody else was faster with a name.
        with transaction.atomic():
            if self.account_already_exists:
                self._save_for_nothing(request)
            user, response = super().try_save(request)
            if isinstance(user, User):
                keep_sign_up(request, user)
            return user, response

    def _save_for_nothing(self, request: HttpRequest) -> None:
        """The same work as for a fresh address, undone: its time must not tell that it is taken."""
        email = self.cleaned_data["email"]
        self.account_already_exists = False
        domain = email.rpartition("@")[2]  # one that may sign up here
        self.cleaned_data["email"] = f"{get_random_string(20).lower()}@{domain}"
        try:
            with transaction.atomic():
                user = self.save(request)
                # What is asked before a fresh account gets its letter.
                addresses = EmailAddress.objects.filter(user=user.pk)
                if not addresses.filter(verified=True).exists():
                    addresses.order_by("-primary", "-verified").first()
                transaction.set_rollback(True)
        finally:
            self.account_already_exists = True
            self.cleaned_data["email"] = email

    def custom_signup(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        assert isinstance(user, User)  # noqa: S101  (for the type checker)
        user.student_id = self.cleaned_data["student_id"]
        user.year = self.cleaned_data["year"]
        user.language = get_language()
        user.save(update_fields=["student_id", "year", "language"])
        if app_settings.EMAIL_VERIFICATION == MANDATORY:  # else they are there in a moment
            wishes.keep(user, own_path(request, request.POST.get("next")))


class ResetPasswordForm(Labelled, BaseResetPasswordForm):
    """A link for whoever signs in with this address, even if sign-up no longer takes its domain."""

    def clean_email(self) -> str:
        """The address as typed; allauth's own way also takes one that is only wished for."""
        email: str = self.cleaned_data["email"]
        # Two columns, since to make a whole user of a row takes time that tells there is one.
        found = User.objects.active().with_email(email).values_list("pk", "email")
        # Folding joins more than case, so a look-alike must not be where the link goes.
        self.found = [pk for pk, address in found if address.lower() == email.lower()]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the link sent. Something is queued in any case: time must not tell who is there."""
        for pk in self.found or [tasks.NOBODY]:
            later(tasks.send_reset, pk)
        email: str = self.cleaned_data["email"]
        return email


class ChangeEmailForm(Labelled, AddEmailForm):
    """An address to change to; it counts once it is confirmed."""

    labels = {"email": _("New email")}

    def save(self, request: HttpRequest) -> EmailAddress:
        """Keep the wish, and have the link sent there and a warning to the old address.

        allauth's own way takes an unconfirmed address in use for an earlier wish and drops it,
        which leaves the account without any.
        """
        assert isinstance(self.user, User)  # noqa: S101  (for the type checker)
        address = email_changes.ask(self.user, self.cleaned_data["email"])
        send_verification_email_to_address(request, address)
        return address


class ChangePasswordForm(Labelled, BaseChangePasswordForm):
    """allauth's, with tries at the old one counted."""

    user: User
    labels = {"oldpassword": _("Current password"), **NewPasswordForm.labels}

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        if not guesses.is_password(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class ProfileForm(RefusableForm, BasedForm):
    """What others see of somebody, and the two numbers that they don't see."""

    username = forms.CharField(
        label=_("Name"),
        help_text=NAME_HELP,
        error_messages={"required": _("Enter the name that others will see.")},
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    student_id = student_id_field()
    year = year_field()
    bio = LinesField(
        label=_("About you"),
        required=False,
        max_length=BIO_MAX,
        help_text=_("What you like and what you can help with. At most 500 characters."),
    )
    public = forms.BooleanField(
        label=_("My own page, for everybody"),
        required=False,
        help_text=_(
            "For a link or a poster with a QR code: your name, picture, topics and next free times,"
            " without signing in."
        ),
    )

    NOT_STAYING = ("username", "public")  # the one is required, the other unticked
    kept: Collection[str] = ()  # names that stood there: they stay until they are changed

    @classmethod
    def of(cls, user: User, data: QueryDict | None = None) -> "ProfileForm":
        """The form filled from a person, or with what was sent. Text that wasn't sent stays."""
        now = profiles.editable(user)
        stays = {name: value or "" for name, value in now.items() if name not in cls.NOT_STAYING}
        form = cls(None if data is None else {**stays, **data.dict()}, initial=now)
        form.carry(now, f"accounts.profile.{user.pk}")
        form.kept = {now["username"], (form.filled_with or now)["username"]}
        return form

    def clean_username(self) -> str:
        name = nfc(self.cleaned_data["username"])
        for kept in self.kept:
            if name == nfc(kept):
                return kept
        validate_username(name)
        return name


class AvatarForm(UploadForm):
    """A new picture."""

    avatar = ReencodedImageField(
        label=_("Picture"),
        max_side=288,  # pixels: three for each of the largest that a page shows
        error_messages={"required": _("Choose a picture first.")},
        help_text=_(
            "JPEG, PNG, WebP or GIF, at most 5 MB. The place where it was taken is removed."
        ),
    )


class DeleteAccountForm(RefusableForm):
    """The password once more, unless it was ``shown`` lately; who has none types the name."""

    def __init__(self, user: User, shown: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.has_usable_password():
            if shown and "password" not in self.data:
                return
            self.fields["password"] = forms.CharField(
                label=_("Your password"),
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )
        else:
            self.fields["name"] = forms.CharField(
                label=_("Type your name to confirm"),
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not guesses.is_password(self.user, password):
            raise ValidationError(_("This is not your password."), code="wrong")
        return password

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if fold(name) != fold(self.user.username):
            raise ValidationError(_("This is not your name."), code="wrong")
        return name
