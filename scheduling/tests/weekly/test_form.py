"""The form of a term: its preview, another time of a day, and how it begins."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import Appointment
from scheduling.tests.factories import open_time
from scheduling.tests.reading import queries, text
from scheduling.tests.weekly.steps import PAGE, day, typed

pytestmark = pytest.mark.usefixtures("clock")


class TestThePreview:
    def test_shows_the_term_and_stores_nothing(self, ta_client, ta, topic, exam_week):
        open_time(ta, topic, day=day(2, 1), start="14:00", end="16:00")
        rows = (1, "13:00", "15:00"), (2, "13:00", "15:00", "")
        response = ta_client.post(PAGE, typed(topic, *rows, weeks=3, preview="1"))
        term = response.context["term"]
        assert term.sum == "20 slots in 3 weeks"
        assert [week.monday for week in term.weeks] == [day(0), day(0, 1), day(0, 2)]
        assert [week.exam for week in term.weeks] == [False, True, False]
        kinds = [[[mark.kind for mark in marks] for marks in week.days] for week in term.weeks]
        none = [[], [], [], []]
        assert kinds == [
            [[], ["open"], ["open"], *none],
            [[], ["exam"], ["clash"], *none],
            [[], ["open"], ["open"], *none],
        ]
        html = text(response)
        assert "20 slots in 3 weeks" in html
        assert "1 week is an exam week." in html
        assert "Say where: a room, or an https link." in html  # still to do
        assert Appointment.objects.count() == 1

    def test_counts_what_is_left_out(self, ta_client, ta, topic, exam_week):
        form = typed(topic, (1, "13:00", "15:00"), weeks=3, preview="1", skip_exam_weeks="on")
        response = ta_client.post(PAGE, form)
        assert response.context["term"].sum == "8 slots in 2 weeks"

    def test_is_a_part_for_htmx(self, ta_client, topic):
        form = typed(topic, (1, "13:00", "15:00"), preview="1")
        html = text(ta_client.post(PAGE, form, headers={"HX-Request": "true"}))
        assert "<main" not in html
        assert "8 slots in 2 weeks" in html

    def test_of_two_that_overlap_says_so_and_shows_none(self, ta_client, topic):
        form = typed(topic, (1, "13:00", "15:00"), (1, "14:00", "16:00"), preview="1")
        response = ta_client.post(PAGE, form)
        assert response.status_code == 422
        assert response.context["term"] is None
        assert "Tuesday: It overlaps with 14:00 – 16:00." in text(response)

    def test_costs_as_much_for_a_long_term_as_for_a_short_one(self, ta_client, topic, ta):
        def cost(*rows, weeks):
            with CaptureQueriesContext(connection) as caught:
                ta_client.post(PAGE, typed(topic, *rows, weeks=weeks, preview="1"))
            return len(caught)

        cost((1, "13:00", "15:00"), weeks=1)
        many = [(each, "13:00", "15:00") for each in range(7)]
        assert cost((1, "13:00", "15:00"), weeks=1) == cost(*many, weeks=26)


class TestAnotherTime:
    def test_comes_on_its_line_and_keeps_what_was_typed(self, ta_client, topic):
        form = typed(topic, (1, "13:00", "15:00", "Lab 2"), (4, "10:00", ""), capacity="7")
        response = ta_client.post(PAGE, form | {"add": "1"})
        assert response.status_code == 200
        shown = response.context["form"]
        assert shown["capacity"].value() == "7"
        tuesday, friday = shown.lines[1].stretches, shown.lines[4].stretches
        assert [(row["start"].value(), row["location"].value()) for row in tuesday] == [
            ("13:00", "Lab 2"),
            (None, "Lab 2"),
        ]
        assert [row.is_on for row in tuesday] == [True, True]
        assert [row["start"].value() for row in friday] == ["10:00"]
        assert not Appointment.objects.exists()

    @pytest.mark.parametrize("weekday", ["", "9", "x"])
    def test_of_no_day_adds_none(self, ta_client, topic, weekday):
        response = ta_client.post(PAGE, typed(topic, (1, "13:00", "15:00")) | {"add": weekday})
        assert [len(line.stretches) for line in response.context["form"].lines] == [1] * 7


class TestHowItBegins:
    def test_all_days_off_with_every_topic_of_a_new_ta(self, ta_client, topic, second_topic):
        form = ta_client.get(PAGE).context["form"]
        assert not any(row.is_on for line in form.lines for row in line.stretches)
        assert set(form["topics"].value()) == {topic.pk, second_topic.pk}
        assert form["repeat_until"].value() == day(0, 12).isoformat()
        assert form.lines[3].stretches[0]["start"].value() == "13:00"

    def test_as_the_last_session_was(self, ta_client, ta, topic, second_topic):
        open_time(ta, second_topic, location="Lab 2")
        form = ta_client.get(PAGE).context["form"]
        assert form["topics"].value() == [second_topic.pk]
        assert form.lines[0].stretches[0]["location"].value() == "Lab 2"

    def test_for_the_topic_in_the_address(self, ta_client, topic, second_topic):
        form = ta_client.get(f"{PAGE}?topic=fp").context["form"]
        assert form["topics"].value() == [second_topic.pk]

    def test_costs_no_more_with_more_sessions(self, ta_client, ta, topic):
        open_time(ta, topic)
        few = queries(ta_client, PAGE)
        open_time(ta, topic, day=day(3))
        open_time(ta, topic, day=day(4))
        assert queries(ta_client, PAGE) == few
