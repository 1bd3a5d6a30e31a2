"""The policy in the admin: changed without a restart, checked, and logged."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError

from scheduling.tests.test_races import at_once
from setahub.policy.constraints import EXAM_WEEK_OVERLAP
from setahub.policy.current import policy
from setahub.policy.models import POLICY_NAMES, ExamWeek, FacultyPolicy, PolicyChange

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
    assert "Saved. It applies from now on." in page
    assert (policy.max_active_bookings, policy.ta_approval) == (3, True)
    assert re.search(r"<td>5 \(default\)</td>\s*<td>3</td>", page)
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
    assert [change.what for change in PolicyChange.objects.all()] == ["exam_week"] * 3
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


@pytest.mark.race
def test_of_overlapping_weeks_sent_at_once_one_is_stored(staff, sign_in):
    clients = [sign_in(staff) for _number in range(8)]
    sent = [
        lambda client=client, n=n: client.post(
            f"{WEEKS}add/", week(name=f"Week {n}", first_day=f"2026-11-{22 + n}")
        )
        for n, client in enumerate(clients)
    ]
    found = at_once(sent)
    assert ExamWeek.objects.count() == 1
    stored = ExamWeek.objects.get().name
    assert sorted(each.status_code for each in found) == [200] * 7 + [302]
    losers = [each.content.decode() for each in found if each.status_code == 200]
    assert all(f"It overlaps with {stored}" in page for page in losers)
    assert PolicyChange.objects.count() == 1


@pytest.mark.race
def test_of_weeks_moved_onto_each_other_one_moves(staff, sign_in):
    client = sign_in(staff)
    client.post(f"{WEEKS}add/", week(name="One", first_day="2026-11-02", last_day="2026-11-03"))
    client.post(f"{WEEKS}add/", week(name="Two", first_day="2026-11-09", last_day="2026-11-10"))
    moves = [
        lambda one=one, client=client: client.post(f"{WEEKS}{one.pk}/change/", week(name=one.name))
        for one, client in zip(ExamWeek.objects.all(), [client, sign_in(staff)], strict=True)
    ]
    assert sorted(each.status_code for each in at_once(moves)) == [200, 302]
    days = ExamWeek.objects.values_list("first_day", flat=True)
    assert sorted(map(str, days))[1] == "2026-11-30"


def test_the_database_stores_no_overlap_whoever_writes():
    days = {"first_day": "2026-11-30", "last_day": "2026-12-04", "max_active_bookings": 1}
    ExamWeek.objects.create(name="One", **days)
    apart = ExamWeek.objects.create(
        name="Two", **{**days, "first_day": "2026-12-05", "last_day": "2026-12-05"}
    )
    with pytest.raises(IntegrityError, match=EXAM_WEEK_OVERLAP):
        ExamWeek.objects.create(name="Three", **days)
    with pytest.raises(IntegrityError, match=EXAM_WEEK_OVERLAP):
        ExamWeek.objects.filter(pk=apart.pk).update(first_day="2026-12-04")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (
            {"first_day": "2569-11-30", "last_day": "2569-12-04"},
            "2569 is 2026: type the year as 2026.",
        ),
        ({"first_day": "9999-12-30", "last_day": "9999-12-31"}, "9999 can&#x27;t be right"),
        ({"first_day": "0001-01-01", "last_day": "0001-01-01"}, "1 can&#x27;t be right"),
        ({"first_day": "9" * 5000}, "Enter a valid date."),
        ({"max_active_bookings": "9" * 5000}, "Enter a whole number."),
        ({"max_active_bookings": "99999999999999999999"}, "less than or equal to 1000"),
        ({"booking_min_notice": "-1"}, "greater than or equal to 0"),
        ({"booking_min_notice": "NaN"}, "Enter a whole number."),
    ],
)
def test_an_exam_week_far_out_is_refused_in_words(client, days, words):
    response = client.post(f"{WEEKS}add/", week(**days))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not ExamWeek.objects.exists()


@pytest.mark.parametrize(
    "value", ["-1", "9" * 5000, "99999999999999999999", "NaN", "1e5", "\0", "inf"]
)
def test_no_number_of_the_policy_is_taken_far_out(client, value):
    numbers = {name.lower(): value for name in POLICY_NAMES if name != "TA_APPROVAL"}
    response = client.post(POLICY, {**numbers, "ta_approval": "unknown"})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() >= numbers.keys()
    assert not FacultyPolicy.objects.exists()


def test_a_notice_as_long_as_the_horizon_is_refused_in_an_exam_week_and_from_both_sides(
    client, clock
):
    response = client.post(f"{WEEKS}add/", week(booking_min_notice="20160"))
    assert response.status_code == 302
    response = client.post(POLICY, {"booking_horizon": "14", "ta_approval": "unknown"})
    assert "nothing in it could be booked" in response.content.decode()
    client.post(POLICY, {"booking_horizon": "15", "ta_approval": "unknown"})
    days = {"first_day": "2026-12-07", "last_day": "2026-12-07"}
    client.post(POLICY, {"booking_horizon": "", "ta_approval": "unknown"})
    ExamWeek.objects.all().delete()
    client.post(POLICY, {"booking_horizon": "1", "ta_approval": "unknown"})
    response = client.post(f"{WEEKS}add/", week(**days, booking_min_notice="1440"))
    assert "nothing could be booked" in response.content.decode()
    assert not ExamWeek.objects.exists()
