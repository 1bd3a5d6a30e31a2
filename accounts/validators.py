"""Field rules of people."""

import unicodedata
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from setahub.core.keys import fold
from setahub.core.text import is_invisible
from setahub.core.web.fields import validate_reads_as_it_is

# What others see of somebody who has deleted their account.
DELETED_NAME = gettext_noop("Deleted user")
NOWHERE = "deleted.invalid"  # reserved, so that no mail arrives there. Source: RFC 2606
USERNAME_MIN = 2
USERNAME_MAX = 50

validate_student_id = RegexValidator(
    r"^[0-9]{8}\Z", _("A student ID has exactly 8 digits."), code="invalid"
)


def validate_username(value: str) -> None:
    """Letters and combining marks of any script, digits, single inner spaces, ``.``, ``_``, ``-``.

    ``value`` is trimmed and NFC already (``setahub.core.keys.nfc``). Raises ValidationError.
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
            _("A name can have letters, digits, spaces, “.”, “_” and “-”."), code="characters"
        )
    if fold(value) in _reserved():
        raise ValidationError(_("This name is taken."), code="taken")
    if not any(char.isalnum() for char in value):
        raise ValidationError(_("A name needs a letter or a digit."), code="characters")
    validate_reads_as_it_is(value)


@cache
def _reserved() -> frozenset[str]:
    """Keys of what deleted accounts are called, in any language."""
    keys = {fold(DELETED_NAME)}
    for language, _name in settings.LANGUAGES:
        with override(language):
            keys.add(fold(gettext(DELETED_NAME)))
    return frozenset(keys)


def _is_allowed(char: str) -> bool:
    category = unicodedata.category(char)
    # L*: letters, M*: marks such as Thai vowels and tones, Nd: digits.
    return char in " ._-" or ((category[0] in "LM" or category == "Nd") and not is_invisible(char))
