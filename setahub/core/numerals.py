"""Whole numbers in words, as they are written out on documents."""

# Source: the Royal Institute's rules for reading numbers: เอ็ด for a one after tens, ยี่สิบ for two tens,
# สิบ alone for one; ล้าน divides groups of six digits.
_THAI_DIGITS = ["ศูนย์", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"]
_THAI_PLACES = ["", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน"]

_ENGLISH_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_ENGLISH_TENS = [
    "-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip


def in_words(number: int, language: str) -> str:
    """``101`` is ``one hundred one``, in Thai ``หนึ่งร้อยเอ็ด``; of numbers from 0 on."""
    if number < 0:
        raise ValueError(number)
    return _thai(number) if language == "th" else _english(number)


def _thai(number: int) -> str:
    if number < 10:
        return _THAI_DIGITS[number]
    millions, rest = divmod(number, 10**6)
    words = f"{_thai(millions)}ล้าน" if millions else ""
    digits = str(rest)
    for at, digit in enumerate(map(int, digits)):
        place = len(digits) - 1 - at
        if digit == 0:
            continue
        if place == 1 and digit <= 2:
            words += ("", "ยี่")[digit - 1]
        elif place == 0 and digit == 1 and number > 10:
            words += "เอ็ด"
            continue
        else:
            words += _THAI_DIGITS[digit]
        words += _THAI_PLACES[place]
    return words


def _english(number: int) -> str:
    if number < 20:
        return _ENGLISH_SMALL[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return _ENGLISH_TENS[tens] + (f"-{_ENGLISH_SMALL[rest]}" if rest else "")
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            count, rest = divmod(number, size)
            words = f"{_english(count)} {name}"
            return f"{words} {_english(rest)}" if rest else words
    raise AssertionError(number)
