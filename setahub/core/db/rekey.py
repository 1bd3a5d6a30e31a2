"""Making stored keys anew, for migrations, when what reads the same has changed."""

import unicodedata
from collections.abc import Callable
from itertools import count
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from setahub.core.keys import NUMBER, fold, fold_search

BATCH = 500


def rekey(rows: QuerySet[Any], name: str, key: str) -> None:
    """Fill the columns ``key`` and ``search_key`` from the column ``name``.

    Of rows whose names read the same by now the first keeps the plain key, and each other one gets
    a number in its own; the names stay.
    """
    _store(rows, name, key, fold, searched=True)


def unkey(rows: QuerySet[Any], name: str, key: str) -> None:
    """The keys as they were before: no regard to case, and nothing more."""
    _store(rows, name, key, _without_case, searched=False)


def _without_case(text: str) -> str:
    plain = unicodedata.normalize("NFC", text.strip()).casefold()
    return unicodedata.normalize("NFC", plain)


def _store(
    rows: QuerySet[Any], name: str, key: str, make: Callable[[str], str], *, searched: bool
) -> None:
    taken: set[str] = set()
    changed = []
    for row in rows.order_by("pk").only(name, key).iterator(chunk_size=BATCH):
        made = _free(make(getattr(row, name)), taken)
        taken.add(made)
        if searched:
            row.search_key = fold_search(getattr(row, name))
        if searched or made != getattr(row, key):
            setattr(row, key, made)
            changed.append(row)
    # Out of each other's way first: one's new key can be what another has until its turn.
    aside = Concat(Value(NUMBER), Cast(F("pk"), CharField()))
    for start in range(0, len(changed), BATCH):
        some = changed[start : start + BATCH]
        rows.filter(pk__in=[row.pk for row in some]).update(**{key: aside})
    fields = [key, "search_key"] if searched else [key]
    rows.bulk_update(changed, fields, batch_size=BATCH)


def _free(key: str, taken: set[str]) -> str:
    numbered = (f"{key}{NUMBER}{number}" for number in count(2))
    return key if key not in taken else next(each for each in numbered if each not in taken)
