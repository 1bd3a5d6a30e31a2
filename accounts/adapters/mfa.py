"""What allauth's second step of signing in does our way."""

import logging
import secrets
from base64 import b32encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.services.mfa import PURPOSE
from setahub.core import qr, seals

logger = logging.getLogger(__name__)


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
        """The secret; a random one where its key is gone, so that no code fits it."""
        try:
            return seals.unseal(encrypted_text, PURPOSE)
        except seals.Unreadable:
            logger.error("A second step can't be read: a key is missing in SECRET_KEY_FALLBACKS")
            return b32encode(secrets.token_bytes(20)).decode()

    def build_totp_svg(self, url: str) -> str:
        """The QR code within the page; our policy refuses allauth's ``data:``."""
        return qr.svg(url)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:
        count = Authenticator.objects.filter(user=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1} if count else _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "SETAHub"}
