"""The calendar in the admin: to look at, to search, and to cancel with notice."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling.models import Appointment, Booking, BookingEvent
from scheduling.services import booking
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow

APPOINTMENTS = "/admin/scheduling/appointment/"
BOOKINGS = "/admin/scheduling/booking/"
SLOTS = "/admin/scheduling/timeslot/"
REASON = "Cancelled by the faculty's staff."
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def admin_client(staff: Any, sign_in: Any) -> Client:
    return sign_in(staff)


@pytest.fixture
def made(ta: Any, topic: Any, student: Any) -> Booking:
    return book(student, slots_of(open_time(ta, topic))[0])


def cancel(client: Client, path: str, *rows: Any) -> str:
    sent = {"action": "cancel", "_selected_action": [row.pk for row in rows]}
    return text(client.post(path, sent, follow=True))


@pytest.mark.parametrize("path", [APPOINTMENTS, BOOKINGS, SLOTS])
class TestLooking:
    def test_lists_filters_and_finds(self, admin_client, made, path):
        found = [
            "",
            "?q=สมชาย",
            "?q=Room+504",
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
        assert cancel_choices(admin_client, path) <= {"", "cancel"}

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


def cancel_choices(client: Client, path: str) -> set[str]:
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
        booking.cancel(gone, student, "")
        book(stranger, slots_of(appointment)[1])
        assert [row.booked for row in self.rows(admin_client, APPOINTMENTS)] == [1]

    def test_bookings_by_status_and_ta(self, admin_client, made, ta, stranger):
        for query, found in [
            ("status__exact=booked", [made]),
            ("status__exact=cancelled", []),
            (f"ta={ta.pk}", [made]),
            (f"topic__id__exact={made.topic_id}", [made]),
            ("q=rotate", [made]),
        ]:
            assert self.rows(admin_client, f"{BOOKINGS}?{query}") == found

    @pytest.mark.parametrize("handle", ["x", "0", "99999999999999999999", "%00"])
    def test_an_unknown_ta_narrows_nothing(self, admin_client, made, handle):
        assert self.rows(admin_client, f"{BOOKINGS}?ta={handle}") == [made]


class TestCancelling:
    def test_a_session_goes_with_its_bookings(self, admin_client, made, staff):
        page = cancel(admin_client, APPOINTMENTS, made.slot.appointment)
        assert "1 was cancelled." in page
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
        assert REASON in text(admin_client.get(f"{BOOKINGS}{made.pk}/change/")).replace(
            "&#x27;", "'"
        )

    def test_what_cannot_be_cancelled_is_told_and_the_rest_goes(
        self, admin_client, made, ta, topic, stranger
    ):
        gone = book(stranger, slots_of(made.slot.appointment)[1])
        booking.cancel(gone, stranger, "")
        page = cancel(admin_client, BOOKINGS, made, gone)
        assert "1 was cancelled." in page
        assert "This booking was cancelled already." in page
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
