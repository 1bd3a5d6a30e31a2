"""The admin's first page: right numbers, told to everybody, at a constant cost."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from scheduling.models import Booking, HelpRequest, NothingFree
from scheduling.services import bookings, care, check_ins, demand, reliability, requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, tomorrow
from setahub.core import clock as when
from setahub.site.overview import page, weeks
from setahub.site.overview.chart import bars
from setahub.site.overview.page import numbers
from topics.models import Topic

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)


def card(title):
    return next(each for each in numbers().cards if each.title == title)


def test_weeks_begin_on_the_facultys_mondays(clock):
    clock.move_to(datetime(2026, 11, 22, 23, 59, tzinfo=when.zone()))
    assert [day.isoformat() for day in weeks.last_weeks().mondays][-2:] == [
        "2026-11-09",
        "2026-11-16",
    ]
    clock.move_to(datetime(2026, 11, 23, 0, 0, tzinfo=when.zone()))
    assert weeks.last_weeks().mondays[-1].isoformat() == "2026-11-23"
    assert len(weeks.last_weeks().mondays) == 12


def test_what_takes_place_this_week_is_counted(ta, topic, student, stranger, clock):
    appointment = open_time(ta, topic, capacity=2)  # four slots
    open_time(ta, topic, day=tomorrow() + 7 * DAY)  # next week
    first, second, third, _last = slots_of(appointment)
    rows = [book(student, first), book(stranger, first), book(student, second)]
    bookings.cancel(book(student, third), student, "")
    assert [card("TA sessions").now, card("Bookings").now] == ["1", "3"]
    assert card("Slots booked").now == "50%"  # two of four, two seats of one being one slot
    assert card("No-shows").now == "–"
    clock.move_to(appointment.ends_at)
    bookings.mark_no_show(rows[0], ta)
    assert card("No-shows").now == "33%"


def test_late_cancellations_are_a_share_of_all(ta, topic, student, stranger, clock):
    appointment = open_time(ta, topic)
    first, second, *_ = slots_of(appointment)
    late, _kept = book(student, first), book(stranger, second)
    clock.move_to(appointment.starts_at - timedelta(hours=1))
    bookings.cancel(late, student, "Ill")
    assert card("Late cancellations").now == "50%"


def test_the_median_time_from_booking_to_session(ta, topic, make_user):
    for slot, hours in zip(slots_of(open_time(ta, topic)), (1, 4, 30, 40), strict=True):
        made = book(make_user(f"S{hours}"), slot)
        Booking.objects.filter(pk=made.pk).update(
            created_at=made.starts_at - timedelta(hours=hours)
        )
    assert card("From booking to session").now == "17 h"


def test_requests_are_counted_by_the_week_they_were_asked_in(student, make_user, topic, clock):
    rows = [ask(make_user(f"S{number}"), topic) for number in range(4)]
    clock.shift(timedelta(hours=3))
    requests.close(rows[0], rows[0].student, solved=True)
    clock.shift(timedelta(hours=2))
    requests.close(rows[1], rows[1].student, solved=True)
    HelpRequest.objects.filter(pk=rows[2].pk).update(status="expired")
    assert card("Requests for time").now == "4"
    assert card("Requests answered").now == "50%"
    assert card("Requests expired").now == "25%"
    assert card("From request to answer").now == "4 h"
    assert [(line.name, line.count) for line in numbers().asked] == [(topic.name, 4)]


def test_a_seat_that_was_passed_on_and_taken_is_one_seat(ta, topic, student, stranger):
    slots = slots_of(open_time(ta, topic))
    hold(slots[0], ask(student, topic), status="declined")
    hold(slots[0], ask(stranger, topic), turn=2, status="taken")
    hold(slots[1], ask(student, topic, "Again"))
    assert card("Seats offered to who waited").now == "2"
    assert card("Offered seats taken").now == "50%"


def test_new_users_and_the_week_before(make_user):
    new, old = make_user("New"), make_user("Old")
    User.objects.filter(pk=new.pk).update(date_joined=when.at(when.today(), datetime.min.time()))
    User.objects.filter(pk=old.pk).update(date_joined=new.date_joined - 7 * DAY)
    User.objects.filter(pk=make_user("Gone").pk).update(deleted_at=new.date_joined)
    shown = card("New users")
    assert (shown.now, shown.before) == ("1", "1")
    assert [value for _week, value in shown.table] == ["0"] * 10 + ["1", "1"]


def test_the_busiest_tas_come_first(ta, topic, make_user, student, stranger):
    from topics.models import Registration

    other = make_user("Other TA")
    Registration.objects.create(user=other, topic=topic)
    book(student, slots_of(open_time(ta, topic))[0])
    slots = slots_of(open_time(other, topic))
    book(student, slots[1])
    book(stranger, slots[2])
    assert [(line.name, line.count) for line in numbers().tas] == [("Other TA", 2), ("น้ำฝน", 1)]


class TestNothingFree:
    PATH = "/topics/data-structures/"

    def found(self):
        return [(line.name, line.count) for line in numbers().topics]

    def test_students_are_counted_once_a_day(self, topic, student, stranger, sign_in, clock):
        for client in (sign_in(student), sign_in(student), sign_in(stranger)):
            client.get(self.PATH)
        assert NothingFree.objects.count() == 2
        assert self.found() == [("Data Structures", 2)]
        clock.shift(DAY)
        sign_in(student).get(self.PATH)
        assert NothingFree.objects.count() == 3
        assert self.found() == [("Data Structures", 2)]

    def test_not_where_there_is_time_nor_who_teaches_it(self, topic, ta, student, sign_in):
        sign_in(ta).get(self.PATH)
        open_time(ta, topic)
        sign_in(student).get(self.PATH)
        assert self.found() == []

    def test_a_second_look_costs_no_write(self, topic, student, sign_in):
        client = sign_in(student)
        client.get(self.PATH)
        with CaptureQueriesContext(connection) as captured:
            client.get(self.PATH)
        assert not [each for each in captured if "INSERT" in each["sql"]]

    def test_old_visits_are_forgotten(self, topic, student):
        NothingFree.objects.create(topic=topic, student=student, day=when.today() - 121 * DAY)
        kept = NothingFree.objects.create(
            topic=topic, student=student, day=when.today() - 120 * DAY
        )
        demand.forget_old_visits()
        assert list(NothingFree.objects.all()) == [kept]


def test_a_picture_is_told_in_words_and_marks_this_week():
    drawn = str(bars([0, 2, None, 4], "TA sessions: <b>"))
    assert 'role="img" aria-label="TA sessions: &lt;b&gt;"' in drawn
    assert drawn.count("<rect") == 3
    assert drawn.count('class="now"') == 1
    assert "style" not in drawn


def test_the_page_shows_it_all_in_a_constant_number_of_queries(
    staff, sign_in, ta, topic, make_user, student
):
    client = sign_in(staff)
    client.get("/admin/")
    counts = []
    for number in range(3):
        other = make_user(f"S{number}")
        book(other, slots_of(open_time(ta, topic, day=tomorrow() + number * DAY))[0])
        demand.note_nothing_free(other, topic)
        ask(other, topic, to_day=when.today())  # no time of these sessions
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            shown = client.get("/admin/").content.decode()
        counts.append(len(captured))
    assert counts[0] == counts[2] <= 37
    assert shown.count('<svg class="bars"') == 18 + 1 + 1 + 1
    assert shown.count("As a table") == 18


@pytest.mark.django_db(transaction=True)  # in one, nothing is kept
def test_the_numbers_are_at_most_a_minute_old(staff, sign_in, ta, topic):
    client = sign_in(staff)

    def sessions():
        return client.get("/admin/").context["cards"][0].now

    assert sessions() == "0"
    open_time(ta, topic)
    with CaptureQueriesContext(connection) as captured:
        assert sessions() == "0"
    assert not [each for each in captured if "scheduling_appointment" in each["sql"]]
    assert page.CACHED_FOR == 60
    cache.clear()  # as a minute does
    assert sessions() == "1"


def test_staff_without_those_powers_see_no_numbers(make_user, sign_in):
    viewer = make_user("Viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_topic"))
    page = sign_in(viewer).get("/admin/").content.decode()
    assert "Busiest TAs" not in page
    assert "/admin/topics/topic/" in page


class TestWhoWaitedByTopic:
    @pytest.fixture
    def waited(self, ta, topic, student, stranger, make_user, clock):
        """Two asked, one of them was answered; of two seats given back one was booked again."""
        other = make_user("Other")
        slots = slots_of(open_time(ta, topic))
        gone = [book(each, slot) for each, slot in zip((student, stranger), slots, strict=False)]
        for each in gone:
            bookings.cancel(each, each.student, "")
        clock.shift(timedelta(minutes=1))
        book(other, slots[0])
        asked = ask(student, topic)
        hold(slots[1], ask(stranger, topic), status="declined")
        hold(slots[1], asked, turn=2, status="taken")
        clock.shift(timedelta(hours=3))
        requests.close(asked, student, solved=True)

    def test_counts_what_became_of_requests_and_seats(self, waited, topic, creator, student):
        second_topic = Topic.objects.create(name="Networks", slug="networks", creator=creator)
        [row] = numbers().waited
        assert row == (topic.name, 2, 1, 0, 3.0, 1, 1, 2, 1)
        assert len(numbers().titles) == len(row)
        ask(student, second_topic)
        cache.clear()
        numbers.drop()
        assert [name for name, *_counts in numbers().waited] == [topic.name, second_topic.name]
        assert numbers().waited[1] == (second_topic.name, 1, 0, 0, None, 0, 0, 0, 0)

    def test_stands_on_the_page_and_in_a_file(self, waited, staff, sign_in, topic):
        client = sign_in(staff)
        page_text = client.get("/admin/").content.decode()
        assert "Who waited for time, by topic" in page_text
        assert 'href="/admin/waited.csv"' in page_text
        response = client.get("/admin/waited.csv")
        lines = response.getvalue().decode().splitlines()
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert lines[0].startswith("\ufeffTopic,Asked,Answered,Expired")
        assert lines[1:] == [f"{topic.name},2,1,0,3.0,1,1,2,1"]

    def test_the_file_is_for_who_may_see_the_overview(self, sign_in, student, make_user):
        plain = make_user("Plain staff", is_staff=True)
        assert sign_in(student).get("/admin/waited.csv").status_code == 302
        assert sign_in(plain).get("/admin/waited.csv").status_code == 403


def test_check_ins_and_disputes_are_counted(ta, topic, student, stranger, clock):
    first, second, *_rest = slots_of(open_time(ta, topic))
    came, missed = book(student, first), book(stranger, second)
    clock.move_to(came.starts_at)
    check_ins.check_in(came, student, check_ins.code_of(came.slot.appointment_id, came.starts_at))
    clock.move_to(missed.ends_at)
    bookings.mark_no_show(missed, ta)
    reliability.dispute(missed, stranger, "I was there.")
    assert card("Checked in").now == "50%"
    assert card("Disputed no-shows").now == "1"


def test_tas_are_shown_against_their_own_limit(ta, topic, student, stranger, make_user):
    slots = slots_of(open_time(ta, topic, capacity=2))
    book(student, slots[0])
    book(stranger, slots[0])
    care.set_limits(ta, weekly_slots=4)
    care.set_limits(make_user("Free"), slots_in_a_row=2)
    [line] = numbers().loads
    assert (line.name, line.count, line.most) == (ta.username, 1, 4)
