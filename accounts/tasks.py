"""Emails with a link that lets somebody in or proves an address. The worker makes the link."""

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts import emails
from accounts.models import User
from setahub.core.mail import absolute
from setahub.core.work.tasks import task

NOBODY = 0


def reset_path(user: User) -> str:
    """Where this user chooses a new password, once."""
    key = PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])


@task
def send_reset(user_id: int) -> None:
    """A link to choose a new password.

    Queued for NOBODY too, where no account has the address: the page then takes the same time.
    """
    user = User.objects.active().filter(pk=user_id).first()
    if user is not None and settings.PASSWORD_LOGIN:
        facts = {"password_reset_url": absolute(reset_path(user))}
        emails.send_to(user, "account/email/password_reset_key", facts)


@task
def send_invitation(user_id: int) -> None:
    """To somebody whom staff have invited, unless they have been here by now."""
    invited = User.objects.active().filter(pk=user_id).exclude(invited_at=None).first()
    if invited is None:
        return
    facts = {"name": invited.username, "sign_in_url": absolute(reverse("account_login"))}
    if settings.PASSWORD_LOGIN:
        facts["password_url"] = absolute(reset_path(invited))
        facts["again_url"] = absolute(reverse("account_reset_password"))
    key = f"invited-{invited.pk}"
    emails.send_to(invited, "accounts/email/invited", facts, key=key)


@task
def send_confirmation(address_id: int, signup: bool) -> None:
    """A link that proves an address, unless it is proven by now, or no longer asked for."""
    unproven = EmailAddress.objects.filter(verified=False, user__is_active=True)
    address = unproven.select_related("user").filter(pk=address_id).first()
    if address is None:
        return
    path = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])
    template = "email_confirmation_signup" if signup else "email_confirmation"
    facts = {"activate_url": absolute(path)}
    language = address.user.language
    emails.send(f"account/email/{template}", address.email, facts, language=language)


@task
def send_already_there(user_id: int) -> None:
    """To the owner of an address with which somebody tried to sign up."""
    user = User.objects.active().filter(pk=user_id).first()
    if user is not None and settings.PASSWORD_LOGIN:
        facts = {"password_reset_url": absolute(reverse("account_reset_password"))}
        emails.send_to(user, "account/email/account_already_exists", facts)
