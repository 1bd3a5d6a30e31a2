"""The key by which push services know the site."""

import re
from base64 import urlsafe_b64encode
from io import StringIO

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from py_vapid import Vapid02

from setahub.core import vapid


def test_a_new_key_is_one_that_settings_take_and_no_other_is():
    one, other = vapid.new_key(), vapid.new_key()
    assert re.fullmatch(r"[\w-]{43}", one)
    assert one != other
    assert vapid.fingerprint(one) != vapid.fingerprint(other)


def test_the_public_half_is_that_of_the_library():
    key = vapid.new_key()
    form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    theirs = Vapid02.from_string(key).public_key.public_bytes(*form)
    assert vapid.to_bytes(vapid.public_key(key)) == theirs
    assert len(vapid.public_key(key)) == 87


def der(key, encryption=None):
    form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    made = key.private_bytes(*form, encryption or serialization.NoEncryption())
    return urlsafe_b64encode(made).decode()


def test_a_key_as_other_tools_write_it():
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value.to_bytes(32, "big")
    assert vapid.public_key(der(key)) == vapid.public_key(vapid.to_text(number))


@pytest.mark.parametrize(
    "text",
    [
        "A" * 43,  # zero
        "_" * 43,  # beyond the curve
        "x",
        "not base64!",
        "",
        der(ec.generate_private_key(ec.SECP384R1())),
        der(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"x")),
    ],
)
def test_what_is_no_key(text):
    with pytest.raises(ValueError):  # noqa: PT011  (whoever reads it says which)
        vapid.private_key(text)


def test_the_command_prints_one_for_the_environment():
    printed = StringIO()
    call_command("vapid", stdout=printed)
    key, public = re.fullmatch(
        r"VAPID_PRIVATE_KEY=([\w-]{43})\n# What browsers are given of it: ([\w-]{87})\n",
        printed.getvalue(),
    ).groups()
    assert vapid.public_key(key) == public
