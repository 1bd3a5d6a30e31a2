"""Accounts of those who sign in with the faculty: joined, made, and freed of false claims.

From the first time on, issuer and subject say whose account it is; until then a proven email does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import User
from accounts.queries.emails import is_proven
from accounts.services import sign_ins, suspensions
from accounts.services.invitations import free_name
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
    loses the claim, and with it the account. Raises AccountError for an email that isn't believed.
    """
    check_email(claims)
    with transaction.atomic():
        user = User.objects.with_email(claims.email).first()
        if user and not _is_theirs(user, claims.email):
            _close(user, claims)
            user = None
        # Asked for by somebody who has yet to prove it: they never will.
        claimed = EmailAddress.objects.filter(email=claims.email.lower(), verified=False)
        claimed.exclude(user=user).delete()
        if user:
            [user] = User.objects.locked(user.pk)
            return _join(user, claims, tell)
    return None


def check_email(claims: Claims) -> None:
    """Raises AccountError unless the email is there, is believed, and is of an allowed domain."""
    if not _is_email(claims.email):
        text = _("The faculty's sign-in did not tell us your email. Please ask the staff.")
        raise AccountError("no_email", text, 403)
    if not (claims.is_verified or settings.OIDC_TRUST_EMAIL):
        text = _("The faculty's sign-in has not verified your email. Verify it there first.")
        raise AccountError("unverified", text, 403)
    domain = claims.email.rpartition("@")[2].lower()
    if settings.ALLOWED_EMAIL_DOMAINS and domain not in settings.ALLOWED_EMAIL_DOMAINS:
        text = _("%(email)s is not of this faculty. Choose your faculty account there.")
        raise AccountError("domain", text % {"email": claims.email}, 403)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(fold_email(text)) <= EMAIL_MAX


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
        raise _exists() from error
    return user


def _is_theirs(user: User, email: str) -> bool:
    """Whether the account belongs to whoever reads what is sent to this address of it."""
    return is_proven(user, email) or user.invited_at is not None


def _exists() -> AccountError:
    return AccountError("exists", _("Your account exists already. Please sign in once more."))


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


def _close(user: User, claims: Claims) -> None:
    """Their only address is somebody else's, so nothing they know or hold opens the account.

    Nobody can keep what it promised: what is to come is cancelled, with notice to the others. What was,
    stays as with anybody suspended; the student ID, and the owner's own name, are free for them.
    """
    if user.is_staff or user.is_superuser:
        text = _("This email belongs to an account of the staff that has yet to confirm it.")
        raise AccountError("staff", text)
    if user.is_active:
        # Before our own lock, since it locks others too, in the order of their ids.
        suspensions.suspend(user, actor=None, cancel_bookings=True)
    [user] = User.objects.locked(user.pk)
    if _is_theirs(user, claims.email):  # a moment ago
        raise _exists()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    if User.objects.named(claims.name).filter(pk=user.pk).exists():
        user.username = free_name(user.username)
    user.email, user.student_id = f"{user.pk}@{NOWHERE}", None
    user.set_unusable_password()
    user.save(update_fields=["username", "email", "student_id", "password"])
    sign_ins.end_unfinished(user)
