"""How allauth's flows treat our people."""

import logging
from smtplib import SMTPException
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import guesses
from accounts.models import User
from accounts.validators import validate_username
from setahub.lib.keys import fold_email, nfc
from setahub.lib.mail import Mail

logger = logging.getLogger(__name__)

EMAIL_MAX = 254  # of User.email, and of the column that holds its key
CONFIRMATION = "account/email/email_confirmation"


class AccountAdapter(DefaultAccountAdapter):
    """Names of any script, addresses of allowed domains, and mail that may fail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # Of passkeys, which allauth counts itself.
        "too_many_login_attempts": gettext_lazy(
            "Too many failed tries. Please try again in 5 minutes."
        ),
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The name as it is stored. Raises ValidationError when it isn't one or is taken."""
        name = nfc(username)
        validate_username(name)
        if not shallow and User.objects.named(name).exists():
            raise ValidationError(_("This name is taken."), code="taken")
        return name

    def clean_email(self, email: str) -> str:
        """The address. Raises ValidationError when too long or of a domain that isn't allowed."""
        # allauth would cut it off without a word.
        if max(len(email), len(fold_email(email))) > EMAIL_MAX:
            raise ValidationError(_("This email is too long."), code="length")
        allowed = settings.ALLOWED_EMAIL_DOMAINS
        if allowed and email.rpartition("@")[2].lower() not in allowed:
            raise ValidationError(
                _("Use an address that ends in %(domains)s.")
                % {"domains": _(" or ").join(f"@{domain}" for domain in allowed)},
                code="domain",
            )
        return email

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: allauth's own count lets too many of those through that come at once."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Who has this email and password. Raises ValidationError after too many failures."""
        with guesses.of_password(fold_email(str(credentials.get("email", "")))) as guess:
            user = super().authenticate(request, **credentials)
            guess.right = user is not None
        return user

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Whether it is their password. Raises ValidationError after too many failures."""
        return guesses.is_password(cast(User, user), password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:me")

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Only an address that one wishes to change to, never the one in use."""
        return fold_email(email_address.email) != email_address.user.email_key

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take the proven address into use, unless another account has it by now."""
        if User.objects.exclude(pk=email_address.user_id).with_email(email_address.email).exists():
            return False
        return super().confirm_email(request, email_address)

    def render_mail(self, *args: Any, **options: Any) -> Mail:
        """The letter, as ours are sent."""
        made: Any = super().render_mail(*args, **options)
        return Mail(
            made.subject,
            made.body,
            made.from_email,
            made.to,
            headers=made.extra_headers,
            alternatives=made.alternatives,
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, and go on when the mail server is away: an account isn't lost for a letter.

        Only who has just signed up is told, since an answer that differs would tell others whether
        an address is registered.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            logger.error("%s could not be sent: %s", template_prefix, type(error).__name__)
            request = allauth_context.request
            if request is not None and template_prefix.startswith(CONFIRMATION):
                messages.warning(
                    request, _("The confirmation email could not be sent. Please try again later.")
                )
