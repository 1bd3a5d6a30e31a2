"""What emails about bookings carry for calendars."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from scheduling.services import appointments, bookings
from scheduling.tests.emails.parts import invitation
from scheduling.tests.factories import plan, slots_of

pytestmark = pytest.mark.usefixtures("clock")

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # 13:00 in Bangkok


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
        emails = []
        told = list(sent().values())
        bookings.move(made, student, slots_of(session)[2].pk)
        told += sent().values()
        bookings.cancel(made, ta, "I am ill")
        told += sent().values()
        for message in told:
            other = ta if message.to == [student.email] else student
            whole = message.message().as_string() + message.body + message.alternatives[0].content
            whole += message.attachments[0].content.replace("\r\n ", "")
            assert other.email not in whole
            emails.append(message)
        assert len(emails) == 6

    def test_a_life_of_one_uid_and_a_rising_sequence(
        self, made, student, ta, session, topic, run_tasks
    ):
        """Three are queued before anything is sent: each email still tells its own moment."""
        bookings.move(made, student, slots_of(session)[2].pk)
        appointments.edit(session, ta, plan(topic, location="Room 612", notes="Bring a laptop"))
        mail.outbox.clear()
        run_tasks()
        bookings.cancel(made, student, "")
        run_tasks()
        mine = [message for message in mail.outbox if message.to == [student.email]]
        found = [invitation(message) for message in mine]
        assert [
            (calendar["METHOD"], event["SEQUENCE"], event["DTSTART"].dt)
            for calendar, event in found
        ] == [
            ("REQUEST", 0, START),
            ("REQUEST", 1, START + timedelta(hours=1)),
            ("REQUEST", 2, START + timedelta(hours=1)),
            ("CANCEL", 3, START + timedelta(hours=1)),
        ]
        assert "LOCATION" not in found[-1][1]
        assert {event["UID"] for _calendar, event in found} == {str(made.uid)}
        assert found[-1][1]["STATUS"] == "CANCELLED"

    def test_what_was_cancelled_before_it_was_told_is_told_once(
        self, made, student, ta, session, topic, sent
    ):
        bookings.move(made, student, slots_of(session)[2].pk)
        appointments.edit(session, ta, plan(topic, location="Room 612"))
        bookings.cancel(made, student, "")
        for message in sent().values():
            calendar, event = invitation(message)
            assert (calendar["METHOD"], event["SEQUENCE"]) == ("CANCEL", 3)
