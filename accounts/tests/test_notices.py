"""Notices: told once, shown in the bell and on open pages, read when they are opened."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import notifications, sweeps
from accounts.models import MailKind, Notice, User
from accounts.notifications import mail_notice
from accounts.services import kinds, notices, profiles
from accounts.services.kinds import Kind, each, register
from accounts.services.notices import Happening, notify
from setahub.core.live import events
from setahub.core.mail import Email
from setahub.core.work.tasks import InHand

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def waved(monkeypatch) -> Kind[User]:
    """A kind of the tests' own: somebody waved."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kind = Kind(
        "waved",
        MailKind.BOOKINGS,
        each("who", User.objects.all),
        lambda who, reader: Email(
            subject=f"{who.username} waved at {reader.username}",
            lead=["Wave back?"],
            action=("See who", who.get_absolute_url()),
        ),
    )
    register(kind)
    return kind


@pytest.fixture
def frames(monkeypatch) -> list[tuple[str, dict[str, Any]]]:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(events, "push", lambda group, *some: sent.extend((group, f) for f in some))
    return sent


def wave(person: User, who: User, key: str = "wave-1", own: bool = False) -> None:
    notify(Happening("waved", person.pk, key, {"who": who.pk}, own=own))


class TestToldOnce:
    def test_the_same_happening_twice_is_one_row_and_one_email(self, student, ta, post):
        wave(student, ta)
        wave(student, ta)
        assert Notice.objects.count() == 1
        assert [message.subject for message in post()] == ["น้ำฝน waved at สมชาย ใจดี"]

    def test_among_others_that_are_new(self, student, ta, stranger, post):
        wave(student, ta)
        notify(
            *(
                Happening("waved", person.pk, "wave-1", {"who": ta.pk})
                for person in (student, stranger)
            )
        )
        assert Notice.objects.count() == 2
        assert sorted(message.to[0] for message in post()) == sorted(
            [student.email, stranger.email]
        )

    def test_what_fails_tells_nobody(self, student, ta, post):
        def fail() -> None:
            with transaction.atomic():
                wave(student, ta)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert not Notice.objects.exists()
        assert post() == []

    def test_a_kind_that_no_app_knows_is_an_error_at_once(self, student):
        with pytest.raises(KeyError, match="'nodded'"):
            notify(Happening("nodded", student.pk, "x"))

    def test_a_task_that_runs_again_sends_nothing(self, student, ta, run_tasks):
        wave(student, ta)
        run_tasks()
        mail_notice.call(Notice.objects.get().pk)
        assert len(mail.outbox) == 1

    def test_a_mail_server_that_is_away_is_tried_again(self, student, ta, monkeypatch):
        wave(student, ta)
        notice = Notice.objects.get()
        with monkeypatch.context() as patch:
            patch.setattr(EmailBackend, "send_messages", _refuse)
            with pytest.raises(ConnectionRefusedError):
                mail_notice.call(notice.pk)
        mail_notice.call(notice.pk)
        assert len(mail.outbox) == 1

    def test_an_email_in_the_hands_of_one_worker_is_no_other_ones(self, student, ta, clock):
        wave(student, ta)
        notice = Notice.objects.get()
        assert Notice.objects.take_up(notice.pk)
        with pytest.raises(InHand):
            mail_notice.call(notice.pk)
        assert mail.outbox == []
        clock.shift(timedelta(minutes=2, seconds=1))  # that worker was killed
        mail_notice.call(notice.pk)
        assert len(mail.outbox) == 1

    def test_what_is_gone_by_then_is_not_sent(self, student, post):
        notify(Happening("waved", student.pk, "wave-1", {"who": 999_999}))
        assert post() == []
        assert Notice.objects.get().mail_done_at

    def test_what_is_switched_off_stands_in_the_bell_alone(self, student, ta, post, sign_in):
        profiles.choose_mail(student.pk, {MailKind.BOOKINGS: False})
        wave(student, ta)
        assert post() == []
        assert bell(sign_in(student)) == 1


def _refuse(backend: Any, messages: Any) -> None:
    raise ConnectionRefusedError


def bell(client: Any, path: str = "/help/") -> int:
    [number] = re.findall(r'data-unread-notices="(\d+)"', client.get(path).content.decode())
    return int(number)


class TestLive:
    def test_open_pages_hear_of_it_in_the_readers_language(
        self, make_user, ta, frames, django_capture_on_commit_callbacks
    ):
        mali = make_user("Mali", language="th")
        with django_capture_on_commit_callbacks(execute=True):
            wave(mali, ta)
        [(group, frame)] = frames
        assert group == f"user.{mali.pk}"
        assert frame == {
            "type": "notice",
            "unread": 1,
            "title": "น้ำฝน waved at Mali",
            "url": f"/notifications/{Notice.objects.get().pk}/",
        }

    def test_ones_own_act_is_no_news(
        self, student, ta, frames, sign_in, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            wave(student, ta, own=True)
        assert frames == []
        assert bell(sign_in(student)) == 0
        assert "data-notice-id" in sign_in(student).get("/notifications/").content.decode()

    def test_reading_reaches_the_other_tabs(
        self, student, ta, frames, django_capture_on_commit_callbacks
    ):
        wave(student, ta)
        with django_capture_on_commit_callbacks(execute=True):
            notices.read(Notice.objects.get())
            notices.read(Notice.objects.get())
        assert frames == [(f"user.{student.pk}", {"type": "notice.read", "unread": 0})]

    def test_many_cost_as_many_queries_as_one(
        self, make_user, ta, frames, django_assert_num_queries
    ):
        people = [make_user(f"Person {number}") for number in range(3)]
        for person in people:
            wave(person, ta)
        told = list(Notice.objects.all())
        with django_assert_num_queries(3):
            notifications.show(told[:1])
        with django_assert_num_queries(3):
            notifications.show(told)


class TestPages:
    def test_the_list_has_the_newest_first_and_reads_nothing(self, student, ta, sign_in, clock):
        for number in range(3):
            wave(student, ta, f"wave-{number}")
            clock.shift(60)
        client = sign_in(student)
        html = client.get("/notifications/").content.decode()
        found = [int(pk) for pk in re.findall(r'data-notice-id="(\d+)"', html)]
        assert found == list(Notice.objects.order_by("-pk").values_list("pk", flat=True))
        assert bell(client) == 3

    def test_it_has_the_latest_hundred(self, student, ta, sign_in):
        notify(*(Happening("waved", student.pk, f"wave-{n}", {"who": ta.pk}) for n in range(101)))
        html = sign_in(student).get("/notifications/").content.decode()
        assert html.count("data-notice-id") == 100
        assert 'data-unread-notices="101"' in html
        assert "<span\n    data-number>99+</span>" in html

    def test_opening_one_reads_it_and_leads_to_its_matter(self, student, ta, sign_in):
        wave(student, ta)
        wave(student, ta, "wave-2")
        client = sign_in(student)
        response = client.get(f"/notifications/{Notice.objects.first().pk}/")
        assert (response.status_code, response.url) == (302, f"/users/{ta.pk}/")
        assert bell(client) == 1

    def test_what_is_gone_is_said_in_words(self, student, sign_in):
        notify(Happening("waved", student.pk, "wave-1", {"who": 999_999}))
        client = sign_in(student)
        assert "Something that is no longer here" in client.get("/notifications/").content.decode()
        response = client.get(f"/notifications/{Notice.objects.get().pk}/")
        assert response.status_code == 200
        assert "What this was about is no longer here" in response.content.decode()

    def test_a_kind_of_another_release_is_said_in_words(self, student, sign_in):
        Notice.objects.create(user=student, kind="nodded", key="x")
        assert sign_in(student).get("/notifications/").status_code == 200

    def test_a_post_reads_all_of_ones_own(self, student, ta, stranger, sign_in):
        wave(student, ta)
        wave(student, ta, "wave-2")
        wave(stranger, ta)
        client = sign_in(student)
        response = client.post("/notifications/")
        assert (response.status_code, response.url) == (302, "/notifications/")
        assert bell(client) == 0
        assert bell(sign_in(stranger)) == 1

    def test_nobody_opens_anothers(self, student, ta, stranger, sign_in, client):
        wave(student, ta)
        path = f"/notifications/{Notice.objects.get().pk}/"
        assert sign_in(stranger).get(path).status_code == 404
        assert client.get(path).url == f"/auth/login/?next={path}"
        assert not Notice.objects.get().is_read

    def test_scripts_ask_for_the_number(self, student, ta, sign_in):
        wave(student, ta)
        assert sign_in(student).get("/notifications/unread/").json() == {"total": 1}

    def test_three_cost_as_many_queries_as_one(
        self, student, ta, sign_in, django_assert_max_num_queries
    ):
        client = sign_in(student)
        client.get("/notifications/")
        wave(student, ta)
        with django_assert_max_num_queries(20) as one:
            client.get("/notifications/")
        for number in range(2, 4):
            wave(student, ta, f"wave-{number}")
        with django_assert_max_num_queries(len(one)):
            client.get("/notifications/")


class TestCost:
    def test_the_bell_costs_every_page_the_same_however_much_waits(self, student, ta, sign_in):
        client = sign_in(student)
        client.get("/help/")
        counts, asked = [], []
        for number in (0, 1, 100):
            for each_ in range(number):
                wave(student, ta, f"wave-{number}-{each_}")
            with CaptureQueriesContext(connection) as made:
                shown = bell(client)
            counts.append(len(made))
            asked = [query["sql"] for query in made if "accounts_notice" in query["sql"]]
            assert shown == Notice.objects.of(student.pk).unread().count()
        assert counts[0] == counts[1] == counts[2]
        # Along with what the page asks for anyhow: it is worth no query of its own.
        assert ["chat_participation" in sql for sql in asked] == [True]


class TestKept:
    def test_for_180_days(self, student, ta, clock):
        wave(student, ta)
        clock.shift(timedelta(days=180))
        sweeps.forget_notices()
        assert Notice.objects.exists()
        clock.shift(1)
        sweeps.forget_notices()
        assert not Notice.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestRaces:
    def at_once(self, act: Any, times: int = 6) -> list[Any]:
        gate = Barrier(times, timeout=30)

        def run(_number: int) -> Any:
            gate.wait()
            try:
                return act()
            except InHand:
                return InHand
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(run, range(times)))

    def test_a_happening_that_several_workers_tell_is_told_once(self, student, ta):
        self.at_once(lambda: wave(student, ta))
        assert Notice.objects.count() == 1
        assert DBTaskResult.objects.count() == 1

    def test_an_email_that_several_workers_send_goes_out_once(self, student, ta):
        wave(student, ta)
        pk = Notice.objects.get().pk
        self.at_once(lambda: mail_notice.call(pk))
        assert len(mail.outbox) == 1
        assert Notice.objects.get().mail_done_at <= timezone.now()
