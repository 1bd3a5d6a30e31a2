"""Who signs in with the faculty, and who may use a password."""

from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import User


@dataclass(frozen=True)
class WaysIn:
    """``faculty``: the words of its button, "" without one. ``sign_up``: the name of the page."""

    password: bool
    faculty: str

    @property
    def sign_up(self) -> str:
        return "account_signup" if self.password else "account_login"


def ways_in() -> WaysIn:
    """How one signs in here, as the settings say."""
    name = settings.OIDC_NAME or _("the faculty")
    words = _("Sign in with %(name)s") % {"name": name} if settings.OIDC_ISSUER else ""
    return WaysIn(settings.PASSWORD_LOGIN, words)


def signs_in_with_faculty(user: User) -> bool:
    """Whether the faculty's sign-in, if there is one, opens their account."""
    return bool(settings.OIDC_ISSUER) and SocialAccount.objects.filter(user=user).exists()


def may_use_password(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Everybody, unless the faculty's sign-in is the only way in; then superusers alone."""
    return bool(settings.PASSWORD_LOGIN or getattr(user, "is_superuser", False))
