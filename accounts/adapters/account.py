"""What allauth's pages for accounts do our way."""

from contextlib import ExitStack
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import emails, reauthentication, tasks
from accounts.models import User
from accounts.queries.emails import is_proven
from accounts.queries.faculty import may_use_password, signs_in_with_faculty
from accounts.services import email_changes, guesses, languages, wishes
from accounts.validators import NOWHERE, validate_username
from setahub.core.keys import fold_email, nfc
from setahub.core.web.addresses import own_path
from setahub.core.work.tasks import later

SIGNED_OUT = "account/messages/logged_out.txt"
EMAIL_MAX = 254  # of User.email, and of the column that holds its key
USER_AGENT_MAX = 200  # characters, in an email
EMAIL_CHANGED = "account/email/email_changed"


class AccountAdapter(DefaultAccountAdapter):
    """Names in any script, addresses of allowed domains, and mail that a worker sends."""

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The name as it is stored. Raises ValidationError when it isn't valid or is taken."""
        name = nfc(username)
        validate_username(name)
        if not shallow and User.objects.named(name).exists():
            raise ValidationError(_("This name is taken."), code="taken")
        return name

    def clean_email(self, email: str) -> str:
        """Raises ValidationError when it is too long or of a domain that isn't allowed."""
        # allauth would cut it off without a word.
        if max(len(email), len(fold_email(email))) > EMAIL_MAX:
            raise ValidationError(_("This email is too long."), code="length")
        domain = email.rpartition("@")[2].lower()
        if domain == NOWHERE:  # of accounts that nobody opens any more
            raise ValidationError(validate_email.message, code="invalid")
        allowed = settings.ALLOWED_EMAIL_DOMAINS
        if allowed and domain not in allowed:
            raise ValidationError(
                _("Use an address that ends in %(domains)s.")
                % {"domains": _(" or ").join(f"@{domain}" for domain in allowed)},
                code="domain",
            )
        return email

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Does nothing: allauth's own count lets too many simultaneous ones through."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user with this email and password. Raises ValidationError after too many failures."""
        with guesses.of_password(fold_email(str(credentials.get("email", "")))) as guess:
            user = super().authenticate(request, **credentials)
            guess.right = user is not None
        return user

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Whether it is their password. Raises ValidationError after too many failures."""
        return guesses.is_password(cast(User, user), password)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Unless it was shown lately. allauth would let people through who have nothing to show."""
        if reauthentication.is_recent(self.request):
            return False
        if not super().get_reauthentication_methods(self.request.user):
            raise ReauthenticationRequired
        return True

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, Any]]:
        """The ways to show it; for those who have none here, the page that says what to do."""
        methods = [
            each
            for each in super().get_reauthentication_methods(user)
            if each["id"] != "reauthenticate" or may_use_password(user)
        ]
        if methods or not user.is_authenticated:
            return methods
        by_faculty = signs_in_with_faculty(cast(User, user))
        return [
            {
                "id": reauthentication.FACULTY if by_faculty else reauthentication.NO_WAY,
                "description": "",
                "url": reverse("account_reauthenticate"),
            }
        ]

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **how: Any) -> HttpResponse:
        """On to the page that was asked for, or to the one that they were going to at sign-up."""
        wish = wishes.take(cast(User, user))
        how["redirect_url"] = how["redirect_url"] or wish or None
        languages.read_by(cast(User, user))  # what is said now stands on a page of theirs
        return super().post_login(request, user, **how)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *rest: Any,
        **options: Any,
    ) -> None:
        """Whoever has signed out reads the next page as a visitor."""
        with ExitStack() as stack:
            if message_template == SIGNED_OUT:
                language = translation.get_language_from_request(request)
                stack.enter_context(translation.override(language))
            super().add_message(request, level, message_template, *rest, **options)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether ``next`` leads to a page of this site; allauth's own way raises for ``http://[``."""
        return self.request is not None and bool(own_path(self.request, url))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:me")

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Only an address that was asked for, never the one in use."""
        return fold_email(email_address.email) != email_address.user.email_key

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take the proven address into use, unless another account has it by now."""
        email, pk = email_address.email, email_address.user_id
        try:
            with transaction.atomic():
                [user] = User.objects.locked(pk)
                if not EmailAddress.objects.filter(pk=email_address.pk).exists():
                    return False  # the change was stopped a moment ago
                if User.objects.exclude(pk=pk).with_email(email).exists():
                    return False
                email_address.user = user
                old, old_was_proven = user.email, is_proven(user, user.email)
                done = super().confirm_email(request, email_address)
                if done and fold_email(old) != fold_email(email):
                    email_changes.note_done(user, old, email, old_was_proven=old_was_proven)
        except IntegrityError:
            return False  # another account was faster with it
        return done

    # --- Emails: all of them go out by a worker -------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise NotImplementedError(f"{template_prefix} has no task that sends it.")

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC, signup: bool
    ) -> None:
        later(tasks.send_confirmation, emailconfirmation.email_address.pk, signup)

    def send_account_already_exists_mail(self, email: str) -> None:
        user = User.objects.with_email(email).first()
        if user is None:  # its owner signs in with another address
            user = User.objects.filter(emailaddress__email=email.lower()).first()
        later(tasks.send_already_there, user.pk if user else tasks.NOBODY)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tells the address in use that something about the account has changed, and from where."""
        if template_prefix == EMAIL_CHANGED:
            return  # accounts.services.email_changes sends one with a way back
        assert isinstance(user, User)  # noqa: S101  (for the type checker)
        facts = {
            "ip": self.get_client_ip(self.request),
            "user_agent": self.get_http_user_agent(self.request)[:USER_AGENT_MAX],
            **(context or {}),
        }
        emails.queue(template_prefix, user.email, facts, language=user.language, user=user)
