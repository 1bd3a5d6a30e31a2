"""Who gets a socket: from which page, and with which session."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import SESSION_KEY

from accounts.models import User
from chat.routing import same_origin
from chat.tests.tabs import Tab, session_of
from setahub.core.db.sessions import SessionStore

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(student) -> SessionStore:
    return session_of(student)


class TestOrigin:
    @pytest.mark.parametrize(
        "sent",
        [
            {"origin": "http://testserver"},
            {"origin": "http://testserver:80"},
            {"origin": "http://localhost:8000", "host": "localhost:8000"},
            {"origin": "http://LOCALHOST:8000", "host": "localhost:8000"},
            {"origin": "http://[::1]:8000", "host": "[::1]:8000"},
            {"origin": "https://testserver", "x_forwarded_proto": "https"},
            {"origin": "https://testserver", "x_forwarded_proto": "https, http"},
            {
                "origin": "https://testserver",
                "host": "testserver:443",
                "x_forwarded_proto": "https",
            },
        ],
    )
    async def test_the_sites_own_pages_get_one(self, session, sent):
        tab = Tab(session.session_key, **sent)
        assert await tab.open() is True
        await tab.disconnect()

    @pytest.mark.parametrize(
        "sent",
        [
            {"origin": ""},
            {"origin": "null"},
            {"origin": "testserver"},
            {"origin": "http://evil.example"},
            {"origin": "https://testserver"},
            {"origin": "http://testserver", "x_forwarded_proto": "https"},
            {"origin": "https://testserver", "x_forwarded_proto": "http"},
            {"origin": "http://testserver:8000"},
            {"origin": "http://localhost:8001", "host": "localhost:8000"},
            {"origin": "http://localhost", "host": "localhost:8000"},
            {"origin": "http://testserver.evil.example"},
            {"origin": "http://evil.example/testserver"},
            {"origin": "http://testserver@evil.example"},
            {"origin": "http://user@testserver"},
            {"origin": "http://testserver/"},
            {"origin": "http://testserver:x"},
            {"origin": "http://testserver:99999"},
            {"origin": "ftp://testserver"},
            {"origin": "chrome-extension://testserver"},
            {"origin": "http://[::1"},
            {"origin": "http://evil.example", "host": "evil.example"},
            {"origin": "http://", "host": ""},
            {"origin": "http://testserver, http://testserver"},
        ],
    )
    async def test_everybody_else_is_refused(self, session, sent):
        assert await Tab(session.session_key, **sent).open() is False

    def test_no_origin_at_all_is_refused(self):
        assert not same_origin({b"host": b"testserver"}, "http")

    @pytest.mark.parametrize("path", ["/", "/ws", "/ws/more/", "/bench/echo/"])
    async def test_there_is_one_address(self, session, path):
        assert await Tab(session.session_key, path).open() is False


class TestSession:
    async def refused(self, session_key: str) -> bool:
        """Accepted and then closed, so that the page can read the code."""
        tab = Tab(session_key)
        return await tab.open() is True and await tab.closed() == 4401

    async def test_a_signed_in_user_is_let_in(self, session):
        tab = Tab(session.session_key)
        assert await tab.open() is True
        await tab.say("ping")
        assert (await tab.next())["type"] == "pong"
        await tab.disconnect()

    @pytest.mark.parametrize("key", ["", "x", "a" * 32, '"\\000\\000\\000\\000"', "ก" * 3])
    async def test_without_a_session_it_is_4401(self, key):
        key = key.encode().decode("latin1")
        assert await self.refused(key)

    async def test_an_anonymous_session_is_4401(self, session):
        def forget():
            del session[SESSION_KEY]
            session.save()

        await database_sync_to_async(forget)()
        assert await self.refused(session.session_key)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("_auth_user_id", "999999"),
            ("_auth_user_id", "x"),
            ("_auth_user_id", "9" * 30),
            ("_auth_user_hash", ""),
            ("_auth_user_hash", "x"),
            ("_auth_user_backend", "no.such.Backend"),
        ],
    )
    async def test_a_session_that_pages_would_refuse_is_4401(self, session, name, value):
        def spoil():
            session[name] = value
            session.save()

        await database_sync_to_async(spoil)()
        assert await self.refused(session.session_key)

    async def test_an_ended_one_is_4401(self, session):
        await database_sync_to_async(session.delete)()
        assert await self.refused(session.session_key)

    async def test_an_expired_one_is_4401(self, session):
        def expire():
            session.set_expiry(-1)
            session.save()

        await database_sync_to_async(expire)()
        assert await self.refused(session.session_key)

    async def test_a_suspended_user_is_4401(self, session, student):
        suspended = User.objects.filter(pk=student.pk)
        await database_sync_to_async(suspended.update)(is_active=False)
        assert await self.refused(session.session_key)

    async def test_after_a_new_password_the_old_session_is_4401(self, session, student):
        def change():
            student.set_password("another-pass-1")
            student.save()

        await database_sync_to_async(change)()
        assert await self.refused(session.session_key)
