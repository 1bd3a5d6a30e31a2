"""Checking in by the QR code that the TA shows."""

from datetime import timedelta

from django.test import Client

from scheduling.models import Booking
from scheduling.services import bookings, check_ins
from scheduling.tests.check_in.conftest import MINUTE, code, wrong
from scheduling.tests.factories import book, slots_of, text


class TestAScan:
    def test_leads_to_a_page_that_confirms(
        self, session, booked, scan_path, on_time, sign_in, student
    ):
        client = sign_in(student)
        page = client.get(f"{scan_path}?code={code(session)}")
        assert page.status_code == 200
        assert "I am here" in text(page)
        assert Booking.objects.get().checked_in_at is None
        sealed = page.context["form"]["code"].value()
        response = client.post(scan_path, {"code": sealed})
        assert (response.status_code, response.url) == (302, f"/bookings/{booked.pk}/")
        assert Booking.objects.get().checked_in_at is not None

    def test_takes_the_digits_themselves_too(
        self, session, booked, scan_path, on_time, sign_in, student
    ):
        assert sign_in(student).post(scan_path, {"code": code(session)}).status_code == 302

    def test_stays_good_for_ten_minutes_while_one_signs_in(
        self, session, booked, scan_path, on_time, clock, student
    ):
        client = Client()
        away = client.get(f"{scan_path}?code={code(session)}")
        assert away.url.startswith("/auth/login/?next=/check-in/")
        clock.shift(9 * MINUTE)
        sent = {"login": student.email, "password": "pass-word-1"}
        back = client.post(away.url, sent, follow=True)
        assert "I am here" in text(back)
        sealed = back.context["form"]["code"].value()
        clock.shift(MINUTE)
        assert client.post(scan_path, {"code": sealed}).status_code == 302
        assert Booking.objects.get().checked_in_at is not None

    def test_is_too_old_after_that(
        self, session, booked, scan_path, on_time, clock, sign_in, student
    ):
        sealed = check_ins.scanned(session.pk, code(session))
        clock.shift(10 * MINUTE + timedelta(seconds=1))
        response = sign_in(student).post(scan_path, {"code": sealed})
        assert response.status_code == 422
        assert sealed not in text(response)

    def test_of_another_session_or_a_made_up_one_is_wrong(
        self, session, booked, scan_path, on_time, sign_in, student
    ):
        other = check_ins.scanned(session.pk + 1, code(session))
        for sealed in (other, "abc:def:ghi", "²", "x" * 400):
            assert sign_in(student).post(scan_path, {"code": sealed}).status_code in (422, 429)

    def test_tells_a_visitor_nothing_of_the_code(self, session, scan_path, on_time):
        answers = {
            Client().get(f"{scan_path}?code={each}").status_code
            for each in (code(session), wrong(session), "", "x")
        }
        assert answers == {302}

    def test_with_another_account_ends_in_words(
        self, session, booked, scan_path, on_time, sign_in, stranger
    ):
        for path in (scan_path, "/check-in/999999/"):
            response = sign_in(stranger).get(f"{path}?code={code(session)}")
            assert response.status_code == 404
            assert "You are signed in as Stranger" in text(response)

    def test_by_its_ta_leads_to_the_code(self, session, booked, scan_path, on_time, sign_in, ta):
        response = sign_in(ta).get(f"{scan_path}?code={code(session)}")
        assert response.url == f"/appointments/{session.pk}/check-in/"

    def test_too_early_too_late_and_cancelled_end_in_words(
        self, session, booked, scan_path, clock, sign_in, student, ta
    ):
        def scan():
            return sign_in(student).get(f"{scan_path}?code={code(session)}")

        response = scan()
        assert (response.status_code, "You can check in from" in text(response)) == (409, True)
        clock.move_to(booked.ends_at)
        response = scan()
        assert (response.status_code, "It is over" in text(response)) == (409, True)
        clock.move_to(booked.created_at)
        bookings.cancel(booked, ta, "Ill")
        response = scan()
        assert (response.status_code, "was cancelled" in text(response)) == (409, True)

    def test_of_two_bookings_is_for_the_next_that_is_not_checked_in(
        self, session, booked, scan_path, clock, sign_in, student
    ):
        clock.move_to(booked.created_at)
        after = book(student, slots_of(session)[2])
        clock.move_to(after.starts_at - 5 * MINUTE)
        client = sign_in(student)
        for each in (booked, after):
            response = client.post(scan_path, {"code": code(session)})
            assert response.url == f"/bookings/{each.pk}/"
        assert Booking.objects.filter(checked_in_at__isnull=False).count() == 2
