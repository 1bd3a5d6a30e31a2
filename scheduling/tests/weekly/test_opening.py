"""Every week of a term in one form."""

from datetime import date, datetime

import pytest

from scheduling.errors import Conflict
from scheduling.models import Appointment
from scheduling.services import appointments
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.reading import text
from scheduling.tests.weekly.steps import KEY, PAGE, day, starts, typed
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes, ExamWeek
from topics.models import Registration

pytestmark = pytest.mark.usefixtures("clock")


class TestOpening:
    def test_makes_a_series_of_each_stretch_from_its_next_start_on(self, ta_client, ta, topic):
        rows = [
            (0, "08:00", "09:00"),  # an hour ago, so from next Monday on
            (0, "13:00", "15:00", "https://meet.example.com/pim"),
            (2, "18:00", "00:00"),
        ]
        response = ta_client.post(PAGE, typed(topic, *rows))
        assert (response.status_code, response.url) == (302, "/appointments/")
        assert starts() == [
            datetime(2026, 11, 23, 13),
            datetime(2026, 11, 25, 18),
            datetime(2026, 11, 30, 8),
            datetime(2026, 11, 30, 13),
            datetime(2026, 12, 2, 18),
        ]
        made = list(Appointment.objects.order_by("starts_at"))
        assert [each.slots.count() for each in made] == [4, 12, 2, 4, 12]
        assert {each.capacity for each in made} == {2}
        assert made[0].location == made[3].location == "https://meet.example.com/pim"
        series = [each.series for each in made]
        assert series[0] == series[3] != series[1] == series[4]
        assert series[2] is None  # one week is no series
        assert all(list(each.topics.all()) == [topic] for each in made)

    def test_seven_rows_as_the_page_has_them_open_those_that_are_switched_on(
        self, ta_client, topic
    ):
        form = typed(topic, *[(each, "13:00", "14:00") for each in range(7)], weeks=1)
        for weekday in (0, 1, 2, 4, 5, 6):
            del form[f"rows-{weekday}-day"]
        ta_client.post(PAGE, form)
        assert starts() == [datetime(2026, 11, 26, 13)]

    def test_a_day_left_wholly_empty_is_off(self, ta_client, topic):
        form = typed(topic, (0, "", "", ""), (3, "13:00", "14:00"), weeks=1)
        assert ta_client.post(PAGE, form).status_code == 302
        assert starts() == [datetime(2026, 11, 26, 13)]

    def test_one_session_alone_is_shown(self, ta_client, topic):
        response = ta_client.post(PAGE, typed(topic, (3, "13:00", "14:00"), weeks=1))
        assert response.url == f"/appointments/{Appointment.objects.get().pk}/"

    def test_is_for_tas(self, sign_in, student):
        client = sign_in(student)
        assert client.get(PAGE).status_code == client.post(PAGE, {}).status_code == 403

    def test_sent_twice_is_done_once(self, ta_client, topic):
        form = typed(topic, (1, "13:00", "14:00"), (2, "13:00", "14:00"))
        for key in ({"form_key": KEY}, {}):
            urls = {ta_client.post(PAGE, form | key).url for _time in range(2)}
            assert urls == {"/appointments/"}
            assert Appointment.objects.count() == 4

    def test_sent_again_without_a_key_after_a_change_leads_to_what_stands(
        self, ta_client, ta, topic
    ):
        form = typed(topic, (1, "13:00", "14:00"), weeks=2)
        ta_client.post(PAGE, form)
        first = Appointment.objects.order_by("starts_at")[0]
        appointments.cancel(first, ta, "Ill")
        response = ta_client.post(PAGE, form)
        assert response.status_code == 302
        assert Appointment.objects.count() == 2


class TestClashes:
    @pytest.fixture
    def clash(self, ta, topic):
        return open_time(ta, topic, day=day(2, 1), start="14:00", end="16:00")

    def test_open_nothing_and_are_told_by_date(self, ta_client, topic, clash):
        form = typed(topic, (1, "13:00", "15:00"), (2, "13:00", "15:00"))
        response = ta_client.post(PAGE, form)
        assert response.status_code == 409
        assert response.context["form"].refusal.details == [
            Conflict(day(2, 1), "your session 14:00 – 16:00")
        ]
        assert Appointment.objects.get() == clash
        page = text(response)
        assert "Nothing is opened yet. 1 of 4 clashes:" in " ".join(page.split())
        assert "Leave these out and open the other 3 sessions" in page
        assert page.count("<b>Wed 2 Dec</b>: your session 14:00 – 16:00") == 1
        assert page.count('name="skip_conflicts"') == 1
        assert 'value="13:00"' in text(response)

    def test_can_be_left_out(self, ta_client, topic, clash):
        form = typed(topic, (1, "13:00", "15:00"), (2, "13:00", "15:00"), skip_conflicts="on")
        assert ta_client.post(PAGE, form).status_code == 302
        assert starts(Appointment.objects.exclude(pk=clash.pk).order_by("starts_at")) == [
            datetime(2026, 11, 24, 13),
            datetime(2026, 11, 25, 13),
            datetime(2026, 12, 1, 13),
        ]

    def test_nothing_else_left_is_still_refused(self, ta_client, topic, clash):
        form = typed(topic, (2, "14:00", "15:00"), skip_conflicts="on")
        open_time_on_first = typed(topic, (2, "14:00", "15:00"), weeks=1)
        ta_client.post(PAGE, open_time_on_first)
        form["rows-0-location"] = "Elsewhere"
        assert ta_client.post(PAGE, form).status_code == 409

    def test_with_a_booking_of_ones_own(self, ta_client, ta, topic, other_ta):
        book(ta, slots_of(open_time(other_ta, topic, day=day(1)))[0], topic)
        response = ta_client.post(PAGE, typed(topic, (1, "13:00", "15:00")))
        assert response.context["form"].refusal.details == [
            Conflict(day(1), "your own booking 13:00 – 13:30")
        ]


class TestExamWeeks:
    def test_are_opened_unless_the_ta_leaves_them_out(self, ta_client, topic, exam_week):
        form = typed(topic, (3, "13:00", "14:00"), weeks=3)
        ta_client.post(PAGE, form | {"skip_exam_weeks": "on"})
        assert [each.date() for each in starts()] == [day(3), day(3, 2)]
        other = typed(topic, (3, "15:00", "16:00"), weeks=3)
        ta_client.post(PAGE, other)
        assert [each.date() for each in starts() if each.hour == 15] == [
            day(3),
            day(3, 1),
            day(3, 2),
        ]

    def test_when_there_is_nothing_else_it_is_said(self, ta_client, topic):
        source.keep(Changes(exam_weeks=[ExamWeek(day(0), day(6, 1), max_active_bookings=1)]))
        form = typed(topic, (3, "13:00", "14:00"), skip_exam_weeks="on")
        response = ta_client.post(PAGE, form)
        assert response.status_code == 422
        assert "Until then there are only exam weeks." in text(response)


class TestWhatIsWrong:
    """…stands beside its field, nothing typed is lost, and nothing is made."""

    def sent(self, client, form):
        response = client.post(PAGE, form)
        assert response.status_code == 422
        assert not Appointment.objects.exists()
        return response.context["form"]

    def rows_wrong(self, client, form):
        return [dict(each.errors) for each in self.sent(client, form).rows.forms]

    def test_no_day(self, ta_client, topic):
        form = typed(topic, (0, "13:00", "15:00"))
        del form["rows-0-day"]
        assert self.sent(ta_client, form).non_field_errors() == ["Switch on at least one day."]

    def test_no_rows_at_all(self, ta_client, topic):
        form = typed(topic)
        assert self.sent(ta_client, form).non_field_errors() == ["Switch on at least one day."]
        del form["rows-TOTAL_FORMS"]
        self.sent(ta_client, form)

    def test_too_many_rows(self, ta_client, topic):
        form = typed(topic, (0, "13:00", "15:00")) | {"rows-TOTAL_FORMS": "1000000"}
        assert len(self.sent(ta_client, form).rows.forms) == 42

    @pytest.mark.parametrize("weekday", ["7", "-1", "Monday", "٣", "1.0"])
    def test_a_day_that_is_none(self, ta_client, topic, weekday):
        form = typed(topic, (weekday, "13:00", "15:00"))
        assert self.sent(ta_client, form).non_field_errors() == [
            "A day is a number from 0 (Monday) to 6."
        ]

    @pytest.mark.parametrize(
        ("row", "field", "words"),
        [
            (("", "15:00"), "start", "Say when it starts."),
            (("13:00", ""), "end", "Say when it ends."),
            (("13:00", "12:00"), "end", "The end must be after the start, on the same day."),
            (
                ("13:10", "15:10"),
                "start",
                "Times are on the quarter hour: 13:00, 13:15, 13:30, 13:45.",
            ),
            (("08:00", "17:00"), "end", "At most 8 hours at a stretch."),
            (
                ("13:00", "14:15"),
                "end",
                "This isn't a whole number of 30-minute slots. It could end at 14:00 or 14:30.",
            ),
            (("13:00", "15:00", ""), "location", "Say where: a room, or an https link."),
            (
                ("13:00", "15:00", "http://x.example"),
                "location",
                "Name a room, or give a link that begins with https://.",
            ),
        ],
    )
    def test_in_a_row(self, ta_client, topic, row, field, words):
        form = typed(topic, (1, "09:00", "10:00"), (2, *row))
        assert self.rows_wrong(ta_client, form) == [{}, {field: [words]}]

    def test_two_stretches_that_overlap(self, ta_client, topic):
        form = typed(topic, (1, "13:00", "15:00"), (1, "14:00", "16:00"), (2, "14:00", "16:00"))
        assert self.rows_wrong(ta_client, form) == [
            {"start": ["It overlaps with 14:00 – 16:00."]},
            {"start": ["It overlaps with 13:00 – 15:00."]},
            {},
        ]

    def test_stretches_that_touch_are_right(self, ta_client, topic):
        form = typed(topic, (1, "13:00", "15:00"), (1, "15:00", "16:00"), (1, "22:00", "00:00"))
        assert ta_client.post(PAGE, form).status_code == 302

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("topics", [], "Choose at least one topic."),
            (
                "slot_minutes",
                "25",
                "Select a valid choice. 25 is not one of the available choices.",
            ),
            ("capacity", "21", "At most 20."),
            ("repeat_until", "", "Choose the last day."),
            ("repeat_until", day(0).isoformat(), "The last day must not be before the first."),
            ("repeat_until", day(2, 26).isoformat(), "At most 26 weeks."),
        ],
    )
    def test_what_is_said_once(self, ta_client, topic, name, value, words):
        form = typed(topic, (1, "13:00", "15:00"), (2, "13:00", "15:00"), **{name: value})
        assert self.sent(ta_client, form).errors == {name: [words]}

    def test_a_topic_that_is_not_taught(self, ta_client, topic, second_topic, ta):
        Registration.objects.filter(user=ta, topic=second_topic).delete()
        form = typed(second_topic, (1, "13:00", "15:00"))
        assert self.sent(ta_client, form).errors == {"topics": ["Choose topics that you teach."]}

    def test_what_was_typed_stands_on_its_line(self, ta_client, topic):
        form = self.sent(ta_client, typed(topic, (4, "13:00", ""), (1, "09:00", "10:00", "Lab 2")))
        shown = [
            (line.weekday, row["start"].value(), row["end"].value(), row["location"].value())
            for line in form.lines
            for row in line.stretches
            if row.is_on
        ]
        assert shown == [(1, "09:00", "10:00", "Lab 2"), (4, "13:00", "", "Room 504")]
        assert form.row_count == 7  # two typed, five of the other days


def test_a_week_in_which_the_clocks_change_is_one_that_does_not_fit(
    sign_in, ta, topic, settings, clock
):
    settings.TIME_ZONE = "Europe/Berlin"
    clock.move_to(datetime(2027, 3, 15, 12, tzinfo=when.zone()))
    ta_client = sign_in(ta)
    form = typed(topic, (6, "02:00", "03:00")) | {"repeat_until": "2027-04-11"}
    response = ta_client.post(PAGE, form)
    assert response.status_code == 409
    assert [each.day for each in response.context["form"].refusal.details] == [date(2027, 3, 28)]
    assert ta_client.post(PAGE, form | {"skip_conflicts": "on"}).status_code == 302
    assert [each.date() for each in starts()] == [
        date(2027, 3, 21),
        date(2027, 4, 4),
        date(2027, 4, 11),
    ]
