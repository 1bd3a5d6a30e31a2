"""Two server processes and a Redis between them: everything reaches every tab, in order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.models import Message
from chat.tests.remote import RemoteTab, post, post_message
from chat.tests.servers import Daphne, Redis
from chat.tests.tabs import session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def two(django_db_setup, django_db_blocker) -> Iterator[tuple[Daphne, Daphne]]:
    with (
        django_db_blocker.unblock(),
        Redis().start() as redis,
        Daphne(redis.url) as one,
        Daphne(redis.url) as other,
    ):
        one.start(wait=False)
        other.start(wait=False)
        yield one.ready(), other.ready()
        assert "Traceback" not in one.log + other.log


def test_a_message_reaches_the_tabs_of_both_on_both_processes(two, student, ta):
    one, other = two
    with (
        RemoteTab(one, student) as tab,
        RemoteTab(other, student) as second,
        RemoteTab(one, ta) as theirs,
        RemoteTab(other, ta) as their_second,
    ):
        ack = tab.send_message(ta, "สวัสดี")
        for each in (second, theirs, their_second):
            frame = each.next("message")
            assert (frame["id"], frame["text"]) == (ack["id"], "สวัสดี")
        assert theirs.next("unread")["total"] == their_second.next("unread")["total"] == 1
        their_second.say("message.read", **{"with": student.pk, "last_id": ack["id"]})
        for each in (tab, second, theirs):
            assert each.next("message.read")["last_id"] == ack["id"]
        assert theirs.next("unread")["total"] == 0
        second.say("typing", to=ta.pk)
        assert theirs.next("typing") == {"type": "typing", "from": student.pk}


def test_a_message_sent_by_form_on_one_is_live_on_the_other(two, student, ta):
    """The first has no sockets, as a process that serves pages alone."""
    with RemoteTab(two[1], ta) as theirs:
        ack = post_message(two[0], student, ta, "By form")
        assert theirs.next("message")["id"] == ack["id"]


def test_both_writing_through_both_processes_make_one_chain(two, settings, student, ta):
    one, other = two
    settings.RATE_LIMITS = False
    with RemoteTab(one, student) as tab, RemoteTab(other, ta) as theirs:
        assert tab.send_message(ta, "First")["type"] == "message.ack"

        def write(side, to):
            for number in range(12):
                assert side.send_message(to, f"Number {number}")["type"] == "message.ack"

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(write, (tab, theirs), (ta, student)))
        chain = list(Message.objects.order_by("pk").values_list("pk", "prev"))
        assert len(chain) == 25
        assert [prev for _pk, prev in chain[1:]] == [pk for pk, _prev in chain[:-1]]
        assert tab.pong()["last"] == theirs.pong()["last"] == chain[-1][0]


def test_whoever_comes_online_on_one_is_seen_on_the_other(two, student, ta):
    one, other = two
    with RemoteTab(one, student) as tab:
        tab.send_message(ta, "Are you there?")
        tab.say("watch", **{"with": ta.pk})
        assert tab.next("presence")["online"] is False
        with RemoteTab(other, ta):
            assert tab.next("presence") == {"type": "presence", "user": ta.pk, "online": True}


def test_logging_out_on_one_closes_that_browser_s_sockets_on_both(two, student):
    one, other = two
    key = session_of(student).session_key
    with (
        RemoteTab(one, student, key) as tab,
        RemoteTab(other, student, key) as second,
        RemoteTab(other, student) as elsewhere,
    ):
        post(one, "/auth/logout/", key)
        assert [tab.closed(), second.closed()] == [4403, 4403]
        assert elsewhere.pong()["live"] is True


def test_a_killed_process_loses_nothing_and_a_new_one_goes_on(two, student, ta):
    one, other = two
    with RemoteTab(one, ta) as theirs, RemoteTab(other, student) as tab:
        tab.send_message(ta, "Before")
        assert theirs.texts(1) == ["Before"]
        one.kill()
        assert theirs.closed() is None
        missed = tab.send_message(ta, "Meanwhile")
        assert missed["type"] == "message.ack"
        one.start()
        with RemoteTab(one, ta) as back:
            assert back.pong()["last"] == missed["id"]
            after = tab.send_message(ta, "After")
            frame = back.next("message")
            assert (frame["id"], frame["prev"]) == (after["id"], missed["id"])


def test_a_stopping_process_sends_its_browsers_elsewhere(two, student):
    one, _other = two
    with RemoteTab(one, student) as tab:
        assert one.stop() == 0
        assert tab.closed() not in (None, 4401, 4403)
        one.start()
        with RemoteTab(one, student) as back:
            assert back.pong()["live"] is True
