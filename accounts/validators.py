"""Field rules of people."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from setahub.lib.keys import fold

DELETED_NAME = "Deleted user"  # what others see of somebody who has deleted their account
USERNAME_MIN = 2
USERNAME_MAX = 50
# Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point): a name with them
# would look empty, or like another's.
INVISIBLE = frozenset(
    map(
        chr,
        [
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x3164, 0xFFA0),
            *range(0x180B, 0x180E),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ],
    )
)

validate_student_id = RegexValidator(
    r"^[0-9]{8}\Z", _("A student ID has exactly 8 digits."), code="invalid"
)


def validate_username(value: str) -> None:
    """Letters and combining marks of any script, digits, single inner spaces, ``.``, ``_``, ``-``.

    ``value`` is trimmed and NFC already (``setahub.lib.keys.nfc``). Raises ValidationError.
    """
    if not USERNAME_MIN <= len(value) <= USERNAME_MAX:
        raise ValidationError(
            _("A name has %(min)d to %(max)d characters."),
            code="length",
            params={"min": USERNAME_MIN, "max": USERNAME_MAX},
        )
    if "  " in value:
        raise ValidationError(_("Use single spaces inside a name."), code="spaces")
    if not all(_is_allowed(char) for char in value):
        raise ValidationError(
            _("A name takes letters, digits, spaces, “.”, “_” and “-”."), code="characters"
        )
    if fold(value) == fold(DELETED_NAME):
        raise ValidationError(_("This name is taken."), code="taken")
    if not any(char.isalnum() for char in value):
        raise ValidationError(_("A name needs a letter or a digit."), code="characters")


def _is_allowed(char: str) -> bool:
    category = unicodedata.category(char)
    # L*: letters, M*: marks such as Thai vowels and tones, Nd: digits.
    return char in " ._-" or ((category[0] in "LM" or category == "Nd") and char not in INVISIBLE)
