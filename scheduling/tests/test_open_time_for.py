"""Open time for a request: the form filled for it, and what its TA is told of the offers."""

import re
from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.models import Appointment, Offer
from scheduling.services import bookings, offers, requests
from scheduling.tests.factories import ask, open_time, tomorrow
from scheduling.tests.reading import text
from setahub.core import clock as when

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def people(make_user):
    return [make_user(f"Student {number}") for number in range(3)]


@pytest.fixture
def asked(student, people, topic):
    """Three people wait for an evening from tomorrow on."""
    made = ask(student, topic, shared=True, parts=["evening"], from_day=tomorrow())
    for person in people[:2]:
        requests.join(made, person)
    return made


def filled(client, asked):
    """The form as its TA gets it, by the names of its fields."""
    page = text(client.get(f"/appointments/new/?request={asked.pk}"))
    chosen = {
        name: re.search(
            r'value="([^"]*)" selected',
            re.search(rf'<select name="{name}".*?</select>', page, re.S)[0],
        )[1]
        for name in ("date", "start_time", "end_time")
    }
    ticked = re.findall(r'name="topics" value="(\d+)"[^>]*checked', page)
    seats = re.search(r'name="capacity" value="(\d+)"', page)[1]
    return {**chosen, "topics": ticked, "capacity": seats}


class TestTheForm:
    def test_it_has_the_topic_the_first_fitting_day_and_a_seat_for_each(
        self, ta_client, asked, topic
    ):
        assert filled(ta_client, asked) == {
            "date": "2026-11-24",
            "start_time": "17:00",
            "end_time": "19:00",
            "topics": [str(topic.pk)],
            "capacity": "3",
        }

    def test_a_day_on_which_the_ta_is_busy_is_passed_over(self, ta_client, ta, topic, asked):
        open_time(ta, topic, start="16:00", end="18:00")
        assert filled(ta_client, asked)["date"] == "2026-11-25"

    def test_any_time_of_the_day_takes_the_first_part_that_is_open(
        self, ta_client, ta, topic, people
    ):
        asked = ask(people[0], topic, from_day=tomorrow())
        assert filled(ta_client, asked)["start_time"] == "13:00"
        open_time(ta, topic, start="13:00", end="15:00")
        assert filled(ta_client, asked)["start_time"] == "17:00"

    def test_today_only_while_it_can_still_be_booked(self, ta_client, people, topic, clock):
        asked = ask(people[0], topic, parts=["afternoon"])
        assert filled(ta_client, asked)["date"] == "2026-11-23"
        clock.move_to(when.at(when.today(), when.local(asked.created_at).time().replace(hour=12)))
        assert filled(ta_client, asked)["date"] == "2026-11-24"

    def test_more_than_twenty_get_twenty_seats(self, ta_client, make_user, asked):
        for number in range(18):
            requests.join(asked, make_user(f"More {number}"))
        assert filled(ta_client, asked)["capacity"] == "20"

    def test_with_nobody_waiting_any_more_it_is_still_a_form(self, ta_client, student, asked):
        requests.leave(asked, student)
        assert filled(ta_client, asked)["capacity"] == "2"

    def test_what_the_ta_can_t_answer_is_not_there(
        self, ta_client, ta, people, topic, other_ta, student, asked
    ):
        named = ask(people[2], topic, ta=other_ta)
        assert ta_client.get(f"/appointments/new/?request={named.pk}").status_code == 404
        assert ta_client.get("/appointments/new/?request=x").status_code == 404
        Block.objects.create(blocker=ta, blocked=student)
        assert ta_client.get(f"/appointments/new/?request={asked.pk}").status_code == 404


class TestAfterSaving:
    @pytest.fixture
    def opened(self, ta_client, asked, topic, run_tasks):
        """The page after the form for the request was saved as it was filled, by its TA."""
        sent = {**filled(ta_client, asked), "slot_minutes": "30", "location": "Room 504"}
        response = ta_client.post("/appointments/new/", sent, follow=True)
        run_tasks()
        return response

    def test_it_says_for_how_many_it_is(self, opened):
        words = "Offers went to 3 students who waited. 9 seats are free for everybody."
        assert words in text(opened)

    def test_they_are_offered_it(self, opened, student, people):
        assert {offer.student for offer in Offer.objects.open()} == {student, *people[:2]}

    def test_its_page_counts_who_answered_and_names_nobody(
        self, opened, ta_client, student, people
    ):
        by_person = {offer.student: offer for offer in Offer.objects.open()}
        bookings.take(by_person[student], student, "Why?")
        offers.decline(by_person[people[0]], people[0])
        page = text(ta_client.get(Appointment.objects.get().get_absolute_url()))
        page = re.sub(r"\s+", " ", page)
        assert "3 offers: 1 taken, 1 not answered yet, 1 passed on" in page
        assert people[1].username not in page
        assert "1 seat held for who waits" in page

    def test_where_nobody_waited_nothing_is_said(self, ta_client, form):
        page = text(ta_client.post("/appointments/new/", form, follow=True))
        assert "who waited" not in page
        assert "offered" not in page

    def test_who_waits_for_another_day_is_not_counted(self, ta_client, people, topic, form):
        late = tomorrow() + timedelta(days=3)
        ask(people[0], topic, from_day=late, to_day=late)
        ask(people[1], topic, parts=["morning"])
        ask(people[2], topic, parts=["afternoon"])
        page = text(ta_client.post("/appointments/new/", form, follow=True))
        assert "An offer went to 1 student who waited. 7 seats are free for everybody." in page
