"""What a device is told: once, encrypted for it alone, and only what is so, wanted and not read."""

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import emails, pushes, sweeps
from accounts.models import MailKind, Notice, PushDelivery, PushSubscription, User
from accounts.services import notices, profiles
from accounts.services.kinds import Kind, each, register
from accounts.services.notices import Happening, notify
from accounts.tests.push.conftest import wave
from accounts.tests.push.service import HOST, Browser
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import vapid
from setahub.core.mail import Email
from setahub.tests.languages.world import FACTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "waved")]


class TestWhat:
    def test_a_title_a_time_and_an_address(self, told, student, ta, work):
        wave(student, ta)
        work()
        assert told() == [
            {
                "title": "น้ำฝน waved at สมชาย ใจดี",
                "time": "Mon 23 Nov, 09:00",
                "url": f"/notifications/{Notice.objects.get().pk}/",
            }
        ]

    def test_with_the_headers_of_the_standards(self, told, push_service, student, ta, work, clock):
        wave(student, ta)
        clock.shift(60)
        work()
        [sent] = push_service.sent
        assert sent.headers["Content-Encoding"] == "aes128gcm"
        assert sent.headers["TTL"] == str(24 * 3600 - 60)
        assert sent.headers["Urgency"] == "normal"
        assert re.fullmatch(r"[\w-]{32}", sent.headers["Topic"])

    def test_signed_by_the_site(self, told, push_service, student, ta, work):
        wave(student, ta)
        work()
        [sent] = push_service.sent
        assert sent.claims == {
            "aud": f"https://{HOST}",
            "exp": int(timezone.now().timestamp()) + 12 * 3600,
            "sub": "mailto:staff@faculty.example",
            "key": vapid.public_key(site.VAPID_PRIVATE_KEY),
        }

    def test_no_other_browser_can_read_it(self, told, push_service, student, ta, work):
        wave(student, ta)
        work()
        [sent] = push_service.sent
        assert b"waved" not in sent.body
        with pytest.raises(Exception):  # noqa: B017, PT011  (whatever the library raises)
            Browser().read(sent)

    def test_nothing_of_a_question(self, push_service, phone, student, ta, topic, work):
        browser = phone(ta)
        book(student, slots_of(open_time(ta, topic))[0], question="Secret knots")
        work()
        [found] = push_service.to(browser)
        assert found.keys() == {"title", "time", "url"}
        assert "booked you" in found["title"]
        assert "Secret" not in json.dumps(found)

    def test_no_kind_quotes_in_its_subject_what_somebody_wrote(self, told, student, ta, work):
        wave(student, ta)
        work()
        assert "Secret" not in json.dumps(told())

    def test_in_the_readers_language(
        self, push_service, phone, make_user, ta, topic, student, work
    ):
        mali = make_user("Mali", language="th")
        browser = phone(mali)
        slot = slots_of(open_time(ta, topic))[0]
        made = book(mali, slot)
        work()
        bookings.cancel(made, ta, "Ill")
        work()
        [found] = push_service.to(browser)
        assert re.fullmatch("ยกเลิก.* เลือกเวลาอื่นไหม", found["title"])
        assert found["time"] == "จ.\u00a023\u00a0พ.ย. 09:00"

    def test_nothing_in_a_name_turns_the_line(self, told, student, ta, work):
        User.objects.filter(pk=ta.pk).update(username="\u202eEvil")
        wave(student, ta)
        work()
        assert told()[0]["title"] == "Evil waved at สมชาย ใจดี"

    def test_what_holds_for_hours_wakes_the_device(self, phone, push_service, student, work):
        register(
            Kind(
                "soon",
                MailKind.REMINDERS,
                each("who", User.objects.all),
                lambda who, reader: Email("Soon", [], action=("", "/")),
            )
        )
        phone(student)
        notify(Happening("soon", student.pk, "soon", {"who": student.pk}))
        work()
        assert push_service.sent[0].headers["Urgency"] == "high"


class TestWhether:
    def test_each_device_of_the_person_and_no_other(
        self, push_service, phone, student, stranger, ta, work
    ):
        one, two, other = phone(student), phone(student), phone(stranger)
        wave(student, ta)
        work()
        assert [len(push_service.to(each)) for each in (one, two, other)] == [1, 1, 0]

    def test_what_one_did_oneself_is_not_told(self, told, student, ta, work):
        wave(student, ta, own=True)
        work()
        assert told() == []

    def test_what_was_read_meanwhile_is_not_told(self, told, student, ta, work):
        wave(student, ta)
        notices.read(Notice.objects.get())
        work()
        assert told() == []

    def test_what_is_no_longer_so_is_not_told(self, told, student, ta, work):
        wave(student, ta)
        User.objects.filter(pk=ta.pk).update(is_active=False)
        work()
        assert told() == []

    def test_what_is_gone_is_not_told(self, told, student, work):
        notify(Happening("waved", student.pk, "wave-1", {"who": 999_999}))
        work()
        assert told() == []

    def test_what_was_rolled_back_was_never_so(self, told, student, ta, work):
        with transaction.atomic():
            wave(student, ta)
            transaction.set_rollback(True)
        work()
        assert told() == []

    @pytest.mark.parametrize(
        ("email", "push"), [(True, True), (True, False), (False, True), (False, False)]
    )
    def test_by_email_by_push_by_both_or_neither(
        self, told, student, ta, work, mailoutbox, email, push
    ):
        profiles.choose_mail(student.pk, {MailKind.BOOKINGS: email})
        profiles.choose_push(student.pk, {MailKind.BOOKINGS: push})
        wave(student, ta)
        work()
        assert (len(mailoutbox), len(told())) == (email, push)

    def test_what_is_told_of_security_is_told_here_too(self, told, student, work, mailoutbox):
        for kind in MailKind:
            profiles.choose_push(student.pk, {kind: False})
        emails.queue(
            "account/email/password_changed", student.email, FACTS, language="en", user=student
        )
        work()
        assert [found["title"] for found in told()] == ["Your password was changed"]
        assert len(mailoutbox) == 1

    def test_who_has_no_device_costs_a_query_and_no_task(self, with_key, student, ta):
        with CaptureQueriesContext(connection) as made:
            wave(student, ta)
        assert len([each for each in made if "accounts_pushsubscription" in each["sql"]]) == 1
        assert DBTaskResult.objects.count() == 1  # the email's

    def test_without_a_key_nothing_is_asked(self, student, ta):
        with CaptureQueriesContext(connection) as made:
            wave(student, ta)
        assert not [each for each in made if "accounts_push" in each["sql"]]

    def test_a_key_that_was_taken_away_keeps_the_devices(
        self, told, student, ta, work, settings, push_service
    ):
        wave(student, ta)
        settings.VAPID_PRIVATE_KEY = ""
        work()
        assert push_service.sent == []
        assert PushSubscription.objects.count() == 1

    def test_whoever_took_the_browser_over_hears_nothing_of_before(
        self, push_service, sign_in, phone, student, stranger, ta, work
    ):
        browser = phone(student)
        wave(student, ta)
        browser.subscribe(sign_in(stranger))
        work()
        assert push_service.sent == []


class TestOnce:
    def test_whatever_runs_again(self, told, student, ta, work):
        wave(student, ta)
        wave(student, ta)
        work()
        pushes.announce.call("notice", Notice.objects.get().pk)
        work()
        pushes.deliver.call(PushDelivery.objects.get().pk)
        assert len(told()) == 1

    def test_one_in_the_hands_of_a_worker_is_no_other_ones(self, told, student, ta, work, clock):
        wave(student, ta)
        pushes.announce.call("notice", Notice.objects.get().pk)
        delivery = PushDelivery.objects.get()
        assert PushDelivery.objects.take_up(delivery.pk)
        work()
        assert told() == []
        clock.shift(timedelta(minutes=2, seconds=31))  # that worker was killed
        work()
        work()
        assert len(told()) == 1

    def test_a_worker_that_is_killed_while_it_begins_deliveries(
        self, push_service, phone, student, ta, work, monkeypatch
    ):
        browsers = [phone(student), phone(student)]
        wave(student, ta)
        begun = []

        def killed(*args):
            begun.append(args)
            if len(begun) == 2:
                raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(pushes, "later", killed)
            with pytest.raises(SystemExit):
                pushes.announce.call("notice", Notice.objects.get().pk)
        pushes.deliver.call(begun[0][1])
        work()
        assert [len(push_service.to(each)) for each in browsers] == [1, 1]

    def test_deliveries_are_forgotten_when_nobody_tries_them_any_more(
        self, told, student, ta, work, clock
    ):
        wave(student, ta)
        work()
        clock.shift(timedelta(days=2))
        sweeps.forget_pushes()
        assert PushDelivery.objects.exists()
        clock.shift(1)
        sweeps.forget_pushes()
        assert not PushDelivery.objects.exists()
