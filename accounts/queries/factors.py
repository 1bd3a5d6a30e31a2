"""The second steps of signing in that somebody has set up."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models import User

Type = Authenticator.Type
FACTORS = [Type.TOTP, Type.WEBAUTHN]  # recovery codes only stand in for one of these


def factors_of(user: User) -> dict[str, list[Authenticator]]:
    """What this user has set up, by type. One query."""
    factors: dict[str, list[Authenticator]] = {}
    for factor in Authenticator.objects.filter(user=user).order_by("pk"):
        factors.setdefault(factor.type, []).append(factor)
    return factors


def may_add_factor(user: User) -> bool:
    """Whether the address in use is proven, or the faculty's staff vouch for it.

    Otherwise somebody could sign up with another's address, add a factor, and lock its owner out
    for good: a reset password would not let them in. Staff may be made on the command line, before
    the site can send any mail.
    """
    return user.is_staff or EmailAddress.objects.is_verified(user.email)
