"""People's names and words stand in ``translate="no"``, so that a browser that translates pages leaves
them alone. Every address as everybody, every page that links lead to, and every email; the admin is not
for readers of other languages."""

import re
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core import mail
from django.db import models

from accounts.models import User
from chat.models import Message
from scheduling.models import Appointment, Booking, BookingEvent, HelpRequest
from setahub.tests.languages.crawl import answers, is_page, pages
from setahub.tests.languages.pseudo import VOID
from setahub.tests.languages.world import OWN as TYPED
from setahub.tests.languages.world import World
from setahub.tests.test_access import client_of, world  # noqa: F401
from topics.models import Topic

# What of a page is no text that a browser translates: values of fields, what scripts read.
NOT_READ = {"script", "style", "textarea", "title", "template"}
OWN = re.compile(r"\bQz[a-z]+\b")
WORDS = {
    User: {"bio": "Qzbio"},
    Topic: {"description": "Qzdescription"},
    Appointment: {"location": "Qzroom", "notes": "Qznotes"},
    Booking: {"question": "Qzquestion", "cancel_reason": "Qzreason"},
    BookingEvent: {"detail": "Qzreason"},
    HelpRequest: {"question": "Qzwish"},
    Message: {"text": "Qzmessage"},
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Page(HTMLParser):
    """Texts of a page outside of ``translate="no"`` that are somebody's own."""

    def __init__(self, own: re.Pattern[str] = OWN) -> None:
        super().__init__(convert_charrefs=True)
        self.own = own
        self.found: list[str] = []
        self.stack: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = dict(attrs).get("translate")
        above = bool(self.stack and self.stack[-1][1])
        apart = kept == "no" or tag in NOT_READ or (above and kept != "yes")
        if tag not in VOID:
            self.stack.append((tag, apart))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _apart in self.stack):
            if self.stack.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        apart = bool(self.stack and self.stack[-1][1])
        if not apart and (own := self.own.search(data)):
            tag = self.stack[-1][0] if self.stack else ""
            self.found.append(f"{tag}: {own[0]} in “{' '.join(data.split())}”")


def outside(html: str, own: re.Pattern[str] = OWN) -> list[str]:
    page = Page(own)
    page.feed(html)
    page.close()
    return page.found


def rename(model: type[models.Model], field: str, begin: str) -> None:
    """Names that are unlike any other word, each another one."""
    for number, row in enumerate(model._default_manager.order_by("pk")):
        first, second = divmod(number, len(LETTERS))
        name = f"{begin}{LETTERS[first]}{LETTERS[second]}"
        model._default_manager.filter(pk=row.pk).update(**{field: name})


@pytest.fixture
def named(request: Any, world: dict[str, Any]) -> dict[str, Any]:  # noqa: F811
    """A world in which everything that people typed begins with Qz."""
    if "lived_in" in request.fixturenames:
        request.getfixturevalue("lived_in")
    rename(User, "username", "Qzname")
    rename(Topic, "name", "Qztopic")
    for model, fields in WORDS.items():
        for field, text in fields.items():
            model._default_manager.exclude(**{field: ""}).update(**{field: text})
    for person in world["people"].values():
        if person is not None:
            person.refresh_from_db()
    return world


def note(found: dict[str, str], response: Any, where: str) -> None:
    if is_page(response):
        for words in outside(response.content.decode()):
            found.setdefault(words, where)


def told(found: dict[str, str]) -> str:
    return "\n".join(f"{words}   ({where})" for words, where in found.items())


def test_what_every_address_answers(named):
    found: dict[str, str] = {}
    for where, response in answers(named, follow=True):
        note(found, response, where)
    assert found == {}, told(found)


@pytest.mark.parametrize("who", ["visitor", "student", "ta", "creator", "stranger"])
def test_every_page_that_links_lead_to(named, lived_in, who):
    found: dict[str, str] = {}
    client = client_of(named["people"][who])
    for path, response in pages(client, "/", f"/ta/{named['ta']}/", "/topics/?q=Q"):
        note(found, response, path)
    assert found == {}, told(found)


def test_what_emails_say(clock, make_user, run_tasks, django_capture_on_commit_callbacks):
    """All of them in Thai, and what people typed is Latin: none of our words is taken for theirs."""
    actor, reader = (make_user(name, language="th") for name in ("Jonas", "Mali"))
    staff = make_user("Priya", is_staff=True, is_superuser=True, language="th")
    committing = partial(django_capture_on_commit_callbacks, execute=True)
    World(actor, reader, staff, clock, run_tasks, committing).everything_happens()

    theirs = re.compile(rf"\b({'|'.join(set(TYPED) - {'SETAHub', 'Django', 'Faculty'})})\b")
    found = {
        words: message.subject
        for message in mail.outbox
        for words in outside(message.alternatives[0].content, theirs)
    }
    assert len(mail.outbox) > 60
    assert found == {}, told(found)
    assert any(
        '<bdi translate="no">Mali</bdi>' in each.alternatives[0].content for each in mail.outbox
    )
    assert not any("<bdi" in each.body for each in mail.outbox)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>Qza</p>", ["p: Qza in “Qza”"]),
        ('<p translate="no">Qza</p>', []),
        ('<p translate="no">Qza <b>Qzb</b></p><p>of Qzc</p>', ["p: Qzc in “of Qzc”"]),
        ('<p>by <bdi translate="no">Qza</bdi></p>', []),
    ],
)
def test_what_is_looked_for(html, found):
    assert outside(html) == found
