"""Events from any thread to the sockets of this process, and the channel layer going away."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import transaction
from redis.exceptions import ConnectionError as RedisIsAway

from setahub.core.live import events, subscriptions
from setahub.core.live.events import Event, user_group
from setahub.core.live.subscriptions import Hub, hub

GROUP = user_group(7)
WITHIN = 15


class Layer(InMemoryChannelLayer):
    """A channel layer that can go away, hang or go deaf, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(capacity=10_000)
        self.trouble: str = ""
        self.asked: list[str] = []
        self.sent: list[list[str]] = []  # the frames of what was handed over, each time

    async def _answer(self, what: str) -> None:
        self.asked.append(what)
        if self.trouble == "away":
            raise RedisIsAway
        if self.trouble == "hangs":
            await asyncio.Event().wait()

    async def send(self, channel: str, message: Any) -> None:
        await self._answer("send")
        if self.trouble != "deaf":
            await super().send(channel, message)

    async def new_channel(self, prefix: str = "specific.") -> str:
        await self._answer("new_channel")
        return await super().new_channel(prefix)

    async def group_add(self, group: str, channel: str) -> None:
        await self._answer(f"+{group}")
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._answer(f"-{group}")
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: Any) -> None:
        await self._answer("group_send")
        self.sent.append([text for event in message.get("events", ()) for text in event["frames"]])
        await super().group_send(group, message)


class Socket:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()

    async def live_event(self, event: Event) -> None:
        self.events.put_nowait(event)

    async def frame(self) -> str:
        """The only frame of the next event."""
        event = await asyncio.wait_for(self.events.get(), WITHIN)
        [text] = event["frames"]
        return text


@pytest.fixture(autouse=True)
def layer(monkeypatch) -> Iterator[Layer]:
    # What is away is tried again at once, and what hangs is given up at once: no test waits.
    monkeypatch.setattr(subscriptions, "RETRY_AFTER", 0.01)
    monkeypatch.setattr(subscriptions, "LIVE_FOR", 0.0)
    for module in (subscriptions, events):
        monkeypatch.setattr(module, "TIMEOUT", 0.2)
    layer = Layer()
    before = channel_layers["default"]
    channel_layers.set("default", layer)
    yield layer
    channel_layers.set("default", before)


def push(*numbers: int, group: str = GROUP) -> None:
    """From a thread of its own, as pages do."""

    def run() -> None:
        for number in numbers:
            events._publisher.send({"type": "live.frames", "frames": [str(number)], "group": group})

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def _until_sent(layer: Layer, number: int) -> None:
    """Waits until so many frames have left."""
    end = time.monotonic() + WITHIN
    while sum(map(len, layer.sent)) < number:
        assert time.monotonic() < end, "they did not leave"
        time.sleep(0.001)


async def became_live(hub: Hub) -> bool:
    """Waits until the hub has come back."""
    async with asyncio.timeout(WITHIN):
        while not await hub.is_live():
            await asyncio.sleep(0)
    return True


class TestDelivery:
    async def test_every_socket_of_a_group_and_no_other_is_told_in_order(self):
        one, two, other = Socket(), Socket(), Socket()
        await hub().join(GROUP, one)
        await hub().join(GROUP, two)
        await hub().join(user_group(8), other)
        push(1, 2, 3)
        push(4, group=user_group(8))
        for socket in (one, two):
            assert [await socket.frame() for _ in range(3)] == ["1", "2", "3"]
        assert await other.frame() == "4"
        assert one.events.empty()

    async def test_who_has_left_is_told_nothing(self):
        one, two = Socket(), Socket()
        await hub().join(GROUP, one)
        await hub().join(GROUP, two)
        await hub().leave(GROUP, one)
        push(1)
        assert await two.frame() == "1"
        assert one.events.empty()
        await hub().leave(GROUP, two)
        await hub().leave(GROUP, two)
        assert hub().members(GROUP) == ()

    async def test_many_at_once_join_through_one_channel(self, layer):
        many = [Socket() for _ in range(20)]
        await asyncio.gather(*(hub().join(GROUP, socket) for socket in many))
        assert layer.asked == ["new_channel", f"+{events.EVERYBODY}"]

    async def test_joining_and_leaving_at_once_ends_as_asked_last(self):
        one, two = Socket(), Socket()
        await asyncio.gather(hub().join(GROUP, one), hub().leave(GROUP, one))
        assert hub().members(GROUP) == ()
        await asyncio.gather(
            hub().join(GROUP, one), hub().leave(GROUP, one), hub().join(GROUP, two)
        )
        push(1)
        assert await two.frame() == "1"

    async def test_one_broken_socket_does_not_stop_the_others(self, caplog):
        class Broken(Socket):
            async def live_event(self, event: Event) -> None:
                raise ValueError("secret words")

        one, two = Broken(), Socket()
        await hub().join(GROUP, one)
        await hub().join(GROUP, two)
        push(1)
        assert await two.frame() == "1"
        assert "secret" not in caplog.text

    async def test_what_is_sent_here_does_not_wait_for_the_layer(self, layer):
        socket = Socket()
        await hub().join(GROUP, socket)
        layer.trouble = "hangs"
        push(1)
        assert await socket.frame() == "1"

    async def test_what_is_sent_here_is_heard_once(self, layer):
        socket = Socket()
        await hub().join(GROUP, socket)
        push(1)
        assert await socket.frame() == "1"
        sending = events._publisher._outbox._sending
        if sending is not None:
            await sending
        assert await hub().is_live()  # an echo, behind what the layer brought back
        assert layer.asked.count("send") == 2
        assert socket.events.empty()

    async def test_what_other_processes_send_is_heard(self):
        socket = Socket()
        await hub().join(GROUP, socket)
        event = {"type": "live.frames", "frames": ["1"], "group": GROUP}
        await events._publish("another", [event])
        assert await socket.frame() == "1"
        assert socket.events.empty()

    async def test_a_burst_arrives_whole(self):
        socket = Socket()
        await hub().join(GROUP, socket)
        push(*range(1000))
        assert [int(await socket.frame()) for _ in range(1000)] == list(range(1000))


class TestAway:
    async def test_a_process_that_never_reached_it_comes_to_by_itself(self, layer):
        layer.trouble = "away"
        socket = Socket()
        await hub().join(GROUP, socket)
        assert await hub().is_live() is False
        layer.trouble = ""
        assert await became_live(hub())
        push(1)
        assert await socket.frame() == "1"

    @pytest.mark.parametrize("trouble", ["away", "hangs"])
    async def test_sockets_from_before_and_during_an_outage_are_told_after_it(
        self, layer, trouble, caplog
    ):
        before, gone, during = Socket(), Socket(), Socket()
        await hub().join(GROUP, before)
        await hub().join(user_group(9), gone)
        assert await became_live(hub())
        layer.trouble = trouble
        await hub().join(user_group(8), during)
        await hub().leave(user_group(9), gone)
        assert await hub().is_live() is False
        push(1, 2, 3)
        layer.trouble = ""
        assert await became_live(hub())
        push(4)
        push(5, group=user_group(8))
        assert await during.frame() == "5"
        told = [await before.frame()]
        while told[-1] != "4":
            told.append(await before.frame())
        assert set(layer.groups) == {events.EVERYBODY}
        lines = [record for record in caplog.records if record.name.startswith("setahub.core")]
        assert [record.getMessage().split(":")[0] for record in lines].count(
            "receiving live events"
        ) == 2
        assert not any(record.exc_info for record in lines)

    async def test_a_deaf_layer_is_connected_afresh(self, layer, monkeypatch):
        socket = Socket()
        await hub().join(GROUP, socket)
        layer.trouble = "deaf"
        for _ in range(subscriptions.SILENT_MAX):
            assert await hub().is_live() is False
        layer.trouble = ""
        assert await became_live(hub())
        assert layer.asked.count("new_channel") == 2
        push(1)
        assert await socket.frame() == "1"

    async def test_who_fell_out_of_the_group_comes_back(self, layer):
        socket = Socket()
        await hub().join(GROUP, socket)
        assert await hub().is_live() is True
        layer.groups.clear()
        for _ in range(subscriptions.SILENT_MAX):
            assert await hub().is_live() is False
        assert await became_live(hub())
        push(1)
        assert await socket.frame() == "1"

    async def test_each_process_hears_its_own_echo_only(self, layer):
        """Another's would say of one that hears nothing of its own that all is well."""
        await hub().join(GROUP, Socket())
        await events.check("specific.inmemory!another")
        push(1)
        checking = hub()._echo
        assert await hub().is_live() is True
        checking.clear()
        await events.check("specific.inmemory!another")
        await asyncio.sleep(0.05)
        assert not checking.is_set()

    async def test_a_clock_that_jumps_ahead_loses_nothing(self, monkeypatch):
        """A laptop wakes up a day later: what waited meanwhile is told, and what comes after it."""
        tomorrow = time.time() + 24 * 3600

        class Sleeping(Socket):
            async def live_event(self, event: Event) -> None:
                await super().live_event(event)
                monkeypatch.setattr(time, "time", lambda: tomorrow)

        channel_layers.set("default", channel_layers.make_backend("default"))
        socket = Sleeping()
        await hub().join(GROUP, socket)
        told = [{"type": "live.frames", "frames": [each], "group": GROUP} for each in "12"]
        await asyncio.gather(*(events._publish("another", [each]) for each in told))
        assert [await socket.frame() for _ in told] == ["1", "2"]
        push(3)
        assert await socket.frame() == "3"

    async def test_a_single_late_echo_joins_nothing_anew(self, layer):
        await hub().join(GROUP, Socket())
        layer.trouble = "deaf"
        assert await hub().is_live() is False
        layer.trouble = ""
        assert await hub().is_live() is True
        assert layer.asked.count("new_channel") == 1

    async def test_the_answer_is_kept_for_a_moment(self, layer, monkeypatch):
        monkeypatch.setattr(subscriptions, "LIVE_FOR", 60.0)
        await hub().join(GROUP, Socket())
        assert [await hub().is_live() for _ in range(5)] == [True] * 5
        assert layer.asked.count("send") == 1

    async def test_what_waits_behind_a_hanging_event_is_dropped_with_it(self, layer):
        await hub().join(GROUP, Socket())
        layer.trouble = "hangs"
        push(*range(events.MAX_WAITING + 100))
        while "group_send" not in layer.asked:
            await asyncio.sleep(0)
        asked = layer.asked.count("group_send")
        outbox = events._publisher._outbox
        assert outbox._sending is not None
        await asyncio.wait_for(outbox._sending, WITHIN)
        assert layer.asked.count("group_send") == asked == 1
        assert not outbox._waiting


class TestWithoutSockets:
    """In a process that serves pages only, or a worker."""

    @pytest.fixture(autouse=True)
    def publisher(self, monkeypatch):
        monkeypatch.setattr(events, "_publisher", events._Publisher())

    def test_events_leave_from_one_loop_in_a_thread_of_its_own(self, layer):
        loops = set()
        for number in range(3):
            push(number)
            events.ping()
            _until_sent(layer, number + 1)
            loops.add(events._publisher.loop())
        assert layer.asked.count("group_send") == 6
        assert [texts for texts in layer.sent if texts] == [["0"], ["1"], ["2"]]
        assert len(loops) == 1

    def test_what_is_said_in_one_breath_leaves_together(self, layer):
        push(*range(3))
        _until_sent(layer, 3)
        assert layer.sent == [["0", "1", "2"]]

    def test_threads_that_begin_at_once_share_one_layer(self, monkeypatch):
        """Else a process may subscribe on one and listen on the other, and hear nothing."""
        gate, made = threading.Barrier(8), []

        def make(key: str) -> Layer:
            made.append(key)
            os.sched_yield()  # lets the others run
            return Layer()

        monkeypatch.setattr(channel_layers, "backends", {})
        monkeypatch.setattr(channel_layers, "make_backend", make)

        def begin(_number: int) -> int:
            gate.wait(WITHIN)
            return id(events.layer())

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(begin, range(8)))) == 1
        assert made == ["default"]

    @pytest.mark.parametrize("trouble", ["away", "hangs"])
    def test_ping_raises_while_it_is_away(self, layer, trouble):
        events.ping()
        layer.trouble = trouble
        with pytest.raises((RedisIsAway, TimeoutError)):
            events.ping()


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    @pytest.fixture
    def sent(self, monkeypatch) -> list[Event]:
        sent: list[Event] = []
        monkeypatch.setattr(events._publisher, "send", sent.append)
        return sent

    def test_nothing_is_told_before_the_commit(self, sent):
        with transaction.atomic():
            events.push(GROUP, {"type": "typing", "from": 1})
            events.end(7, "mark")
            events.renew(7, "mark")
            assert sent == []
        assert sent == [
            {"type": "live.frames", "frames": ['{"type": "typing", "from": 1}'], "group": GROUP},
            {"type": "live.end", "session": "mark", "group": GROUP},
            {"type": "live.renew", "session": "mark", "group": GROUP},
        ]

    def test_what_is_rolled_back_is_told_to_nobody(self, sent):
        with transaction.atomic():
            events.push(GROUP, {"type": "typing", "from": 1})
            transaction.set_rollback(True)
        assert sent == []
