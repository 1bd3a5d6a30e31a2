"""Whoever is written to reads their own language, whoever acted and whoever sends.

Emails with their calendars, and live frames. A new kind of either that nobody sends here fails.
"""

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import translation
from django.utils.translation import get_language
from django_tasks.base import Task
from icalendar import Calendar

from accounts import letters
from accounts.models import Notice, User
from accounts.services import notices
from accounts.services.kinds import registered
from chat import frames
from chat.models import Message
from scheduling import calendars
from scheduling.models import BookingEvent, Cause
from setahub.core.live import events
from setahub.core.mail import Email
from setahub.tests.languages import pseudo
from setahub.tests.languages.world import World, without_own

APPS = ("accounts", "chat", "scheduling", "topics", "setahub")
THAI = re.compile("[\u0e00-\u0e7f]")
# Frames of names, numbers and moments alone; nothing in them is read.
WORDLESS = {"ack", "message_read", "unread", "typing", "presence", "pong"}
BY_SOCKETS_ALONE = {"error"}  # chat.tests.sockets.test_language
TOLD = {"made", "moved", "cancelled", "changed"}  # kinds of events that emails are about


def modules(name: str) -> Iterator[Any]:
    """The modules in the apps whose names end so, whatever package they lie in."""
    for app in APPS:
        package = importlib.import_module(app)
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if found.name.rpartition(".")[2].endswith(name) and ".tests" not in found.name:
                yield importlib.import_module(found.name)


def makers(name: str, made: Any) -> Iterator[tuple[Any, str]]:
    """The functions of those modules that give such a thing."""
    for module in modules(name):
        for function, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__
            if own and inspect.get_annotations(value, eval_str=True).get("return") == made:
                yield module, function


def tasks() -> set[str]:
    """Background work that tells somebody something, by its path."""
    return {
        each.module_path
        for name in ("tasks", "emails", "notifications")
        for module in modules(name)
        for each in vars(module).values()
        if isinstance(each, Task)
    }


def _fixed(name: str, *_args: Any) -> str:
    return name


class Seen:
    """What was written while the test ran, and in which language."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.kinds: dict[str, set[str | None]] = defaultdict(set)
        self.frames: list[tuple[str, dict[str, Any]]] = []
        self.events: set[tuple[str, str]] = set()
        self.tasks: set[str] = set()
        self.notices: set[str] = set()
        self.patch = patch
        for module, name in [*makers("emails", Email), *makers("frames", frames.Frame)]:
            self.watch(module, name, partial(_fixed, f"{module.__name__}.{name}"))
        self.watch(letters, "written", lambda template, _facts: template)
        self.watch(calendars, "invitation", self.note_event)
        patch.setattr(events, "push", self.push)
        stored = notices._stored
        patch.setattr(notices, "_stored", lambda rows: stored(self.note_kinds(rows)))

    def watch(self, owner: Any, name: str, called: Callable[..., str]) -> None:
        original = getattr(owner, name)

        @wraps(original)
        def watched(*args: Any, **options: Any) -> Any:
            self.kinds[called(*args)].add(get_language())
            return original(*args, **options)

        self.patch.setattr(owner, name, watched)

    def note_kinds(self, rows: list[Notice]) -> list[Notice]:
        self.notices |= {row.kind for row in rows}
        return rows

    def note_event(self, event: BookingEvent, reader: User) -> str:
        self.events.add((event.kind, event.cause))
        return "invitation"

    def push(self, group: str, *sent: dict[str, Any]) -> None:
        """Kept with the language of whom the frames go to, unless they are just deleting themselves."""
        kind, _dot, pk = group.partition(".")
        reader = User.objects.filter(pk=pk, deleted_at=None).first() if kind == "user" else None
        if reader is not None:
            self.frames += [(reader.language, frame) for frame in sent]


@pytest.fixture
def seen(monkeypatch):
    return Seen(monkeypatch)


@pytest.fixture
def people(make_user):
    return {"th": make_user("Mali", language="th"), "en": make_user("Jonas")}


@pytest.fixture
def work(run_tasks, seen):
    """A worker, whose own language is the faculty's."""

    def done() -> int:
        from django_tasks_db.models import DBTaskResult

        seen.tasks |= set(DBTaskResult.objects.values_list("task_path", flat=True))
        with translation.override(settings.LANGUAGE_CODE):
            return run_tasks()

    return done


def calendar_of(message: Any) -> str:
    """What a calendar shows of an entry that came with the email."""
    shown = []
    for part in message.message().walk():
        if part.get_content_type() == "text/calendar":
            for entry in Calendar.from_ical(part.get_payload(decode=True)).walk():
                shown += [str(entry.get(name, "")) for name in ("SUMMARY", "DESCRIPTION")]
    return "\n".join(shown)


def texts(message: Any) -> dict[str, str]:
    return {
        "subject": message.subject,
        "text": message.body,
        "html": message.alternatives[0].content,
        "calendar": calendar_of(message),
    }


def forgotten(parts: dict[str, str]) -> list[str]:
    """Words of a Thai text that are in no translation."""
    found = []
    for name, text in parts.items():
        look = pseudo.forgotten_in_html if name == "html" else pseudo.forgotten_in_text
        found += [f"{name}: {words}" for words in look(text, without_own)]
    return found


@pytest.mark.parametrize("faculty", ["en", "th"])
@pytest.mark.parametrize(("actor", "reader"), [("th", "en"), ("en", "th")])
def test_everything_told_is_in_the_language_of_who_is_told(
    clock,
    settings,
    monkeypatch,
    make_user,
    people,
    seen,
    work,
    django_capture_on_commit_callbacks,
    actor,
    reader,
    faculty,
):
    settings.LANGUAGE_CODE = faculty
    pseudo.change_translations(monkeypatch, pseudo.marked)
    staff = make_user("Priya", is_staff=True, is_superuser=True, language=actor)
    addresses = {each.email: each.language for each in (*people.values(), staff)}
    addresses |= dict.fromkeys(("new@example.com", "waits@example.com"), reader)
    committing = partial(django_capture_on_commit_callbacks, execute=True)
    World(people[actor], people[reader], staff, clock, work, committing).everything_happens()

    wrong = []
    for message in mail.outbox:
        language, parts = addresses[message.to[0]], texts(message)
        if language == "th":
            wrong += forgotten(parts)
            assert THAI.search(message.subject), message.subject
        else:
            wrong += [text for text in parts.values() if THAI.search(text) or pseudo.OPEN in text]
    assert wrong == [], "\n".join(wrong)

    shown = [(language, frame) for language, frame in seen.frames if frame["type"] == "message"]
    assert {language for language, _frame in shown} == {"th", "en"}
    for language, frame in shown:
        if language == "th":
            assert pseudo.forgotten_in_html(frame["html"], without_own) == []
        else:
            assert not THAI.search(frame["html"])

    told = [(language, frame) for language, frame in seen.frames if frame["type"] == "notice"]
    assert {language for language, _frame in told} == {"th", "en"}
    for language, frame in told:
        if language == "th":
            assert pseudo.forgotten_in_text(frame["title"], without_own) == []
        else:
            assert not THAI.search(frame["title"])
            assert pseudo.OPEN not in frame["title"]

    # Each notice leads to a page, or to words: whatever became of its matter.
    mine = people[reader]
    client = Client()
    client.force_login(mine)
    opened = list(Notice.objects.of(mine.pk))
    assert len({notice.kind for notice in opened}) > 12
    for notice in opened:
        response = client.get(f"/notifications/{notice.pk}/", follow=True)
        assert response.status_code in (200, 409), notice.kind  # 409: too late, in words

    # Nothing was left out.
    assert {kind.code for kind in registered()} <= seen.notices
    emails = {f"{module.__name__}.{name}" for module, name in makers("emails", Email)}
    assert emails  # they are found at all
    assert emails <= seen.kinds.keys()
    assert {*letters.CHANGES, *letters.OTHERS} <= seen.kinds.keys()
    assert tasks() - seen.tasks == set()
    assert {kind for kind, _cause in seen.events} == TOLD
    assert {cause for _kind, cause in seen.events} == {"", *Cause.values}
    assert {frame["kind"] for _language, frame in shown} == set(Message.Kind.values)
    frame_makers = {name for _module, name in makers("frames", frames.Frame)}
    assert frame_makers == WORDLESS | BY_SOCKETS_ALONE | {"message"}
