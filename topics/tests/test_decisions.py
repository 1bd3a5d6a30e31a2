"""What staff decided on a registration is told to who asked, with their note."""

import pytest
from django.core import mail
from django_tasks_db.models import DBTaskResult

from accounts.models import MailKind, Notice
from accounts.services import profiles
from topics import services
from topics.models import Decision, Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(stranger, topic):
    return Registration.objects.create(user=stranger, topic=topic, status="pending")


def text(message) -> str:
    return message.body.partition("\n\nYour SETAHub team")[0]


def test_approved(pending, staff, stranger, topic, run_tasks):
    services.approve(pending, staff, "Welcome!\nSee you on Monday.")
    run_tasks()
    [message] = mail.outbox
    assert (message.to, message.subject) == (
        [stranger.email],
        "You are now a TA of Data Structures",
    )
    assert text(message) == (
        "Hello Stranger,\n\n"
        "The staff approved your registration for Data Structures. Thank you for helping!\n\n"
        "Students can book you as soon as you open time for it.\n\n"
        "The staff write:\n> Welcome!\n> See you on Monday.\n\n"
        "Open weekly hours: http://localhost/appointments/week/?topic=data-structures"
    )


def test_declined_though_the_registration_is_gone(pending, staff, stranger, run_tasks):
    services.decline(pending, staff)
    assert not Registration.objects.filter(user=stranger).exists()
    run_tasks()
    [message] = mail.outbox
    assert message.subject == "Your registration for Data Structures"
    assert text(message) == (
        "Hello Stranger,\n\n"
        "The staff did not approve your registration for Data Structures this time.\n\n"
        "You can register again, for this topic or for another one.\n\n"
        "See the topic: http://localhost/topics/data-structures/"
    )


def test_the_decision_is_kept_and_its_task_carries_its_id_only(pending, staff, stranger, topic):
    services.decline(pending, staff, " Not this year. ")
    decision = Decision.objects.get()
    assert (decision.user, decision.topic, decision.decided_by) == (stranger, topic, staff)
    assert (decision.approved, decision.note) == (False, "Not this year.")
    notice = Notice.objects.get()
    assert (notice.user, notice.data) == (stranger, {"decision": decision.pk})
    assert DBTaskResult.objects.get().args_kwargs == {"args": [notice.pk], "kwargs": {}}


def test_who_switched_them_off_gets_none(pending, staff, stranger, run_tasks):
    profiles.choose_mail(stranger.pk, {MailKind.TEACHING: False})
    services.approve(pending, staff)
    assert run_tasks() == 1
    assert mail.outbox == []


def test_what_nobody_decided_is_told_to_nobody(stranger, topic, settings):
    settings.TA_APPROVAL = False
    services.register(stranger, topic)
    assert not DBTaskResult.objects.exists()
