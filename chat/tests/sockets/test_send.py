"""A message, and what is no frame at all."""

import inspect
import re
import uuid

import pytest
from django.core.files.storage import FileSystemStorage

from accounts.models import User
from accounts.services import blocks
from chat import sockets
from chat.models import Message
from chat.protocol import FRAME_MAX, Send
from chat.services import sending, writing
from chat.tests.tabs import Tab, in_db, stored

pytestmark = pytest.mark.django_db(transaction=True)

UUID = "6f0a7c1e-9f5b-4a34-8f0d-2b5c8f1d0e11"
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
        await in_db(blocks.block)(ta, student)
        await tab.send_message(ta, "Hello?")
        assert (await tab.next("error"))["code"] == "blocked"
        await theirs.send_message(student, "No.")
        assert (await theirs.next("error"))["code"] == "blocked"
        await in_db(blocks.unblock)(ta, student)
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
