"""What one person may have open and send: twenty tabs, and not too many frames."""

import uuid

import pytest

from chat import allowance, presence
from chat.allowance import BURST, DEBT, MOST_SOCKETS, RATE, Allowance
from chat.tests.servers import Redis
from chat.tests.tabs import Tab

pytestmark = pytest.mark.django_db(transaction=True)


# --- Open sockets -------------------------------------------------------------------------------


async def test_of_more_than_twenty_tabs_the_oldest_is_closed(student, ta):
    others = await Tab.of(ta)
    tabs = [await Tab.of(student) for _each in range(MOST_SOCKETS)]
    await tabs[0].say("ping")
    await tabs[0].next("pong")
    newest = await Tab.of(student)
    assert await tabs[0].closed() == 4408
    for tab in (tabs[1], tabs[-1], newest, others):
        await tab.say("ping")
        await tab.next("pong")


async def test_a_tab_that_left_counts_no_longer(student):
    tabs = [await Tab.of(student) for _each in range(MOST_SOCKETS)]
    await tabs.pop().disconnect()
    tabs.append(await Tab.of(student))
    await tabs[0].say("ping")
    await tabs[0].next("pong")


async def test_without_limits_anybody_may_have_any_number(student, settings):
    settings.RATE_LIMITS = False
    tabs = [await Tab.of(student) for _each in range(MOST_SOCKETS + 2)]
    await tabs[0].say("ping")
    await tabs[0].next("pong")


@pytest.fixture
def _redis(settings):
    """The count of all processes is in Redis: in one of the test's own, where the site has none."""
    with Redis() as redis:
        redis.start()
        cache = {"BACKEND": "setahub.core.web.cache.FailOpenRedisCache", "LOCATION": redis.url}
        settings.CACHES = {"default": cache, "shared": cache}
        yield


@pytest.mark.usefixtures("_redis")
def test_sockets_of_all_processes_count_together():
    names = [presence.socket_name() for _each in range(4)]
    assert [presence.opened(1, name, 3) for name in names[:3]] == [[], [], []]
    assert presence.opened(2, names[3], 3) == []  # somebody else
    assert presence.opened(1, names[3], 3) == [names[0]]
    assert presence.opened(1, names[1], 3) == []  # a ping of one that is there
    presence.closed(1, names[1])
    assert presence.opened(1, presence.socket_name(), 3) == []


@pytest.mark.usefixtures("_redis")
async def test_a_socket_ends_when_another_process_has_the_twenty_first(student):
    from asgiref.sync import sync_to_async

    from setahub.core.live import events

    tab, stays = await Tab.of(student), await Tab.of(student)
    others = [presence.socket_name() for _each in range(MOST_SOCKETS - 1)]
    for name in others:
        beyond = await sync_to_async(presence.opened)(student.pk, name, MOST_SOCKETS)
    assert len(beyond) == 1
    await sync_to_async(events.crowded)(student.pk, beyond)
    assert await tab.closed() == 4408
    await stays.say("ping")
    await stays.next("pong")


# --- Frames -------------------------------------------------------------------------------------


def test_a_burst_then_a_rate_then_a_debt(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(allowance, "monotonic", lambda: now[0])
    own = Allowance()
    assert [own.take() for _each in range(int(BURST) + 1)] == [True] * int(BURST) + [False]
    now[0] += 1
    assert [own.take() for _each in range(int(RATE))] == [True] * (int(RATE) - 1) + [False]
    assert not own.is_flooded
    for _each in range(int(DEBT)):
        own.take()
    assert own.is_flooded


async def test_one_frame_too_many_is_answered_with_its_name_and_a_flood_is_closed(
    student, ta, monkeypatch
):
    monkeypatch.setattr(allowance, "BURST", 3.0)
    monkeypatch.setattr(allowance, "DEBT", 3.0)
    monkeypatch.setattr(allowance, "RATE", 0.0001)
    tab = await Tab.of(student)
    for _each in range(3):
        await tab.say("ping")
        await tab.next("pong")
    client_id = str(uuid.uuid4())
    await tab.send_message(ta, "Hello", client_id)
    error = await tab.next("error", "message.ack")
    assert (error["code"], error["client_id"]) == ("rate_limited", client_id)
    await tab.send_to(text_data="nonsense")
    error = await tab.next("error")
    assert (error["code"], error["client_id"]) == ("rate_limited", None)
    await tab.say("ping")
    await tab.say("ping")
    assert await tab.closed() == 4429


async def test_another_tab_gives_no_more_frames(student, monkeypatch):
    monkeypatch.setattr(allowance, "BURST", 2.0)
    monkeypatch.setattr(allowance, "RATE", 0.0001)
    one, two = await Tab.of(student), await Tab.of(student)
    for tab, answer in ((one, "pong"), (two, "pong"), (one, "error"), (two, "error")):
        await tab.say("ping")
        assert (await tab.next("pong", "error"))["type"] == answer
    await one.disconnect()
    await two.disconnect()
    back = await Tab.of(student)
    await back.say("ping")
    assert (await back.next("pong", "error"))["type"] == "error"
