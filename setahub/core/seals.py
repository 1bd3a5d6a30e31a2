"""Text that the database keeps and must not be able to tell: encrypted under SECRET_KEY.

What was sealed with one of SECRET_KEY_FALLBACKS can be read too, and ``renewed`` with today's key.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was sealed with a key that is not among today's, or was changed since."""


def seal(text: str, purpose: str) -> str:
    """The text, encrypted. What is sealed for one purpose can't be read for another."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed for this purpose. Raises Unreadable."""
    try:
        return _keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def renewed(sealed: str, purpose: str) -> str:
    """The same, sealed with today's SECRET_KEY; as it is when it is that already.

    Raises Unreadable.
    """
    try:
        _fernet(settings.SECRET_KEY, purpose).decrypt(sealed.encode())
        return sealed
    except InvalidToken:
        return seal(unseal(sealed, purpose), purpose)


def _keys(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_fernet(key, purpose) for key in keys])


@lru_cache(maxsize=32)
def _fernet(key: str, purpose: str) -> Fernet:
    """A key of 32 bytes of its own for each purpose. Source: RFC 5869."""
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
