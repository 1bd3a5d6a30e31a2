"""A site that can push, and a push service on this machine."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import MailKind, User
from accounts.services import kinds
from accounts.services.kinds import Kind, each, register
from accounts.services.notices import Happening, notify
from accounts.tests.push.service import HOST, Browser, PushService
from setahub.core import vapid
from setahub.core.mail import Email
from setahub.core.work import worker

KEY = vapid.new_key()


@pytest.fixture
def with_key(settings: Any) -> None:
    """The site has a key, and one push service is allowed."""
    settings.VAPID_PRIVATE_KEY = KEY
    settings.VAPID_CONTACT = "mailto:staff@faculty.example"
    settings.PUSH_HOSTS = [HOST]


@pytest.fixture
def push_service(with_key: None, tmp_path: Any, monkeypatch: Any) -> Iterator[PushService]:
    with PushService().open(tmp_path, monkeypatch) as service:
        yield service


@pytest.fixture
def phone(with_key: None, sign_in: Callable[[User], Client]) -> Callable[..., Browser]:
    """``phone(user)``: a browser of theirs that is told. ``client``: where they are signed in."""

    def make(user: User, client: Client | None = None) -> Browser:
        browser = Browser()
        assert browser.subscribe(client or sign_in(user)).status_code == 201
        return browser

    return make


@pytest.fixture
def work(db: Any) -> Callable[[], int]:
    """``work()`` does what is due as a worker does, whose tasks may fail. Returns how many it did."""

    def run() -> int:
        count = 0
        while row := worker.take("test"):
            worker.settle(row, worker.outcome_of(row))
            count += 1
        return count

    return run


@pytest.fixture
def waved(monkeypatch: Any) -> None:
    """A kind of the tests' own: somebody waved, as long as they are active."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))

    def words(who: User, reader: User) -> Email:
        return Email(
            subject=f"{who.username} waved at {reader.username}",
            lead=["Wave back?"],
            quotes=[("They write", "Secret words")],
            action=("See who", who.get_absolute_url()),
        )

    def letter(who: User, reader: User) -> kinds.Letter | None:
        return kinds.Letter(words(who, reader)) if who.is_active else None

    register(Kind("waved", MailKind.BOOKINGS, each("who", User.objects.all), words, letter))


def wave(person: User, who: User, key: str = "wave-1", own: bool = False) -> None:
    notify(Happening("waved", person.pk, key, {"who": who.pk}, own=own))


@pytest.fixture
def told(
    push_service: PushService, phone: Callable[..., Browser], student: User
) -> Callable[[], Any]:
    """``told()``: what the student's phone was told, after all that is due was done."""
    browser = phone(student)

    def look() -> Any:
        return push_service.to(browser)

    return look
