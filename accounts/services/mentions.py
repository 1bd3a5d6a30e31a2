"""Somebody's name and addresses, where staff and programs wrote them: removed when they leave.

Each app says in its ``personal.py`` which fields may hold them; what people wrote to each other
is none of these.
"""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q

from accounts.models import EmailChange, User
from accounts.validators import DELETED_NAME

# A word begins after what is no part of a word, or after an escape of one character in the address
# of a page or in JSON.
_BEGINS = r"(?:(?<![0-9A-Za-z_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\n))"
_BEGINS_ADDRESS = r"(?:(?<![0-9A-Za-z_.+-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\n))"
_ENDS = r"(?![0-9A-Za-z_])"
LONG_ENOUGH = 5  # characters before the @ that name somebody, where they are not all letters


def words_of(user: User) -> list[str]:
    """The words that name this person and nobody else."""
    addresses = {
        user.email,
        *EmailAddress.objects.filter(user=user).values_list("email", flat=True),
    }
    for change in EmailChange.objects.filter(user=user):
        addresses.update((change.old_email, change.new_email))
    words = {user.username, user.student_id or "", *_earlier_names(user), *addresses}
    words.update(filter(_names_somebody, (each.partition("@")[0] for each in addresses)))
    return sorted(words - {""}, key=len, reverse=True)


def _earlier_names(user: User) -> list[str]:
    """Names that the admin's log knows this account by, unless somebody else has them now."""
    kind = ContentType.objects.get_for_model(User)
    about = LogEntry.objects.filter(content_type=kind, object_id=str(user.pk))
    names = set(about.values_list("object_repr", flat=True))
    return [each for each in names if not User.objects.named(each).exclude(pk=user.pk).exists()]


def _names_somebody(word: str) -> bool:
    """Whether what stands before an ``@`` is no ordinary word: staff search by it too."""
    return len(word) >= LONG_ENOUGH and not word.isalpha()


def forget(words: Iterable[str], fields: Iterable[str]) -> None:
    """Put "Deleted user" in place of these words in fields such as ``admin.LogEntry.object_repr``.

    Without regard to case, also as they are written in the address of a page or in JSON.
    """
    spelled = {word: _spellings(word) for word in words}
    pattern = re.compile(
        "|".join(_pattern(word, each) for word, every in spelled.items() for each in every),
        re.IGNORECASE,
    )
    cased = {
        case
        for every in spelled.values()
        for each in every
        for case in (each, each.lower(), each.upper())  # SQLite knows cases of ASCII only
    }
    for label in fields:
        model, name = label.rsplit(".", 1)
        _forget_in(apps.get_model(model), name, cased, pattern)


def _forget_in(model: type[Model], name: str, cased: set[str], pattern: re.Pattern[str]) -> None:
    anywhere = Q()
    for each in cased:
        anywhere |= Q(**{f"{name}__icontains": each})
    longest = getattr(model._meta.get_field(name), "max_length", None)
    rows = model._base_manager.filter(anywhere)
    for pk, text in list(rows.values_list("pk", name)):
        without = _without(text, pattern)[:longest]
        if without != text:
            model._base_manager.filter(pk=pk).update(**{name: without})


def _spellings(word: str) -> list[str]:
    return list(dict.fromkeys([word, quote_plus(word), quote(word), json.dumps(word)[1:-1]]))


def _pattern(word: str, spelling: str) -> str:
    """Within a longer word of ASCII letters it is another word; Thai has no spaces between."""
    begins = _BEGINS_ADDRESS if "@" in word else _BEGINS
    before = begins if _is_ascii(word[0]) else ""
    after = _ENDS if _is_ascii(word[-1]) else ""
    return f"{before}{re.escape(spelling)}{after}"


def _is_ascii(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _without(text: str, pattern: re.Pattern[str]) -> str:
    if text[:1] in ("[", "{"):  # Django's own log, whose keys must not change
        try:
            return json.dumps(_without_in(json.loads(text), pattern))
        except ValueError:
            pass
    return pattern.sub(DELETED_NAME, text)


def _without_in(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(DELETED_NAME, value)
    if isinstance(value, list):
        return [_without_in(each, pattern) for each in value]
    if isinstance(value, dict):
        return {key: _without_in(each, pattern) for key, each in value.items()}
    return value
