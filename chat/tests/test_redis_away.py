"""A Redis that is stopped or hangs: writing goes on at once, and live comes back by itself."""

from collections.abc import Iterator

import pytest

from chat.models import Message
from chat.tests.remote import RemoteTab, at_most, post_message
from chat.tests.servers import Daphne, Redis

pytestmark = pytest.mark.django_db(transaction=True)

A_SECOND = 1.0


@pytest.fixture(scope="module")
def redis(django_db_setup) -> Iterator[Redis]:
    with Redis() as redis:
        yield redis


@pytest.fixture(scope="module")
def daphne(redis, django_db_blocker) -> Iterator[Daphne]:
    with django_db_blocker.unblock(), Daphne(redis.url) as daphne:
        daphne.start()
        yield daphne
        assert "Traceback" not in daphne.log


@pytest.fixture
def running(redis) -> Iterator[Redis]:
    """Running again after the test, whatever it did."""
    if not redis.is_running:
        redis.start()
    yield redis
    if redis.is_running:
        redis.resume()


def live_lines(daphne: Daphne) -> list[str]:
    """What the log says of the channel layer."""
    names = ("setahub.core.live.events", "setahub.core.live.subscriptions", "channels_redis")
    return [line for line in daphne.log.splitlines() if any(name in line for name in names)]


@pytest.mark.parametrize("away", ["stopped", "hanging"])
def test_writing_goes_on_within_a_second_and_live_comes_back(running, daphne, student, ta, away):
    redis = running
    with RemoteTab(daphne, student) as tab, RemoteTab(daphne, ta) as theirs:
        assert tab.becomes(live=True)
        assert tab.send_message(ta, "Before")["type"] == "message.ack"
        assert theirs.texts(1) == ["Before"]
        before = len(live_lines(daphne))

        redis.stop() if away == "stopped" else redis.pause()
        for number in range(3):
            with at_most(A_SECOND):
                answer = tab.send_message(ta, f"By socket {number}")
            assert answer["type"] == "message.ack"
            with at_most(A_SECOND):
                newest = post_message(daphne, student, ta, f"By form {number}")
        assert theirs.becomes(live=False)
        assert theirs.pong()["last"] == newest["id"]
        with RemoteTab(daphne, ta) as meanwhile:
            assert meanwhile.pong() == {"type": "pong", "last": newest["id"], "live": False}

            redis.start() if away == "stopped" else redis.resume()
            assert tab.becomes(live=True)
            tab.send_message(ta, "After")
            after = [each.next("message") for each in (theirs, meanwhile)]
            while after[0]["text"] != "After":  # what a hanging Redis had in its ears
                after[0] = theirs.next("message")
            while after[1]["text"] != "After":
                after[1] = meanwhile.next("message")
            assert {frame["prev"] for frame in after} == {newest["id"]}
    assert Message.objects.count() == 8
    assert len(live_lines(daphne)) - before <= 6


def test_a_process_that_starts_without_redis_serves_and_comes_to(
    running, django_db_setup, student, ta
):
    redis = running
    redis.stop()
    with Daphne(redis.url).start() as daphne, RemoteTab(daphne, student) as tab:
        assert tab.pong()["live"] is False
        tab.send_message(ta, "The first")  # a cold process imports and connects first
        with at_most(A_SECOND):
            assert tab.send_message(ta, "Hello")["type"] == "message.ack"
        redis.start()
        assert tab.becomes(live=True)
        with RemoteTab(daphne, ta) as theirs:
            tab.send_message(ta, "After")
            assert theirs.texts(1) == ["After"]
        assert "Traceback" not in daphne.log
