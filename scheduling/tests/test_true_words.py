"""What pages around a booking say is so, also where its TA, its time or its topic is gone."""

import pytest
from django.utils import timezone

from accounts.services import blocks, suspensions
from scheduling.models import TimeSlot
from scheduling.tests.factories import book, open_series, open_time, slots_of, text
from topics.models import Topic

FREE = "the seat is free for others"
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slots(ta, topic):
    return slots_of(open_time(ta, topic))


@pytest.fixture
def booking(student, slots):
    return book(student, slots[0])


class TestThatTheSeatIsFree:
    @pytest.fixture
    def page(self, sign_in, student, booking):
        client = sign_in(student)
        return lambda: text(client.get(f"/bookings/{booking.pk}/cancel/"))

    def test_is_said_where_others_can_book_it(self, page):
        assert f"น้ำฝน is told, and {FREE}." in page()

    def test_not_of_a_suspended_ta(self, page, ta, staff):
        suspensions.suspend(ta, actor=staff, cancel_bookings=False)
        assert "น้ำฝน is told." in page()
        assert FREE not in page()

    def test_not_of_a_time_that_was_withdrawn(self, page, booking):
        TimeSlot.objects.filter(pk=booking.slot_id).update(withdrawn=True)
        assert FREE not in page()

    def test_not_of_an_archived_topic(self, page, topic):
        Topic.objects.filter(pk=topic.pk).update(archived_at=timezone.now())
        assert FREE not in page()

    def test_not_so_near_to_the_start_that_nobody_may_book_it(self, clock, page, booking):
        clock.move_to(booking.starts_at)
        clock.shift(-59 * 60)
        assert FREE not in page()


class TestMovingBetweenTwoWhoCannotBook:
    def test_says_so_without_any_time(self, sign_in, student, ta, booking, slots):
        blocks.block(ta, student)
        client, path = sign_in(student), f"/bookings/{booking.pk}/reschedule/"
        for address, status in ((path, 200), (f"{path}?slot={slots[2].pk}", 403)):
            response = client.get(address)
            assert response.status_code == status
            assert "You two can't make new bookings with each other" in text(response)
            assert "data-slot-id" not in response.content.decode()
            main = response.content.decode().partition("<main")[2].partition("</main>")[0]
            assert "<button" not in main
        assert client.post(path, {"slot": slots[2].pk}).status_code == 403


def test_an_edit_of_a_series_that_meets_another_session_names_its_days(sign_in, ta, topic):
    made = open_series(ta, topic)
    open_time(ta, topic, day=timezone.localdate(made[1].starts_at), start="16:00", end="17:00")
    form = {
        "topics": [topic.pk],
        "date": timezone.localdate(made[0].starts_at).isoformat(),
        "start_time": "13:00",
        "end_time": "17:00",
        "slot_minutes": "30",
        "capacity": "1",
        "location": made[0].location,
        "scope": "following",
    }
    response = sign_in(ta).post(f"/appointments/{made[0].pk}/edit/", form)
    assert response.status_code == 409
    assert f"{timezone.localdate(made[1].starts_at):%a} " in text(response)
    assert "your session 16:00 – 17:00" in text(response)
