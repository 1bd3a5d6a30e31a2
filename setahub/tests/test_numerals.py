"""Numbers in words, as documents write them out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setahub.core.numerals import in_words

THAI = {
    0: "ศูนย์", 1: "หนึ่ง", 2: "สอง", 10: "สิบ", 11: "สิบเอ็ด", 12: "สิบสอง", 19: "สิบเก้า", 20: "ยี่สิบ",
    21: "ยี่สิบเอ็ด", 30: "สามสิบ", 45: "สี่สิบห้า", 99: "เก้าสิบเก้า", 100: "หนึ่งร้อย", 101: "หนึ่งร้อยเอ็ด",
    110: "หนึ่งร้อยสิบ", 111: "หนึ่งร้อยสิบเอ็ด", 220: "สองร้อยยี่สิบ", 1000: "หนึ่งพัน", 1001: "หนึ่งพันเอ็ด",
    2569: "สองพันห้าร้อยหกสิบเก้า", 10_000: "หนึ่งหมื่น", 100_000: "หนึ่งแสน", 1_000_000: "หนึ่งล้าน",
    1_000_001: "หนึ่งล้านเอ็ด", 21_000_021: "ยี่สิบเอ็ดล้านยี่สิบเอ็ด",
}  # fmt: skip
ENGLISH = {
    0: "zero", 1: "one", 12: "twelve", 19: "nineteen", 20: "twenty", 21: "twenty-one", 90: "ninety",
    100: "one hundred", 101: "one hundred one", 115: "one hundred fifteen",
    342: "three hundred forty-two", 1000: "one thousand", 12_345: "twelve thousand three hundred forty-five",
    1_000_000: "one million", 2_000_001: "two million one",
}  # fmt: skip
DIGITS = dict(
    zip(["หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"], range(1, 10), strict=True)
)
PLACES = {"สิบ": 10, "ร้อย": 100, "พัน": 1000, "หมื่น": 10_000, "แสน": 100_000}


@pytest.mark.parametrize(("number", "words"), list(THAI.items()))
def test_thai_as_one_reads_it(number, words):
    assert in_words(number, "th") == words


@pytest.mark.parametrize(("number", "words"), list(ENGLISH.items()))
def test_english_as_one_reads_it(number, words):
    assert in_words(number, "en") == words


def read_thai(words: str) -> int:
    """The number that such words mean, below a million."""
    total, digit = 0, 0
    names = [*DIGITS, *PLACES, "ยี่", "เอ็ด"]
    for part in re.findall("|".join(sorted(names, key=len, reverse=True)), words):
        if part in PLACES:
            total += (digit or 1) * PLACES[part]
            digit = 0
        else:
            digit = {"ยี่": 2, "เอ็ด": 1}.get(part) or DIGITS[part]
    return total + digit


@given(st.integers(1, 999_999))
def test_thai_words_read_back_are_the_number(number):
    assert read_thai(in_words(number, "th")) == number


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_numbers_never_read_alike(one, other):
    for language in ("th", "en"):
        assert (in_words(one, language) == in_words(other, language)) == (one == other)


def test_nothing_below_zero():
    with pytest.raises(ValueError, match="-1"):
        in_words(-1, "th")
