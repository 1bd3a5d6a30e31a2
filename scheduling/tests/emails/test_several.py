"""What one act does to several bookings is one email."""

import re

import pytest
from django.core import mail
from django.db import transaction
from icalendar import Calendar

from accounts.services import deletion, suspensions
from scheduling import notifications
from scheduling.models import Booking
from scheduling.queries.bookings import active_bookings
from scheduling.services import appointments, bookings
from scheduling.tests.emails.parts import text
from scheduling.tests.factories import book, open_series, plan, slots_of
from setahub.core.work import worker

pytestmark = pytest.mark.usefixtures("clock")


class TestOneHappening:
    """What one act does to several bookings is one letter to each reader."""

    @pytest.fixture
    def weeks(self, student, stranger, ta, topic, run_tasks):
        """Three weeks, all booked by the student, the first by the stranger too."""
        made = open_series(ta, topic, location="Room 504", capacity=2)
        for each in made:
            book(student, slots_of(each)[0])
        book(stranger, slots_of(made[0])[1])
        run_tasks()
        return made

    def test_a_series_that_is_taken_back(self, weeks, student, stranger, ta, sent):
        appointments.cancel(weeks[0], ta, "I am ill", scope="following")
        mails = sent()
        assert set(mails) == {student.email, stranger.email, ta.email}
        letter = mails[student.email]
        assert letter.subject == "Cancelled: 3 bookings, the first Tue 24 Nov, 13:00"
        told = text(letter)
        assert told.startswith("น้ำฝน cancelled these bookings.")
        for day in ("24 Nov", "1 Dec", "8 Dec"):
            assert re.search(rf"Tue {day}, 13:00 – 13:30 .*: Data Structures with น้ำฝน", told)
        assert told.count("I am ill") == 1
        assert told.count("/rebook/") == 3
        assert "Room 504" not in letter.body
        assert mails[ta.email].subject == "Cancelled: 4 bookings, the first Tue 24 Nov, 13:00"
        assert text(mails[ta.email]).startswith("You cancelled these bookings.")
        assert "rebook" not in mails[ta.email].body
        assert mails[stranger.email].subject.startswith("Cancelled: Data Structures with น้ำฝน")

    def test_each_booking_is_taken_out_of_the_calendar(self, weeks, student, ta, sent):
        appointments.cancel(weeks[0], ta, "I am ill", scope="following")
        parts = [
            Calendar.from_ical(part.get_payload(decode=True))
            for part in sent()[student.email].message().walk()
            if part.get_content_type() == "text/calendar"
        ]
        assert [part["METHOD"] for part in parts] == ["CANCEL"] * 3
        uids = {str(event["UID"]) for part in parts for event in part.events}
        kept = Booking.objects.filter(student=student).values_list("uid", flat=True)
        assert {str(uid) in " ".join(uids) for uid in kept} == {True}

    def test_a_new_place_of_a_series(self, weeks, student, stranger, ta, topic, sent):
        asked = plan(topic, location="Room 9", capacity=2)
        appointments.edit(weeks[0], ta, asked, scope="following")
        mails = sent()
        assert set(mails) == {student.email, stranger.email}
        letter = mails[student.email]
        assert letter.subject == "Changed: 3 bookings, the first Tue 24 Nov, 13:00"
        assert text(letter).count("New place: Room 9") == 1

    def test_a_suspended_student(self, weeks, student, staff, ta, sent):
        suspensions.suspend(student, actor=staff, cancel_bookings=True)
        assert sent()[ta.email].subject.startswith("Cancelled: 3 bookings")

    @pytest.mark.parametrize("who", ["student", "ta"])
    def test_a_deleted_account(self, weeks, student, ta, sent, who):
        gone, other = (student, ta) if who == "student" else (ta, student)
        deletion.delete_account(gone)
        name = "TA" if who == "ta" else "student"
        told = text(sent()[other.email])
        assert told.startswith(f"They were cancelled, since the {name} deleted their account.")

    def test_a_booking_that_was_cancelled_meanwhile_is_left_out(
        self, weeks, student, ta, topic, sent
    ):
        appointments.edit(
            weeks[0], ta, plan(topic, location="Room 9", capacity=2), scope="following"
        )
        mine = Booking.objects.filter(student=student).order_by("starts_at")
        for each in mine[1:]:
            bookings.cancel(each, student, "")
        mail.outbox.clear()
        while row := worker.take("test"):
            worker.settle(row, worker.outcome_of(row))
        changed = [each for each in mail.outbox if each.subject.startswith("Changed")]
        assert "Changed: Data Structures with น้ำฝน" in {
            each.subject.partition(",")[0] for each in changed if each.to == [student.email]
        }

    def test_what_failed_tells_nobody(self, weeks, ta, sent):
        def fail():
            with transaction.atomic(), notifications.one_happening():
                bookings.cancel_all(active_bookings(weeks), ta, "Ill")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert sent() == {}
