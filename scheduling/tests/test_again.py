"""The same time next week, and another time with the same TA, from a completed booking."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Block
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.services import appointments, bookings, care
from scheduling.tests.factories import ask, book, hold, open_series, open_time, slots_of, text
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes
from topics.models import Topic
from topics.services import teaching

pytestmark = pytest.mark.usefixtures("clock")
HALF = timedelta(minutes=30)


@pytest.fixture
def weeks(ta, topic):
    return open_series(ta, topic, weeks=4)


@pytest.fixture
def booking(clock, student, weeks):
    made = book(student, slots_of(weeks[0])[1])
    clock.move_to(made.ends_at + timedelta(minutes=1))
    bookings.complete(made, made.ta)
    made.refresh_from_db()
    return made


def again(client, booking):
    return client.get(f"/bookings/{booking.pk}/again/")


def test_the_page_offers_both(sign_in, booking, student, ta, topic):
    page = sign_in(student).get(f"/bookings/{booking.pk}/").content.decode()
    assert f"/bookings/{booking.pk}/again/" in page
    assert f"/users/{ta.pk}/timeslots/?topic={topic.slug}" in page
    page = sign_in(ta).get(f"/bookings/{booking.pk}/").content.decode()
    assert f"/bookings/{booking.pk}/again/" not in page


def test_it_leads_to_the_slot_of_next_week(sign_in, booking, weeks, student, topic):
    response = again(sign_in(student), booking)
    slot = slots_of(weeks[1])[1]
    assert slot.starts_at == booking.starts_at + timedelta(weeks=1)
    assert response.status_code == 302
    assert response.url == f"/bookings/new/?slot={slot.pk}&topic={topic.slug}"
    assert sign_in(student).get(response.url).status_code == 200


def test_long_after_it_is_the_first_week_to_come(sign_in, clock, booking, weeks, student):
    clock.move_to(booking.starts_at + timedelta(weeks=2))
    assert f"slot={slots_of(weeks[3])[1].pk}&" in again(sign_in(student), booking).url


def test_what_is_taken_says_so_and_shows_the_nearest(sign_in, booking, weeks, student, stranger):
    book(stranger, slots_of(weeks[1])[1])
    client = sign_in(student)
    response = client.get(again(client, booking).url)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Sorry, this time was just taken." in page
    assert f'data-slot-id="{slots_of(weeks[1])[0].pk}"' in page


def test_where_nothing_is_open_it_says_when_and_shows_the_nearest(
    sign_in, booking, weeks, ta, student
):
    appointments.cancel(weeks[1], ta, "ill")
    response = again(sign_in(student), booking)
    assert response.status_code == 409
    page = response.content.decode()
    time = when.full(booking.starts_at + timedelta(weeks=1))
    assert f"น้ำฝน has no time open on {time}." in page
    assert "data-slot-id" in page


def test_only_its_student_and_only_what_is_completed(
    sign_in, booking, student, ta, stranger, topic
):
    assert again(sign_in(ta), booking).status_code == 403
    assert again(sign_in(stranger), booking).status_code == 404
    coming = book(student, slots_of(open_time(ta, topic, start="17:00", end="18:00"))[0])
    assert again(sign_in(student), coming).status_code == 409


class TestEveryRuleIsNamed:
    """What refuses the same time next week says so there, and shows the nearest that can be had."""

    @pytest.fixture
    def refused(self, sign_in, booking, student):
        """``refused()``: the text of the page, and the ids of the times that it shows."""

        def shown():
            client = sign_in(student)
            response = again(client, booking)
            if response.status_code == 302:
                response = client.get(response.url)
            assert response.status_code in (403, 409)
            return text(response), _slots_in(response)

        return shown

    @pytest.fixture
    def same(self, weeks):
        """The same time in the next week."""
        return slots_of(weeks[1])[1]

    @pytest.fixture
    def near(self, weeks):
        """The next to it."""
        return slots_of(weeks[1])[0].pk

    def test_full(self, refused, same, near, stranger):
        book(stranger, same)
        words, slots = refused()
        assert "this time was just taken" in words
        assert near in slots
        assert same.pk not in slots

    def test_held_for_who_waits(self, refused, same, near, stranger, topic):
        hold(same, ask(stranger, topic))
        words, slots = refused()
        assert "offered to somebody who has waited" in words
        assert near in slots
        assert same.pk not in slots

    def test_another_booking_of_the_student(self, refused, same, near, student, make_user, topic):
        other = make_user("Other TA")
        teaching.register(other, topic)
        at = when.local(same.starts_at)
        session = open_time(
            other, topic, day=at.date(), start=f"{at:%H:%M}", end=f"{at + HALF:%H:%M}"
        )
        book(student, slots_of(session)[0])
        words, slots = refused()
        assert "You have another booking at that time" in words
        assert near in slots
        assert same.pk not in slots

    def test_a_seat_there_already(self, refused, same, student):
        book(student, same)
        assert "You have a seat at this time already" in refused()[0]

    def test_as_many_bookings_as_there_may_be(self, refused, weeks, student):
        source.keep(Changes({"MAX_ACTIVE_BOOKINGS": 1}))
        book(student, slots_of(weeks[2])[0])
        words, slots = refused()
        assert "the most you can have at once" in words
        assert slots == set()  # none of them could be booked

    def test_one_at_a_time(self, refused, weeks, student, booking):
        book(student, slots_of(weeks[2])[0])
        _owe_points(booking)
        words, slots = refused()
        assert "you can have one booking at a time" in words
        assert slots == set()

    def test_the_limits_also_where_nothing_is_open_then(self, refused, weeks, student, ta, booking):
        book(student, slots_of(weeks[2])[0])
        _owe_points(booking)
        appointments.cancel(weeks[1], ta, "ill")
        words, slots = refused()
        assert "you can have one booking at a time" in words
        assert "There is no free time for this topic" not in words
        assert slots == set()

    def test_a_block(self, refused, student, ta):
        Block.objects.create(blocker=ta, blocked=student)
        words, slots = refused()
        assert "You can&#x27;t book time with this TA." in words
        assert slots == set()

    def test_away(self, refused, same, weeks, ta):
        care.set_limits(ta, away_until=when.local(same.starts_at).date())
        words, slots = refused()
        assert "This TA is away until" in words
        assert slots
        assert slots <= {slot.pk for week in weeks[2:] for slot in slots_of(week)}

    def test_a_full_week_of_the_ta(self, refused, same, weeks, ta, stranger):
        care.set_limits(ta, weekly_slots=1)
        taken = book(stranger, slots_of(weeks[1])[3])
        words, slots = refused()
        assert "as many bookings in that week as they take" in words
        assert taken.slot_id not in slots
        assert slots

    def test_a_break(self, refused, same, weeks, ta, stranger):
        care.set_limits(ta, slots_in_a_row=1)
        book(stranger, slots_of(weeks[1])[0])
        words, slots = refused()
        assert "takes a break at that time" in words
        assert slots_of(weeks[1])[3].pk in slots
        assert same.pk not in slots

    def test_another_topic_of_that_session(self, refused, same, weeks, ta, creator):
        other = Topic.objects.create(name="Networks", slug="networks", creator=creator)
        teaching.register(ta, other)
        weeks[1].topics.set([other])
        words, slots = refused()
        assert "This session isn&#x27;t for that topic." in words
        assert slots
        assert slots.isdisjoint(slot.pk for slot in slots_of(weeks[1]))

    def test_a_topic_that_was_archived(self, refused, topic):
        Topic.objects.filter(pk=topic.pk).update(archived_at=timezone.now())
        words, slots = refused()
        assert "This topic was archived" in words
        assert slots == set()

    def test_too_soon_and_too_far(self, refused, clock, same, near):
        clock.move_to(same.starts_at - timedelta(minutes=20))
        words, slots = refused()
        assert "This time starts too soon" in words
        assert slots
        assert same.pk not in slots
        source.keep(Changes({"BOOKING_HORIZON": 1}))
        clock.move_to(same.starts_at - timedelta(days=3))
        words, slots = refused()
        assert "This time is too far ahead" in words

    def test_withdrawn_from_a_session(self, refused, same, near):
        TimeSlot.objects.filter(pk=same.pk).update(withdrawn=True)
        words, slots = refused()
        assert "has no time open on" in words
        assert near in slots

    def test_and_where_there_is_nothing_at_all_one_can_ask(self, refused, ta, weeks, topic):
        for week in Appointment.objects.filter(starts_at__gt=weeks[0].ends_at):
            appointments.cancel(week, ta, "ill")
        words, slots = refused()
        assert "There is no free time for this topic right now." in words
        assert f'<input type="hidden" name="topic" value="{topic.pk}">' in words
        assert 'action="/requests/new/"' in words
        assert slots == set()


def _owe_points(booking):
    """Two no-shows of its student lately."""
    for days in (3, 4):
        Booking.objects.create(
            slot=_past_slot(booking, days), student=booking.student, ta=booking.ta,
            topic=booking.topic, question="?", status="no_show",
        )  # fmt: skip


def _past_slot(booking, days):
    start = booking.starts_at - timedelta(days=days)
    session = Appointment.objects.create(
        ta=booking.ta, starts_at=start, ends_at=start + HALF, slot_minutes=30, location="Room 1"
    )
    return TimeSlot.objects.create(appointment=session, starts_at=start, ends_at=start + HALF)


def _slots_in(response) -> set[int]:
    return {int(pk) for pk in re.findall(r'data-slot-id="(\d+)"', response.content.decode())}
