"""The second step of signing in: authenticator apps, passkeys and recovery codes, by allauth.

Staff need one before the admin opens, when ``STAFF_MFA`` is on.
"""

import logging
from datetime import datetime

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from accounts import reauthentication
from accounts.errors import AccountError
from accounts.models import User
from accounts.services import sign_ins
from setahub.core import seals

logger = logging.getLogger(__name__)

PURPOSE = "accounts.mfa"  # stays: what is stored is sealed with it
Type = Authenticator.Type
FACTORS = [Type.TOTP, Type.WEBAUTHN]  # recovery codes only stand in for one of these


class MFAAdapter(DefaultMFAAdapter):
    """allauth's, with our words, secrets encrypted, and a QR code that our policy shows."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code or key isn't right. Please try again."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Recovery codes come with an authenticator app or a passkey: set one up first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return seals.seal(text, PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; one that nobody knows when its key is gone, so that no code fits it."""
        try:
            return seals.unseal(encrypted_text, PURPOSE)
        except seals.Unreadable:
            logger.error("A second step can't be read: a key is missing in SECRET_KEY_FALLBACKS")
            return generate_totp_secret()

    def build_totp_svg(self, url: str) -> str:
        """The QR code as one SVG path, to stand in the page itself.

        allauth's is meant for a ``data:`` address, which the policy refuses.
        """
        code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=4)
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
        )
        return f'<svg viewBox="0 0 {len(rows)} {len(rows)}" aria-hidden="true"><path d="{squares}"/></svg>'

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:
        count = Authenticator.objects.filter(user=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1} if count else _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "SETAHub"}


def factors_of(user: User) -> dict[str, list[Authenticator]]:
    """What this user has set up, by type. One query."""
    found: dict[str, list[Authenticator]] = {}
    for each in Authenticator.objects.filter(user=user).order_by("pk"):
        found.setdefault(each.type, []).append(each)
    return found


def may_add_factor(user: User) -> bool:
    """Whether the address in use is proven, or the faculty's staff vouch for it.

    Else somebody could sign up with another's address, add a factor, and lock its owner out for
    good: a reset password would not let them in. Staff may be made on the command line, before
    the site can send any mail.
    """
    return user.is_staff or EmailAddress.objects.is_verified(user.email)


def in_two_steps(request: HttpRequest, user: User) -> bool:
    """Whether this session was signed in to in two steps; no query."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def missing_step(request: HttpRequest, user: User) -> str:
    """Where somebody has to go before this session counts as signed in in two steps, or ""."""
    factors = factors_of(user)
    if not factors.keys() & set(FACTORS):
        return reverse("mfa_index")
    if in_two_steps(request, user):
        return ""
    name = "mfa_reauthenticate" if Type.TOTP in factors else "mfa_reauthenticate_webauthn"
    return f"{reverse(name)}?{urlencode({'next': request.get_full_path()})}"


def count_set_up_as_step(request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    """Who has just shown a code or a key in this session need not show it at once again."""
    if authenticator.type in FACTORS:
        shown = {"id": authenticator.pk, "type": authenticator.type, reauthentication.SET_UP: True}
        record_authentication(request, user, method="mfa", **shown)


def remove_factors(user: User, *, actor: User | None) -> int:
    """For somebody who has lost all of them: the password alone lets in again, and anew.

    Ends all sessions. Returns how many factors there were. Raises AccountError when there is none,
    or when staff without the power for it meddle with staff.
    """
    if actor is not None and not actor.is_superuser and (user.is_staff or user.is_superuser):
        raise AccountError("not_allowed", _("Only a superuser can do this for staff."))
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        _deleted, by_model = Authenticator.objects.filter(user=user).delete()
        if not by_model:
            raise AccountError("no_factor", _("There is no second step to remove."))
        sign_ins.end_all(user)
    return by_model[Authenticator._meta.label]


def remove_added_since(moment: datetime, user: User) -> int:
    """Take off what somebody else may have added. Within the transaction that locks the user.

    Recovery codes that stand in for nothing then go too. Returns how many factors there were.
    """
    held = Authenticator.objects.filter(user=user)
    count, _by_model = held.filter(created_at__gte=moment).delete()
    if not held.filter(type__in=FACTORS).exists():
        held.delete()
    return count


def renew_seals() -> None:
    """Encrypt with today's SECRET_KEY what was with an earlier one, which may then be forgotten."""
    for pk in Authenticator.objects.exclude(type=Type.WEBAUTHN).values_list("pk", flat=True):
        with transaction.atomic():
            found = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if found is not None:
                _renew(found)


def _renew(found: Authenticator) -> None:
    before = dict(found.data)
    try:
        for name in ("secret", "seed"):
            if name in found.data:
                found.data[name] = seals.renewed(found.data[name], PURPOSE)
        if "migrated_codes" in found.data:
            codes = found.data["migrated_codes"]
            found.data["migrated_codes"] = [seals.renewed(code, PURPOSE) for code in codes]
    except seals.Unreadable:
        return  # the log says so when it is used
    if found.data != before:
        found.save(update_fields=["data"])
