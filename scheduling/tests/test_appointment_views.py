"""Opening time through the pages: who may, what the form takes, what the preview shows."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from scheduling.models import Appointment, TimeSlot
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow
from setahub.core import clock as when
from topics.models import Registration

WEEK = timedelta(weeks=1)
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.usefixtures("clock")


class TestWhoMay:
    """Owner, another TA, the student who booked, a stranger, staff, a visitor."""

    def statuses(self, people: dict[str, Any], path: str, method: str = "get") -> dict[str, int]:
        found = {}
        for name, person in people.items():
            client = Client()
            if person:
                client.force_login(person)
            found[name] = getattr(client, method)(path).status_code
        return found

    @pytest.fixture
    def people(self, ta, other_ta, student, stranger, staff) -> dict[str, Any]:
        return {
            "owner": ta,
            "other_ta": other_ta,
            "student": student,
            "stranger": stranger,
            "staff": staff,
            "visitor": None,
        }

    def everybody(self, owner: int, staff: int) -> dict[str, int]:
        others = {"other_ta": 404, "student": 404, "stranger": 404}
        return {"owner": owner, **others, "staff": staff, "visitor": 302}

    @pytest.mark.parametrize(
        ("page", "method", "owner_gets", "staff_gets"),
        [
            ("", "get", 200, 200),
            ("edit/", "get", 200, 404),
            ("edit/", "post", 422, 404),
            ("copy/", "get", 200, 404),
            ("delete/", "get", 200, 404),
            ("delete/", "post", 422, 404),
        ],
    )
    def test_one_session_is_its_tas_and_staff_may_look(
        self, ta, topic, student, people, page, method, owner_gets, staff_gets
    ):
        appointment = open_time(ta, topic)
        book(student, slots_of(appointment)[0])
        found = self.statuses(people, f"/appointments/{appointment.pk}/{page}", method)
        assert found == self.everybody(owner_gets, staff_gets)
        assert Appointment.objects.open().count() == 1

    @pytest.mark.parametrize("path", ["/appointments/new/", "/appointments/copy-week/"])
    @pytest.mark.parametrize(("method", "of_ta"), [("get", 200), ("post", 422)])
    def test_only_tas_open_time(self, people, path, method, of_ta):
        assert self.statuses(people, path, method) == {
            "owner": of_ta,
            "other_ta": of_ta,
            "student": 403,
            "stranger": 403,
            "staff": 403,
            "visitor": 302,
        }

    def test_the_list_is_everybodys_own(self, ta, topic, people, sign_in):
        appointment = open_time(ta, topic)
        assert set(self.statuses(people, "/appointments/").values()) == {200, 302}
        mark = f'data-appointment-id="{appointment.pk}"'
        assert {
            name: mark in text(sign_in(person).get("/appointments/"))
            for name, person in people.items()
            if person
        } == {name: name == "owner" for name in people if people[name]}

    @pytest.mark.parametrize("pk", ["0", "-1", "x", "99999999999999999999", "999999", "%00"])
    def test_what_is_no_id_or_not_there_is_not_found(self, ta_client, pk):
        for page in ("", "edit/", "copy/", "delete/"):
            assert ta_client.get(f"/appointments/{pk}/{page}").status_code == 404


class TestBecomingATa:
    def test_somebody_who_teaches_nothing_reads_how_to_begin(self, sign_in, stranger):
        for path in ("/appointments/new/", "/appointments/"):
            page = text(sign_in(stranger).get(path))
            assert "register to teach it" in page
            assert 'href="/topics/"' in page

    def test_a_first_year_reads_from_when_on(self, sign_in, student):
        assert "From year 2 on" in text(sign_in(student).get("/appointments/new/"))

    def test_a_pending_registration_opens_nothing_yet(self, sign_in, stranger, topic, form):
        Registration.objects.create(user=stranger, topic=topic, status="pending")
        response = sign_in(stranger).post("/appointments/new/", form)
        assert response.status_code == 403
        assert "waits for the faculty" in text(response)
        assert Appointment.objects.count() == 0


class TestOpening:
    def test_one_session_leads_to_its_page(self, ta_client, ta, topic, form):
        response = ta_client.post("/appointments/new/", form)
        made = Appointment.objects.get()
        assert (response.status_code, response.url) == (302, f"/appointments/{made.pk}/")
        assert (made.ta, list(made.topics.all()), made.capacity) == (ta, [topic], 2)
        assert when.full_range(made.starts_at, made.ends_at) == "Tue 24 Nov, 13:00 – 15:00"
        assert "1 session opened." in text(ta_client.get(response.url))

    def test_a_series_leads_to_the_list(self, ta_client, form):
        until = (tomorrow() + 4 * WEEK).isoformat()
        response = ta_client.post("/appointments/new/", form | {"repeat_until": until}, follow=True)
        assert response.redirect_chain == [("/appointments/", 302)]
        assert "5 sessions opened." in text(response)

    def test_topics_may_be_slugs(self, ta_client, topic, second_topic, form):
        ta_client.post("/appointments/new/", form | {"topics": [topic.slug, str(second_topic.pk)]})
        assert set(Appointment.objects.get().topics.all()) == {topic, second_topic}

    def test_the_form_starts_with_tomorrow_and_the_last_place(self, ta_client, ta, topic):
        open_time(ta, topic, location="Room 7", start="12:00", end="14:00")
        page = text(ta_client.get("/appointments/new/"))
        # Tomorrow is taken at that time, so it is the day after.
        assert 'value="2026-11-25"' in page
        assert 'value="Room 7"' in page
        assert 'value="13:00"' in page
        assert 'value="15:00"' in page
        assert "4 slots, 4 seats" in " ".join(page.split())

    def test_weeks_that_clash_are_named_and_can_be_skipped(self, ta_client, ta, topic, form):
        open_time(ta, topic, day=tomorrow() + WEEK)
        form |= {"repeat_until": (tomorrow() + 2 * WEEK).isoformat(), "notes": "Keep me"}
        response = ta_client.post("/appointments/new/", form)
        page = text(response)
        assert response.status_code == 409
        assert "<b>Tue 1 Dec</b>: your session 13:00 – 15:00" in page
        assert "Leave these out and open the other 2 sessions" in page
        assert "Keep me" in page
        assert 'value="Room 504"' in page
        assert page.count('name="skip_conflicts"') == 1
        assert Appointment.objects.count() == 1
        response = ta_client.post("/appointments/new/", form | {"skip_conflicts": "on"})
        assert response.status_code == 302
        assert Appointment.objects.count() == 3

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("topics", []),
            ("topics", ["999"]),
            ("topics", ["no-such-topic"]),
            ("topics", ["x\0"]),
            ("topics", ["9" * 40]),
            ("date", ""),
            ("date", "2026-02-30"),
            ("date", "9999-12-31"),
            ("date", "0001-01-01"),
            ("date", "tomorrow"),
            ("date", "2026-11-22"),
            ("date", "2027-05-23"),
            ("start_time", "25:00"),
            ("start_time", "13:10"),
            ("start_time", "\0"),
            ("end_time", "13:00"),
            ("end_time", "14:45"),
            ("end_time", "23:00"),
            ("slot_minutes", "7"),
            ("slot_minutes", "x"),
            ("capacity", "0"),
            ("capacity", "21"),
            ("capacity", "-1"),
            ("capacity", "1.5"),
            ("capacity", "9" * 5000),
            ("location", ""),
            ("location", " \t\n "),
            ("location", "Room\0"),
            ("location", "x" * 501),
            ("location", "http://example.com/"),
            ("location", "javascript:alert(1)"),
            ("location", "JavaScript: alert(1)"),
            ("location", "data:text/html,x"),
            ("location", "ftp://example.com"),
            ("location", "https:example.com"),
            ("location", "https://"),
            ("location", "https://zoom.us/j/1 code 2"),
            ("notes", "x" * 1001),
            ("notes", "\0"),
            ("repeat_until", "2026-11-23"),
            ("repeat_until", "2027-06-30"),
            ("repeat_until", "9999-12-31"),
            ("repeat_until", "x"),
        ],
    )
    def test_what_is_wrong_is_said_beside_its_field(self, ta_client, form, field, value):
        response = ta_client.post("/appointments/new/", form | {field: value})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert 'class="error"' in text(response)
        assert Appointment.objects.count() == 0

    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("  ห้อง  504 ", "ห้อง 504"),
            ("Room: 504", "Room: 504"),
            ("HTTPS://Zoom.us/j/1?pwd=a", "https://Zoom.us/j/1?pwd=a"),
            ("\u200bRoom 504\u00a0", "Room 504"),
            ("\ufeffhttps://zoom.us/j/1\u200b", "https://zoom.us/j/1"),
        ],
    )
    def test_a_place_is_a_room_or_a_link(self, ta_client, form, typed, stored):
        ta_client.post("/appointments/new/", form | {"location": typed})
        assert Appointment.objects.get().location == stored

    @pytest.mark.parametrize(
        "typed", ["\u200b", "\u2800", "Room \u202e405", "https://a.example/\u202egro", "a\u2066b"]
    )
    def test_a_place_that_shows_nothing_or_turns_its_line_is_refused(self, ta_client, form, typed):
        response = ta_client.post("/appointments/new/", form | {"location": typed})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["location"]

    def test_notes_count_an_end_of_line_once(self, ta_client, form):
        ta_client.post("/appointments/new/", form | {"notes": "a\r\n" * 500})
        assert Appointment.objects.get().notes == ("a\n" * 500).strip()


class TestPreview:
    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
    def test_shows_the_slots_and_stores_nothing(self, ta_client, form, headers):
        response = ta_client.post("/appointments/new/", form | {"preview": "1"}, headers=headers)
        page = " ".join(text(response).split())
        assert response.status_code == 200
        for clock in ("13:00", "13:30", "14:00", "14:30"):
            assert f'<li class="chip">{clock}</li>' in page
        assert "Tuesday 24 November" in page
        assert "4 slots, 8 seats" in page
        assert ("<html" in page) == (not headers)
        assert (Appointment.objects.count(), TimeSlot.objects.count()) == (0, 0)

    def test_marks_the_slots_and_the_weeks_that_clash(self, ta_client, ta, topic, form):
        open_time(ta, topic, start="14:30", end="16:00")
        form |= {"preview": "1", "repeat_until": (tomorrow() + 2 * WEEK).isoformat()}
        page = " ".join(text(ta_client.post("/appointments/new/", form, headers=HTMX)).split())
        assert page.count('class="chip bad"') == 1
        assert '<li class="chip bad">14:30<small>clash</small>' in page
        assert page.count('class="tag bad"') == 1
        assert "1 of 3 clashes:" in page
        assert "<b>Tue 24 Nov</b>: your session 14:30 – 16:00" in page
        assert "Leave these out and open the other 2 sessions" in page
        assert '<p id="refused" hx-swap-oob="outerHTML" hidden></p>' in page
        assert "2 sessions, 8 slots, 16 seats" in page

    def test_shows_the_slots_while_the_place_is_still_missing(self, ta_client, form):
        form |= {"preview": "1", "location": "", "topics": []}
        response = ta_client.post("/appointments/new/", form, headers=HTMX)
        page = text(response)
        assert response.status_code == 422
        assert page.count('class="chip"') == 4
        assert "Place: Say where" in page
        assert "Topics: Choose at least one topic." in page

    def test_says_what_is_wrong_with_the_times(self, ta_client, form):
        form |= {"preview": "1", "end_time": "14:45"}
        response = ta_client.post("/appointments/new/", form)
        assert response.status_code == 422
        assert "It could end at 14:30 or 15:00." in text(response)

    def test_of_an_edit_shows_what_is_booked_and_what_would_be_lost(
        self, ta_client, ta, topic, student, form
    ):
        appointment = open_time(ta, topic, capacity=2)
        book(student, slots_of(appointment)[0])
        path = f"/appointments/{appointment.pk}/edit/"
        page = text(ta_client.post(path, form | {"preview": "1"}, headers=HTMX))
        assert '<li class="chip on">13:00<small>booked</small></li>' in page
        assert "would lose" not in page
        form |= {"start_time": "14:00"}
        page = text(ta_client.post(path, form | {"preview": "1"}, headers=HTMX))
        assert "These bookings would lose their time:" in page
        assert "สมชาย ใจดี, Tue 24 Nov, 13:00" in page
        appointment.refresh_from_db()
        assert when.time_of_day(appointment.starts_at) == "13:00"
