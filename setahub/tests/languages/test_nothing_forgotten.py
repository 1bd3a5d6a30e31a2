"""No visible word of any page is outside a translation, but people's own.

Every address as everybody, with what an empty form is answered; every page that links lead to, the
admin's included; error pages. (Emails and live frames: ``test_readers``.)
"""

import errno
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.db import OperationalError, models, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from twisted.web.http_headers import Headers

from accounts.models import User
from setahub.core.outage import Unfinished
from setahub.core.server import bounds
from setahub.core.web import expired
from setahub.site.templatetags.ui import initials
from setahub.tests.languages import pseudo
from setahub.tests.languages.crawl import answers, is_page, pages
from setahub.tests.test_access import client_of, world  # noqa: F401
from topics.models import Topic

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
        r"\b[0-9a-f]{32}\b",
        r"\b\w+ object \(\S+\)",
    ]
)
COMMON_ERA = re.compile(r"(?<![\d-])20[0-9]{2}(?![\d-])")


def typed() -> set[str]:
    """The words that people have typed: every text of every row that is no choice of ours."""
    found: set[str] = set()
    for label in OURS:
        for model in set(apps.get_app_config(label).get_models()) - {Permission}:
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


@pytest.fixture
def marked(monkeypatch, world):  # noqa: F811
    """Everybody reads Thai, with marks around each translation."""
    User.objects.update(language="th")
    for person in world["people"].values():
        if person is not None:
            person.refresh_from_db()
    pseudo.change_translations(monkeypatch, pseudo.marked)
    return world


def check(found: dict[str, str], response: Any, where: str, own: Callable[[str], str]) -> None:
    if is_page(response):
        html = response.content.decode()
        for words in pseudo.forgotten_in_html(html, own):
            found.setdefault(words, where)
        for text in pseudo.shown_in(html):
            # What is typed, and meant to be, is ISO.
            if COMMON_ERA.search(own(text)):
                found.setdefault(f"a year of the Common Era: {text.strip()}", where)


def told(found: dict[str, str]) -> str:
    return "\n".join(f"{words}   ({where})" for words, where in found.items())


def test_what_every_address_answers(marked):
    found: dict[str, str] = {}
    own = without_own()
    for where, response in answers(marked):
        check(found, response, where, own)
    assert found == {}, told(found)


@pytest.mark.parametrize("who", ["student", "ta", "staff"])
def test_every_page_that_links_lead_to(lived_in, marked, who):
    found: dict[str, str] = {}
    own = without_own()
    client = client_of(lived_in["people"][who])
    count = 0
    for path, response in pages(client, "/", *(["/admin/"] if who == "staff" else [])):
        check(found, response, path, own)
        count += 1
    assert count > (60 if who == "staff" else 20)
    assert found == {}, told(found)


def test_what_forms_searches_and_actions_of_the_admin_say(lived_in, marked):
    found: dict[str, str] = {}
    own = without_own()
    staff = lived_in["people"]["staff"]
    client = client_of(staff)
    for model in admin.site._registry:
        with transaction.atomic():  # what is done with the rows of one is undone for the next
            for where, answer in said_by_the_admin(model, client, staff):
                check(found, answer, where, own)
            transaction.set_rollback(True)
    assert found == {}, told(found)


def said_by_the_admin(model: Any, client: Client, staff: User) -> Iterator[tuple[str, Any]]:
    """Empty forms, a search that finds nothing, actions before they are confirmed, for no row and
    for one; what cannot be deleted."""
    base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    listed = reverse(f"{base}_changelist")
    yield f"{listed}?q=zzzz", client.get(listed, {"q": "zzzz"}, follow=True)
    yield f"{base}_add", client.post(reverse(f"{base}_add"), {})
    row = model._default_manager.first()
    rows = [row.pk] if row else []
    request = RequestFactory().get(listed)
    request.user = staff
    for action in admin.site._registry[model].get_actions(request):
        for chosen in ([], rows):
            sent = {"action": action, ACTION_CHECKBOX_NAME: chosen}
            yield f"{listed} {action} of {len(chosen)}", client.post(listed, sent, follow=True)
    for page in ("change", "delete", "history"):
        for pk in rows:
            path = reverse(f"{base}_{page}", args=[pk])
            yield f"{base}_{page}", client.get(path)
            yield f"{base}_{page}", client.post(path, {})


# Shown again with what was typed, also where nobody knows what the field is called.
ODD = {"name": "(1 2)", "password": "(1 2)", "elsewhere": "(1 2)", "q-1-done": "(1 2)"}


def test_pages_that_say_what_went_wrong(marked, settings):
    settings.DEBUG = False
    found: dict[str, str] = {}
    own = without_own()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["language"] = "th"
    people = marked["people"]
    student = Client(enforce_csrf_checks=True, raise_request_exception=False)
    student.force_login(people["student"])
    elsewhere = {"sec-fetch-site": "cross-site"}
    answers = [
        (404, client.get("/nothing/")),
        (403, client.post("/auth/login/")),  # shown again
        (400, client.get("/", headers={"host": "elsewhere.example"})),
        (403, client.post("/topics/new/", {"name": "x"})),  # signed out meanwhile
        (403, student.get("/appointments/new/")),
        (405, student.get("/language/")),
        (403, student.post("/topics/new/", {"name": "x"}, headers=elsewhere)),
        # A page made for a visitor, for somebody else, for oneself.
        *(
            (403, student.post("/topics/new/", {expired.MADE_FOR: whose, **ODD}))
            for whose in ("", people["ta"].pk, people["student"].pk)
        ),
    ]
    settings.AUTH_FORMS_A_MINUTE = 3  # with the one above
    client = Client()
    client.cookies["language"] = "th"
    answers += [(status, client.post("/auth/login/")) for status in (200, 200, 429)]
    assert [answer.status_code for _status, answer in answers] == [each for each, _ in answers]
    for number, (status, answer) in enumerate(answers):
        check(found, answer, f"{status}, number {number}", own)
    assert found == {}, told(found)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, ValueError("Ours")),
        (503, OperationalError("database is locked")),
        (503, OperationalError("unable to open database file")),
        (503, OSError(errno.ENOSPC, "No space left on device")),
        (503, Unfinished("Missing")),
    ],
)
def test_pages_of_what_broke(marked, monkeypatch, status, error):
    def breaks(*_args: Any) -> None:
        raise error

    monkeypatch.setattr("setahub.site.views.most_taught", breaks)
    client = Client(raise_request_exception=False)
    client.cookies["language"] = "th"
    answer = client.get("/")
    assert answer.status_code == status
    found: dict[str, str] = {}
    check(found, answer, str(status), without_own())
    assert found == {}, told(found)
    assert pseudo.OPEN in answer.text


def test_what_is_said_before_a_page_was_asked_for(marked):
    """Of what is too large, and where the disk is full: Daphne's own answers."""
    headers = Headers({"Accept": ["text/html"], "Cookie": ["language=th"]})
    for refusal in (bounds._too_large, bounds._no_room):
        page = bounds._answer(refusal, headers).decode().partition("\r\n\r\n")[2]
        assert pseudo.forgotten_in_html(page, without_own()) == []
        assert pseudo.OPEN in page
