"""A whole week again."""

from datetime import date, datetime, timedelta

import pytest

from conftest import NOW
from scheduling.errors import Conflict, SchedulingError
from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.tests.factories import book, open_series, open_time, slots_of
from scheduling.tests.reading import text
from scheduling.views.contexts.appointments import copied
from scheduling.views.contexts.copies import to_copy
from setahub.core import clock as when

MONDAY = NOW.date()
WEEK = timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


def day(weekday: int, week: int = 0) -> date:
    return MONDAY + timedelta(days=weekday, weeks=week)


def starts(found) -> list[datetime]:
    return [when.local(each.starts_at).replace(tzinfo=None) for each in found]


def refusal(ta, week, to, **how) -> SchedulingError:
    before = Appointment.objects.count()
    with pytest.raises(SchedulingError) as caught:
        appointments.copy_week(ta, week, to, **how)
    assert Appointment.objects.count() == before
    return caught.value


def test_every_session_comes_again_on_its_weekday(ta, topic, second_topic, student):
    first = open_time(ta, topic, second_topic, day=day(1), capacity=3, notes="Laptop")
    open_time(ta, topic, day=day(6), start="09:00", end="10:00", location="https://meet.example/x")
    open_time(ta, topic, day=day(0, 1))  # another week
    book(student, slots_of(first)[0], topic)
    made = appointments.copy_week(ta, day(3), day(5, 2))
    assert starts(made) == [datetime(2026, 12, 8, 13), datetime(2026, 12, 13, 9)]
    assert [each.location for each in made] == ["Room 504", "https://meet.example/x"]
    assert (made[0].capacity, made[0].notes, made[0].series) == (3, "Laptop", None)
    assert set(made[0].topics.all()) == {topic, second_topic}
    assert [slot.taken for slot in slots_of(made[0])] == [0, 0, 0, 0]


def test_cancelled_sessions_do_not_come_again(ta, topic):
    appointments.cancel(open_time(ta, topic, day=day(1)), ta, "I am ill")
    assert refusal(ta, day(0), day(0, 1)).code == "empty_week"


def test_a_week_is_not_copied_onto_itself(ta, topic):
    open_time(ta, topic, day=day(1))
    error = refusal(ta, day(0), day(6))
    assert (error.code, error.field, error.status) == ("same_week", "to", 422)


def test_what_collides_is_reported_by_date_and_can_be_left_out(ta, topic):
    open_time(ta, topic, day=day(1))
    open_time(ta, topic, day=day(2))
    open_time(ta, topic, day=day(2, 1), start="14:00", end="16:00")
    error = refusal(ta, day(0), day(0, 1))
    assert error.details == [Conflict(day(2, 1), "your session 14:00 – 16:00")]
    made = appointments.copy_week(ta, day(0), day(0, 1), skip_conflicts=True)
    assert starts(made) == [datetime(2026, 12, 1, 13)]


def test_what_would_be_past_or_too_far_ahead_is_reported(ta, topic, clock):
    open_time(ta, topic, day=day(0))
    open_time(ta, topic, day=day(4))
    clock.move_to(NOW + WEEK + timedelta(days=2))
    error = refusal(ta, day(0), day(0, 1))
    assert error.details == [Conflict(day(0, 1), "already past")]
    # Today is Wednesday 2 December; 180 days from it is Monday 31 May.
    error = refusal(ta, day(0), date(2027, 5, 31))
    assert error.details == [Conflict(date(2027, 6, 4), "too far ahead")]


def test_a_topic_that_is_no_longer_taught_stays_away(ta, topic, second_topic):
    open_time(ta, topic, second_topic, day=day(1))
    open_time(ta, second_topic, day=day(2))
    second_topic.registrations.all().delete()
    error = refusal(ta, day(0), day(0, 1))
    assert error.details == [Conflict(day(2, 1), "you no longer teach its topics")]
    [made] = appointments.copy_week(ta, day(0), day(0, 1), skip_conflicts=True)
    assert list(made.topics.all()) == [topic]


class TestWhatTheFormBeginsWith:
    """The weeks that the TA most likely wants, by their Mondays."""

    def test_is_this_week_into_the_next(self, ta, topic):
        open_time(ta, topic, day=day(1))
        assert to_copy(ta) == {"week": day(0), "to": day(0, 1)}

    def test_also_with_nothing_to_copy(self, ta, other_ta, topic):
        open_time(other_ta, topic)
        assert to_copy(ta) == {"week": day(0), "to": day(0, 1)}

    def test_is_next_week_into_the_one_after_when_next_week_has_some(self, ta, topic):
        open_series(ta, topic, weeks=2)
        assert to_copy(ta) == {"week": day(0, 1), "to": day(0, 2)}

    def test_is_last_week_into_this_one_while_all_of_it_lies_ahead(self, ta, topic, clock):
        open_time(ta, topic, day=day(1))
        clock.move_to(NOW + WEEK)
        assert to_copy(ta) == {"week": day(0), "to": day(0, 1)}

    def test_is_last_week_into_the_next_when_some_would_be_past(self, ta, topic, clock):
        open_time(ta, topic, day=day(1))
        clock.move_to(NOW + WEEK + timedelta(days=2))
        assert to_copy(ta) == {"week": day(0), "to": day(0, 2)}


class TestThePage:
    PAGE = "/appointments/copy-week/"

    def sent(self, week=0, to=1, **more):
        return {"week": day(0, week).isoformat(), "to": day(0, to).isoformat(), **more}

    def test_stands_beside_open_time(self, ta_client):
        html = text(ta_client.get("/appointments/"))
        assert f'href="{self.PAGE}"' in html
        assert 'href="/appointments/week/"' in html

    def test_begins_filled_and_shows_what_it_opens(self, ta_client, ta, topic):
        open_time(ta, topic, day=day(1))
        response = ta_client.get(self.PAGE)
        assert 'value="2026-11-23" selected' in text(response)
        assert 'value="2026-11-30" selected' in text(response)
        assert [copy.plan.day for copy in response.context["copies"]] == [day(1, 1)]
        assert "<b>Tue 1 Dec</b>" in text(response)
        assert Appointment.objects.count() == 1

    def test_previews_other_weeks_with_what_clashes(self, ta_client, ta, topic):
        open_time(ta, topic, day=day(1))
        open_time(ta, topic, day=day(2))
        open_time(ta, topic, day=day(2, 2), start="14:00", end="16:00")
        response = ta_client.post(self.PAGE, self.sent(to=2, preview="1"))
        assert response.status_code == 200
        assert [(copy.plan.day, copy.clash) for copy in response.context["copies"]] == [
            (day(1, 2), ""),
            (day(2, 2), "your session 14:00 – 16:00"),
        ]
        assert Appointment.objects.count() == 3

    def test_the_preview_is_a_part_for_htmx(self, ta_client, ta, topic):
        open_time(ta, topic, day=day(1))
        sent = self.sent(preview="1")
        html = text(ta_client.post(self.PAGE, sent, headers={"HX-Request": "true"}))
        assert "<main" not in html
        assert "<b>Tue 1 Dec</b>" in html

    @pytest.mark.parametrize("preview", [{}, {"preview": "1"}])
    def test_says_what_is_wrong(self, ta_client, ta, topic, preview):
        response = ta_client.post(self.PAGE, self.sent(**preview))
        assert response.status_code == 409
        assert "There is no session in that week to copy." in text(response)
        open_time(ta, topic, day=day(1))
        response = ta_client.post(self.PAGE, self.sent(to=0, **preview))
        assert response.status_code == 422
        assert "Choose another week to copy to." in text(response)

    def test_a_clash_is_told_and_can_be_left_out(self, ta_client, ta, topic):
        open_time(ta, topic, day=day(1))
        open_time(ta, topic, day=day(2))
        open_time(ta, topic, day=day(2, 1))
        assert ta_client.post(self.PAGE, self.sent()).status_code == 409
        response = ta_client.post(self.PAGE, self.sent(skip_conflicts="on"))
        assert response.status_code == 302
        assert Appointment.objects.count() == 4


class TestOneCopied:
    def test_is_a_week_later(self, ta, topic):
        assert copied(open_time(ta, topic, day=day(1)), ta).day == day(1, 1)

    def test_of_a_series_is_in_the_first_week_that_is_free(self, ta, topic, ta_client):
        first = open_series(ta, topic, day=day(1), weeks=4)[0]
        assert copied(first, ta).day == day(1, 4)
        html = text(ta_client.get(f"/appointments/{first.pk}/copy/"))
        assert 'value="2026-12-22" selected' in html

    def test_a_gap_in_the_series_is_such_a_week(self, ta, topic):
        series = open_series(ta, topic, day=day(1), weeks=4)
        appointments.cancel(series[2], ta, "I am ill")
        assert copied(series[0], ta).day == day(1, 2)

    @pytest.mark.parametrize(
        ("shift", "week"),
        [
            (timedelta(days=1, hours=3), 1),
            (timedelta(days=8, hours=3), 1),  # an hour before it would start
            (timedelta(days=8, hours=4), 2),
            (timedelta(days=50), 7),  # a Tuesday morning
        ],
    )
    def test_or_as_many_weeks_as_bring_it_into_the_future(self, ta, topic, clock, shift, week):
        appointment = open_time(ta, topic, day=day(1))
        clock.move_to(NOW + shift)
        assert copied(appointment, ta).day == day(1, week)

    def test_has_only_topics_that_are_still_taught(self, ta, topic, second_topic):
        appointment = open_time(ta, topic, second_topic)
        second_topic.registrations.all().delete()
        assert copied(appointment, ta).topics == [topic]
