"""A message that is not read within ten seconds is told on its reader's devices, without its text."""

from datetime import timedelta

import pytest
from django_tasks_db.models import DBTaskResult

from accounts.models import MailKind
from accounts.services import blocks, profiles
from chat import services, sweeps
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import vapid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

TEN, SECOND = timedelta(seconds=10), timedelta(seconds=1)


@pytest.fixture
def told(push_service, phone, ta):
    """``told()``: what the TA's phone was told."""
    browser = phone(ta)
    return lambda: push_service.to(browser)


def test_after_ten_seconds_by_name_and_nothing_else(say, student, ta, told, work, clock):
    say(student, ta, "My secret question")
    clock.shift(TEN - SECOND)
    work()
    assert told() == []
    clock.shift(SECOND)
    work()
    assert told() == [
        {
            "title": "Message from สมชาย ใจดี",
            "time": "Mon 23 Nov, 09:00",
            "url": f"/messages/{student.pk}/",
        }
    ]


def test_in_the_readers_language(say, student, ta, told, work, clock):
    type(ta).objects.filter(pk=ta.pk).update(language="th")
    say(student, ta)
    clock.shift(TEN)
    work()
    assert told()[0]["title"] == "ข้อความจาก สมชาย ใจดี"


def test_what_was_read_by_then_is_not_told(say, student, ta, told, work, clock):
    said = say(student, ta)
    clock.shift(TEN - SECOND)
    services.mark_read(ta.pk, student.pk, said.pk)
    clock.shift(SECOND)
    work()
    assert told() == []


def test_each_waits_for_itself(say, student, ta, told, work, clock):
    first = say(student, ta)
    clock.shift(8)
    services.mark_read(ta.pk, student.pk, first.pk)
    say(student, ta)
    clock.shift(2)
    work()
    assert told() == []
    clock.shift(8)
    work()
    assert len(told()) == 1


def test_a_later_one_of_the_conversation_takes_its_place(
    say, student, stranger, ta, told, work, push_service, clock
):
    for sender in (student, student, stranger):
        say(sender, ta)
    clock.shift(TEN)
    work()
    topics = [sent.headers["Topic"] for sent in push_service.sent]
    urls = [found["url"] for found in told()]
    assert len(set(topics)) == len(set(urls)) == 2
    assert {urls.index(url) for url in urls} == {topics.index(topic) for topic in topics}


def test_the_writer_is_not_told(say, student, ta, phone, push_service, work, clock):
    phone(student)
    say(student, ta)
    clock.shift(TEN)
    work()
    assert push_service.sent == []


def test_the_notice_that_comes_later_is_told_in_other_ways(
    say, student, ta, told, work, clock, mailoutbox
):
    say(student, ta)
    clock.shift(TEN)
    work()
    clock.shift(timedelta(minutes=10))
    sweeps.tell_unread()
    work()
    assert len(mailoutbox) == 1
    assert len(told()) == 1


def test_cards_are_told_by_what_they_are_about(student, ta, topic, told, work, clock):
    book(student, slots_of(open_time(ta, topic))[0], question="Knots")
    clock.shift(TEN)
    work()
    [found] = told()
    assert found["url"].startswith("/notifications/")


def test_not_over_a_block_or_where_it_is_switched_off(
    say, student, stranger, ta, told, work, clock
):
    say(student, ta)
    blocks.block(ta, student)
    say(stranger, ta)
    profiles.choose_push(ta.pk, {MailKind.MESSAGES: False})
    clock.shift(TEN)
    work()
    assert told() == []


def test_who_has_no_device_costs_no_task(with_key, say, student, ta):
    say(student, ta)
    assert not DBTaskResult.objects.exists()


def test_a_message_on_its_way_while_the_key_changes(say, student, ta, told, work, clock, settings):
    say(student, ta)
    settings.VAPID_PRIVATE_KEY = vapid.new_key()
    clock.shift(TEN)
    work()
    assert told() == []
