"""Bookings in people's own calendars: a file of one, and the private feed of all."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from accounts.services import profiles, suspensions
from accounts.tokens import calendar_owner, calendar_token
from scheduling import calendars
from scheduling.models import Booking
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_time, plan, slots_of
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock")

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # 13:00 in Bangkok


@pytest.fixture
def session(ta, topic):
    return open_time(ta, topic, notes="Bring a laptop")


@pytest.fixture
def made(student, session):
    return book(student, slots_of(session)[0], question="Why, oh why;\ndoes it rotate?")


def feed_path(user) -> str:
    return f"/calendar/{calendar_token(user)}.ics"


def entries(response) -> list:
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(response.content).events


class TestOne:
    @pytest.fixture
    def response(self, made, student, sign_in):
        return sign_in(student).get(f"/bookings/{made.pk}/calendar.ics")

    def test_it_is_a_file_that_calendars_take(self, response, made):
        assert response["Content-Disposition"] == (
            f'attachment; filename="setahub-booking-{made.pk}.ics"'
        )
        calendar = Calendar.from_ical(response.content)
        assert (calendar["METHOD"], calendar["VERSION"]) == ("PUBLISH", "2.0")
        assert calendar["PRODID"] == "-//SETAHub//SETAHub//EN"
        assert len(calendar.walk("VEVENT")) == 1

    def test_it_says_when_where_what_and_with_whom(self, response, made):
        [entry] = entries(response)
        assert (entry["DTSTART"].dt, entry["DTEND"].dt) == (START, START + timedelta(minutes=30))
        assert entry["DTSTART"].to_ical() == b"20261124T060000Z"
        assert entry["SUMMARY"] == "Data Structures with น้ำฝน"
        assert entry["LOCATION"] == "Room 504"
        assert entry["URL"] == f"http://localhost/bookings/{made.pk}/"
        assert entry["DESCRIPTION"] == (
            "What you need help with:\nWhy, oh why;\ndoes it rotate?\n\n"
            "Notes on this session:\nBring a laptop\n\n"
            f"http://localhost/bookings/{made.pk}/"
        )
        assert (entry["UID"], entry["SEQUENCE"]) == (str(made.uid), 0)
        assert (entry["STATUS"], entry["TRANSP"]) == ("CONFIRMED", "OPAQUE")
        assert entry["DTSTAMP"].dt == made.created_at

    def test_it_rings_a_quarter_of_an_hour_before(self, response):
        [alarm] = entries(response)[0].walk("VALARM")
        assert (alarm["ACTION"], alarm["TRIGGER"].dt) == ("DISPLAY", -timedelta(minutes=15))

    def test_the_site_is_the_organizer_under_the_name_of_the_ta(self, response):
        organizer = entries(response)[0]["ORGANIZER"]
        assert str(organizer) == "mailto:noreply@localhost"
        assert organizer.params["CN"] == "น้ำฝน"

    def test_no_address_of_anybody_is_in_it(self, response, student, ta):
        text = response.content.decode().replace("\r\n ", "")
        assert "ATTENDEE" not in text
        assert set(re.findall(r"[\w.]+@[\w.]+", text)) == {"noreply@localhost"}

    def test_the_ta_reads_who_comes(self, made, ta, sign_in):
        [entry] = entries(sign_in(ta).get(f"/bookings/{made.pk}/calendar.ics"))
        assert entry["SUMMARY"] == "Data Structures with สมชาย ใจดี"
        assert entry["DESCRIPTION"].startswith("What สมชาย ใจดี needs help with:\n")

    def test_lines_are_folded_and_nothing_odd_gets_in(self, student, ta, session, sign_in):
        made = book(student, slots_of(session)[1], question="ก\x0b\x1b" * 300 + "END:VEVENT\r\nX:y")
        content = sign_in(student).get(f"/bookings/{made.pk}/calendar.ics").content
        assert max(map(len, content.split(b"\r\n"))) <= 75
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", content)
        assert len(Calendar.from_ical(content).events) == 1

    def test_moved_it_keeps_its_uid_and_its_sequence_rises(self, made, student, session, sign_in):
        bookings.move(made, student, slots_of(session)[2].pk)
        [entry] = entries(sign_in(student).get(f"/bookings/{made.pk}/calendar.ics"))
        assert (entry["UID"], entry["SEQUENCE"]) == (str(made.uid), 1)
        assert entry["DTSTART"].dt == START + timedelta(hours=1)

    def test_cancelled_it_says_so(self, ta, topic, student, sign_in):
        online = open_time(ta, topic, start="16:00", end="17:00", location="https://meet.example/x")
        made = book(student, slots_of(online)[0])
        bookings.cancel(made, student, "")
        [entry] = entries(sign_in(student).get(f"/bookings/{made.pk}/calendar.ics"))
        assert (entry["STATUS"], entry["SEQUENCE"], entry["TRANSP"]) == (
            "CANCELLED",
            1,
            "TRANSPARENT",
        )
        assert "LOCATION" not in entry
        assert entry.walk("VALARM") == []


class TestCancelled:
    """A student whose booking is cancelled reads no way into the room; its TA still does."""

    ROOM, NOTES = "Zoom https://zoom.example/j/1?pwd=x", "Code 4711"

    @pytest.fixture
    def cancelled(self, student, ta, topic):
        session = open_time(ta, topic, location="Lab 2", notes="")
        made = book(student, slots_of(session)[0])
        appointments.edit(session, ta, plan(topic, location=self.ROOM, notes=self.NOTES))
        return bookings.cancel(made, ta, "I am ill")

    def test_who_signs_in_for_it_is_led_to_the_booking(self, client, made):
        # The browser takes a file and stays on the page where one signs in.
        away = client.get(f"/bookings/{made.pk}/calendar.ics")
        assert (away.status_code, away.url) == (302, f"/auth/login/?next=/bookings/{made.pk}/")

    @pytest.mark.parametrize("path", ["/bookings/{}/calendar.ics", "feed"])
    def test_in_calendars(self, cancelled, student, ta, sign_in, path):
        def entry(person):
            client = sign_in(person)
            asked = feed_path(person) if path == "feed" else path.format(cancelled.pk)
            return entries(client.get(asked))[0]

        assert "LOCATION" not in entry(student)
        assert "4711" not in entry(student)["DESCRIPTION"]
        assert entry(ta)["LOCATION"] == self.ROOM
        assert self.NOTES in entry(ta)["DESCRIPTION"]

    def test_on_pages(self, cancelled, student, ta, sign_in):
        for path in ("/", "/bookings/?tab=cancelled", f"/bookings/{cancelled.pk}/", "/messages/"):
            page = sign_in(student).get(path).content.decode()
            assert "zoom.example" not in page, path
            assert "4711" not in page, path
            assert "Lab 2" not in page, path
        assert "4711" in sign_in(ta).get(f"/bookings/{cancelled.pk}/").content.decode()

    def test_in_emails_that_are_late(self, cancelled, student, ta, run_tasks):
        mail.outbox.clear()
        run_tasks()
        for message in mail.outbox:
            whole = message.body + message.alternatives[0].content + message.attachments[0].content
            to_student = message.to == [student.email]
            assert not to_student or not re.search("zoom.example|4711|Lab 2", whole)
        # What was made in between is told by its cancellation alone.
        assert [message.subject.split()[0] for message in mail.outbox] == ["Cancelled:"] * 2


class TestSequence:
    def test_a_new_place_or_new_notes_are_a_new_revision(self, made, session, ta, topic, clock):
        clock.shift(60)
        appointments.edit(session, ta, plan(topic, location="Room 612", notes="Bring a laptop"))
        made.refresh_from_db()
        assert (made.sequence, made.revised_at) == (1, timezone.now())
        # The same again, or more seats, changes nothing that calendars show.
        appointments.edit(
            session, ta, plan(topic, location="Room 612", notes="Bring a laptop", capacity=3)
        )
        made.refresh_from_db()
        assert made.sequence == 1

    def test_an_outcome_is_none(self, made, ta, clock):
        clock.move_to(made.ends_at)
        bookings.complete(made, ta)
        made.refresh_from_db()
        assert made.sequence == 0

    def test_history_keeps_what_the_booking_was(self, made, student, ta, topic, session):
        other = open_time(ta, topic, start="16:00", end="17:00", minutes=60, location="Lab 2")
        bookings.move(made, student, slots_of(other)[0].pk)
        bookings.cancel(made, student, "")
        found = [calendars.after(event) for event in made.events.select_related("booking")]
        assert [(each.sequence, each.starts_at, each.place, each.cancelled) for each in found] == [
            (0, START, "Room 504", False),
            (1, START + timedelta(hours=3), "Lab 2", False),
            (2, START + timedelta(hours=3), "Lab 2", True),
        ]
        assert [(each.ends_at - each.starts_at).seconds // 60 for each in found] == [30, 60, 60]

    def test_history_from_before_shows_the_booking_as_it_stands(self, made):
        event = made.events.get()
        event.sequence = event.starts_at = event.ends_at = None
        assert calendars.after(event) == calendars.current(made)


class TestFeed:
    def test_it_has_all_that_one_takes_and_gives_cancelled_or_over(
        self, student, ta, other_ta, topic, session, clock
    ):
        theirs = open_time(other_ta, topic, start="16:00", end="17:00")
        taken = book(ta, slots_of(theirs)[0])
        given = [book(student, slot) for slot in slots_of(session)[:2]]
        bookings.cancel(given[0], student, "")
        clock.shift(timedelta(days=3))
        found = entries(Client().get(feed_path(ta)))
        assert [(entry["UID"], entry["STATUS"], entry["SUMMARY"]) for entry in found] == [
            (str(given[0].uid), "CANCELLED", "Data Structures with สมชาย ใจดี"),
            (str(given[1].uid), "CONFIRMED", "Data Structures with สมชาย ใจดี"),
            (str(taken.uid), "CONFIRMED", "Data Structures with Other TA"),
        ]

    def test_it_has_what_is_to_come_and_of_the_past_sixty_days(
        self, student, ta, topic, session, clock
    ):
        made = book(student, slots_of(session)[0])
        end = made.ends_at
        clock.move_to(end + timedelta(days=60) - timedelta(seconds=1))
        first = Client().get(feed_path(student))
        assert [entry["UID"] for entry in entries(first)] == [str(made.uid)]
        clock.move_to(end + timedelta(days=60))
        again = Client().get(feed_path(student), headers={"If-None-Match": first["ETag"]})
        assert entries(again) == []

    def test_it_names_itself_and_how_often_to_look(self, student):
        calendar = Calendar.from_ical(Client().get(feed_path(student)).content)
        assert (calendar["METHOD"], calendar["NAME"]) == ("PUBLISH", "SETAHub")
        assert calendar["X-WR-CALNAME"] == "SETAHub"
        assert calendar["X-WR-TIMEZONE"] == "Asia/Bangkok"
        assert calendar["X-PUBLISHED-TTL"] == "PT1H"
        assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
        assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"

    def test_nothing_of_others(self, made, stranger):
        assert entries(Client().get(feed_path(stranger))) == []

    def test_no_address_of_anybody_is_in_it(self, made, ta):
        text = Client().get(feed_path(ta)).content.decode().replace("\r\n ", "")
        assert set(re.findall(r"[\w.]+@[\w.]+", text)) == {"noreply@localhost"}

    def test_unchanged_it_is_not_sent_again(self, made, student, clock):
        first = Client().get(feed_path(student))
        tag = first["ETag"]
        assert re.fullmatch('"[0-9a-f]{64}"', tag)  # a strong one
        clock.shift(timedelta(hours=1))
        again = Client().get(feed_path(student), headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert Client().get(feed_path(student)).content == first.content
        other = Client().get(feed_path(student), headers={"If-None-Match": '"x"'})
        assert other.status_code == 200

    def test_any_change_that_shows_makes_another_tag(self, made, student, ta, topic, session):
        changes = [
            lambda: bookings.move(made, student, slots_of(session)[2].pk),
            lambda: appointments.edit(session, ta, plan(topic, location="Room 1", notes="n")),
            lambda: profiles.update_profile(ta, username="ฟ้า", student_id=None, year=4, bio=""),
            lambda: type(topic).objects.filter(pk=topic.pk).update(name="Trees"),
            lambda: Booking.objects.filter(pk=made.pk).update(question="Another"),
            lambda: book(student, slots_of(session)[0]),
            lambda: bookings.cancel(Booking.objects.get(pk=made.pk), student, ""),
        ]
        seen = {(calendars.feed_tag(student), calendars.feed(student))}
        for number, change in enumerate(changes, 2):
            change()
            seen.add((calendars.feed_tag(student), calendars.feed(student)))
            assert len({tag for tag, _body in seen}) == len(seen) == number

    def test_more_bookings_cost_no_more_queries(self, student, ta, session):
        def count(**headers) -> int:
            with CaptureQueriesContext(connection) as caught:
                Client().get(feed_path(student), headers=headers)
            return len(caught)

        slots = slots_of(session)
        book(student, slots[0])
        assert count() == 3
        book(student, slots[1])
        book(student, slots[2])
        assert count() == 3
        tag = Client().get(feed_path(student))["ETag"]
        assert count(**{"If-None-Match": tag}) == 2

    def test_it_needs_no_session_and_sets_none(self, student):
        assert not Client().get(feed_path(student)).cookies


class TestToken:
    @pytest.mark.parametrize(
        "token", ["x", "1", "1-", "1-x", "0-" + "a" * 64, "999999-" + "a" * 64, "๑-" + "a" * 64]
    )
    def test_what_is_none_finds_nothing(self, student, token):
        assert Client().get(f"/calendar/{token}.ics").status_code == 404
        assert calendar_owner(token) is None

    def test_one_letter_or_person_off_finds_nothing(self, student, ta):
        token = calendar_token(student)
        for forged in (
            token[:-1] + "xy"[token[-1] == "x"],
            token.replace("-", "0-", 1),
            token + "0",
        ):
            assert calendar_owner(forged) is None
        assert calendar_owner(f"{ta.pk}-{token.partition('-')[2]}") is None
        assert calendar_owner(token) == student

    def test_renewed_the_old_one_ends(self, student, ta, sign_in):
        old, of_ta = feed_path(student), feed_path(ta)
        response = sign_in(student).post("/users/me/calendar/renew/")
        assert (response.status_code, response.url) == (302, "/users/me/")
        student.refresh_from_db()
        assert feed_path(student) != old
        assert Client().get(old).status_code == 404
        assert Client().get(feed_path(student)).status_code == 200
        assert Client().get(of_ta).status_code == 200

    def test_a_suspended_persons_shows_nothing(self, student):
        suspensions.suspend(student, actor=None, cancel_bookings=False)
        assert Client().get(feed_path(student)).status_code == 404

    def test_it_outlives_a_new_key_of_the_site_while_the_old_one_is_known(self, student, settings):
        old = feed_path(student)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new key"
        assert Client().get(old).status_code == 200
        assert feed_path(student) != old
        settings.SECRET_KEY_FALLBACKS = []
        assert Client().get(old).status_code == 404

    def test_ones_own_page_shows_it_in_every_form(self, student, sign_in):
        html = sign_in(student).get("/users/me/").content.decode()
        path = feed_path(student)
        assert f'href="webcal://localhost{path}"' in html
        assert f'value="http://localhost{path}"' in html
        assert "https://calendar.google.com/calendar/render?cid=webcal%3A%2F%2Flocalhost" in html


class TestGoogle:
    def test_the_page_of_a_booking_leads_to_google_calendar(self, made, student, sign_in):
        html = sign_in(student).get(f"/bookings/{made.pk}/").content.decode()
        [link] = re.findall(r'href="(https://calendar.google.com[^"]+)"', html)
        asked = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
        assert asked == {
            "action": ["TEMPLATE"],
            "text": ["Data Structures with น้ำฝน"],
            "dates": ["20261124T060000Z/20261124T063000Z"],
            "location": ["Room 504"],
            "details": [f"http://localhost/bookings/{made.pk}/"],
        }
        assert f'href="/bookings/{made.pk}/calendar.ics"' in html

    def test_not_when_it_is_over(self, made, student, sign_in, clock):
        clock.move_to(when.local(made.ends_at))
        html = sign_in(student).get(f"/bookings/{made.pk}/").content.decode()
        assert "calendar.google.com" not in html
