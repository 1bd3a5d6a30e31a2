"""The life of a socket: its pings, its end, what a frame is made of."""

import json
import uuid

import pytest
from django.db import OperationalError

from chat import consumers, services, sockets
from chat.tests.tabs import Tab, in_db, session_of, stored
from setahub.core.live.subscriptions import hub

pytestmark = pytest.mark.django_db(transaction=True)


class TestPing:
    async def test_a_page_of_somebody_else_is_closed(self, student, ta):
        tab = await Tab.of(student)
        await tab.say("ping", user=student.pk)
        assert (await tab.next())["type"] == "pong"
        await tab.say("ping", user=ta.pk)
        assert await tab.closed() == consumers.SESSION_ENDED

    async def test_it_tells_the_newest_message_of_all_conversations(
        self, say, student, ta, make_user
    ):
        tab = await Tab.of(student)
        await tab.say("ping")
        assert await tab.next("pong") == {"type": "pong", "last": None, "live": True}
        newest = await in_db(say)(student, ta)
        await tab.say("ping")
        assert (await tab.next("pong"))["last"] == newest.pk
        newest = await in_db(say)(ta, student)
        await in_db(say)(await in_db(make_user)("Other"), ta)  # not the student's
        await tab.say("ping")
        assert (await tab.next("pong"))["last"] == newest.pk

    async def test_a_dropped_frame_is_noticed(self, student, ta, monkeypatch):
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        monkeypatch.setattr(hub(), "members", lambda group: ())
        await tab.send_message(ta, "Lost on its way")
        lost = (await tab.next("message.ack"))["id"]
        await theirs.say("ping")
        assert await theirs.next() == {"type": "pong", "last": lost, "live": True}
        monkeypatch.undo()
        await tab.send_message(ta, "Delivered")
        assert (await theirs.next("message"))["prev"] == lost


class TestEnds:
    async def test_a_database_that_is_away_closes_without_a_traceback(
        self, student, ta, monkeypatch, caplog
    ):
        tab = await Tab.of(student)

        def away(*args):
            raise OperationalError("connection refused")

        monkeypatch.setattr(services, "send", away)
        await tab.send_message(ta)
        assert await tab.closed() == 4503
        assert not any(record.exc_info for record in caplog.records)
        monkeypatch.setattr(sockets, "connect", away)
        tab = Tab((await in_db(session_of)(student)).session_key)
        assert await tab.open() is True
        assert await tab.closed() == 4503
        assert not any(record.exc_info for record in caplog.records)

    async def test_what_comes_after_the_end_is_passed_over(self, student, ta, monkeypatch):
        tab = await Tab.of(student)

        def away(*args):
            raise OperationalError("connection refused")

        monkeypatch.setattr(sockets, "beat", away)
        await tab.say("ping")
        assert await tab.closed() == 4503
        await tab.send_message(ta)
        await tab.disconnect()
        assert await in_db(stored)() == []

    async def test_a_closed_tab_leaves_the_hub(self, say, student, ta):
        await in_db(say)(student, ta)
        tab = await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        await tab.next("presence")
        group = f"user.{student.pk}"
        assert len(hub().members(group)) == 1
        await tab.disconnect()
        assert hub().members(group) == hub().members(f"watch.{ta.pk}") == ()


async def test_a_frame_is_json_whatever_is_in_it(student, ta):
    tab = await Tab.of(student)
    await tab.send_message(ta, '‘ก’\u2028"\\', str(uuid.uuid4()))
    await tab.next("message.ack")
    await tab.say("ping")
    raw = await tab.receive_from(timeout=15)
    assert json.loads(raw)["type"] in {"message", "pong"}
