"""Frames from browsers, as pure functions from text to objects."""

import json
import uuid
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import Ping, ProtocolError, Read, Send, Typing, Watch

ID = "6f0a7c1e-9f5b-4a34-8f0d-2b5c8f1d0e11"


def refused(text: str | None) -> tuple[str, str | None]:
    """The code of the refusal, and which message it is about."""
    with pytest.raises(ProtocolError) as found:
        protocol.parse(text)
    assert found.value.detail
    return found.value.code, found.value.client_id


def frame(**fields) -> str:
    return json.dumps(fields)


class TestEveryType:
    def test_message_send(self):
        text = frame(type="message.send", to=7, client_id=ID, text="สวัสดี")
        assert protocol.parse(text) == Send(7, uuid.UUID(ID), "สวัสดี")

    def test_typing(self):
        assert protocol.parse(frame(type="typing", to=7)) == Typing(7)

    def test_message_read(self):
        text = json.dumps({"type": "message.read", "with": 7, "last_id": 12})
        assert protocol.parse(text) == Read(7, 12)

    def test_watch(self):
        assert protocol.parse('{"type": "watch", "with": 7}') == Watch(7)
        assert protocol.parse('{"type": "watch", "with": null}') == Watch(None)

    def test_ping(self):
        assert protocol.parse('{"type": "ping"}') == Ping()

    def test_fields_of_later_versions_are_passed_over(self):
        assert protocol.parse('{"type": "ping", "more": [1]}') == Ping()
        assert protocol.parse('{"type": "ping", "user": 7}') == Ping(7)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "hello",
        "null",
        "[]",
        '"ping"',
        "{",
        "{}",
        '{"type": null}',
        '{"type": "pong"}',
        '{"type": ["ping"]}',
        '{"type": "__init__"}',
        "[" * 30_000,
        '{"type": "typing", "to": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_frame_is_invalid(text):
    assert refused(text) == ("invalid", None)


@pytest.mark.parametrize("value", [0, -1, 1.0, "7", True, None, [7], 2**63, "NaN"])
@pytest.mark.parametrize(
    ("type", "field"),
    [
        ("message.send", "to"),
        ("typing", "to"),
        ("watch", "with"),
        ("message.read", "with"),
        ("message.read", "last_id"),
    ],
)
def test_an_id_is_a_whole_number_that_the_database_can_hold(type, field, value):
    if (type, value) == ("watch", None):
        return  # that is how a page says that none is open
    fields = {"to": 7, "with": 7, "last_id": 12, "client_id": ID, "text": "Hello"}
    known = ID  # who knows which message failed is told so, whatever the type
    assert refused(frame(type=type, **{**fields, field: value})) == ("invalid", known)


def test_a_missing_id_is_invalid():
    assert refused('{"type": "watch"}') == ("invalid", None)
    assert refused('{"type": "typing"}') == ("invalid", None)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "x",
        7,
        ID.replace("-", ""),
        "{" + ID + "}",
        "urn:uuid:" + ID,
        ID[:-1] + "๑",
        ID[:-1] + "g",
        "6f0a7c1e9-f5b-4a34-8f0d-2b5c8f1d0e11",
        ID + "\n",
    ],
)
def test_a_client_id_is_a_uuid_in_its_usual_form(value):
    fields = {"type": "message.send", "to": 7, "text": "Hello", "client_id": value}
    assert refused(frame(**fields)) == ("invalid", None)


def test_an_unknown_type_tells_which_message_it_was():
    assert refused(frame(type="message.sent", client_id=ID)) == ("invalid", ID)


@pytest.mark.parametrize("text", [None, 7, ["Hello"], True])
def test_a_text_is_a_text(text):
    fields = {"type": "message.send", "to": 7, "client_id": ID, "text": text}
    assert refused(frame(**fields)) == ("invalid", ID)


def test_ends_of_lines_are_one_character():
    sent = frame(type="message.send", to=7, client_id=ID, text="a\r\nb\rc\nd")
    assert protocol.parse(sent).text == "a\nb\nc\nd"


class TestSize:
    """At most 64 KiB as they travel, whatever the script."""

    EMPTY = len(frame(type="message.send", to=7, client_id=ID, text=""))

    @pytest.mark.parametrize(("letter", "size"), [("a", 1), ("é", 2), ("ก", 3), ("😀", 4)])
    def test_the_limit_is_in_bytes(self, letter, size):
        def sized(bytes_: int) -> str:
            letters, rest = divmod(bytes_ - self.EMPTY, size)
            fields = {"type": "message.send", "to": 7, "client_id": ID}
            return json.dumps({**fields, "text": letter * letters + "x" * rest}, ensure_ascii=False)

        fits = sized(protocol.FRAME_MAX)
        assert len(fits.encode()) == protocol.FRAME_MAX
        assert isinstance(protocol.parse(fits), Send)
        assert refused(sized(protocol.FRAME_MAX + 1)) == ("too_long", None)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
names = st.sampled_from(["type", "to", "with", "last_id", "client_id", "text"])
types = st.sampled_from(["message.send", "typing", "message.read", "watch", "ping"])


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_a_frame_or_a_refusal(text):
    only_refuses(text)


@given(st.dictionaries(names, anything | types))
def test_any_object_is_a_frame_or_a_refusal(fields):
    only_refuses(json.dumps(fields))


def only_refuses(text: str) -> None:
    with suppress(ProtocolError):
        assert isinstance(protocol.parse(text), Send | Typing | Read | Watch | Ping)


@given(st.integers(1, protocol.ID_MAX), st.uuids(), st.text(max_size=300))
def test_a_right_frame_is_taken_whatever_is_said(to, client_id, text):
    found = protocol.parse(frame(type="message.send", to=to, client_id=str(client_id), text=text))
    assert (found.to, found.client_id) == (to, client_id)
    assert found.text == text.replace("\r\n", "\n").replace("\r", "\n")
