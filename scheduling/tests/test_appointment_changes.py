"""Changing, taking back and copying sessions through the pages."""

import re
from datetime import timedelta

import pytest

from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.tests.factories import book, open_series, open_time, slots_of, text, tomorrow
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock")


class TestEditing:
    def test_saves_and_leads_to_its_page(self, ta_client, ta, topic, form):
        appointment = open_time(ta, topic)
        form |= {"end_time": "16:00"}
        response = ta_client.post(f"/appointments/{appointment.pk}/edit/", form)
        assert (response.status_code, response.url) == (302, f"/appointments/{appointment.pk}/")
        assert len(slots_of(appointment)) == 6

    def test_following_changes_the_later_ones(self, ta_client, ta, topic, form):
        made = open_series(ta, topic, weeks=3)
        path = f"/appointments/{made[0].pk}/edit/"
        assert "This one and the 2 after it" in text(ta_client.get(path))
        ta_client.post(path, form | {"location": "Room 7", "scope": "following"})
        assert set(Appointment.objects.values_list("location", flat=True)) == {"Room 7"}

    def test_the_last_of_a_series_and_a_single_one_are_not_asked(self, ta_client, ta, topic):
        single, last = open_time(ta, topic, start="09:00", end="10:00"), open_series(ta, topic)[2]
        for appointment in (single, last):
            page = text(ta_client.get(f"/appointments/{appointment.pk}/edit/"))
            assert 'name="scope"' not in page

    def test_what_would_drop_a_booking_is_refused_with_its_name(
        self, ta_client, ta, topic, student, form
    ):
        appointment = open_time(ta, topic)
        book(student, slots_of(appointment)[0])
        response = ta_client.post(
            f"/appointments/{appointment.pk}/edit/", form | {"start_time": "14:00", "notes": "Kept"}
        )
        page = text(response)
        assert response.status_code == 409
        assert "<li>สมชาย ใจดี, Tue 24 Nov, 13:00</li>" in page
        assert 'value="14:00"' in page
        assert "Kept" in page

    def test_a_wrong_scope_is_a_wrong_field(self, ta_client, ta, topic, form):
        appointment = open_series(ta, topic)[0]
        response = ta_client.post(f"/appointments/{appointment.pk}/edit/", form | {"scope": "all"})
        assert response.status_code == 422

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_what_is_cancelled_or_over_shows_itself_instead(
        self, ta_client, ta, topic, clock, form, method
    ):
        over, gone = open_time(ta, topic), open_time(ta, topic, start="16:00", end="17:00")
        appointments.cancel(gone, ta, "I am ill")
        clock.move_to(over.ends_at)
        for appointment, words in [(over, "is over"), (gone, "was cancelled")]:
            for page in ("edit/", "delete/"):
                path = f"/appointments/{appointment.pk}/{page}"
                response = getattr(ta_client, method)(path, form)
                assert response.status_code == 409
                assert f"This session {words}." in text(response)


class TestDeleting:
    def test_the_page_names_whom_it_costs(self, ta_client, ta, topic, student, stranger):
        made = open_series(ta, topic, weeks=2)
        book(student, slots_of(made[0])[0])
        book(stranger, slots_of(made[1])[0])
        page = text(ta_client.get(f"/appointments/{made[0].pk}/delete/"))
        assert "1 booking is cancelled" in page
        assert "<b>สมชาย ใจดี</b>" in page
        assert "1 more booking" in page
        assert "<b>Stranger</b>" in page

    def test_asks_for_a_reason_and_keeps_the_choice(self, ta_client, ta, topic, student):
        made = open_series(ta, topic, weeks=2)
        book(student, slots_of(made[0])[0])
        path = f"/appointments/{made[0].pk}/delete/"
        response = ta_client.post(path, {"reason": " ", "scope": "following"})
        assert response.status_code == 422
        assert response.context["form"].errors["reason"]
        assert response.context["form"]["scope"].value() == "following"
        response = ta_client.post(path, {"reason": "I am ill", "scope": "following"}, follow=True)
        assert response.redirect_chain == [("/appointments/", 302)]
        assert "Cancelled, with 1 booking." in text(response)
        assert Appointment.objects.open().count() == 0

    @pytest.mark.parametrize(
        "sent", [{}, {"reason": " \n"}, {"reason": "x" * 501}, {"reason": "x\0"}]
    )
    def test_no_reason_or_an_endless_one_is_refused_beside_the_field(
        self, ta_client, ta, topic, sent
    ):
        path = f"/appointments/{open_time(ta, topic).pk}/delete/"
        assert 'name="reason"' in text(ta_client.get(path))
        response = ta_client.post(path, sent)
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["reason"]
        assert ta_client.post(path, {"reason": "x" * 500}).status_code == 302


class TestCopying:
    def test_the_form_is_filled_for_a_week_later_and_opens_a_new_one(
        self, ta_client, ta, topic, student
    ):
        appointment = open_time(ta, topic, notes="Laptop", capacity=3)
        book(student, slots_of(appointment)[0])
        page = text(ta_client.get(f"/appointments/{appointment.pk}/copy/"))
        assert 'action="/appointments/new/"' in page
        assert 'value="2026-12-01"' in page
        assert "Laptop" in page
        assert Appointment.objects.count() == 1

    def test_the_list_leads_to_copying_this_week_to_the_next(self, ta_client, ta, topic):
        open_time(ta, topic)
        assert 'href="/appointments/copy-week/"' in text(ta_client.get("/appointments/"))
        page = text(ta_client.get("/appointments/copy-week/"))
        assert re.findall(r'<option value="([\d-]+)" selected', page) == [
            "2026-11-23",
            "2026-11-30",
        ]
        sent = {"week": "2026-11-23", "to": "2026-11-30"}
        response = ta_client.post("/appointments/copy-week/", sent)
        assert response.status_code == 302
        assert [when.day_short(each.starts_at) for each in Appointment.objects.order_by("pk")] == [
            "Tue 24 Nov",
            "Tue 1 Dec",
        ]

    def test_a_week_that_clashes_is_refused_with_its_days(self, ta_client, ta, topic):
        open_series(ta, topic, weeks=2)
        open_time(ta, topic, day=tomorrow() + timedelta(days=1))
        sent = {"week": "2026-11-24", "to": "2026-12-04"}
        response = ta_client.post("/appointments/copy-week/", sent)
        assert response.status_code == 409
        page = text(response)
        assert "<b>Tue 1 Dec</b>: your session 13:00 – 15:00" in page
        assert 'value="2026-12-04"' in page
        assert 'name="skip_conflicts"' in page
        ta_client.post("/appointments/copy-week/", sent | {"skip_conflicts": "on"})
        assert Appointment.objects.count() == 4

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ({}, 422),
            ({"week": "x", "to": "y"}, 422),
            ({"week": "9999-12-31", "to": "0001-01-01"}, 422),
            ({"week": "2026-11-23", "to": "2026-11-29"}, 422),
            ({"week": "2200-12-31", "to": "2000-01-01"}, 409),
            ({"week": "2026-11-23", "to": "2026-11-30"}, 409),
        ],
    )
    def test_garbage_and_an_empty_week_are_refused(self, ta_client, sent, status):
        assert ta_client.post("/appointments/copy-week/", sent).status_code == status
