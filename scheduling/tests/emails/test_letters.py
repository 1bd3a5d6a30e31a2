"""Emails about bookings: who gets which, and what they say."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import MailKind, Notice
from accounts.notifications import mail_notice
from accounts.services import profiles, suspensions
from scheduling.models import Booking
from scheduling.services import appointments, bookings
from scheduling.tests.emails.parts import invitation, text
from scheduling.tests.factories import book, plan, slots_of
from setahub.core.work import worker
from setahub.core.work.tasks import nothing_queued

pytestmark = pytest.mark.usefixtures("clock")


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
        profiles.choose_mail(ta.pk, {MailKind.BOOKINGS: False})
        assert set(sent()) == {student.email}

    def test_demo_people_get_none(self, student, session, sent):
        with nothing_queued():
            book(student, slots_of(session)[0])
        assert sent() == {}


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
        suspensions.suspend(ta, actor=staff, cancel_bookings=True)
        assert set(sent()) == {student.email}


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
        rows = DBTaskResult.objects.filter(task_path="accounts.notifications.mail_notice")
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
        assert sorted(arguments) == sorted(
            [pk] for pk in Notice.objects.values_list("pk", flat=True)
        )

    def test_what_is_gone_meanwhile_is_no_error(self, made, student):
        notice = Notice.objects.get(user=student)
        Notice.objects.update(data={"events": [999_999]})
        mail_notice.call(notice.pk)
        mail_notice.call(999_999)
        assert mail.outbox == []

    def test_a_letter_whose_worker_died_after_sending_is_the_same_to_mailboxes(self, made, student):
        notice = Notice.objects.get(user=student)
        for _run in range(2):
            mail_notice.call(notice.pk)
            Notice.objects.update(mail_done_at=None, mail_begun_at=None)
        ids = [message.message()["Message-ID"] for message in mail.outbox]
        assert ids == [f"<booking-{made.pk}-{made.events.get().pk}-{student.pk}@localhost>"] * 2
