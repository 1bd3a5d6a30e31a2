"""The policy in the admin: changed without a restart, checked, and logged."""

import pytest
from django.contrib.auth.models import Permission

from setahub.lib.policy import policy
from setahub.models import ExamWeek, FacultyPolicy, PolicyChange

POLICY = "/admin/setahub/facultypolicy/"
WEEKS = "/admin/setahub/examweek/"
LOG = "/admin/setahub/policychange/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(staff, sign_in):
    return sign_in(staff)


def week(**fields):
    return {
        "name": "Midterm",
        "first_day": "2026-11-30",
        "last_day": "2026-12-04",
        "max_active_bookings": "2",
        "booking_min_notice": "",
        **fields,
    }


def test_the_form_shows_defaults_and_bounds(client):
    page = client.get(POLICY).content.decode()
    assert 'placeholder="60"' in page
    assert "Default: 5. From 1 to 1000." in page
    assert "Default: no" in page
    assert "Nothing was changed yet." in page


def test_a_number_is_changed_without_a_restart_and_logged(client, staff):
    response = client.post(POLICY, {"max_active_bookings": "3", "ta_approval": "true"}, follow=True)
    page = response.content.decode()
    assert "Saved. It counts from now on." in page
    assert (policy.max_active_bookings, policy.ta_approval) == (3, True)
    assert "<td>5 (default)</td><td>3</td>" in page
    assert [change.actor for change in PolicyChange.objects.all()] == [staff, staff]
    client.post(POLICY, {"ta_approval": "unknown"})
    assert (policy.max_active_bookings, policy.ta_approval) == (5, False)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"max_active_bookings": "0"}, "greater than or equal to 1"),
        ({"max_active_bookings": "many"}, "Enter a whole number."),
        ({"booking_min_notice": "1440", "booking_horizon": "1"}, "nothing could be booked"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_stored(client, sent, words):
    response = client.post(POLICY, sent)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not FacultyPolicy.objects.exists()


def test_exam_weeks_are_made_changed_and_deleted(client):
    client.post(f"{WEEKS}add/", week())
    made = ExamWeek.objects.get()
    assert [each.max_active_bookings for each in policy.source().exam_weeks] == [2]
    client.post(f"{WEEKS}{made.pk}/change/", week(max_active_bookings="4"))
    client.post(f"{WEEKS}{made.pk}/delete/", {"post": "yes"})
    assert not ExamWeek.objects.exists()
    assert [change.what for change in PolicyChange.objects.all()] == ["Exam week"] * 3
    assert "bookings: 4" in client.get(LOG).content.decode()


def test_exam_weeks_that_overlap_are_refused_in_words(client):
    client.post(f"{WEEKS}add/", week())
    response = client.post(f"{WEEKS}add/", week(name="Other", first_day="2026-12-04"))
    assert "It overlaps with Midterm" in response.content.decode()
    assert ExamWeek.objects.count() == 1


def test_exam_weeks_are_not_deleted_past_the_log(client):
    client.post(f"{WEEKS}add/", week())
    sent = {"action": "delete_selected", "_selected_action": [ExamWeek.objects.get().pk]}
    client.post(WEEKS, {**sent, "post": "yes"})
    assert ExamWeek.objects.count() == 1


def test_the_log_is_only_to_be_read(client):
    client.post(POLICY, {"late_cancel": "60", "ta_approval": "unknown"})
    [change] = PolicyChange.objects.all()
    assert client.get(f"{LOG}add/").status_code == 403
    assert client.post(f"{LOG}{change.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LOG}{change.pk}/change/", {"new": "1"}).status_code == 403


def test_who_may_only_look_changes_nothing(make_user, sign_in):
    viewer = make_user("Viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_facultypolicy"))
    client = sign_in(viewer)
    assert client.get(POLICY).status_code == 200
    assert client.post(POLICY, {"late_cancel": "1"}).status_code == 403
    assert client.get(WEEKS).status_code == 403


def test_there_is_one_policy_and_no_other_address_for_it(client):
    assert client.get(f"{POLICY}add/").status_code == 403
    assert client.get(f"{POLICY}2/change/").status_code == 302
    assert client.post(f"{POLICY}1/delete/", {"post": "yes"}).status_code == 403
