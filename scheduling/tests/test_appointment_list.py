"""The list of sessions and the page of one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling.models import Appointment, Booking
from scheduling.services import appointments, bookings
from scheduling.tests.factories import book, open_series, open_time, slots_of, text, tomorrow

WEEK = timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


def count_queries(ta_client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert ta_client.get(path).status_code == 200
    return len(caught)


class TestTheList:
    def test_shows_bookings_with_their_questions(self, ta_client, ta, topic, student):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0], question="Why does it <b>rotate</b>?")
        page = " ".join(text(ta_client.get("/appointments/")).split())
        assert f'data-appointment-id="{appointment.pk}"' in page
        assert f'data-booking-id="{made.pk}" data-status="booked"' in page
        assert "สมชาย ใจดี" in page
        assert "&lt;b&gt;rotate" in page
        assert '<b>1</b> <span class="muted">of 4 seats booked' in page
        assert student.email not in page

    def test_has_three_tabs_in_their_order(self, ta_client, ta, topic, clock):
        first, second, third = (
            open_time(ta, topic, day=tomorrow() + timedelta(days=n)) for n in range(3)
        )
        gone = open_time(ta, topic, start="16:00", end="17:00")
        appointments.cancel(gone, ta, "I am ill")
        clock.move_to(second.ends_at)
        tabs = ("upcoming", "completed", "cancelled", "nonsense", "")
        pages = {tab: ta_client.get(f"/appointments/?tab={tab}") for tab in tabs}
        assert {
            tab: [row.appointment for row in page.context["rows"]] for tab, page in pages.items()
        } == {
            "upcoming": [third],
            "completed": [second, first],
            "cancelled": [gone],
            "nonsense": [third],
            "": [third],
        }
        assert "I am ill" in text(ta_client.get("/appointments/?tab=cancelled"))

    def test_one_that_runs_is_upcoming_until_its_end(self, ta_client, ta, topic, clock):
        appointment = open_time(ta, topic)
        clock.move_to(appointment.ends_at - timedelta(seconds=1))
        assert [row.appointment for row in ta_client.get("/appointments/").context["rows"]] == [
            appointment
        ]

    def test_cancelled_bookings_show_only_under_cancelled_sessions(
        self, ta_client, ta, topic, student, stranger
    ):
        appointment = open_time(ta, topic)
        gone = book(student, slots_of(appointment)[0])
        bookings.cancel(gone, student, "")
        kept = book(stranger, slots_of(appointment)[1])
        page = text(ta_client.get("/appointments/"))
        assert f'data-booking-id="{gone.pk}"' not in page
        assert f'data-booking-id="{kept.pk}"' in page
        appointments.cancel(appointment, ta, "I am ill")
        page = text(ta_client.get("/appointments/?tab=cancelled"))
        assert page.count('data-status="cancelled"') == 2

    def test_names_twenty_bookings_of_a_session_and_counts_the_rest(
        self, ta_client, ta, topic, make_user
    ):
        appointment = open_time(ta, topic, capacity=20)
        slots = slots_of(appointment)
        for number in range(23):
            book(make_user(f"Student {number}"), slots[number // 20])
        page = text(ta_client.get("/appointments/"))
        assert page.count("data-booking-id") == 20
        assert "and 3 more" in page
        page = text(ta_client.get(f"/appointments/{appointment.pk}/"))
        assert page.count("data-booking-id") == 23

    def test_has_twelve_a_page(self, ta_client, ta, topic):
        for ahead in range(13):
            open_time(ta, topic, day=tomorrow() + timedelta(days=ahead))
        assert text(ta_client.get("/appointments/")).count("data-appointment-id") == 12
        assert text(ta_client.get("/appointments/?page=2")).count("data-appointment-id") == 1
        assert ta_client.get("/appointments/?page=3").status_code == 404

    @pytest.mark.parametrize("tab", ["upcoming", "completed", "cancelled"])
    def test_asks_as_often_for_three_as_for_one(self, ta_client, ta, topic, make_user, clock, tab):
        def one_more(day: int) -> None:
            appointment = open_time(ta, topic, day=tomorrow() + timedelta(days=day))
            for slot in slots_of(appointment)[: day + 1]:
                book(make_user(f"Student {slot.pk}"), slot)
            if tab == "cancelled":
                appointments.cancel(appointment, ta, "I am ill")

        def count() -> int:
            if tab == "completed":
                clock.shift(WEEK)
                ta_client.get("/")  # notes that the session is still in use
            queries = count_queries(ta_client, f"/appointments/?tab={tab}")
            if tab == "completed":
                clock.shift(-WEEK)
            return queries

        one_more(0)
        of_one = count()
        one_more(1)
        one_more(2)
        assert count() == of_one

    def test_tells_a_ta_without_sessions_what_to_do(self, ta_client):
        page = text(ta_client.get("/appointments/"))
        assert "No time open yet" in page
        assert 'href="/appointments/new/"' in page


class TestOneSession:
    def test_shows_slots_students_questions_place_and_notes(
        self, ta_client, ta, topic, second_topic, student
    ):
        appointment = open_time(
            ta, topic, second_topic, location="https://meet.example/x", notes="Bring <i>this</i>"
        )
        made = book(student, slots_of(appointment)[1], second_topic, "One\nTwo")
        page = text(ta_client.get(f"/appointments/{appointment.pk}/"))
        assert f'data-booking-id="{made.pk}" data-status="booked"' in page
        assert f'href="/bookings/{made.pk}/"' in page
        assert "One\nTwo" in page
        assert "Functional Programming" in page
        assert 'href="https://meet.example/x" rel="noopener noreferrer"' in page
        assert "Bring &lt;i&gt;this&lt;/i&gt;" in page
        assert page.count("not booked") == 3

    def test_shows_the_other_weeks(self, ta_client, ta, topic):
        made = open_series(ta, topic, weeks=3)
        page = text(ta_client.get(f"/appointments/{made[1].pk}/"))
        assert f'href="/appointments/{made[0].pk}/"' in page
        assert f'href="/appointments/{made[2].pk}/"' in page

    def test_staff_read_it_without_its_actions(self, ta, topic, staff, sign_in):
        appointment = open_time(ta, topic)
        page = text(sign_in(staff).get(f"/appointments/{appointment.pk}/"))
        assert ta.username in page
        assert f"/appointments/{appointment.pk}/edit/" not in page

    def test_a_cancelled_one_tells_why(self, ta_client, ta, topic, student):
        appointment = open_time(ta, topic)
        made = book(student, slots_of(appointment)[0])
        appointments.cancel(appointment, ta, "I am ill")
        page = text(ta_client.get(f"/appointments/{appointment.pk}/"))
        assert "I am ill" in page
        assert f'data-booking-id="{made.pk}" data-status="cancelled"' in page
        assert f"/appointments/{appointment.pk}/edit/" not in page

    def test_asks_as_often_for_three_bookings_as_for_one(self, ta_client, ta, topic, make_user):
        appointment = open_time(ta, topic)
        counts = []
        for number, slot in enumerate(slots_of(appointment)[:3]):
            book(make_user(f"Student {number}"), slot)
            counts.append(count_queries(ta_client, f"/appointments/{appointment.pk}/"))
        assert counts[0] == counts[2]


def test_a_booking_completed_by_time_says_so_in_the_list(ta_client, ta, topic, student, clock):
    appointment = open_time(ta, topic)
    made = book(student, slots_of(appointment)[0])
    clock.move_to(made.ends_at + timedelta(hours=24))
    ta_client.force_login(ta)
    page = text(ta_client.get("/appointments/?tab=completed"))
    assert f'data-booking-id="{made.pk}" data-status="completed"' in page
    assert Booking.objects.get().status == "booked"


class TestASeries:
    """Weeks that are alike stand on one card."""

    def cards(self, ta_client) -> list[tuple[int, list[int]]]:
        """The sessions with a card, each with the weeks that stand on it."""
        rows = ta_client.get("/appointments/").context["rows"]
        return [(row.appointment.pk, [each.pk for each in row.weeks]) for row in rows]

    def test_is_one_card_with_its_coming_weeks(self, ta_client, ta, topic):
        first, *others = open_series(ta, topic, weeks=7)
        alone = open_time(ta, topic, start="16:00", end="17:00")
        assert self.cards(ta_client) == [
            (first.pk, [each.pk for each in others]),
            (alone.pk, []),
        ]
        page = text(ta_client.get("/appointments/"))
        assert "The same in these weeks, nobody booked yet:" in page
        assert "2 more" in page  # than four
        for each in (first, *others):
            assert page.count(f'data-appointment-id="{each.pk}"') == 1
            assert f'href="/appointments/{each.pk}/"' in page

    def test_a_week_that_is_booked_or_was_changed_has_its_own(self, ta_client, ta, topic, student):
        first, second, third, fourth = open_series(ta, topic, weeks=4)
        book(student, slots_of(second)[0])
        Appointment.objects.filter(pk=third.pk).update(own="location")
        assert self.cards(ta_client) == [
            (first.pk, [fourth.pk]),
            (second.pk, []),
            (third.pk, []),
        ]

    def test_on_a_later_page_they_stay_on_the_card_of_the_first(self, ta_client, ta, topic):
        weeks = open_series(ta, topic, weeks=15)
        changed = [week.pk for week in weeks[1:14]]
        Appointment.objects.filter(pk__in=changed).update(own="location")
        first_page, second_page = (
            ta_client.get(f"/appointments/?page={page}").context["rows"] for page in (1, 2)
        )
        assert [each.pk for each in first_page[0].weeks] == [weeks[14].pk]
        assert [row.weeks for row in second_page] == [[]] * 2

    def test_once_the_first_is_over_the_next_has_the_card(self, ta_client, ta, topic, clock):
        first, second, third = open_series(ta, topic, weeks=3)
        clock.move_to(first.ends_at)
        assert self.cards(ta_client) == [(second.pk, [third.pk])]
        appointments.cancel(second, ta, "I am ill")
        assert self.cards(ta_client) == [(third.pk, [])]

    def test_weeks_of_others_stay_theirs(self, ta_client, ta, other_ta, topic):
        (first, _second) = open_series(ta, topic, weeks=2)
        open_series(other_ta, topic, weeks=2)
        assert [pk for pk, _weeks in self.cards(ta_client)] == [first.pk]

    def test_many_weeks_cost_no_more_queries(self, ta_client, ta, topic):
        open_series(ta, topic, weeks=2)
        few = count_queries(ta_client, "/appointments/")
        open_series(ta, topic, weeks=20, start="16:00", end="17:00")
        assert count_queries(ta_client, "/appointments/") == few
