"""Many at once, with real threads on real connections: nothing twice, nothing out of order."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from chat import services
from chat.errors import ChatError
from chat.models import Conversation, Message, Participation
from topics.models import Registration

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every call in a thread of its own, all let go together; their results or errors."""
    gate = Barrier(len(calls), timeout=30)

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return call()
        except ChatError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_one_sending_from_many_tabs_is_one_message(student, ta):
    name = uuid.uuid4()
    sent = at_once([lambda: services.send(student.pk, ta.pk, name, "Hello").pk] * 10)
    assert len(set(sent)) == 1
    assert Message.objects.count() == 1
    assert Participation.objects.get(user=ta).unread == 1


def test_both_beginning_a_conversation_make_one(ta, other):
    def begin(one, two):
        return lambda: services.send(one.pk, two.pk, uuid.uuid4(), "Hello")

    at_once([begin(ta, other), begin(other, ta)] * 4)
    assert Conversation.objects.count() == 1
    assert Participation.objects.count() == 2
    assert Message.objects.count() == 8


@pytest.fixture
def other(make_user, topic):
    """Another TA, so that both may write first."""
    user = make_user("Other TA")
    Registration.objects.create(user=user, topic=topic)
    return user


def test_the_limit_holds_across_conversations(settings, clock, student, ta, other):
    settings.MESSAGES_PER_MINUTE = 6

    def say(person):
        return lambda: services.send(student.pk, person.pk, uuid.uuid4(), "Hello").pk

    results = at_once([say(ta), say(other)] * 6)
    assert results.count("rate_limited") == 6
    assert Message.objects.count() == 6


def test_who_asks_for_what_came_after_never_misses_one(settings, ta, other):
    """Ids become visible in their order: an id seen means that all below it were seen."""
    settings.RATE_LIMITS = False
    services.send(ta.pk, other.pk, uuid.uuid4(), "First")
    done = Event()

    def write(one, two):
        def run():
            for _ in range(15):
                services.send(one.pk, two.pk, uuid.uuid4(), "Hello")

        return run

    def watch():
        seen = [0]
        while True:
            last = done.is_set()
            rows = Message.objects.between(ta.pk, other.pk)
            seen += [each.pk for each in rows.following(seen[-1], 200)]
            if last:
                return seen[1:]

    def write_all():
        try:
            at_once([write(ta, other), write(other, ta)] * 2)
        finally:
            done.set()

    seen, _ = at_once([watch, write_all])
    rows = list(Message.objects.order_by("pk").values_list("pk", "prev"))
    assert len(rows) == 61
    assert seen == [pk for pk, _prev in rows]
    assert all(prev == before for (before, _), (_, prev) in pairwise(rows))
    assert Participation.objects.get(user=ta).unread == 30
    assert Participation.objects.get(user=other).unread == 31


def test_reading_while_messages_come_keeps_the_count_right(settings, ta, other):
    settings.RATE_LIMITS = False
    first = services.send(ta.pk, other.pk, uuid.uuid4(), "First")

    def read():
        newest = Message.objects.latest("pk").pk
        services.mark_read(other.pk, ta.pk, newest)

    def write():
        services.send(ta.pk, other.pk, uuid.uuid4(), "Hello")

    at_once([read, write] * 6)
    side = Participation.objects.get(user=other)
    assert side.last_read_id >= first.pk
    assert side.unread == Message.objects.filter(pk__gt=side.last_read_id).count()
