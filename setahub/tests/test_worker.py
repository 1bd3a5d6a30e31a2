"""The queue and its worker: committed work only, tried again, taken up again, done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from conftest import NOW
from setahub.core.work import tasks, worker
from setahub.core.work.tasks import TryLater, every_minute, later
from setahub.tests import work


@pytest.fixture(autouse=True)
def _nothing_done_yet():
    work.done.clear()
    work.failing.clear()


def drain(name: str = "one") -> int:
    """Do all that is due."""
    count = 0
    while row := worker.take(name):
        worker.settle(row, worker.outcome_of(row))
        count += 1
    return count


def only() -> DBTaskResult:
    return DBTaskResult.objects.get()


@pytest.mark.django_db
class TestLater:
    def test_a_task_is_done_once_in_the_order_it_was_queued(self):
        for number in (1, 2, 3):
            later(work.note, number)
        assert drain() == 3
        assert work.done == [1, 2, 3]
        assert drain() == 0
        assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}

    @pytest.mark.django_db(transaction=True)
    def test_what_is_rolled_back_was_never_queued(self):
        with transaction.atomic():
            later(work.note, 1)
            transaction.set_rollback(True)
        with transaction.atomic():
            later(work.note, 2)
        assert drain() == 1
        assert work.done == [2]

    def test_what_has_time_is_done_no_sooner(self, clock):
        later(work.note, 1, after=timedelta(seconds=10))
        clock.shift(9)
        assert drain() == 0
        clock.shift(1)
        assert drain() == 1
        assert work.done == [1]

    def test_the_immediate_backend_waits_for_the_commit(
        self, settings, django_capture_on_commit_callbacks
    ):
        settings.TASKS = {
            "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
        }
        with django_capture_on_commit_callbacks(execute=True):
            later(work.note, 1)
            assert work.done == []
        assert work.done == [1]


@pytest.mark.django_db
class TestRetries:
    def test_a_failed_task_is_tried_again_after_a_growing_delay(self, clock):
        work.failing[:] = [ConnectionRefusedError()] * 3
        later(work.fragile, 1)
        for delay in (30, 120, 600):
            assert drain() == 1
            row = only()
            assert (row.status, row.run_after) == (
                "READY",
                timezone.now() + timedelta(seconds=delay),
            )
            assert row.exception_class_path == "builtins.ConnectionRefusedError"
            clock.shift(delay - 1)
            assert drain() == 0
            clock.shift(1)
        assert drain() == 1
        row = only()
        assert (row.status, row.traceback, work.done) == ("SUCCESSFUL", "", [1])

    def test_after_the_seventh_try_it_has_failed(self, clock, caplog):
        work.failing[:] = [ValueError("broken")] * 9
        later(work.fragile, 1)
        tries = 0
        while only().status == "READY":
            tries += drain()
            clock.move_to(only().run_after)
        row = only()
        assert (tries, row.status, len(row.worker_ids)) == (7, "FAILED", 7)
        assert "ValueError: broken" in row.traceback
        assert sum(worker.DELAYS, timedelta()) == timedelta(hours=10, minutes=42, seconds=30)
        [error] = [record for record in caplog.records if record.levelname == "ERROR"]
        assert (
            error.getMessage()
            == f"Task {row.pk} setahub.tests.work.fragile failed for good: " + ("ValueError")
        )

    def test_one_that_was_told_to_wait_waits_so_long_and_no_less_than_others(self, clock):
        work.failing[:] = [TryLater(300), TryLater(5), TryLater()]
        later(work.fragile, 1)
        for delay in (300, 120, 600):
            assert drain() == 1
            assert only().run_after == timezone.now() + timedelta(seconds=delay)
            clock.move_to(only().run_after)
        assert drain() == 1
        assert work.done == [1]

    def test_what_cannot_work_is_not_tried_again(self):
        later(work.hopeless, 1)
        assert drain() == 1
        assert (only().status, len(only().worker_ids)) == ("FAILED", 1)

    def test_a_task_that_is_gone_from_the_code_fails_in_the_same_way(self, clock):
        later(work.note, 1)
        DBTaskResult.objects.update(task_path="setahub.tests.work.removed")
        assert drain() == 1
        assert (only().status, only().exception_class_path) == ("READY", "builtins.ImportError")


@pytest.mark.django_db
class TestRecovery:
    def test_a_task_of_a_killed_worker_is_taken_up_again(self, clock):
        later(work.note, 1)
        assert worker.take("killed") is not None
        assert worker.recover() == 0
        clock.shift(worker.LEASE)
        assert worker.recover() == 0
        clock.shift(1)
        assert worker.recover() == 1
        assert drain("other") == 1
        assert work.done == [1]
        assert only().worker_ids == ["killed", "other"]

    def test_the_slow_worker_no_longer_decides(self, clock):
        work.failing[:] = [ValueError()]
        later(work.fragile, 1)
        slow = worker.take("slow")
        clock.shift(worker.LEASE + timedelta(seconds=1))
        worker.recover()
        fast = worker.take("fast")
        worker.settle(slow, worker.outcome_of(slow))  # too late: not its task any more
        assert only().status == "RUNNING"
        worker.settle(fast, worker.outcome_of(fast))
        assert only().status == "SUCCESSFUL"

    def test_a_task_that_kills_every_worker_ends_as_failed(self, clock):
        later(work.note, 1)
        for _try in range(7):
            assert worker.take("doomed") is not None
            clock.shift(worker.LEASE + timedelta(seconds=1))
            worker.recover()
        assert only().status == "FAILED"
        assert only().exception_class_path == "setahub.core.work.worker.Killed"

    def test_one_that_another_kind_of_worker_left_is_taken_up_too(self, clock):
        later(work.note, 1)
        row = only()
        row.claim("db_worker")  # django-tasks-db's own: holds no lease
        clock.shift(worker.LEASE + timedelta(seconds=1))
        assert worker.recover() == 1
        assert drain() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_workers_at_once_do_each_task_once():
    for number in range(40):
        later(work.note, number)
    gate = Barrier(4, timeout=30)

    def labour(name: str) -> int:
        gate.wait()
        try:
            return drain(name)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(labour, "abcd"))
    assert sum(counts) == 40
    assert sorted(work.done) == list(range(40))


@pytest.mark.django_db
class TestSweep:
    @pytest.fixture(autouse=True)
    def _parts_of_its_own(self, monkeypatch):
        monkeypatch.setattr(tasks, "_parts", [])

    def test_a_part_that_fails_keeps_no_other_from_running(self, caplog):
        @every_minute
        def broken():
            raise ValueError

        @every_minute
        def fine():
            work.done.append(1)

        call_command("worker", "--once")
        assert work.done == [1]
        assert "broken failed" in caplog.text

    def test_it_comes_at_the_start_and_then_every_minute(self, monkeypatch):
        monkeypatch.setattr(worker, "monotonic", lambda: now[0])
        now = [100.0]
        every_minute(lambda: work.done.append(int(now[0])))
        busy = worker.Worker()
        monkeypatch.setattr(busy._stop, "wait", lambda seconds: None)
        for moment in (100.0, 130.0, 159.9, 160.0, 219.0, 221.0):
            now[0] = moment
            busy._beat()
        assert work.done == [100, 160, 221]


@pytest.mark.django_db
class TestCleaning:
    def test_sessions_that_have_ended_are_thrown_away(self, clock):
        day = timedelta(days=1)
        Session.objects.create(session_key="old", expire_date=timezone.now() - day)
        Session.objects.create(session_key="new", expire_date=timezone.now() + day)
        worker.Worker().once()
        assert [session.pk for session in Session.objects.all()] == ["new"]

    def test_done_tasks_stay_a_week_and_failed_ones_a_quarter(self, clock):
        later(work.note, 1)
        later(work.hopeless, 2)
        later(work.note, 3)
        drain()
        second = timedelta(seconds=1)
        for age, left in [
            (timedelta(days=7), ["FAILED", "SUCCESSFUL", "SUCCESSFUL"]),
            (timedelta(days=7) + second, ["FAILED"]),
            (timedelta(days=90), ["FAILED"]),
            (timedelta(days=90) + second, []),
        ]:
            clock.move_to(NOW + age)
            worker.prune()
            assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == left

    def test_what_others_had_wait_until_it_was_too_late_goes_like_what_is_done(self, clock):
        for number, error in ((1, TryLater()), (2, ValueError())):
            later(work.fragile, number)
            for _try in range(len(worker.DELAYS) + 1):
                work.failing[:] = [error]
                drain()
                clock.move_to(DBTaskResult.objects.order_by("enqueued_at").last().run_after)
        assert [row.status for row in DBTaskResult.objects.all()] == ["FAILED", "FAILED"]
        clock.shift(worker.KEEP_DONE + timedelta(seconds=1))
        worker.prune()
        assert only().exception_class_path == "builtins.ValueError"


@pytest.mark.django_db
class TestAdmin:
    @pytest.fixture
    def page(self):
        return reverse("admin:django_tasks_database_dbtaskresult_changelist")

    def test_staff_see_what_failed_and_why(self, staff, sign_in, page):
        later(work.hopeless, 41)
        drain()
        html = sign_in(staff).get(page).content.decode()
        assert "hopeless" in html
        assert "GiveUp" in html
        detail = sign_in(staff).get(
            reverse("admin:django_tasks_database_dbtaskresult_change", args=[only().pk])
        )
        assert "There is no such mailbox." in detail.content.decode()

    def test_and_have_it_tried_again_with_all_its_tries(self, staff, sign_in, page, clock):
        work.failing[:] = [ValueError()] * 7
        later(work.fragile, 1)
        while only().status == "READY":
            drain()
            clock.shift(timedelta(hours=8))
        form = {"action": "try_again", "_selected_action": [str(only().pk)]}
        answer = sign_in(staff).post(page, form, follow=True)
        assert "1 task is queued again." in answer.content.decode()
        assert drain() == 1
        assert (work.done, only().status, len(only().worker_ids)) == ([1], "SUCCESSFUL", 1)

    def test_what_did_not_fail_is_left_alone(self, staff, sign_in, page):
        later(work.note, 1)
        drain()
        form = {"action": "try_again", "_selected_action": [str(only().pk)]}
        sign_in(staff).post(page, form)
        assert only().status == "SUCCESSFUL"

    def test_who_may_only_look_gets_no_action(self, make_user, sign_in, page):
        from django.contrib.auth.models import Permission

        viewer = make_user("Viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_dbtaskresult"))
        later(work.hopeless, 1)
        drain()
        client = sign_in(viewer)
        assert client.get(page).status_code == 200
        client.post(page, {"action": "try_again", "_selected_action": [str(only().pk)]})
        assert only().status == "FAILED"
