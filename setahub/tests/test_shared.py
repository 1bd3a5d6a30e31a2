"""What is made once for all who ask: its age, its drops, and who makes it."""

import threading
import time
from contextlib import suppress

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction

from setahub.core.web import cache as cache_module
from setahub.core.web import shared as module
from setahub.core.web.cache import FailOpenRedisCache
from setahub.core.web.shared import shared

pytestmark = pytest.mark.django_db(transaction=True)


class Counter:
    """Makes 1, 2, 3 …; whoever makes one waits until it may ``go``."""

    def __init__(self) -> None:
        self.made = 0
        self.making = threading.Event()
        self.go = threading.Event()
        self.go.set()
        self.policy = "old"
        self.get = shared(seconds=10, under=lambda: self.policy)(self.make)

    def make(self, of: str = "") -> int:
        self.made += 1
        number = self.made
        self.making.set()
        assert self.go.wait(10)
        return number

    def in_thread(self) -> "tuple[threading.Thread, list[int]]":
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(self.get()))
        thread.start()
        return thread, found


@pytest.fixture
def counter():
    yield Counter()
    made_beside()


def made_beside() -> None:
    """Wait for what is being made beside the requests."""
    module._beside.submit(int).result(10)


@pytest.fixture
def frozen():
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        yield clock


def test_is_made_once_for_all_who_ask(counter, frozen):
    assert [counter.get(), counter.get(), counter.get("x"), counter.get("x")] == [1, 1, 2, 2]


def test_is_made_anew_from_half_its_age_on_beside_the_request(counter, frozen):
    counter.get()
    frozen.shift(4.9)
    assert counter.get() == 1
    frozen.shift(0.1)
    assert counter.get() == 1
    made_beside()
    assert counter.get() == 2


def test_too_old_it_is_made_by_who_asks(counter, frozen):
    counter.get()
    frozen.shift(10)
    assert counter.get() == 2


def test_what_fails_beside_is_logged_and_tried_again(counter, frozen, monkeypatch, caplog):
    counter.get()
    frozen.shift(5)
    with monkeypatch.context() as broken:
        broken.setattr(counter.get, "make", lambda: 1 / 0)
        assert counter.get() == 1
        made_beside()
    assert "ZeroDivisionError" in caplog.text
    assert counter.get() == 1
    made_beside()
    assert counter.get() == 2


def test_is_made_anew_once_dropped_and_under_something_else(counter, frozen):
    counter.get()
    counter.get.drop()
    assert [counter.get(), counter.get()] == [2, 2]
    counter.policy = "new"
    assert [counter.get(), counter.get()] == [3, 3]
    counter.policy = "old"
    assert counter.get() == 2


def dear(frozen, seconds: float):
    """A function whose numbers 1, 2, 3 … take so long to make, asked once and dropped."""
    made: list[int] = []

    def make() -> int:
        frozen.shift(seconds)
        made.append(len(made) + 1)
        return made[-1]

    get = shared(seconds=10)(make)
    get()
    get.drop()
    return get


def test_what_is_dear_is_not_made_anew_at_each_drop(frozen):
    get = dear(frozen, 0.1)
    frozen.shift(1.8)
    assert get() == 1
    frozen.shift(0.1)
    assert get() == 2


def test_however_dear_it_is_made_anew_while_the_last_one_can_still_be_shown(frozen):
    get = dear(frozen, 2)
    frozen.shift(2.9)
    assert get() == 1
    frozen.shift(0.1)
    assert get() == 2


def test_is_dropped_on_commit_and_not_on_rollback(counter, frozen):
    counter.get()
    with transaction.atomic():
        counter.get.drop()
        transaction.set_rollback(True)
    assert counter.get() == 1
    with transaction.atomic():
        counter.get.drop()
        assert cache.get(counter.get._name) is None
    assert counter.get() == 2


def test_is_dropped_once_however_often_in_a_transaction(counter, frozen, monkeypatch):
    marks = []
    monkeypatch.setattr(module.cache, "set", lambda name, *_more: marks.append(name))
    with transaction.atomic():
        with suppress(LookupError), transaction.atomic():
            counter.get.drop()
            raise LookupError  # what is rolled back drops nothing
        for _time in range(3):
            counter.get.drop()
        with transaction.atomic():
            counter.get.drop()
    counter.get.drop()
    assert marks == [counter.get._name] * 2


def test_what_a_transaction_sees_stays_there(counter, frozen):
    counter.get()
    with transaction.atomic():
        assert counter.get() == 2
    assert counter.get() == 1


def test_the_others_get_the_last_one_while_one_makes_it_anew(counter, frozen):
    counter.get()
    counter.get.drop()
    counter.making.clear()
    counter.go.clear()
    thread, found = counter.in_thread()
    assert counter.making.wait(10)
    assert [counter.get(), counter.get()] == [1, 1]
    counter.go.set()
    thread.join()
    assert (found, counter.get(), counter.made) == ([2], 2, 2)


def test_dropped_while_it_is_made_it_is_made_once_more(counter, frozen):
    counter.go.clear()
    thread, found = counter.in_thread()
    assert counter.making.wait(10)
    counter.get.drop()
    counter.go.set()
    thread.join()
    assert (found, counter.get()) == ([1], 2)


def test_who_has_nothing_to_show_waits_for_who_makes_it(counter, monkeypatch):
    looks = threading.Semaphore(0)

    def look(seconds: float) -> None:
        looks.release()
        counter.go.wait(seconds)

    monkeypatch.setattr(time, "sleep", look)
    monkeypatch.setattr(module, "LOOKS", 100_000)
    counter.go.clear()
    threads = [counter.in_thread() for _each in range(6)]
    assert counter.making.wait(10)
    assert all(looks.acquire(timeout=10) for _each in range(15))
    counter.go.set()
    for thread, _found in threads:
        thread.join()
    assert [found for _thread, found in threads] == [[1]] * 6


def test_nobody_waits_for_long_nor_sees_what_is_too_old(counter, frozen, monkeypatch):
    monkeypatch.setattr(module, "LOOKS", 2)
    counter.get()
    counter.making.clear()
    frozen.shift(5)
    counter.go.clear()
    thread, _found = counter.in_thread()
    assert counter.making.wait(10)
    frozen.shift(4.9)
    assert counter.get() == 1
    frozen.shift(0.1)
    counter.go.set()
    assert counter.get() > 1
    thread.join()


def test_a_failure_is_nobody_elses(counter):
    def fail() -> int:
        raise LookupError

    failing = shared(seconds=10)(fail)
    for _time in range(2):
        with pytest.raises(LookupError):
            failing()
    assert counter.get() == 1


def test_while_the_cache_is_away_each_makes_it(counter, monkeypatch):
    monkeypatch.setattr(cache_module, "_clients", {})
    monkeypatch.setattr(module, "cache", FailOpenRedisCache("redis://127.0.0.1:1/0", {}))
    assert [counter.get(), counter.get()] == [1, 2]
    counter.get.drop()
    assert counter.get() == 3
