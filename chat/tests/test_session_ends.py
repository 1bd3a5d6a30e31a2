"""Open sockets when a session ends, or goes on under another key."""

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from accounts.services import suspensions
from chat import sockets
from chat.tests.tabs import Tab, in_db, session_of
from setahub.core.db.sessions import SessionStore

pytestmark = pytest.mark.django_db(transaction=True)


class Browser:
    """A signed-in browser: its pages, and the tabs that share its cookie."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    @property
    def key(self) -> str:
        return self.client.cookies[settings.SESSION_COOKIE_NAME].value

    async def tab(self) -> Tab:
        return await Tab.of(self.user, SessionStore(self.key))

    async def post(self, path: str, **form: str) -> int:
        return (await in_db(self.client.post)(path, form)).status_code


@pytest.fixture
def here(student) -> Browser:
    return Browser(student)


@pytest.fixture
def elsewhere(student) -> Browser:
    return Browser(student)


async def is_alive(tab: Tab) -> bool:
    await tab.say("ping")
    return (await tab.next("pong"))["type"] == "pong"


async def test_logging_out_closes_every_tab_of_that_browser_and_no_other(here, elsewhere, ta):
    tabs = [await here.tab(), await here.tab()]
    other, theirs = await elsewhere.tab(), await Tab.of(ta)
    assert await here.post("/auth/logout/") == 302
    assert [await tab.closed() for tab in tabs] == [4403, 4403]
    assert await is_alive(other)
    assert await is_alive(theirs)


async def test_a_suspended_user_s_tabs_close_everywhere(here, elsewhere, student, staff, ta):
    tabs, theirs = [await here.tab(), await elsewhere.tab()], await Tab.of(ta)
    await in_db(suspensions.suspend)(student, actor=staff, cancel_bookings=False)
    assert [await tab.closed() for tab in tabs] == [4403, 4403]
    assert await is_alive(theirs)


async def test_a_password_changed_elsewhere_closes_with_4403(here, elsewhere):
    """Where it was changed the session goes on under another key: those tabs come back."""
    changing, other = await here.tab(), await elsewhere.tab()
    before = here.key
    form = {"oldpassword": "pass-word-1", "password1": "new-pass-23", "password2": "new-pass-23"}
    assert await here.post("/auth/password/change/", **form) == 302
    assert await other.closed() == 4403
    assert await changing.closed() == 4503
    assert here.key != before
    assert await is_alive(await here.tab())


async def test_a_session_that_was_deleted_is_noticed_by_the_next_ping(student):
    session = await in_db(session_of)(student)
    tab = await Tab.of(student, session)
    await in_db(session.delete)()
    await tab.say("ping")
    assert await tab.closed() == 4403


async def test_after_the_close_nothing_comes_any_more(here, student, ta, say):
    tab, theirs = await here.tab(), await Tab.of(ta)
    assert await here.post("/auth/logout/") == 302
    assert await tab.closed() == 4403
    await in_db(say)(student, ta)
    await theirs.next("message")
    assert tab.output_queue.empty()


async def test_a_suspension_during_a_database_outage_is_noticed_by_the_next_ping(
    here, student, staff, monkeypatch
):
    tab = await here.tab()

    def away(key):
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(sockets, "user_of_session", away)
        await in_db(suspensions.suspend)(student, actor=staff, cancel_bookings=False)
        await tab.rest()
    await tab.say("ping")
    assert await tab.closed() == 4403
