"""Suspending and restoring, through the service and in the admin."""

import pytest

from accounts import services
from accounts.models import User
from scheduling.models import Booking, TimeSlot
from scheduling.tests.factories import book, open_time, slots_of
from topics.models import Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(clock, ta, topic, student) -> Booking:
    return book(student, slots_of(open_time(ta, topic))[0])


def test_free_slots_of_a_suspended_ta_disappear_and_come_back(made, ta, staff):
    assert TimeSlot.objects.free().count() == 3
    services.suspend(ta, actor=staff, cancel_bookings=False)
    assert TimeSlot.objects.free().count() == 0
    services.restore(ta)
    assert TimeSlot.objects.free().count() == 3


def test_bookings_stay_unless_the_admin_says_so(made, ta, staff):
    services.suspend(ta, actor=staff, cancel_bookings=False)
    made.refresh_from_db()
    assert made.status == "booked"


@pytest.mark.parametrize("who", ["ta", "student"])
def test_with_their_bookings_both_sides_are_cancelled(made, staff, who):
    services.suspend(getattr(made, who), actor=staff, cancel_bookings=True)
    made.refresh_from_db()
    assert (made.status, made.cancelled_by, made.cancelled_late) == ("cancelled", staff, False)
    assert made.events.last().kind == "cancelled"


def test_nobody_suspends_themselves(staff):
    with pytest.raises(services.AccountError, match="yourself"):
        services.suspend(staff, actor=staff, cancel_bookings=False)
    staff.refresh_from_db()
    assert staff.is_active


class TestAdmin:
    def act(self, client, action, *users):
        return client.post(
            "/admin/accounts/user/",
            {"action": action, "_selected_action": [user.pk for user in users]},
            follow=True,
        )

    @pytest.mark.parametrize(
        ("action", "status"), [("suspend", "booked"), ("suspend_and_cancel", "cancelled")]
    )
    def test_actions_call_the_services(self, made, sign_in, staff, ta, action, status):
        client = sign_in(staff)
        assert "1 person suspended." in self.act(client, action, ta).content.decode()
        made.refresh_from_db()
        ta.refresh_from_db()
        assert (ta.is_active, made.status) == (False, status)
        self.act(client, "restore", ta)
        ta.refresh_from_db()
        assert ta.is_active

    @pytest.mark.parametrize("query", ["สมชาย", "student@example", "65010001"])
    def test_people_are_found_by_name_email_and_student_id(self, sign_in, staff, student, query):
        User.objects.filter(pk=student.pk).update(student_id="65010001")
        page = sign_in(staff).get("/admin/accounts/user/", {"q": query}).content.decode()
        assert "สมชาย ใจดี" in page
        assert "Creator" not in page

    def test_tas_can_be_filtered(self, sign_in, staff, ta, stranger):
        client = sign_in(staff)
        assert "Stranger" not in client.get("/admin/accounts/user/?ta=yes").content.decode()
        assert "น้ำฝน" not in client.get("/admin/accounts/user/?ta=no").content.decode()

    def test_a_taken_name_is_a_form_error(self, sign_in, staff, student, stranger):
        form = {"username": "STRANGER", "student_id": "", "year": "", "bio": ""}
        response = sign_in(staff).post(f"/admin/accounts/user/{student.pk}/change/", form)
        assert response.status_code == 200
        assert "This name is taken." in response.content.decode()

    def test_the_list_costs_the_same_with_one_and_with_three(
        self, sign_in, staff, make_user, topic, django_assert_num_queries
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client = sign_in(staff)
        counts = []
        for number in range(3):
            Registration.objects.create(user=make_user(f"U{number}"), topic=topic)
            with CaptureQueriesContext(connection) as captured:
                client.get("/admin/accounts/user/")
            counts.append(len(captured))
        assert counts[0] == counts[1] == counts[2]
