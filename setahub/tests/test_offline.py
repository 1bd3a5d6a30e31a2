"""The page that stands in while the site can't be reached: one's own next bookings, and no way in."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of, text

ROOM = "https://meet.example/secret-room"


@pytest.fixture
def booked(clock, student, ta, topic):
    """The student's booking of tomorrow, in a room, and one after it, online."""
    in_room = open_time(ta, topic, notes="The door code is 1234")
    online = open_time(ta, topic, start="18:00", end="19:00", location=ROOM)
    return [book(student, slots_of(each)[0], topic, "Why so deep?") for each in (in_room, online)]


def page_of(client) -> str:
    response = client.get("/offline/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_student_sees_time_place_topic_and_ta_and_when_that_was(sign_in, student, booked):
    page = sign_in(student).get("/offline/")
    shown = text(page)
    assert "As last seen: Mon 23 Nov, 09:00" in shown
    assert "Data Structures with น้ำฝน" in shown
    assert "Tue 24 Nov, 13:00 – 13:30" in shown
    assert "Room 504" in shown
    assert "Tue 24 Nov, 18:00 – 18:30" in shown
    assert "online" in shown
    found = re.findall(r'data-booking-id="(\d+)"', page.content.decode())
    assert found == [str(each.pk) for each in booked]


def test_a_ta_sees_who_comes(sign_in, ta, booked):
    shown = text(sign_in(ta).get("/offline/"))
    assert "You are the TA" in shown
    assert "สมชาย ใจดี: Data Structures" in shown


@pytest.mark.parametrize("who", ["student", "ta"])
def test_it_tells_no_way_into_a_room_no_question_and_no_notes(request, sign_in, booked, who):
    page = page_of(sign_in(request.getfixturevalue(who)))
    for secret in ("meet.example", "Why so deep?", "1234", "example.com"):
        assert secret not in page


def test_nobody_else_sees_any_of_it(sign_in, client, stranger, staff, booked):
    visitors = client.get("/offline/")
    assert "X-Viewer" not in visitors.headers
    pages = [visitors.content.decode(), page_of(sign_in(stranger)), page_of(sign_in(staff))]
    for page in pages:
        assert "Room 504" not in page
        assert "data-booking-id" not in page
    assert "For whoever is signed in" in pages[0]
    assert "Nothing was booked." in pages[1]


def test_it_names_whom_it_is_for_and_is_kept_by_no_cache_in_between(sign_in, student, booked):
    response = sign_in(student).get("/offline/")
    assert response.headers["X-Viewer"] == str(student.pk)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Content-Language"] == "en"


def test_it_has_nothing_that_works_with_a_connection_alone(sign_in, student, booked):
    """No form, no token, no picture, no link but to the start page and to itself."""
    page = page_of(sign_in(student))
    assert "<form" not in page
    assert "csrf" not in page
    assert "<img" not in page
    assert re.findall(r'<a [^>]*href="([^"]*)"', page) == ["#main", "/", ""]


def test_what_is_over_or_cancelled_is_not_coming(clock, sign_in, student, booked):
    first, second = booked
    bookings.cancel(second, student, "")
    assert f'data-booking-id="{second.pk}"' not in page_of(sign_in(student))
    clock.move_to(first.ends_at + timedelta(minutes=1))
    assert "Nothing was booked." in page_of(sign_in(student))


def test_it_asks_as_often_for_three_as_for_one(clock, sign_in, student, ta, topic):
    slots = slots_of(open_time(ta, topic, start="13:00", end="17:00", minutes=60))
    client = sign_in(student)
    client.get("/offline/")
    counts = []
    for slot in slots[:3]:
        book(student, slot, topic)
        with CaptureQueriesContext(connection) as queries:
            page = page_of(client)
        counts.append(len(queries))
    assert page.count("data-booking-id") == 3
    assert len(set(counts)) == 1


def test_a_message_for_the_next_page_waits_for_that(sign_in, student):
    """The worker fetches it between two pages: it must not take what they have to say."""
    client = sign_in(student)
    client.post("/users/me/edit/", {"username": "Mali", "bio": "", "student_id": "", "year": "1"})
    assert "notice good" not in page_of(client)
    assert "notice good" in client.get("/users/me/").content.decode()


def test_it_is_in_the_reader_s_language(sign_in, student, booked):
    student.language = "th"
    student.save()
    page = page_of(sign_in(student))
    assert '<html lang="th">' in page
    assert "อ.\u00a024\u00a0พ.ย." in page
    assert "ข้อมูลล่าสุดเมื่อ จ.\u00a023\u00a0พ.ย. 09:00" in page
