"""Emails about bookings: who gets which, what they say, and what they carry for calendars."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from icalendar import Calendar

from accounts import services
from accounts.models import MailKind
from accounts.services import deletion
from scheduling import notifications, tasks
from scheduling.models import Booking
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_series, open_time, plan, slots_of
from setahub.core.work import worker
from setahub.core.work.tasks import nothing_queued

pytestmark = pytest.mark.usefixtures("clock")

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # 13:00 in Bangkok


@pytest.fixture
def session(ta, topic):
    return open_time(ta, topic, notes="Bring a laptop")


@pytest.fixture
def made(student, session):
    return book(student, slots_of(session)[0], question="Why does it rotate?")


@pytest.fixture
def sent(run_tasks):
    """``sent()``: the emails since the last time, by who got them; nobody gets two."""

    def emails() -> dict:
        mail.outbox.clear()
        run_tasks()
        found = {message.to[0]: message for message in mail.outbox}
        assert len(found) == len(mail.outbox)
        assert all(len(message.recipients()) == 1 for message in mail.outbox)
        return found

    return emails


def invitation(message):
    """The calendar in an email, and its one event."""
    [part] = [
        part for part in message.message().walk() if part.get_content_type() == "text/calendar"
    ]
    assert part.get_filename() == "booking.ics"
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    [event] = calendar.events
    return calendar, event


def text(message) -> str:
    """What it says, without greeting and footer."""
    return message.body.partition("\n\n")[2].partition("\n\nYour SETAHub team")[0]


class TestMade:
    def test_the_student_reads_what_was_booked(self, made, student, sent):
        message = sent()[student.email]
        assert message.subject == "Booked: Data Structures with น้ำฝน, Tue 24 Nov, 13:00"
        assert text(message) == (
            "Your booking is made. See you there!\n\n"
            "When: Tue 24 Nov, 13:00 – 13:30 (Bangkok time, UTC+7)\n"
            "Where: Room 504\n"
            "Topic: Data Structures\n"
            "TA: น้ำฝน\n\n"
            "What you need help with:\n> Why does it rotate?\n\n"
            "Notes on this session:\n> Bring a laptop\n\n"
            f"See the booking: http://localhost/bookings/{made.pk}/"
        )

    def test_the_ta_reads_who_comes_with_what(self, made, ta, sent):
        message = sent()[ta.email]
        assert message.subject == "สมชาย ใจดี booked you: Data Structures, Tue 24 Nov, 13:00"
        assert text(message) == (
            "สมชาย ใจดี booked a time with you.\n\n"
            "When: Tue 24 Nov, 13:00 – 13:30 (Bangkok time, UTC+7)\n"
            "Where: Room 504\n"
            "Topic: Data Structures\n"
            "Student: สมชาย ใจดี\n\n"
            "What สมชาย ใจดี needs help with:\n> Why does it rotate?\n\n"
            "Notes on this session:\n> Bring a laptop\n\n"
            f"See the booking: http://localhost/bookings/{made.pk}/"
        )

    def test_both_and_nobody_else(self, made, student, ta, sent):
        assert set(sent()) == {student.email, ta.email}
        assert sent() == {}

    def test_html_says_the_same(self, made, student, sent):
        message = sent()[student.email]
        [twin] = message.alternatives
        html = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", twin.content))
        for line in text(message).splitlines():
            for part in re.split(r": |> ", line):
                if not part.startswith("http"):
                    assert part.strip(": ") in html
        assert f'href="http://localhost/bookings/{made.pk}/"' in twin.content

    def test_the_ta_hears_nothing_of_who_books_while_emails_are_off(self, ta, student, made, sent):
        services.choose_mail(ta.pk, {MailKind.BOOKINGS: False})
        assert set(sent()) == {student.email}

    def test_demo_people_get_none(self, student, session, sent):
        with nothing_queued():
            book(student, slots_of(session)[0])
        assert sent() == {}


class TestInvitation:
    def test_it_asks_each_reader_alone_and_wants_no_answer(self, made, student, ta, sent):
        emails = sent()
        for reader, topic in ((student, "น้ำฝน"), (ta, "สมชาย ใจดี")):
            calendar, event = invitation(emails[reader.email])
            assert (calendar["METHOD"], event["STATUS"]) == ("REQUEST", "CONFIRMED")
            assert event["SUMMARY"] == f"Data Structures with {topic}"
            attendee = event["ATTENDEE"]
            assert str(attendee) == f"mailto:{reader.email}"
            assert dict(attendee.params) == {
                "CN": reader.username,
                "CUTYPE": "INDIVIDUAL",
                "ROLE": "REQ-PARTICIPANT",
                "PARTSTAT": "ACCEPTED",
                "RSVP": "FALSE",
            }
            organizer = event["ORGANIZER"]
            assert (str(organizer), organizer.params["CN"]) == ("mailto:noreply@localhost", "น้ำฝน")

    def test_it_has_time_place_page_and_alarm(self, made, student, sent):
        _calendar, event = invitation(sent()[student.email])
        assert (event["UID"], event["SEQUENCE"]) == (str(made.uid), 0)
        assert event["DTSTART"].to_ical() == b"20261124T060000Z"
        assert event["DTEND"].to_ical() == b"20261124T063000Z"
        assert event["DTSTAMP"].dt == made.created_at
        assert event["LOCATION"] == "Room 504"
        assert event["URL"] == f"http://localhost/bookings/{made.pk}/"
        assert event.walk("VALARM")[0]["TRIGGER"].dt == timedelta(minutes=-15)

    def test_no_email_tells_the_address_of_the_other(self, made, student, ta, session, sent, clock):
        bookings.move(made, student, slots_of(session)[2].pk)
        bookings.cancel(made, ta, "I am ill")
        emails = []
        mail.outbox.clear()
        for _count in range(DBTaskResult.objects.count()):
            row = worker.take("test")
            row.task.call(*row.args_kwargs["args"])
        for message in mail.outbox:
            other = ta if message.to == [student.email] else student
            whole = message.message().as_string() + message.body + message.alternatives[0].content
            whole += message.attachments[0].content.replace("\r\n ", "")
            assert other.email not in whole
            emails.append(message)
        assert len(emails) == 6

    def test_a_life_of_one_uid_and_a_rising_sequence(self, made, student, ta, session, topic, sent):
        """All queued before anything is sent: each email still tells its own moment.

        But not the room, since by then it is cancelled; nor that the session has another.
        """
        bookings.move(made, student, slots_of(session)[2].pk)
        appointments.edit(session, ta, plan(topic, location="Room 612", notes="Bring a laptop"))
        bookings.cancel(made, student, "")
        mail.outbox.clear()
        while row := worker.take("test"):
            row.task.call(*row.args_kwargs["args"])
        mine = [message for message in mail.outbox if message.to == [student.email]]
        found = [invitation(message) for message in mine]
        assert [
            (calendar["METHOD"], event["SEQUENCE"], event["DTSTART"].dt)
            for calendar, event in found
        ] == [
            ("REQUEST", 0, START),
            ("REQUEST", 1, START + timedelta(hours=1)),
            ("CANCEL", 3, START + timedelta(hours=1)),
        ]
        assert not any("LOCATION" in event for _calendar, event in found)
        assert {event["UID"] for _calendar, event in found} == {str(made.uid)}
        assert found[-1][1]["STATUS"] == "CANCELLED"


class TestMoved:
    def test_both_read_from_when_to_when(self, made, student, ta, session, sent):
        sent()
        bookings.move(made, student, slots_of(session)[2].pk)
        emails = sent()
        assert set(emails) == {student.email, ta.email}
        for reader, name, who in ((student, "น้ำฝน", "You"), (ta, "สมชาย ใจดี", "สมชาย ใจดี")):
            message = emails[reader.email]
            assert message.subject == f"Moved to Tue 24 Nov, 14:00: Data Structures with {name}"
            assert text(message).startswith(
                f"{who} moved this booking. It was Tue 24 Nov, 13:00 before.\n\n"
                "When: Tue 24 Nov, 14:00 – 14:30 (Bangkok time, UTC+7)\n"
            )


class TestChanged:
    def test_the_student_reads_the_new_place_and_notes(
        self, made, student, ta, session, topic, sent
    ):
        sent()
        appointments.edit(session, ta, plan(topic, location="Room 612", notes="Bring two"))
        emails = sent()
        assert set(emails) == {student.email}
        message = emails[student.email]
        assert message.subject == "Changed: Data Structures with น้ำฝน, Tue 24 Nov, 13:00"
        assert text(message).startswith("น้ำฝน changed the session.\n\nWhen: Tue 24 Nov, 13:00")
        assert "Where: Room 612\n" in text(message)
        assert "What changed:\n> New place: Room 612\n> New notes: Bring two\n" in text(message)

    def test_what_shows_nowhere_is_not_told(self, made, ta, session, topic, sent):
        sent()
        appointments.edit(session, ta, plan(topic, notes="Bring a laptop", capacity=4))
        assert sent() == {}


class TestCancelled:
    def test_by_the_ta(self, made, student, ta, sent, session):
        rebook = f"http://localhost/bookings/{made.pk}/rebook/"
        sent()
        bookings.cancel(made, ta, "I am ill")
        emails = sent()
        assert emails[student.email].subject == (
            "Cancelled: Data Structures with น้ำฝน, Tue 24 Nov, 13:00"
        )
        assert text(emails[student.email]) == (
            "น้ำฝน cancelled this booking.\n\n"
            "When: Tue 24 Nov, 13:00 – 13:30 (Bangkok time, UTC+7)\n"
            "Topic: Data Structures\n"
            "TA: น้ำฝน\n\n"
            "Why:\n> I am ill\n\n"
            "Another time, booked with your question in two taps:\n"
            + "".join(
                f"- Tue 24 Nov, {time} with น้ำฝน: {rebook}?slot={slot.pk}\n"
                for time, slot in zip(
                    ("13:30", "14:00", "14:30"), slots_of(session)[1:], strict=True
                )
            )
            + f"\nFind another time: {rebook}"
        )
        assert text(emails[ta.email]).startswith("You cancelled this booking.\n\nWhen")
        assert text(emails[ta.email]).endswith(f"http://localhost/bookings/{made.pk}/")
        calendar, event = invitation(emails[student.email])
        assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == (
            "CANCEL",
            "CANCELLED",
            1,
        )
        assert str(event["ATTENDEE"]) == f"mailto:{student.email}"

    def test_by_the_student_without_a_reason(self, made, student, ta, sent):
        sent()
        bookings.cancel(made, student, "")
        emails = sent()
        assert text(emails[ta.email]).startswith("สมชาย ใจดี cancelled this booking.")
        assert "Why" not in text(emails[ta.email])

    def test_by_staff(self, made, student, ta, staff, sent):
        sent()
        bookings.cancel_by_staff(made, staff, "The building is closed")
        emails = sent()
        assert set(emails) == {student.email, ta.email}
        for message in emails.values():
            assert text(message).startswith("The faculty's staff cancelled this booking.")
            assert "> The building is closed" in text(message)
            assert staff.username not in message.body

    def test_not_told_to_a_suspended_ta_but_to_the_student(self, made, student, ta, staff, sent):
        sent()
        services.suspend(ta, actor=staff, cancel_bookings=True)
        assert set(sent()) == {student.email}


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
        services.suspend(student, actor=staff, cancel_bookings=True)
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
                bookings.cancel_all(appointments.active_bookings(weeks), ta, "Ill")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert sent() == {}


class TestMailServer:
    @pytest.fixture
    def broken(self, monkeypatch):
        def refuse(backend, messages):
            raise ConnectionRefusedError

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)
        return monkeypatch

    def test_while_it_is_away_people_book_and_hear_of_it_later(
        self, student, session, broken, clock, sign_in, topic
    ):
        slot = slots_of(session)[0]
        form = {"slot": slot.pk, "topic": topic.pk, "question": "Why?"}
        assert sign_in(student).post("/bookings/new/", form).status_code == 302
        assert Booking.objects.active().count() == 1
        while row := worker.take("test"):
            worker.settle(row, worker.outcome_of(row))
        assert mail.outbox == []
        rows = DBTaskResult.objects.filter(task_path="scheduling.tasks.tell")
        assert {(row.status, row.run_after) for row in rows} == {
            ("READY", timezone.now() + timedelta(seconds=30))
        }
        broken.undo()
        clock.shift(30)
        while row := worker.take("test"):
            worker.settle(row, worker.outcome_of(row))
        assert len(mail.outbox) == 2

    def test_tasks_carry_ids_only(self, made):
        arguments = [row.args_kwargs["args"] for row in DBTaskResult.objects.all()]
        event = made.events.get()
        assert sorted(arguments) == sorted([[event.pk, made.student_id], [event.pk, made.ta_id]])

    def test_what_is_gone_meanwhile_is_no_error(self, made, student):
        tasks.tell.call(999_999, student.pk)
        tasks.tell.call(made.events.get().pk, 999_999)
        assert mail.outbox == []

    def test_the_same_letter_twice_is_one_to_mailboxes(self, made, student):
        for _run in range(2):
            tasks.tell.call(made.events.get().pk, student.pk)
        ids = {message.message()["Message-ID"] for message in mail.outbox}
        assert len(ids) == 1
