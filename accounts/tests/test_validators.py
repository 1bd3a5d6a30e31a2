"""What is a name, and what is a student ID."""

import pytest
from django.core.exceptions import ValidationError

from accounts.validators import validate_student_id, validate_username
from setahub.core.keys import fold, nfc


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "length"),
        ("ก", "length"),
        ("a" * 51, "length"),
        ("two  spaces", "spaces"),
        ("a\0b", "characters"),
        ("a\nb", "characters"),
        ("a\u00a0b", "characters"),  # a space that doesn't break
        ("a\u200bb", "characters"),  # one without width
        ("\u202eabc", "characters"),  # turns the writing around
        ("me@example.com", "characters"),
        ("<b>", "characters"),
        ("😀😀", "characters"),
        ("x²", "characters"),
    ],
)
def test_what_is_no_name(name, code):
    with pytest.raises(ValidationError) as caught:
        validate_username(name)
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["ab", "a" * 50, "น้ำ", "J. R-R_2"])
def test_what_is_one(name):
    validate_username(name)


@pytest.mark.parametrize("number", ["1234567", "123456789", "1234567a", "12345678\n", "๑๒๓๔๕๖๗๘"])
def test_what_is_no_student_id(number):
    with pytest.raises(ValidationError):
        validate_student_id(number)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Straße", "STRASSE"), ("ΣΑΣ", "σας"), ("e\u0301a", "ÉA"), ("İ", "i\u0307"), (" น้ำ ", "น้ำ")],
)
def test_names_that_are_one_name(one, other):
    assert fold(one) == fold(other)


def test_a_name_is_trimmed_and_composed():
    assert nfc("  Cafe\u0301 ") == "Café"
