"""What comes with time: reminders a day and an hour before, and completion a day after."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import MailKind, Notice
from accounts.services import profiles
from scheduling import history, sweeps
from scheduling.models import Booking, BookingEvent, Commitment
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.core.work import worker

pytestmark = pytest.mark.usefixtures("clock")

DAY, HOUR, SECOND = timedelta(hours=24), timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def session(ta, topic):
    """In three days, so that every reminder lies ahead."""
    return open_time(ta, topic, day=when.today() + timedelta(days=3), capacity=3)


@pytest.fixture
def made(student, session, run_tasks):
    made = book(student, slots_of(session)[0], question="Why does it rotate?")
    run_tasks()
    return made


@pytest.fixture
def sweep(run_tasks):
    """``sweep()``: a sweep and what it queued; the emails of it as pairs of address and subject."""

    def run() -> list[tuple[str, str]]:
        mail.outbox.clear()
        sweeps.remind()
        run_tasks()
        return sorted((message.to[0], message.subject) for message in mail.outbox)

    return run


STUDENT, TA = "student@example.com", "ta@example.com"


class TestReminders:
    def test_a_day_and_an_hour_before_each_once_to_both(self, made, sweep, clock):
        for moment, told in [
            (made.starts_at - DAY - SECOND, None),
            (made.starts_at - DAY, "Thu 26 Nov, 13:00"),
            (made.starts_at - DAY + SECOND, None),
            (made.starts_at - HOUR - SECOND, None),
            (made.starts_at - HOUR, "Thu 26 Nov, 13:00"),
            (made.starts_at - SECOND, None),
            (made.starts_at, None),
            (made.ends_at, None),
        ]:
            clock.move_to(moment)
            expected = [
                (STUDENT, f"{told}: Data Structures with น้ำฝน"),
                (TA, f"{told}: you help สมชาย ใจดี"),
            ]
            assert sweep() == (expected if told else []), moment

    def test_the_letters_say_what_one_needs(self, made, session, student, ta, sweep, clock):
        clock.move_to(made.starts_at - DAY)
        sweep()
        found = {message.to[0]: message.body for message in mail.outbox}
        assert found[STUDENT].startswith(
            "Hello สมชาย ใจดี,\n\n"
            "A reminder: this begins on Thursday 26 November at 13:00.\n\n"
            "If you can't come, please move or cancel it, so that somebody else gets the time.\n\n"
            "When: Thu 26 Nov, 13:00 – 13:30 (Bangkok time, UTC+7)\n"
            "Where: Room 504\n"
            "Topic: Data Structures\n"
            "TA: น้ำฝน\n\n"
            "What you need help with:\n> Why does it rotate?\n\n"
            f"See the booking: http://localhost/bookings/{made.pk}/\n"
        )
        assert found[TA].startswith(
            "Hello น้ำฝน,\n\n"
            "A reminder: this begins on Thursday 26 November at 13:00.\n\n"
            "When: Thu 26 Nov, 13:00 – 13:30 (Bangkok time, UTC+7)\n"
            "Where: Room 504\n\n"
            "Data Structures, สมชาย ใจดี:\n> Why does it rotate?\n\n"
            f"See the session: http://localhost/appointments/{session.pk}/\n"
        )
        clock.move_to(made.starts_at - HOUR)
        sweep()
        [hour] = [message.body for message in mail.outbox if message.to == [STUDENT]]
        assert "A reminder: this begins on Thursday 26 November at 13:00.\n\nWhen:" in hour

    def test_a_ta_gets_one_for_all_who_come_at_a_time(self, made, session, make_user, sweep, clock):
        for name in ("Mali", "Nok"):
            book(make_user(name), slots_of(session)[0])
        clock.move_to(made.starts_at - HOUR)
        of_ta = [pair for pair in sweep() if pair[0] == TA]
        assert (TA, "Thu 26 Nov, 13:00: you help สมชาย ใจดี, Mali, Nok") in of_ta
        assert sum("you help" in subject for _address, subject in of_ta) == 1

    def test_skipped_where_the_time_was_past_at_booking(self, student, ta, topic, sweep, clock):
        tomorrow = open_time(ta, topic, start="08:00", end="09:00")  # in 23 hours
        made = book(student, slots_of(tomorrow)[0])
        sweep()  # the letters about the booking
        assert sweep() == []
        clock.move_to(made.starts_at - HOUR)
        assert [subject for _address, subject in sweep()] == [
            "Tue 24 Nov, 08:00: Data Structures with น้ำฝน",
            "Tue 24 Nov, 08:00: you help สมชาย ใจดี",
        ]

    def test_skipped_when_cancelled(self, made, student, sweep, clock):
        bookings.cancel(made, student, "")
        sweep()
        clock.move_to(made.starts_at - DAY)
        assert sweep() == []

    def test_cancelled_between_sweep_and_task_it_is_not_sent(self, made, ta, run_tasks, clock):
        clock.move_to(made.starts_at - DAY)
        sweeps.remind()
        bookings.cancel(made, ta, "I am ill")
        mail.outbox.clear()
        run_tasks()
        assert all(message.subject.startswith("Cancelled") for message in mail.outbox)

    def test_after_a_move_it_is_sent_for_the_new_time(
        self, made, student, ta, topic, session, sweep, clock
    ):
        clock.move_to(made.starts_at - DAY)
        assert len(sweep()) == 2
        later = open_time(ta, topic, day=when.today() + timedelta(days=4))
        bookings.move(made, student, slots_of(later)[0].pk)
        made.refresh_from_db()
        sweep()  # the letters about the move
        assert sweep() == []
        clock.move_to(made.starts_at - DAY)
        assert len(sweep()) == 2
        clock.move_to(made.starts_at - HOUR)
        assert len(sweep()) == 2

    def test_moved_so_late_that_the_day_is_past_only_the_hour_is_left(
        self, made, student, session, sweep, clock
    ):
        clock.move_to(made.starts_at - timedelta(hours=10))
        bookings.move(made, student, slots_of(session)[1].pk)
        made.refresh_from_db()
        sweep()  # the letters about the move
        assert sweep() == []
        clock.move_to(made.starts_at - HOUR)
        assert len(sweep()) == 2

    def test_after_a_night_without_a_worker_only_what_still_says_something(
        self, made, sweep, clock
    ):
        clock.move_to(made.starts_at - timedelta(minutes=40))
        assert [subject for _address, subject in sweep()] == [
            "Thu 26 Nov, 13:00: Data Structures with น้ำฝน",
            "Thu 26 Nov, 13:00: you help สมชาย ใจดี",
        ]
        assert sweep() == []

    def test_a_task_that_runs_too_late_says_nothing(self, made, run_tasks, clock):
        clock.move_to(made.starts_at - HOUR)
        sweeps.remind()
        clock.move_to(made.starts_at)
        mail.outbox.clear()
        assert run_tasks() == 2
        assert mail.outbox == []

    def test_not_to_who_switched_them_off(self, made, student, sweep, clock):
        profiles.choose_mail(student.pk, {MailKind.REMINDERS: False})
        clock.move_to(made.starts_at - DAY)
        assert [address for address, _subject in sweep()] == [TA]

    def test_one_that_fails_keeps_no_other_back(
        self, made, student, session, sweep, clock, monkeypatch, caplog
    ):
        other = book(student, slots_of(session)[1])
        sweep()
        remind = bookings.remind

        def fragile(slot_id, which):
            if slot_id == made.slot_id:
                raise ValueError
            remind(slot_id, which)

        monkeypatch.setattr(bookings, "remind", fragile)
        clock.move_to(other.starts_at - DAY)
        assert len(sweep()) == 2
        assert "failed for" in caplog.text

    def test_a_quiet_minute_costs_two_queries(self, made):
        with CaptureQueriesContext(connection) as caught:
            sweeps.remind()
        assert len(caught) == 2


class TestCompletion:
    def test_a_day_after_the_end_a_booking_is_completed(self, made, ta, clock):
        clock.move_to(made.ends_at + DAY - SECOND)
        sweeps.complete()
        made.refresh_from_db()
        assert made.status == "booked"
        clock.move_to(made.ends_at + DAY)
        sweeps.complete()
        made.refresh_from_db()
        assert made.status == "completed"
        assert Commitment.objects.count() == 0

    def test_once_with_one_line_of_history_that_says_why(self, made, student, ta, clock):
        clock.move_to(made.ends_at + timedelta(days=3))
        sweeps.complete()
        sweeps.complete()
        event = made.events.get(kind="completed")
        assert (event.actor, event.created_at) == (None, made.ends_at + DAY)
        made.refresh_from_db()
        for viewer in (student, ta):
            lines = [line.text for line in history.history(made, viewer)]
            assert lines[1:] == ["Completed, since nobody said otherwise"]

    def test_nobody_gets_an_email_of_it(self, made, clock, run_tasks):
        clock.move_to(made.ends_at + DAY)
        sweeps.complete()
        assert run_tasks() == 0

    def test_not_where_the_student_reported_an_absent_ta(self, made, student, clock):
        clock.move_to(made.ends_at)
        bookings.report_ta_absent(made, student)
        clock.move_to(made.ends_at + timedelta(days=9))
        sweeps.complete()
        made.refresh_from_db()
        assert made.status == "booked"

    def test_not_what_the_ta_or_a_cancellation_has_settled(self, made, ta, student, session, clock):
        cancelled = book(student, slots_of(session)[1])
        bookings.cancel(cancelled, student, "")
        clock.move_to(made.ends_at)
        bookings.mark_no_show(made, ta)
        clock.move_to(made.ends_at + timedelta(days=2))
        sweeps.complete()
        assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "no_show"]

    def test_the_ta_may_still_switch_it(self, made, ta, clock):
        clock.move_to(made.ends_at + DAY)
        sweeps.complete()
        assert bookings.mark_no_show(made, ta).status == "no_show"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestSeveralWorkers:
    """As many sweeps at the same moment, on real connections."""

    def at_once(self, sweep, times: int = 6) -> None:
        gate = Barrier(times, timeout=30)

        def run(_number: int) -> None:
            gate.wait()
            try:
                sweep()
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as pool:
            list(pool.map(run, range(times)))

    @pytest.fixture
    def many(self, ta, topic, make_user):
        session = open_time(ta, topic, day=when.today() + timedelta(days=3), capacity=3)
        slots = slots_of(session)
        people = [make_user(f"Student {number}") for number in range(8)]
        made = [book(person, slots[number % 4]) for number, person in enumerate(people)]
        DBTaskResult.objects.all().delete()
        return made

    def test_queue_each_reminder_once(self, many, clock):
        clock.move_to(many[0].starts_at - timedelta(minutes=40))
        self.at_once(sweeps.remind)
        self.at_once(sweeps.remind)
        rows = [row.args_kwargs["args"] for row in DBTaskResult.objects.all()]
        told = Notice.objects.filter(kind__startswith="reminder")
        assert sorted(rows) == sorted([notice.pk] for notice in told)
        first = [made.pk for made in many if made.starts_at == many[0].starts_at]
        hour = [(each.kind, each.data) for each in told if each.data["which"] == "hour"]
        assert sorted(hour, key=str) == [
            *(("reminder", {"booking": pk, "which": "hour"}) for pk in sorted(first)),
            ("reminder_for_ta", {"slot": many[0].slot_id, "which": "hour"}),
        ]
        day = told.filter(kind="reminder", data__which="day")
        assert {each.data["booking"] for each in day} == {
            made.pk for made in many if made.pk not in first
        }

    def test_complete_each_booking_once(self, many, clock):
        clock.move_to(many[-1].ends_at + timedelta(days=2))
        self.at_once(sweeps.complete)
        assert set(Booking.objects.values_list("status", flat=True)) == {"completed"}
        assert BookingEvent.objects.filter(kind="completed").count() == len(many)

    def test_a_whole_worker_each_sends_each_email_once(self, many, clock):
        clock.move_to(many[0].starts_at - timedelta(minutes=40))
        self.at_once(lambda: worker.Worker().once(), times=4)
        worker.Worker().once()
        found = [(message.to[0], message.subject) for message in mail.outbox]
        assert len(found) == len(set(found)) == 8 + 4  # each student, and the TA for each slot
        assert timezone.now() < many[0].starts_at
