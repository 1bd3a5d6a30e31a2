"""The words by which topics stand in addresses."""

import re
from collections.abc import Collection
from functools import cache
from itertools import count

from django.urls import get_resolver

from setahub.core.keys import ascii_slug

FALLBACK = "topic"


@cache
def reserved() -> frozenset[str]:
    """Words that stand for a page under ``/topics/``, so that no topic may take one."""
    _prefix, resolver = get_resolver().namespace_dict["topics"]
    routes = [str(pattern.pattern) for pattern in resolver.url_patterns]
    return frozenset(re.findall(r"(?:^|(?<=/))[a-z-]+(?=/)", "\n".join(routes), re.MULTILINE))


def base_slug(name: str) -> str:
    """The slug that ``name`` would have if no other topic had it.

    Never digits alone, since fields take an id or a slug, and never a word that is a route.
    """
    slug = ascii_slug(name, FALLBACK)
    return f"{FALLBACK}-{slug}" if slug.isdigit() or slug in reserved() else slug


def numbered(base: str, taken: Collection[str]) -> str:
    """``base``, or the first of ``base-2``, ``base-3``… that is not taken."""
    if base not in taken:
        return base
    return next(slug for n in count(2) if (slug := f"{base}-{n}") not in taken)
