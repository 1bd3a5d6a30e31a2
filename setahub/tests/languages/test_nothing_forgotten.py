"""No visible word of any page is outside a translation, but people's own.

Every address as everybody, with what an empty form is answered; every page that links lead to, the
admin's included; error pages. (Emails and live frames: ``test_readers``.)
"""

import re
import uuid
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import Block, User
from accounts.services import suspensions
from chat import services as chat
from chat.tests.pictures import photo
from scheduling.services import bookings
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow
from setahub.policy.models import ExamWeek
from setahub.site.templatetags.ui import initials
from setahub.tests.languages import pseudo
from setahub.tests.test_access import PEOPLE, TABLE, client_of, restore, world  # noqa: F401
from topics.models import Registration, Topic

OURS = ("accounts", "chat", "scheduling", "setahub", "topics", "django_tasks_database", "auth")
# Names that are the same in Thai, or are of machines: the site, languages as their speakers call them,
# addresses, files, and rows of libraries that have no name but this.
NAMES = "|".join(
    [
        r"\bSETAHub\b",
        r"\bEnglish\b",
        "ไทย",
        r"https?://\S+",
        r"[\w.+-]+@[\w.-]+",
        r"\S+\.(?:png|webp|ics|csv|jpg)\b",
        r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b",
        r"\b\w+ object \(\S+\)",
    ]
)
# Django draws it so in every language.
BOOLEANS = {"img[alt]: True", "img[alt]: False"}
DAY = timedelta(days=1)


def typed() -> set[str]:
    """The words that people have typed: every text of every row that is no choice of ours."""
    found: set[str] = set()
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            names = [
                each.name
                for each in model._meta.fields
                if isinstance(each, models.CharField | models.TextField) and not each.choices
            ]
            for row in model._default_manager.values_list(*names) if names else []:
                found.update(
                    word for text in row if text for word in pseudo.WORD.findall(str(text))
                )
    names = [str(each) for rows in (User.objects, Topic.objects) for each in rows.all()]
    return found | {initials(name) for name in names}


def without_own() -> Callable[[str], str]:
    """Takes off what people typed, by what is stored now."""
    words = "|".join(sorted(map(re.escape, typed()), key=len, reverse=True))
    own = re.compile(rf"{NAMES}|(?<![^\W\d_])(?:{words})(?![^\W\d_])")
    return lambda text: own.sub(" ", text)


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


@pytest.fixture
def marked(monkeypatch, world):  # noqa: F811
    """Everybody reads Thai, with marks around each translation."""
    User.objects.update(language="th")
    for person in world["people"].values():
        if person is not None:
            person.refresh_from_db()
    pseudo.change_translations(monkeypatch, pseudo.marked)
    return world


@pytest.fixture
def lived_in(world, clock, student, ta, stranger, staff, creator, topic, make_user):  # noqa: F811
    """What weeks of use leave behind: everything that can have become of a booking, and more."""
    past = open_series(ta, topic, day=tomorrow() + DAY, weeks=3, start="09:00", end="11:00")
    rows = [slots_of(past[0])[number] for number in range(4)]
    made = [book(student, slot) for slot in rows]
    cancelled = book(stranger, slots_of(past[1])[0])
    bookings.cancel(cancelled, ta, "Sorry")
    clock.move_to(rows[-1].ends_at + timedelta(hours=1))
    bookings.complete(made[0], ta)
    bookings.mark_no_show(made[1], ta)
    bookings.report_ta_absent(made[2], student)
    coming = open_time(ta, topic, day=tomorrow(), notes="Bring", capacity=2)
    own = book(student, slots_of(coming)[1])
    bookings.move(own, student, slots_of(coming)[2].pk)
    for sender, other in ((student, ta), (ta, student)):
        message = chat.send(sender.pk, other.pk, uuid.uuid4(), "Hello")
        chat.send_upload(sender.pk, other.pk, client_id=uuid.uuid4(), text="", image=photo())
    chat.report(message, student, "Rude")
    Block.objects.create(blocker=stranger, blocked=ta)
    waits = Topic.objects.create(name="Compilers", slug="compilers", creator=creator)
    Registration.objects.create(user=stranger, topic=waits, status="pending")
    ExamWeek.objects.create(name="Midterm", first_day=tomorrow(), last_day=tomorrow() + DAY)
    Authenticator.objects.create(user=creator, type="totp", data={})
    gone = make_user("Gone")
    suspensions.suspend(gone, actor=staff, cancel_bookings=True, reason="Rude")
    return world


def check(found: dict[str, str], response: Any, where: str, own: Callable[[str], str]) -> None:
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        for words in set(pseudo.forgotten_in_html(response.content.decode(), own)) - BOOLEANS:
            found.setdefault(words, where)


def told(found: dict[str, str]) -> str:
    return "\n".join(f"{words}   ({where})" for words, where in found.items())


def test_what_every_address_answers(marked):
    found: dict[str, str] = {}
    own = without_own()
    for route, row in TABLE.items():
        path = row.path.format(**marked)
        for method, outcomes in (("get", row.get), ("post", row.post)):
            # One of all who are answered alike.
            for who in {
                outcome: who for who, outcome in zip(PEOPLE, outcomes, strict=True)
            }.values():
                client = client_of(marked["people"][who])
                client.cookies["language"] = "th"
                target = path if method == "get" else path.partition("?")[0]
                check(found, getattr(client, method)(target), f"{who} {method} {route}", own)
                if method == "post":
                    restore(marked)
    assert found == {}, told(found)


@pytest.mark.parametrize("who", ["student", "ta", "staff"])
def test_every_page_that_links_lead_to(lived_in, marked, who):
    found: dict[str, str] = {}
    own = without_own()
    client = client_of(lived_in["people"][who])
    waiting = deque(["/", *(["/admin/"] if who == "staff" else [])])
    seen: set[Any] = set()
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if kind is None or kind in seen or "language" in path:
            continue
        seen.add(kind)
        response = client.get(path, follow=True)
        check(found, response, path, own)
        if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            base = urlsplit(path).path
            links = Links(response.content.decode()).found
            waiting += [f"{base}{link}" if link.startswith("?") else link for link in links]
    assert len(seen) > (60 if who == "staff" else 20)
    assert found == {}, told(found)


def test_pages_that_say_what_went_wrong(marked, settings):
    settings.DEBUG = False
    found: dict[str, str] = {}
    own = without_own()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["language"] = "th"
    check(found, client.get("/nothing/"), "404", own)
    check(found, client.post("/auth/login/"), "403", own)
    check(found, client.get("/", headers={"host": "elsewhere.example"}), "400", own)
    for _try in range(8):
        client = Client()
        client.cookies["language"] = "th"
        answer = client.post("/auth/login/", {"login": "a@b.example", "password": "x"})
    check(found, answer, "429", own)
    assert found == {}, told(found)
