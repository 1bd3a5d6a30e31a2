"""A message unread for ten minutes while its reader is away: one email for each conversation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.core.cache import caches
from django.db import connection
from django_tasks_db.models import DBTaskResult

from accounts.models import MailKind
from accounts.services import profiles, suspensions
from chat import presence, services, sweeps
from chat.models import Participation
from scheduling.tests.factories import book, open_time, slots_of

pytestmark = pytest.mark.usefixtures("clock")

TEN, SECOND = timedelta(minutes=10), timedelta(seconds=1)


@pytest.fixture
def sweep(run_tasks):
    """``sweep()``: the emails that a sweep brings, as pairs of address and subject."""

    def run() -> list[tuple[str, str]]:
        mail.outbox.clear()
        sweeps.tell_unread()
        run_tasks()
        return sorted((message.to[0], message.subject) for message in mail.outbox)

    return run


def test_after_ten_minutes_it_is_told_once(student, ta, say, sweep, clock):
    say(student, ta, "Are you there?")
    clock.shift(TEN - SECOND)
    assert sweep() == []
    clock.shift(SECOND)
    assert sweep() == [(ta.email, "สมชาย ใจดี wrote to you")]
    assert sweep() == []
    clock.shift(timedelta(days=3))
    assert sweep() == []


def test_the_letter_leads_to_the_conversation_and_gives_nothing_of_it_away(
    student, ta, say, sweep, clock
):
    say(student, ta, "My secret question")
    clock.shift(TEN)
    sweep()
    [message] = mail.outbox
    assert message.body.startswith(
        "Hello น้ำฝน,\n\n"
        "สมชาย ใจดี wrote to you on SETAHub, and you haven't read it yet.\n\n"
        f"Read and answer: http://localhost/messages/{student.pk}/\n"
    )
    assert "secret" not in message.body + message.alternatives[0].content


def test_many_messages_of_one_conversation_are_one_email(student, ta, say, sweep, clock):
    for number in range(3):
        say(student, ta, f"Question {number}")
    clock.shift(TEN)
    assert sweep() == [(ta.email, "สมชาย ใจดี wrote you 3 messages")]
    say(student, ta, "Hello?")
    clock.shift(TEN)
    assert sweep() == []  # they know already that something waits


def test_each_conversation_has_its_own(student, stranger, ta, say, sweep, clock):
    say(student, ta)
    say(stranger, ta)
    clock.shift(TEN)
    assert [subject for _address, subject in sweep()] == [
        "Stranger wrote to you",
        "สมชาย ใจดี wrote to you",
    ]


def test_once_read_the_next_unread_one_is_told_again(student, ta, say, sweep, clock):
    first = say(student, ta)
    clock.shift(TEN)
    assert len(sweep()) == 1
    services.mark_read(ta.pk, student.pk, first.pk)
    say(student, ta)
    clock.shift(TEN)
    assert len(sweep()) == 1


def test_not_while_the_reader_is_online(student, ta, say, sweep, clock):
    say(student, ta)
    clock.shift(TEN)
    presence.touch(ta.pk)
    assert sweep() == []
    caches["shared"].clear()  # as after a minute
    assert len(sweep()) == 1


def test_not_what_was_read_meanwhile(student, ta, say, run_tasks, clock):
    said = say(student, ta)
    clock.shift(TEN)
    sweeps.tell_unread()
    services.mark_read(ta.pk, student.pk, said.pk)
    mail.outbox.clear()
    assert run_tasks() == 1
    assert mail.outbox == []


def test_cards_of_bookings_have_emails_of_their_own(student, ta, topic, say, sweep, clock):
    book(student, slots_of(open_time(ta, topic))[0])
    sweep()
    clock.shift(TEN)
    assert sweep() == []
    say(student, ta)
    clock.shift(TEN - SECOND)
    assert sweep() == []  # the card waits for longer, the message doesn't
    clock.shift(SECOND)
    assert sweep() == [(ta.email, "สมชาย ใจดี wrote to you")]


def test_not_to_who_switched_them_off_or_is_suspended(student, stranger, ta, say, sweep, clock):
    say(student, ta)
    profiles.choose_mail(ta.pk, {MailKind.MESSAGES: False})
    clock.shift(TEN)
    assert sweep() == []
    profiles.choose_mail(ta.pk, {MailKind.MESSAGES: True})
    suspensions.suspend(ta, actor=None, cancel_bookings=False)
    assert sweep() == []


def test_presence_outlives_a_store_that_fails(ta, monkeypatch):
    class Broken:
        def get(self, *args):
            raise PermissionError

        set = get

    monkeypatch.setattr(presence, "caches", {"shared": Broken()})
    assert presence.touch(ta.pk)
    assert not presence.is_online(ta.pk)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_several_workers_queue_one_email(student, ta, say, clock):
    say(student, ta)
    clock.shift(TEN)
    DBTaskResult.objects.all().delete()
    gate = Barrier(6, timeout=30)

    def run(_number: int) -> None:
        gate.wait()
        try:
            sweeps.tell_unread()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    assert DBTaskResult.objects.count() == 1
    side = Participation.objects.get(user=ta)
    assert side.told_id == side.last_message_id
