"""What becomes of a push by what its service answers, and by the site's key."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import pushes, sweeps
from accounts.models import Notice, PushDelivery, PushSubscription
from accounts.services import notices
from accounts.tests.push.conftest import wave
from accounts.tests.push.service import Browser
from setahub.core import outbound, vapid
from setahub.core.outbound import OutboundError
from setahub.core.work import worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "waved")]


def waiting() -> timedelta:
    """How long the delivery waits until it is tried again."""
    row = DBTaskResult.objects.get(task_path="accounts.pushes.deliver")
    assert row.status == "READY"
    return row.run_after - timezone.now()


class TestAnswers:
    @pytest.fixture(autouse=True)
    def _a_wave(self, clock, waved, told, student, ta):
        wave(student, ta)

    def test_too_many_waits_as_long_as_it_says(self, told, push_service, work, clock):
        push_service.say(429, Retry_After="300")
        work()
        assert waiting() == timedelta(seconds=300)
        clock.shift(299)
        work()
        assert len(push_service.sent) == 1
        clock.shift(1)
        work()
        assert len(told()) == 2  # the second one was taken
        assert PushDelivery.objects.get().done_at

    def test_but_no_shorter_than_anything_else(self, push_service, work, caplog):
        push_service.say(429, Retry_After="1")
        work()
        assert waiting() == worker.DELAYS[0]
        assert "A push to push.example is put off: 429" in caplog.text

    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_trouble_there_is_tried_again_as_emails_are(self, push_service, work, clock, status):
        push_service.say(status, times=3)
        for delay in worker.DELAYS[:3]:
            work()
            assert waiting() == delay
            clock.shift(delay)
        work()
        assert len(push_service.sent) == 4
        assert PushDelivery.objects.get().done_at

    def test_at_most_a_day(self, push_service, work, clock, caplog):
        push_service.say(503, times=20, Retry_After="30000")
        for _time in range(5):
            work()
            clock.shift(30_000)
        assert len(push_service.sent) == 3
        assert "was refused: 503" in caplog.text
        assert PushDelivery.objects.get().done_at

    def test_what_comes_a_day_late_is_dropped(self, push_service, work, clock, caplog):
        clock.shift(timedelta(days=1))
        work()
        assert push_service.sent == []
        assert "A push to push.example was given up after a day" in caplog.text

    def test_to_wait_for_longer_than_a_day_is_not_worth_it(self, push_service, work, caplog):
        push_service.say(429, Retry_After="100000")
        work()
        assert "was refused: 429" in caplog.text

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_device_that_is_no_longer_known_is_deleted(self, push_service, work, status):
        push_service.say(status)
        work()
        assert not PushSubscription.objects.exists()
        statuses = DBTaskResult.objects.values_list("status", flat=True)
        assert set(statuses) == {"SUCCESSFUL"}

    @pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 413])
    def test_any_other_answer_drops_it_and_is_logged(self, push_service, work, caplog, status):
        push_service.say(status, Location="https://push.example/elsewhere")
        with caplog.at_level(logging.ERROR):
            work()
        assert f"A push to push.example was refused: {status}" in caplog.text
        assert "/send/" not in caplog.text
        assert len(push_service.sent) == 1
        assert PushSubscription.objects.exists()
        assert PushDelivery.objects.get().done_at

    @pytest.mark.parametrize("code", ["away", "slow"])
    def test_a_service_that_is_away_is_tried_again(self, told, work, clock, monkeypatch, code):
        def fail(*args, **kwargs):
            raise OutboundError(code)

        with monkeypatch.context() as patch:
            patch.setattr(outbound, "post", fail)
            work()
        assert waiting() == worker.DELAYS[0]
        clock.shift(30)
        work()
        assert len(told()) == 1

    def test_one_that_is_away_keeps_nobody_waiting_again_and_again(
        self, push_service, phone, student, work, clock, monkeypatch
    ):
        for _device in range(2):
            phone(student)
        asked = []

        def fail(*args, **kwargs):
            asked.append(args)
            raise OutboundError("slow")

        with monkeypatch.context() as patch:
            patch.setattr(outbound, "post", fail)
            work()
            assert len(asked) == 1
            assert PushDelivery.objects.filter(done_at=None).count() == 3
            clock.shift(pushes.PAUSE)
            work()
            assert len(asked) == 2
        clock.shift(120)
        work()
        assert len(push_service.sent) == 3

    def test_a_name_that_leads_inside_gets_nothing(self, push_service, work, monkeypatch, caplog):
        monkeypatch.setattr(outbound, "is_public", lambda address: False)
        work()
        assert push_service.sent == []
        assert "A push to push.example was not sent: inside" in caplog.text

    def test_a_service_that_is_allowed_no_longer_gets_nothing(
        self, push_service, work, settings, caplog
    ):
        settings.PUSH_HOSTS = ["other.example"]
        work()
        assert push_service.sent == []
        assert "it is none of PUSH_HOSTS" in caplog.text

    def test_what_was_read_before_the_next_try_is_not_told(self, push_service, work, clock):
        push_service.say(503)
        work()
        notices.read(Notice.objects.get())
        clock.shift(30)
        work()
        assert len(push_service.sent) == 1


class TestAnotherKeyOfTheSite:
    def test_nothing_is_sent_until_the_browser_has_renewed_it(
        self, push_service, sign_in, phone, student, ta, work, settings
    ):
        client = sign_in(student)
        old, new = phone(student, client), Browser()
        settings.VAPID_PRIVATE_KEY = vapid.new_key()
        wave(student, ta)
        work()
        assert push_service.sent == []
        new.subscribe(client, replaces=old.endpoint)
        wave(student, ta, "wave-2")
        work()
        assert len(push_service.to(new)) == 1

    def test_devices_that_never_come_again_are_forgotten(self, phone, student, clock, settings):
        phone(student)
        settings.VAPID_PRIVATE_KEY = vapid.new_key()
        clock.shift(timedelta(days=30))
        sweeps.forget_pushes()
        assert PushSubscription.objects.exists()
        clock.shift(1)
        sweeps.forget_pushes()
        assert not PushSubscription.objects.exists()

    def test_those_of_the_same_key_stay(self, phone, student, clock):
        phone(student)
        clock.shift(timedelta(days=100))
        sweeps.forget_pushes()
        assert PushSubscription.objects.exists()
