"""The key by which push services know this site (VAPID, RFC 8292): a private number on P-256.

Browsers are given its public half, and make a subscription that only its owner can send to.
"""

from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

RAW = 32  # bytes of a private key that is written as the number alone


def to_text(data: bytes) -> str:
    """Base64 as addresses and browsers have it: without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """The same read. Raises ValueError where it is none; padding may be there or not."""
    if not text.isascii():
        raise ValueError("not ASCII")
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return b64decode(plain + "=" * (-len(plain) % 4), validate=True)


@lru_cache(maxsize=4)
def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError unless it is a key: its number in base64, or PKCS 8 (DER) in base64."""
    data = to_bytes(text)
    if len(data) == RAW:
        return ec.derive_private_key(int.from_bytes(data, "big"), ec.SECP256R1())
    try:
        key = serialization.load_der_private_key(data, password=None)
    except TypeError as error:  # it is encrypted
        raise ValueError("encrypted") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("another kind of key")
    return key


def new_key() -> str:
    """A private key as settings take it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return to_text(number.to_bytes(RAW, "big"))


@lru_cache(maxsize=4)
def public_key(private: str) -> str:
    """What browsers are given as ``applicationServerKey``: 87 letters."""
    point = private_key(private).public_key()
    form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    return to_text(point.public_bytes(*form))


@lru_cache(maxsize=4)
def fingerprint(private: str) -> str:
    """16 letters that tell the key from others."""
    return sha256(public_key(private).encode()).hexdigest()[:16]


def check_point(text: str) -> bytes:
    """A browser's public key. Raises ValueError unless it is a point of P-256, uncompressed."""
    data = to_bytes(text)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    if len(data) != 2 * RAW + 1:
        raise ValueError("compressed")
    return data
