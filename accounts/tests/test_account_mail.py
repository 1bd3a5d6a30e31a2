"""Emails about an account: sent by the worker, to addresses that SITE_URL makes, and tried again."""

import json
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import emails, sweeps, tasks
from accounts.models import User
from accounts.models.mail import EmailChange, WaitingLetter
from accounts.services import deletion
from accounts.tests.test_mfa import confirmed
from accounts.tests.test_signing_in import NEW, PASSWORD, link_in, login
from accounts.tests.test_signup import sign_up
from setahub.core.work import worker
from setahub.core.work.tasks import GiveUp

pytestmark = pytest.mark.django_db

RESET = "/auth/password/reset/"
FROM = {"ip": "127.0.0.1", "user_agent": "Firefox"}


@pytest.fixture
def refuse(monkeypatch):
    """``refuse(error)``: the mail server answers so from now on; None: it is well again."""
    send = EmailBackend.send_messages

    def set_to(error):
        def fail(backend, messages):
            if error:
                raise error
            return send(backend, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", fail)

    return set_to


def queued() -> str:
    """What staff see of the tasks in the admin."""
    return json.dumps(list(DBTaskResult.objects.values_list("args_kwargs", flat=True)))


def every_letter(client, sign_in, student) -> None:
    """Ask for one of each kind."""
    client.post(RESET, {"email": student.email})
    sign_up(client)
    own = confirmed(sign_in(student))
    own.post("/auth/email/", {"email": "new@example.com", "action_add": ""})
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    own.post("/auth/password/change/", form)


class TestByTheWorker:
    def test_no_page_sends_any(self, client, sign_in, student, post):
        every_letter(client, sign_in, student)
        assert mail.outbox == []
        assert sorted((each.to[0], each.subject) for each in post()) == [
            ("new@example.com", "Please confirm your email"),
            ("somchai@example.com", "Welcome to SETAHub: please confirm your email"),
            ("student@example.com", "Choose a new password"),
            ("student@example.com", "Somebody wants to change your email"),
            ("student@example.com", "Your password was changed"),
        ]
        assert {each.extra_headers["Auto-Submitted"] for each in mail.outbox} == {"auto-generated"}

    def test_tasks_are_given_ids_and_nothing_that_lets_in(self, client, sign_in, student):
        every_letter(client, sign_in, student)
        given = queued()
        for secret in ("http", "/auth/", student.email, "new@example.com", "somchai"):
            assert secret not in given

    def test_a_mail_server_that_is_away_breaks_no_page(self, client, sign_in, student, refuse):
        refuse(SMTPServerDisconnected())
        every_letter(client, sign_in, student)
        assert User.objects.count() == 2

    @pytest.mark.parametrize(
        "error", [SMTPRecipientsRefused({"x": (451, b"later")}), SMTPServerDisconnected()]
    )
    def test_what_may_work_later_is_tried_again(self, client, student, post, refuse, error):
        client.post(RESET, {"email": student.email})
        refuse(error)
        row = worker.take("test")
        worker.settle(row, worker.outcome_of(row))
        assert mail.outbox == []
        DBTaskResult.objects.update(run_after=timezone.now())
        refuse(None)
        assert link_in(post()[0]).startswith("/auth/password/reset/key/")

    def test_a_warning_that_waits_is_kept_sealed_and_gone_once_sent(self, sign_in, student, post):
        self_change = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        sign_in(student).post("/auth/password/change/", self_change)
        [waiting] = WaitingLetter.objects.all()
        assert student.email not in waiting.content
        assert "Your password was changed" in post()[0].subject
        assert "Network address: 127.0.0.1" in post()[0].body
        assert WaitingLetter.objects.count() == 0

    def test_one_that_no_mailbox_takes_is_not_kept(self, student, refuse):
        refuse(SMTPRecipientsRefused({student.email: (550, b"no such user")}))
        emails.queue("account/email/password_set", student.email, FROM, language="en", user=student)
        with pytest.raises(GiveUp, match=r"The mailbox was refused: \[550\]$"):
            emails.send_waiting.call(WaitingLetter.objects.get().pk)
        assert WaitingLetter.objects.count() == 0

    def test_one_whose_key_is_gone_is_given_up(self, student, settings):
        emails.queue("account/email/password_set", student.email, FROM, language="en", user=student)
        settings.SECRET_KEY = "another-" + "z" * 50
        with pytest.raises(GiveUp):
            emails.send_waiting.call(WaitingLetter.objects.get().pk)
        assert WaitingLetter.objects.count() == 0

    def test_a_task_that_runs_again_sends_no_second_one(self, student, post):
        emails.queue("account/email/password_set", student.email, FROM, language="en", user=student)
        pk = WaitingLetter.objects.get().pk
        post()
        emails.send_waiting.call(pk)
        assert len(mail.outbox) == 1

    def test_what_was_never_sent_is_forgotten_in_the_end(self, student, clock):
        emails.queue("account/email/password_set", student.email, FROM, language="en", user=student)
        EmailChange.objects.create(user=student, old_email="a@x.example", new_email="b@x.example")
        sweeps.forget_emails()
        assert (WaitingLetter.objects.count(), EmailChange.objects.count()) == (1, 1)
        clock.shift(timedelta(days=31))
        sweeps.forget_emails()
        assert (WaitingLetter.objects.count(), EmailChange.objects.count()) == (0, 0)


class TestToNobody:
    """What came in between, until the worker had time."""

    def test_no_reset_for_who_was_suspended(self, client, student, post):
        client.post(RESET, {"email": student.email})
        User.objects.filter(pk=student.pk).update(is_active=False)
        assert post() == []

    def test_no_confirmation_of_what_is_confirmed_or_withdrawn(self, student, post):
        address = EmailAddress.objects.create(user=student, email=student.email, verified=True)
        tasks.send_confirmation.call(address.pk, False)
        tasks.send_confirmation.call(99_999, False)
        assert post() == []

    def test_a_deleted_account_gets_the_last_letter_and_no_other(self, client, student, post):
        client.post(RESET, {"email": student.email})
        emails.queue("account/email/password_set", student.email, FROM, language="en", user=student)
        deletion.delete_account(student)
        assert [(each.to, each.subject) for each in post()] == [
            (["student@example.com"], "Your account was deleted")
        ]


class TestAddresses:
    @pytest.fixture
    def client(self, client, settings):
        settings.ALLOWED_HOSTS = ["*"]
        settings.SITE_URL = "https://setahub.example:8443"
        client.defaults["HTTP_HOST"] = "evil.example:6666"
        return client

    def test_are_made_of_the_sites_own_whatever_the_browser_says(self, client, student, post):
        every_letter(client, lambda user: client, student)
        login(client)
        confirmed(client).post("/auth/email/", {"email": "new@example.com", "action_add": ""})
        bodies = [part for each in post() for part in (each.body, each.alternatives[0].content)]
        assert not any("evil" in body or "6666" in body for body in bodies)
        assert sum("https://setahub.example:8443/auth/" in body for body in bodies) == 8

    def test_those_of_the_calendar_too(self, client, student):
        client.force_login(student)
        page = client.get("/users/me/").content.decode()
        assert "webcal://setahub.example:8443/calendar/" in page
        assert "evil" not in page
