"""Walks over the site by its links."""

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from setahub.tests.test_access import PEOPLE, TABLE, answered, client_of


class Links(HTMLParser):
    """The pages of the site that a page leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") or ""
        if tag == "a" and (href.startswith("/") or href.startswith("?")):
            self.found.append(href.partition("#")[0])


def kind_of(path: str) -> tuple[Any, ...] | None:
    """Pages of one kind are made by one view and differ in their rows alone."""
    parts = urlsplit(path)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    return match.view_name, *re.findall(r"(?:tab|status)[^=]*=[^&]*", parts.query)


def is_page(response: Any) -> bool:
    return response.get("Content-Type", "").startswith("text/html") and not response.streaming


def pages(client: Client, *begin: str) -> Iterator[tuple[str, Any]]:
    """One of each kind of the pages that links lead to, the first ones included."""
    waiting = deque(begin)
    seen: set[Any] = set()
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if kind is None or kind in seen or "language" in path:
            continue
        seen.add(kind)
        response = client.get(path, follow=True)
        yield path, response
        if is_page(response):
            base = urlsplit(path).path
            links = Links(response.content.decode()).found
            waiting += [f"{base}{link}" if link.startswith("?") else link for link in links]


def answers(world: dict[str, Any], *, follow: bool = False) -> Iterator[tuple[str, Any]]:
    """What every address answers; of all who are answered alike, one is asked. In Thai for visitors."""
    clients = {who: client_of(person) for who, person in world["people"].items()}
    for client in clients.values():
        client.cookies["language"] = "th"
    for route, row in TABLE.items():
        path = row.path.format(**world)
        for method, outcomes in (("get", row.get), ("post", row.post)):
            target = path if method == "get" else path.partition("?")[0]
            for who in dict(zip(outcomes, PEOPLE, strict=True)).values():
                yield (
                    f"{who} {method} {route}",
                    answered(clients[who], method, target, follow=follow),
                )
