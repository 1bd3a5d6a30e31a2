"""A socket speaks what its user reads now, however long it has been open."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import languages
from chat.tests.tabs import Tab, in_db
from setahub.core.live.subscriptions import hub

pytestmark = pytest.mark.django_db(transaction=True)

ENGLISH, THAI = "This type of frame is not known.", "ไม่รู้จักเฟรมประเภทนี้"


def set_to(user: User, code: str) -> None:
    User.objects.filter(pk=user.pk).update(language=code)


async def told(tab: Tab) -> str:
    """What a wrong frame is answered."""
    await tab.say("nonsense")
    return (await tab.next("error"))["detail"]


def choose_on_a_page(user: User, code: str) -> None:
    client = Client()
    client.force_login(user)
    assert client.post("/language/", {"language": code}).status_code == 302


async def test_each_in_its_own(student, ta):
    await in_db(set_to)(student, "th")
    thai, english = await Tab.of(student), await Tab.of(ta)
    assert (await told(thai), await told(english)) == (THAI, ENGLISH)


async def test_an_open_one_follows_a_choice_made_in_another_tab(student):
    tab = await Tab.of(student)
    assert await told(tab) == ENGLISH
    await in_db(choose_on_a_page)(student, "th")
    await tab.rest()
    assert await told(tab) == THAI


async def test_at_the_latest_with_the_next_ping(student, monkeypatch):
    tab = await Tab.of(student)
    monkeypatch.setattr(hub(), "members", lambda group: ())  # what is told now is lost
    await in_db(languages.choose)(student, "th")
    monkeypatch.undo()
    await tab.say("ping")
    await tab.next("pong")
    assert await told(tab) == THAI
