"""Pages of a list without counting it: one row more than a page tells whether there is a next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from django.http import Http404

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PER_PAGE = 12
# OFFSET walks over what it skips; nobody leafs this far, only robots do.
LAST_PAGE = 1000


class Sliceable(Protocol[T_co]):
    """A queryset, a prepared one, or a list."""

    def __getitem__(self, part: slice, /) -> Iterable[T_co]: ...


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. ``number`` counts from 1."""

    items: Sequence[T]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def next_number(self) -> int:
        return self.number + 1

    @property
    def previous_number(self) -> int:
        return self.number - 1


def whole(text: str | None, default: int, *, low: int, high: int) -> int:
    """``text`` as a whole number within bounds; anything else is ``default``."""
    if text and text.isascii() and text.isdigit() and len(text) < 10:
        return min(max(int(text), low), high)
    return default


def paginate(rows: Sliceable[T], number: str | None, per_page: int = PER_PAGE) -> Page[T]:
    """Page ``number`` (from the query string; garbage is the first) of ``rows``.

    Raises Http404 for a page past the end.
    """
    page = whole(number, 1, low=1, high=LAST_PAGE)
    start = (page - 1) * per_page
    found = list(rows[start : start + per_page + 1])
    if not found and page > 1:
        raise Http404
    return Page(found[:per_page], page, len(found) > per_page)
