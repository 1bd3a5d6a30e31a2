"""What a tab may say over its socket, and what it is answered."""

import inspect
import json
import re
import uuid

import pytest
from channels.db import database_sync_to_async
from django.core.cache import caches
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError

from accounts import services as accounts
from accounts.models import User
from chat import consumers, presence, services, sockets
from chat.models import Message
from chat.protocol import FRAME_MAX, Send
from chat.services import sending, writing
from chat.tests.tabs import Tab, session_of
from setahub.core.live.subscriptions import hub

pytestmark = pytest.mark.django_db(transaction=True)

UUID = "6f0a7c1e-9f5b-4a34-8f0d-2b5c8f1d0e11"


@pytest.fixture
def people(student, ta, stranger) -> dict[str, User]:
    return {"student": student, "ta": ta, "stranger": stranger}


# Section 4 of the specification.
CODES = {"invalid", "too_long", "not_allowed", "blocked", "rate_limited"}


def test_a_socket_is_told_the_codes_of_the_protocol_and_no_other(student, ta, monkeypatch):
    code = "".join(inspect.getsource(each) for each in (writing, sending))
    raised = set(re.findall(r'ChatError\(\s*"(\w+)"', code))
    assert raised == CODES | {"unavailable"}  # of pictures, which come by HTTP
    monkeypatch.setattr(FileSystemStorage, "_save", away)
    answer = sockets.send(student.pk, Send(ta.pk, uuid.uuid4(), "Hello"))
    assert answer["type"] == "message.ack"


def away(*args: object) -> None:
    raise OSError("no space left")


def stored() -> list[tuple[int, str]]:
    return list(Message.objects.order_by("pk").values_list("sender", "text"))


in_db = database_sync_to_async


class TestSend:
    async def test_the_sender_gets_one_answer_and_every_tab_of_both_the_message(self, student, ta):
        tab, other_tab, theirs = await Tab.of(student), await Tab.of(student), await Tab.of(ta)
        client_id = await tab.send_message(ta, "สวัสดี <b>")
        ack = await tab.next("message.ack")
        message = await in_db(Message.objects.get)()
        created = message.created_at.isoformat().replace("+00:00", "Z")
        assert ack == {
            "type": "message.ack",
            "client_id": client_id,
            "id": message.pk,
            "created_at": created,
        }
        fields = {
            "type": "message",
            "id": message.pk,
            "client_id": client_id,
            "from": student.pk,
            "to": ta.pk,
            "text": "สวัสดี <b>",
            "kind": "text",
            "prev": None,
            "image_url": None,
            "thumb_url": None,
            "width": None,
            "height": None,
            "created_at": created,
        }
        own = [frame for frame in await tab.rest() if frame["type"] != "message"]
        assert own == []
        [mine] = await other_tab.rest()
        seen, unread = await theirs.rest()
        assert unread == {"type": "unread", "total": 1, "with": student.pk, "count": 1}
        for frame, side in ((mine, "mine"), (seen, "theirs")):
            html = frame.pop("html")
            assert frame == fields
            assert f'data-message-id="{message.pk}"' in html
            assert f'data-sender-id="{student.pk}"' in html
            assert side in html
            assert "สวัสดี &lt;b&gt;" in html

    async def test_each_message_names_the_one_before_it(self, student, ta):
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        ids = []
        for number in range(4):
            await tab.send_message(ta, f"Number {number}")
            ids.append((await tab.next("message.ack"))["id"])
        frames = [frame for frame in await theirs.rest() if frame["type"] == "message"]
        assert [(frame["id"], frame["prev"]) for frame in frames] == list(
            zip(ids, [None, *ids], strict=False)
        )

    async def test_the_same_again_is_answered_with_the_first_and_told_to_nobody(self, student, ta):
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        await tab.send_message(ta, "Hello", UUID)
        first = await tab.next("message.ack")
        await tab.rest()
        await theirs.rest()
        await tab.send_message(ta, "Hello", UUID)
        assert await tab.next() == first
        assert await theirs.rest() == []
        assert await in_db(stored)() == [(student.pk, "Hello")]

    async def test_the_same_id_with_other_words_is_invalid(self, student, ta):
        tab = await Tab.of(student)
        await tab.send_message(ta, "Hello", UUID)
        await tab.next("message.ack")
        await tab.send_message(ta, "Hello!", UUID)
        error = await tab.next("error", "message.ack")
        assert (error["code"], error["client_id"]) == ("invalid", UUID)
        assert await in_db(stored)() == [(student.pk, "Hello")]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "invalid"),
            (" \n\t ", "invalid"),
            ("a\0b", "invalid"),
            ("\ud800", "invalid"),
            ("ก" * 4001, "too_long"),
        ],
    )
    async def test_a_text_that_can_be_no_message_is_refused(self, student, ta, text, code):
        tab = await Tab.of(student)
        await tab.send_message(ta, text, UUID)
        error = await tab.next()
        assert (error["type"], error["code"], error["client_id"]) == ("error", code, UUID)
        assert error["detail"]
        assert await in_db(stored)() == []

    async def test_4000_characters_of_any_script_fit(self, student, ta):
        tab = await Tab.of(student)
        await tab.send_message(ta, "😀" * 4000)
        await tab.next("message.ack")
        assert await in_db(stored)() == [(student.pk, "😀" * 4000)]

    async def test_oneself_is_invalid_and_strangers_are_not_allowed(self, student, stranger, ta):
        tab = await Tab.of(student)
        nobody = User(pk=999_999)
        for person, code in (
            (student, "invalid"),
            (stranger, "not_allowed"),
            (nobody, "not_allowed"),
        ):
            client_id = await tab.send_message(person)
            error = await tab.next()
            assert (error["code"], error["client_id"]) == (code, client_id)

    async def test_a_block_made_now_stops_the_next_message_of_an_old_socket(self, student, ta):
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        await tab.send_message(ta)
        await tab.next("message.ack")
        await in_db(accounts.block)(ta, student)
        await tab.send_message(ta, "Hello?")
        assert (await tab.next("error"))["code"] == "blocked"
        await theirs.send_message(student, "No.")
        assert (await theirs.next("error"))["code"] == "blocked"
        await in_db(accounts.unblock)(ta, student)
        await tab.send_message(ta, "Hello again")
        await tab.next("message.ack")

    async def test_beyond_the_limit_nothing_is_stored_and_the_socket_stays(
        self, student, ta, settings
    ):
        settings.MESSAGES_PER_MINUTE = 2
        tab = await Tab.of(student)
        for _ in range(2):
            await tab.send_message(ta)
            await tab.next("message.ack")
        client_id = await tab.send_message(ta, "One too many")
        error = await tab.next("error")
        assert (error["code"], error["client_id"]) == ("rate_limited", client_id)
        assert len(await in_db(stored)()) == 2
        await tab.say("ping")
        await tab.next("pong")

    async def test_each_of_many_in_flight_is_answered_once_and_in_order(self, student, ta):
        tab = await Tab.of(student)
        sent = [await tab.send_message(ta, f"Number {number}") for number in range(20)]
        answers = [await tab.next("message.ack", "error") for _ in sent]
        assert [answer["client_id"] for answer in answers] == sent
        ids = [answer["id"] for answer in answers]
        assert ids == sorted(ids)
        await tab.say("ping")
        assert (await tab.next("pong", "message.ack", "error"))["type"] == "pong"


class TestGarbage:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("hello", "invalid"),
            ("[]", "invalid"),
            ('{"type":"message.sent"}', "invalid"),
            ('{"type":"message.send"}', "invalid"),
            ('{"type":"watch"}', "invalid"),
            ('"' + "x" * FRAME_MAX + '"', "too_long"),
            ("x" * 1024 * 1024, "too_long"),
        ],
    )
    async def test_it_gets_an_error_and_the_socket_lives(self, student, text, code):
        tab = await Tab.of(student)
        await tab.send_to(text_data=text)
        error = await tab.next()
        assert error.pop("detail")
        assert error == {"type": "error", "code": code, "client_id": None}
        await tab.say("ping")
        assert (await tab.next())["type"] == "pong"

    async def test_binary_frames_and_empty_ones_are_invalid(self, student):
        tab = await Tab.of(student)
        await tab.send_to(bytes_data=b'{"type":"ping"}')
        assert (await tab.next())["code"] == "invalid"
        await tab.send_input({"type": "websocket.receive", "text": ""})
        assert (await tab.next())["code"] == "invalid"
        await tab.send_input({"type": "websocket.receive", "bytes": None, "text": None})
        assert (await tab.next())["code"] == "invalid"

    async def test_a_broken_message_names_itself(self, student):
        tab = await Tab.of(student)
        await tab.say("message.send", client_id=UUID, to="x", text="Hello")
        error = await tab.next()
        assert (error["code"], error["client_id"]) == ("invalid", UUID)


class TestTyping:
    async def test_the_other_sees_it_and_nobody_else(self, student, ta, stranger):
        tab, theirs, strange = await Tab.of(student), await Tab.of(ta), await Tab.of(stranger)
        await tab.say("typing", to=ta.pk)
        assert await theirs.next() == {"type": "typing", "from": student.pk}
        assert await tab.rest() == []
        assert await strange.rest() == []

    async def test_at_most_every_three_seconds(self, student, ta, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr(consumers, "monotonic", lambda: now[0])
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        for moment in (0, 1, 2.9, 3, 5.9, 6):
            now[0] = 1000.0 + moment
            await tab.say("typing", to=ta.pk)
            await tab.say("ping")
            await tab.next("pong")
        assert await theirs.rest() == [{"type": "typing", "from": student.pk}] * 3

    @pytest.mark.parametrize(
        ("whom", "code"), [("student", "invalid"), ("stranger", "not_allowed"), ("ta", "blocked")]
    )
    async def test_it_needs_the_same_right_as_a_message(self, people, whom, code):
        person = people[whom]
        await in_db(accounts.block)(people["ta"], people["student"])
        tab, theirs = await Tab.of(people["student"]), await Tab.of(person)
        await tab.say("typing", to=person.pk)
        error = await tab.next()
        assert (error["type"], error["code"], error["client_id"]) == ("error", code, None)
        assert await theirs.rest() == []


class TestRead:
    async def test_both_are_told_in_every_tab_and_the_reader_s_badges_fall(self, say, student, ta):
        first, second = [await in_db(say)(student, ta, text) for text in ("One", "Two")]
        tab, theirs, their_other = await Tab.of(student), await Tab.of(ta), await Tab.of(ta)
        await theirs.say("message.read", other=student.pk, last_id=first.pk)
        read = {"type": "message.read", "by": ta.pk, "last_id": first.pk}
        unread = {"type": "unread", "total": 1, "with": student.pk, "count": 1}
        assert await tab.next() == read
        assert [await theirs.next(), await theirs.next()] == [read, unread]
        assert await their_other.rest() == [read, unread]
        await theirs.say("message.read", other=student.pk, last_id=second.pk)
        assert (await theirs.next("unread")) == {**unread, "total": 0, "count": 0}

    async def test_it_never_goes_back_and_says_nothing_new_twice(self, say, student, ta):
        message = await in_db(say)(student, ta)
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        for last_id in (message.pk, message.pk, 1, message.pk + 1000):
            await theirs.say("message.read", other=student.pk, last_id=last_id)
        await theirs.say("ping")
        await theirs.next("pong")
        assert await tab.rest() == [{"type": "message.read", "by": ta.pk, "last_id": message.pk}]

    async def test_with_somebody_one_never_wrote_to_it_is_nothing(self, student, stranger):
        tab = await Tab.of(student)
        await tab.say("message.read", other=stranger.pk, last_id=1)
        await tab.say("ping")
        assert (await tab.next())["type"] == "pong"


class TestPresence:
    async def test_who_shares_a_conversation_sees_it_come_and_go(self, say, student, ta):
        await in_db(say)(student, ta)
        tab = await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        gone = {"type": "presence", "user": ta.pk, "online": False}
        assert await tab.next() == gone
        theirs = await Tab.of(ta)
        assert await tab.next() == {**gone, "online": True}
        second = await Tab.of(ta)
        await theirs.disconnect()
        await second.disconnect()
        await tab.say("ping")
        assert (await tab.next())["type"] == "pong"
        await in_db(self.minute_passes)(ta)
        await tab.say("ping")
        assert [await tab.next(), (await tab.next())["type"]] == [gone, "pong"]
        await Tab.of(ta)
        assert await tab.next() == {**gone, "online": True}

    def minute_passes(self, user):
        """The cache forgets them: it counts real seconds when it is Redis."""
        assert caches["shared"].delete(f"online.{user.pk}")

    def test_one_is_online_for_a_minute(self, student, monkeypatch):
        kept = []
        monkeypatch.setattr(caches["shared"], "set", lambda *args: kept.append(args))
        presence.touch(student.pk)
        assert kept == [(f"online.{student.pk}", True, 60)]

    async def test_watching_answers_at_once(self, say, student, ta):
        await in_db(say)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        assert await tab.next() == {"type": "presence", "user": ta.pk, "online": True}
        await theirs.disconnect()

    async def test_a_ping_keeps_one_online(self, say, student, ta):
        await in_db(say)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await in_db(self.minute_passes)(ta)
        await theirs.say("ping")
        await theirs.next("pong")
        await tab.say("watch", other=ta.pk)
        assert (await tab.next("presence"))["online"] is True

    @pytest.mark.parametrize("whom", ["ta", "stranger"])
    async def test_nobody_else_learns_it(self, people, whom):
        person = people[whom]
        theirs, tab = await Tab.of(person), await Tab.of(people["student"])
        await tab.say("watch", other=person.pk)
        assert await tab.next() == {"type": "presence", "user": person.pk, "online": False}
        await theirs.disconnect()
        await Tab.of(person)
        assert await tab.rest() == []

    async def test_a_tab_watches_one_conversation_or_none(self, say, student, ta, make_user):
        other = await in_db(make_user)("Other")
        await in_db(say)(student, ta)
        tab = await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        await tab.next("presence")
        assert len(hub().members(f"watch.{ta.pk}")) == 1
        await tab.say("watch", other=other.pk)
        await tab.next("presence")
        assert len(hub().members(f"watch.{ta.pk}")) == 0
        await tab.say("watch", other=ta.pk)
        await tab.next("presence")
        await tab.say("watch", other=None)
        await tab.say("ping")
        await tab.next("pong")
        assert len(hub().members(f"watch.{ta.pk}")) == 0


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
