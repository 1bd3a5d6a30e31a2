"""The calendar in the admin: to look at, to search, and to cancel with notice."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling.models import Appointment, Booking, BookingEvent
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow

APPOINTMENTS = "/admin/scheduling/appointment/"
BOOKINGS = "/admin/scheduling/booking/"
SLOTS = "/admin/scheduling/timeslot/"
REASON = "The building is closed."
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def admin_client(staff: Any, sign_in: Any, settings: Any) -> Client:
    """Staff's browser, which stays signed in while the clock moves by days."""
    settings.STAFF_SESSION_IDLE = 30 * 24 * 3600
    return sign_in(staff)


@pytest.fixture
def made(ta: Any, topic: Any, student: Any) -> Booking:
    return book(student, slots_of(open_time(ta, topic))[0])


def cancel(client: Client, path: str, *rows: Any) -> str:
    return act(client, path, "cancel", *rows, reason=REASON)


def act(client: Client, path: str, action: str, *rows: Any, **given: str) -> str:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "confirm": "1"}
    return text(client.post(path, {**chosen, **given}, follow=True))


@pytest.mark.parametrize("path", [APPOINTMENTS, BOOKINGS, SLOTS])
class TestLooking:
    def test_lists_filters_and_finds(self, admin_client, made, path):
        found = [
            "",
            "?q=สมชาย",
            "?q=nobody",
            f"?starts_at__year={tomorrow().year}",
        ]
        for query in found:
            assert admin_client.get(path + query, follow=True).status_code == 200

    def test_nobody_adds_changes_or_deletes(self, admin_client, made, path):
        row = {APPOINTMENTS: made.slot.appointment, BOOKINGS: made, SLOTS: made.slot}[path]
        assert admin_client.get(f"{path}add/").status_code == 403
        assert admin_client.get(f"{path}{row.pk}/change/").status_code == 200
        assert admin_client.post(f"{path}{row.pk}/change/", {"capacity": 9}).status_code == 403
        assert admin_client.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert choices(admin_client, path) <= {
            "",
            "cancel",
            "complete",
            "undo_no_show",
            "undo_check_in",
            "ta_came",
            "missed",
            "absent",
        }

    def test_asks_as_often_for_three_as_for_one(
        self, admin_client, ta, topic, make_user, made, path
    ):
        counts = []
        for number in (1, 2, 3):
            with CaptureQueriesContext(connection) as caught:
                admin_client.get(path)
            counts.append(len(caught))
            later = open_time(ta, topic, day=tomorrow() + timedelta(days=number))
            book(make_user(f"Student {number}"), slots_of(later)[0])
        assert counts[0] == counts[2]


def choices(client: Client, path: str) -> set[str]:
    form = client.get(path).context.get("action_form")
    return {value for value, _label in form.fields["action"].choices} if form else set()


class TestFilters:
    def rows(self, client: Client, path: str) -> list[Any]:
        return list(client.get(path).context["cl"].result_list)

    def test_sessions_by_status_ta_and_topic(
        self, admin_client, ta, other_ta, topic, second_topic, clock
    ):
        over, coming = open_time(ta, topic), open_time(ta, second_topic, start="18:00", end="19:00")
        foreign = open_time(other_ta, topic, start="18:00", end="19:00")
        cancel(admin_client, APPOINTMENTS, foreign)
        clock.move_to(over.ends_at)
        for query, found in [
            ("state=upcoming", [coming]),
            ("state=completed", [over]),
            ("state=cancelled", [foreign]),
            (f"ta={other_ta.pk}", [foreign]),
            (f"topics__id__exact={second_topic.pk}", [coming]),
            ("q=Other", [foreign]),
        ]:
            assert self.rows(admin_client, f"{APPOINTMENTS}?{query}") == found

    def test_a_session_counts_its_bookings(self, admin_client, ta, topic, student, stranger):
        appointment = open_time(ta, topic)
        gone = book(student, slots_of(appointment)[0])
        bookings.cancel(gone, student, "")
        book(stranger, slots_of(appointment)[1])
        assert [row.booked for row in self.rows(admin_client, APPOINTMENTS)] == [1]

    def test_bookings_by_status_and_ta(self, admin_client, made, ta, stranger):
        for query, found in [
            ("status__exact=booked", [made]),
            ("status__exact=cancelled", []),
            (f"ta={ta.pk}", [made]),
            (f"topic__id__exact={made.topic_id}", [made]),
            (f"q={made.ta.email}", [made]),
            ("when=week", [made]),
            ("when=next", []),
            ("when=today", []),
            ("when=coming", [made]),
            ("when=garbage", [made]),
        ]:
            assert self.rows(admin_client, f"{BOOKINGS}?{query}") == found

    @pytest.mark.parametrize("handle", ["x", "0", "99999999999999999999", "%00"])
    def test_an_unknown_ta_narrows_nothing(self, admin_client, made, handle):
        assert self.rows(admin_client, f"{BOOKINGS}?ta={handle}") == [made]


class TestCancelling:
    def test_a_session_goes_with_its_bookings(self, admin_client, made, staff):
        page = cancel(admin_client, APPOINTMENTS, made.slot.appointment)
        assert ": 1 done." in page
        appointment = Appointment.objects.get()
        assert (appointment.is_cancelled, appointment.cancel_reason) == (True, REASON)
        made.refresh_from_db()
        assert (made.status, made.cancelled_by, made.cancel_reason) == ("cancelled", staff, REASON)

    def test_a_booking_goes_alone_and_its_history_tells(self, admin_client, made, staff):
        cancel(admin_client, BOOKINGS, made)
        made.refresh_from_db()
        assert (made.status, made.cancelled_by, made.cancel_reason) == ("cancelled", staff, REASON)
        assert Appointment.objects.open().count() == 1
        event = made.events.last()
        assert (event.kind, event.actor) == (BookingEvent.Kind.CANCELLED, staff)
        assert REASON in text(admin_client.get(f"{BOOKINGS}{made.pk}/change/"))

    def test_a_reason_is_needed(self, admin_client, made):
        assert "This field is required." in act(admin_client, BOOKINGS, "cancel", made, reason=" ")
        made.refresh_from_db()
        assert made.status == "booked"

    def test_the_page_that_asks_names_the_bookings(self, admin_client, made):
        sent = {"action": "cancel", "_selected_action": made.pk}
        page = text(admin_client.post(BOOKINGS, sent))
        assert "Tue 24 Nov, 13:00: สมชาย ใจดี – น้ำฝน, Data Structures" in page

    def test_what_cannot_be_cancelled_is_told_and_the_rest_goes(
        self, admin_client, made, ta, topic, stranger
    ):
        gone = book(stranger, slots_of(made.slot.appointment)[1])
        bookings.cancel(gone, stranger, "")
        page = cancel(admin_client, BOOKINGS, made, gone)
        assert ": 1 done." in page
        assert "This booking has already been cancelled." in page
        gone.refresh_from_db()
        assert gone.cancelled_by == stranger

    def test_staff_who_may_only_look_cancel_nothing(self, made, make_user, sign_in):
        looker = make_user("Looker", is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_booking"))
        client = sign_in(looker)
        assert client.get(BOOKINGS).status_code == 200
        cancel(client, BOOKINGS, made)
        made.refresh_from_db()
        assert made.status == "booked"


class TestSettling:
    def test_a_no_show_is_undone_however_late(self, admin_client, made, ta, staff, clock):
        clock.move_to(made.ends_at)
        bookings.mark_no_show(made, ta)
        clock.shift(timedelta(days=20))
        page = act(admin_client, BOOKINGS, "undo_no_show", made)
        assert "Undo a no-show: 1 done." in page
        made.refresh_from_db()
        assert made.status == "completed"
        event = made.events.last()
        assert (event.kind, event.actor) == ("completed", staff)

    def test_what_has_begun_is_completed_and_what_has_not_is_told(
        self, admin_client, made, stranger, clock
    ):
        later = book(stranger, slots_of(made.slot.appointment)[3])
        clock.move_to(made.ends_at)
        page = act(admin_client, BOOKINGS, "complete", made, later)
        assert "Mark as completed: 1 done." in page
        assert "started yet." in page
        made.refresh_from_db()
        later.refresh_from_db()
        assert (made.status, later.status) == ("completed", "booked")

    def test_a_cancelled_one_stays_cancelled(self, admin_client, made, student, clock):
        bookings.cancel(made, student, "")
        clock.move_to(made.ends_at)
        assert "This booking was cancelled." in act(admin_client, BOOKINGS, "complete", made)
        made.refresh_from_db()
        assert made.status == "cancelled"

    def test_the_page_of_a_booking_offers_what_can_be_done_now(self, admin_client, made, clock):
        def offered() -> set[str]:
            page = text(admin_client.get(f"{BOOKINGS}{made.pk}/change/"))
            return set(re.findall(r'name="action" value="(\w+)"', page))

        assert offered() == {"cancel"}
        clock.move_to(made.ends_at)
        assert offered() == {"cancel", "complete"}
        act(admin_client, BOOKINGS, "complete", made)
        assert offered() == set()


class TestExport:
    def lines(self, response: Any) -> list[list[str]]:
        content = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(content)))

    def test_bookings(self, admin_client, made):
        titles, line = self.lines(admin_client.get(f"{BOOKINGS}export/"))
        shown = dict(zip(titles, line, strict=True))
        assert (shown["Start"], shown["End"]) == ("2026-11-24 13:00", "2026-11-24 13:30")
        assert (shown["Student"], shown["TA"]) == ("สมชาย ใจดี", "น้ำฝน")
        assert (shown["Topic"], shown["Status"]) == ("Data Structures", "booked")

    def test_sessions_given_count_a_slot_of_several_students_once(
        self, admin_client, ta, topic, student, stranger, creator, staff, clock
    ):
        appointment = open_time(ta, topic, capacity=2)
        first, second, *_ = slots_of(appointment)
        rows = [book(student, first), book(stranger, first), book(creator, second)]
        bookings.cancel(book(staff, slots_of(appointment)[2]), staff, "")
        clock.move_to(appointment.ends_at)
        bookings.complete(rows[0], ta)
        bookings.complete(rows[1], ta)
        bookings.mark_no_show(rows[2], ta)
        titles, line = self.lines(admin_client.get(f"{APPOINTMENTS}export/"))
        shown = dict(zip(titles, line, strict=True))
        assert (shown["Bookings"], shown["Completed"], shown["No-shows"]) == ("3", "2", "1")
        assert shown["Minutes given"] == "60"

    @pytest.mark.parametrize("path", [BOOKINGS, APPOINTMENTS])
    def test_more_rows_cost_no_more_queries(self, admin_client, made, ta, topic, make_user, path):
        counts = []
        for number in (1, 2, 3):
            with CaptureQueriesContext(connection) as caught:
                self.lines(admin_client.get(f"{path}export/"))
            counts.append(len(caught))
            later = open_time(ta, topic, day=tomorrow() + timedelta(days=number))
            book(make_user(f"Student {number}"), slots_of(later)[0])
        assert counts[0] == counts[2]
