"""What is counted in days and hours around a change of the clocks: pages, exam weeks, reminders."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from scheduling import sweeps
from scheduling.errors import SchedulingError
from scheduling.models import TimeSlot
from scheduling.queries.free import free_days, free_from
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.views.contexts import slots
from scheduling.views.contexts.slots import open_days
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes, ExamWeek

FORWARD, BACK = date(2027, 3, 28), date(2027, 10, 31)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.fixture(params=[FORWARD, BACK], ids=["forward", "back"])
def day(request):
    """A day on which the clocks change."""
    return request.param


@pytest.fixture
def clock(day):
    """Four days before it, at noon in UTC."""
    noon = datetime(day.year, day.month, day.day - 4, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as traveller:
        yield traveller


@pytest.fixture
def edges(clock, ta, topic, day) -> list[TimeSlot]:
    """The last hour of the day before, the first and the last of the day, the first after it."""
    opened = [
        open_time(ta, topic, day=each, start=start, end=end, minutes=60)
        for each, start, end in [
            (day - DAY, "23:00", "00:00"),
            (day, "00:00", "01:00"),
            (day, "23:00", "00:00"),
            (day + DAY, "00:00", "01:00"),
        ]
    ]
    return [slot for each in opened for slot in slots_of(each)]


class TestADayOfThePage:
    def test_begins_and_ends_with_itself(self, edges, day):
        found = {
            each.day: [chip.slot.pk for group in each.groups for chip in group.chips]
            for each in open_days(free_from(day))
        }
        assert found == {day: [edges[1].pk, edges[2].pk], day + DAY: [edges[3].pk]}

    def test_is_what_an_address_asks_for(self, edges, ta, student, sign_in, day):
        page = sign_in(student).get(f"/users/{ta.pk}/timeslots/?from={day}").content.decode()
        shown = [f'data-slot-id="{slot.pk}"' in page for slot in edges]
        assert shown == [False, True, True, True]

    def test_has_its_mark_in_the_week_and_no_other_has(self, edges, day):
        edges[0].delete()
        marks = {each.day for each in strip(day).days if each.free}
        assert marks == {day, day + DAY}
        shown = [each.day for each in strip(day).days]
        assert shown == [when.today() + n * DAY for n in range(len(shown))]
        assert len(shown) == 7


def strip(day):
    first = slots.strip_start(day)
    return slots.strip(day, free_days(first, first + 6 * DAY))


class TestAnExamWeek:
    def test_holds_for_the_slots_of_its_days(self, edges, day, student):
        source.keep(Changes({}, [ExamWeek(day, day, min_notice=timedelta(days=14))]))
        assert list(TimeSlot.objects.free().soonest()) == [edges[0], edges[3]]
        for slot in edges[1:3]:
            with pytest.raises(SchedulingError) as refused:
                book(student, slot)
            assert refused.value.code == "notice"

    def test_counts_the_bookings_of_its_days(self, edges, day, student):
        source.keep(Changes({}, [ExamWeek(day, day, max_active_bookings=1)]))
        for slot in (edges[0], edges[1], edges[3]):
            book(student, slot)
        with pytest.raises(SchedulingError) as refused:
            book(student, edges[2])
        assert refused.value.code == "too_many"

    def test_its_notice_is_time_that_passes(self, edges, clock, day):
        source.keep(Changes({}, [ExamWeek(day, day, min_notice=24 * HOUR)]))
        last = edges[2]
        clock.move_to(last.starts_at - 24 * HOUR)
        assert last in TimeSlot.objects.free()
        clock.move_to(last.starts_at - 24 * HOUR + SECOND)
        assert last not in TimeSlot.objects.free()


class TestAReminder:
    @pytest.fixture
    def sweep(self, run_tasks):
        def run() -> list[str]:
            mail.outbox.clear()
            sweeps.remind()
            run_tasks()
            return [letter.subject.partition(": ")[0] for letter in mail.outbox]

        return run

    @pytest.mark.parametrize("start", ["00:00", "03:00", "12:00"])
    def test_comes_a_day_and_an_hour_before_in_time_that_passes(
        self, clock, ta, topic, student, sweep, day, start
    ):
        end = f"{int(start[:2]) + 1:02}:00"
        [slot] = slots_of(open_time(ta, topic, day=day, start=start, end=end, minutes=60))
        book(student, slot)
        sweep()
        told = [f"{when.day_short(day)}, {start}"] * 2
        for moment, expected in [
            (slot.starts_at - DAY - SECOND, []),
            (slot.starts_at - DAY, told),
            (slot.starts_at - DAY + HOUR, []),
            (slot.starts_at - 2 * HOUR, []),
            (slot.starts_at - HOUR - SECOND, []),
            (slot.starts_at - HOUR, told),
            (slot.starts_at, []),
        ]:
            clock.move_to(moment)
            assert sweep() == expected, moment

    @pytest.mark.parametrize("day", [FORWARD], indirect=True)
    def test_names_the_zone_of_that_time(self, clock, ta, topic, student, sweep, day):
        [slot] = slots_of(open_time(ta, topic, day=day, start="03:00", end="04:00", minutes=60))
        book(student, slot)
        sweep()
        clock.move_to(slot.starts_at - HOUR)  # still in winter time
        sweep()
        body = next(each.body for each in mail.outbox if each.to == ["student@example.com"])
        assert "When: Sun 28 Mar, 03:00 – 04:00 (Berlin time, UTC+2)" in body
