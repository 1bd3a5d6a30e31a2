"""The list of one's bookings."""

import re
from datetime import timedelta

import pytest

from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.reading import QUESTION, queries, text

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slots(ta, topic):
    """Tomorrow from 13:00, four of half an hour."""
    return slots_of(open_time(ta, topic))


@pytest.fixture
def made(student, slots):
    return book(student, slots[0], question=QUESTION)


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


class TestList:
    def test_bookings_come_in_order_with_id_and_status(self, client, student, slots):
        later, sooner = book(student, slots[2]), book(student, slots[1])
        rows = re.findall(
            r'data-booking-id="(\d+)" data-status="(\w+)"', text(client.get("/bookings/"))
        )
        assert rows == [(str(sooner.pk), "booked"), (str(later.pk), "booked")]

    @pytest.mark.parametrize("tab", ["", "?tab=upcoming", "?tab=nonsense", "?tab="])
    def test_without_a_known_tab_it_shows_what_is_coming(self, client, made, tab):
        page = text(client.get(f"/bookings/{tab}"))
        assert f'data-booking-id="{made.pk}"' in page

    def test_a_cancelled_one_is_in_its_tab_only(self, client, made, student):
        bookings.cancel(made, student, "")
        assert 'data-status="cancelled"' in text(client.get("/bookings/?tab=cancelled"))
        for tab in ("upcoming", "completed"):
            assert "data-booking-id" not in text(client.get(f"/bookings/?tab={tab}"))

    def test_completed_has_what_is_over_newest_first(self, client, student, slots, ta, clock):
        first, second, third = (book(student, slot) for slot in slots[:3])
        clock.move_to(third.ends_at)
        bookings.complete(first, ta)
        bookings.mark_no_show(second, ta)
        rows = re.findall(
            r'data-booking-id="(\d+)" data-status="(\w+)"',
            text(client.get("/bookings/?tab=completed")),
        )
        assert rows == [
            (str(third.pk), "booked"),
            (str(second.pk), "no_show"),
            (str(first.pk), "completed"),
        ]

    def test_one_that_runs_is_still_among_the_coming(self, client, made, clock):
        clock.move_to(made.ends_at - timedelta(seconds=1))
        assert f'data-booking-id="{made.pk}"' in text(client.get("/bookings/"))

    def test_what_one_gives_as_a_ta_is_not_listed(self, made, ta, sign_in):
        assert "data-booking-id" not in text(sign_in(ta).get("/bookings/"))

    def test_twelve_a_page(self, client, student, ta, topic, settings):
        settings.MAX_ACTIVE_BOOKINGS = 20
        for slot in slots_of(open_time(ta, topic, start="08:00", end="12:00", minutes=15))[:13]:
            book(student, slot)
        assert text(client.get("/bookings/")).count("data-booking-id") == 12
        assert text(client.get("/bookings/?page=2")).count("data-booking-id") == 1
        assert client.get("/bookings/?page=3").status_code == 404

    @pytest.mark.parametrize("tab", ["upcoming", "completed", "cancelled"])
    def test_an_empty_one_says_what_to_do_next(self, client, tab):
        page = text(client.get(f"/bookings/?tab={tab}"))
        assert 'class="card empty"' in page
        assert 'class="btn primary"' in page

    def test_three_rows_cost_as_many_queries_as_one(self, client, student, slots):
        book(student, slots[0])
        client.get("/bookings/")
        one = queries(client, "/bookings/")
        book(student, slots[1])
        book(student, slots[2])
        assert queries(client, "/bookings/") == one
