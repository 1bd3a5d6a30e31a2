"""Accounts of those who sign in with the faculty: joined, made, and freed of false claims.

From the first time on, issuer and subject say whose account it is; until then a proven email does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import User
from accounts.queries.emails import is_proven
from accounts.services import sign_ins
from accounts.validators import NOWHERE
from setahub.core.keys import fold_email

PROVIDER = "faculty"  # in the address that the provider leads back to
EMAIL_MAX = 254


@dataclass(frozen=True)
class Claims:
    """What the provider says of who signed in there.

    ``subject``: issuer and subject, which never change hands. ``signed_in_at``: when they showed
    there who they are, in seconds since 1970; None where it doesn't say.
    """

    subject: str
    email: str
    is_verified: bool
    name: str
    nonce: str
    signed_in_at: int | None


def join(claims: Claims, tell: Callable[[User], None]) -> SocialAccount | None:
    """The account here that is theirs, joined from now on; None where they have none yet.

    ``tell``: has an email of it sent, inside the transaction.

    Whoever proved the address here, or was invited by staff, is joined. Whoever merely claimed it
    loses the claim. Raises AccountError for an email that isn't believed.
    """
    check_email(claims)
    with transaction.atomic():
        found = User.objects.with_email(claims.email).values_list("pk", flat=True)
        users = User.objects.locked(*found)
        # Asked for by somebody who has yet to prove it: they never will.
        claimed = EmailAddress.objects.filter(email=claims.email.lower(), verified=False)
        claimed.exclude(user__in=users).delete()
        for user in users:
            if is_proven(user, claims.email) or user.invited_at:
                return _join(user, claims, tell)
            _take_claim(user)
    return None


def check_email(claims: Claims) -> None:
    """Raises AccountError unless the email is there, is believed, and is of an allowed domain."""
    if not claims.email or len(fold_email(claims.email)) > EMAIL_MAX:
        text = _("The faculty's sign-in did not tell us your email. Please ask the staff.")
        raise AccountError("no_email", text, 403)
    if not (claims.is_verified or settings.OIDC_TRUST_EMAIL):
        text = _("The faculty's sign-in has not verified your email. Verify it there first.")
        raise AccountError("unverified", text, 403)
    domain = claims.email.rpartition("@")[2].lower()
    if settings.ALLOWED_EMAIL_DOMAINS and domain not in settings.ALLOWED_EMAIL_DOMAINS:
        text = _("%(email)s is not of this faculty. Choose your faculty account there.")
        raise AccountError("domain", text % {"email": claims.email}, 403)


def sign_up(claims: Claims, username: str) -> User:
    """A new account under this name. Raises AccountError where the name, or they, are there by now."""
    check_email(claims)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username, claims.email, language=get_language() or settings.LANGUAGE_CODE
            )
            EmailAddress.objects.create(
                user=user, email=user.email.lower(), verified=True, primary=True
            )
            SocialAccount.objects.create(user=user, provider=PROVIDER, uid=claims.subject)
    except IntegrityError as error:
        if User.objects.named(username).exists():
            raise AccountError("taken", _("This name is taken."), field="username") from error
        text = _("Your account exists already. Please sign in once more.")
        raise AccountError("exists", text) from error
    return user


def _join(user: User, claims: Claims, tell: Callable[[User], None]) -> SocialAccount:
    others = SocialAccount.objects.filter(user=user)
    if others.exclude(uid=claims.subject).exists():
        text = _(
            "This email belongs to an account that somebody else at the faculty signs in to."
            " Please ask the staff."
        )
        raise AccountError("another_subject", text)
    account, made = SocialAccount.objects.get_or_create(
        user=user, provider=PROVIDER, uid=claims.subject
    )
    if user.invited_at:
        user.invited_at = None
        user.save(update_fields=["invited_at"])
        address = {"verified": True, "primary": True}
        EmailAddress.objects.update_or_create(user=user, email=user.email.lower(), defaults=address)
    elif made:
        tell(user)
    return account


def _take_claim(user: User) -> None:
    """Their only address is somebody else's, so nothing they know or hold opens the account."""
    if user.is_staff or user.is_superuser:
        text = _("This email belongs to an account of the staff that has yet to confirm it.")
        raise AccountError("staff", text)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.email = f"{user.pk}@{NOWHERE}"
    user.set_unusable_password()
    user.save(update_fields=["email", "password"])
    sign_ins.end_all(user)
    sign_ins.end_unfinished(user)
