"""What stands in the way of booking at all: said once above the times, wherever times are shown."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import blocks, suspensions
from scheduling.models import Booking
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow

pytestmark = pytest.mark.usefixtures("clock")

REASON = "You have 2 upcoming bookings, the most you can have at once."


@pytest.fixture
def session(ta, topic):
    """Four free slots, the day after tomorrow."""
    return open_time(ta, topic, day=tomorrow() + timedelta(days=1))


@pytest.fixture
def full(student, other_ta, topic, settings) -> list[Booking]:
    """The student's bookings, two of two."""
    settings.MAX_ACTIVE_BOOKINGS = 2
    return [book(student, slot) for slot in slots_of(open_time(other_ta, topic))[:2]]


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


def pages_with_times(ta) -> list[str]:
    return [
        "/",
        "/topics/data-structures/",
        f"/users/{ta.pk}/",
        f"/users/{ta.pk}/timeslots/",
        f"/users/{ta.pk}/timeslots/?topic=data-structures",
    ]


def can_be_tapped(page: str) -> int:
    return len(re.findall(r'<a [^>]*data-slot-id="', page))


def closed(page: str) -> int:
    return len(re.findall(r'<button [^>]*disabled data-slot-id="', page))


class TestNumber:
    def test_every_page_with_times_says_it_once_and_closes_them(self, client, full, ta, session):
        for path in pages_with_times(ta):
            page = text(client.get(path))
            assert page.count(REASON) == 1, path
            assert can_be_tapped(page) == 0, path
            assert closed(page) >= 2, path
        assert "Book time" not in text(client.get(f"/users/{ta.pk}/"))

    def test_one_less_and_all_is_open(self, client, full, student, ta, session):
        bookings.cancel(full[0], student, "")
        for path in pages_with_times(ta):
            page = text(client.get(path))
            assert REASON not in page, path
            assert can_be_tapped(page) >= 2, path

    def test_a_move_does_not_count_the_booking_itself(self, client, full, other_ta, topic):
        page = text(client.get(f"/bookings/{full[0].pk}/reschedule/"))
        assert REASON not in page
        assert can_be_tapped(page) == 2

    def test_a_move_of_one_too_many_is_closed(self, client, full, settings):
        settings.MAX_ACTIVE_BOOKINGS = 1
        page = text(client.get(f"/bookings/{full[0].pk}/reschedule/"))
        assert "You have 1 upcoming booking, the most you can have at once." in page
        assert can_be_tapped(page) == 0

    def test_what_is_in_the_way_anyway_keeps_its_own_reason(self, client, full, ta, topic, student):
        open_time(ta, topic)  # at the time of both bookings
        page = text(client.get(f"/users/{ta.pk}/timeslots/"))
        assert page.count("<small>you are busy") == 2
        assert page.count(REASON) == 1

    def test_it_costs_no_query_for_each(self, client, full, ta, session, topic):
        def count() -> int:
            with CaptureQueriesContext(connection) as caught:
                client.get(f"/users/{ta.pk}/timeslots/")
            return len(caught)

        count()
        few = count()
        open_time(ta, topic, day=tomorrow() + timedelta(days=3))
        assert count() == few


class TestBlock:
    @pytest.mark.parametrize("mine", [True, False])
    def test_no_times_and_no_way_to_them(self, client, student, ta, session, mine):
        blocks.block(*((student, ta) if mine else (ta, student)))
        for path in (f"/users/{ta.pk}/", f"/users/{ta.pk}/timeslots/"):
            page = text(client.get(path))
            assert "You two can't make new bookings with each other." in page, path
            assert "data-slot-id" not in page, path
            assert "Book time" not in page, path
            assert f'href="/messages/{ta.pk}/"' not in page, path


class TestMessage:
    """Offered where one may write, and nowhere else."""

    @pytest.fixture
    def made(self, student, session):
        return book(student, slots_of(session)[0])

    @pytest.mark.parametrize("end", [None, "blocked", "suspended"])
    def test_on_the_pages_of_a_booking_and_a_session(self, made, student, ta, sign_in, end):
        if end == "blocked":
            blocks.block(ta, student)
        for who, other, paths in (
            (student, ta, [f"/bookings/{made.pk}/"]),
            (ta, student, [f"/bookings/{made.pk}/", f"/appointments/{made.slot.appointment_id}/"]),
        ):
            if end == "suspended":
                suspensions.suspend(other, actor=None, cancel_bookings=False)
            for path in paths:
                page = text(sign_in(who).get(path))
                offered = f'href="/messages/{other.pk}/"' in page
                assert offered == (end is None), (path, who)
            if end == "suspended":
                suspensions.restore(other)


class TestSuspended:
    def test_who_kept_a_booking_reads_what_that_means(self, student, ta, session, client, sign_in):
        made = book(student, slots_of(session)[0])
        assert "suspended" not in text(client.get(f"/bookings/{made.pk}/"))
        suspensions.suspend(ta, actor=None, cancel_bookings=False)
        page = text(client.get(f"/bookings/{made.pk}/"))
        assert "Your TA's account is suspended at the moment." in page
        assert "/reschedule/" not in page
        assert f'href="/bookings/{made.pk}/cancel/"' in page
        assert f'href="/users/{ta.pk}/"' not in page
