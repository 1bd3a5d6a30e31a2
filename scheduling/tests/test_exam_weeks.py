"""Exam weeks: another notice and another number of bookings for the slots on their days."""

from datetime import timedelta

import pytest

from scheduling.errors import SchedulingError
from scheduling.models import TimeSlot
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow
from setahub.policy import source
from setahub.policy.current import Changes, ExamWeek

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)


def exam(first, last=None, **numbers):
    source.keep(Changes({}, [ExamWeek(first, last or first, **numbers)]))


def refusal(student, slot):
    with pytest.raises(SchedulingError) as refused:
        book(student, slot)
    return refused.value.code, refused.value.message


def test_a_slot_inside_the_notice_of_its_exam_week_is_neither_free_nor_bookable(ta, topic, student):
    exam(tomorrow(), min_notice=timedelta(hours=29))  # it is 9:00: 14:00 tomorrow is just in time
    early, later, free, last = slots_of(open_time(ta, topic))
    assert list(TimeSlot.objects.free().soonest()) == [free, last]
    assert list(TimeSlot.objects.free(topic_id=topic.pk).soonest()) == [free, last]
    message = "This time starts too soon: bookings close 29 hours before the start."
    assert refusal(student, early) == ("notice", message)
    assert refusal(student, later) == ("notice", message)
    assert book(student, free).status == "booked"


def test_the_day_before_and_after_keep_the_ordinary_notice(ta, topic):
    exam(tomorrow() + DAY, min_notice=timedelta(days=14))
    before = open_time(ta, topic)
    open_time(ta, topic, day=tomorrow() + DAY)
    after = open_time(ta, topic, day=tomorrow() + 2 * DAY)
    free = list(TimeSlot.objects.free().soonest())
    assert free == slots_of(before) + slots_of(after)


def test_a_shorter_notice_frees_what_is_soon(ta, topic, student, clock):
    appointment = open_time(ta, topic)
    clock.move_to(appointment.starts_at - timedelta(minutes=20))
    assert slots_of(appointment)[0] not in TimeSlot.objects.free()
    exam(tomorrow() - DAY, min_notice=timedelta(minutes=15))
    assert slots_of(appointment)[0] in TimeSlot.objects.free()
    assert book(student, slots_of(appointment)[0]).status == "booked"


def test_the_bookings_of_an_exam_week_are_counted_apart(ta, topic, student, settings):
    settings.MAX_ACTIVE_BOOKINGS = 2
    exam(tomorrow() + DAY, max_active_bookings=1)
    ordinary = slots_of(open_time(ta, topic))
    special = slots_of(open_time(ta, topic, day=tomorrow() + DAY))
    book(student, ordinary[0])
    book(student, special[0])
    assert refusal(student, special[1]) == (
        "too_many",
        "You have 1 upcoming booking in this exam week, the most you can have in it.",
    )
    book(student, ordinary[1])  # that of the exam week doesn't count here
    assert refusal(student, ordinary[2])[0] == "too_many"


def test_an_exam_week_can_allow_more(ta, topic, student, settings):
    settings.MAX_ACTIVE_BOOKINGS = 1
    exam(tomorrow(), max_active_bookings=3)
    slots = slots_of(open_time(ta, topic))
    for slot in slots[:3]:
        book(student, slot)
    assert refusal(student, slots[3])[0] == "too_many"


def test_without_a_number_of_its_own_its_bookings_count_with_all_others(
    ta, topic, student, settings
):
    settings.MAX_ACTIVE_BOOKINGS = 1
    exam(tomorrow() + DAY, min_notice=timedelta(minutes=5))
    book(student, slots_of(open_time(ta, topic, day=tomorrow() + DAY))[0])
    assert refusal(student, slots_of(open_time(ta, topic))[0])[0] == "too_many"


def test_moving_within_it_does_not_count_the_booking_itself_but_moving_in_does(ta, topic, student):
    exam(tomorrow() + DAY, max_active_bookings=1)
    ordinary = slots_of(open_time(ta, topic))
    special = slots_of(open_time(ta, topic, day=tomorrow() + DAY))
    inside, outside = book(student, special[0]), book(student, ordinary[0])
    assert bookings.move(inside, student, special[2].pk).slot == special[2]
    with pytest.raises(SchedulingError, match="exam week"):
        bookings.move(outside, student, special[3].pk)


def test_pages_offer_what_the_rules_allow(ta, topic, student, sign_in):
    exam(tomorrow(), min_notice=timedelta(hours=29))
    early, _later, free, _last = slots_of(open_time(ta, topic))
    client = sign_in(student)
    for path in (f"/users/{ta.pk}/timeslots/", f"/topics/{topic.slug}/"):
        page = text(client.get(path))
        assert f'data-slot-id="{free.pk}"' in page
        assert f'data-slot-id="{early.pk}"' not in page
    assert client.get(f"/bookings/new/?slot={early.pk}&topic={topic.slug}").status_code == 409
    assert client.get(f"/bookings/new/?slot={free.pk}&topic={topic.slug}").status_code == 200


def test_fewer_seats_than_before_are_a_rule_of_the_service_too(ta, topic):
    source.keep(Changes({"APPOINTMENT_MAX_SEATS": 2}))
    with pytest.raises(SchedulingError, match="At most 2") as refused:
        open_time(ta, topic, capacity=3)
    assert refused.value.field == "capacity"


def test_a_session_of_before_keeps_its_seats(ta, topic, ta_client, form):
    appointment = open_time(ta, topic, capacity=5)
    source.keep(Changes({"APPOINTMENT_MAX_SEATS": 2}))
    path = f"/appointments/{appointment.pk}/edit/"
    assert ta_client.post(path, {**form, "capacity": 6}).status_code == 422
    assert ta_client.post(path, {**form, "capacity": 5}).status_code == 302
    assert ta_client.post("/appointments/new/", {**form, "capacity": 3}).status_code == 422
