"""Two who edit one row in the admin: each saves what they changed, and nothing else."""

import re
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from setahub.policy.models import ExamWeek, FacultyPolicy

POLICY = "/admin/setahub/facultypolicy/"
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def client(staff, sign_in):
    return sign_in(staff)


def base_in(response):
    """What the page's form was filled with, sealed, as a browser sends it back."""
    found = re.search(r'name="base" value="([^"]+)"', response.content.decode())
    assert found, "the form doesn't carry what it was filled with"
    return unescape(found[1])


class TestAPerson:
    @pytest.fixture
    def address(self, student):
        User.objects.filter(pk=student.pk).update(bio="One\nTwo", year=1, student_id="65010001")
        return f"/admin/accounts/user/{student.pk}/change/"

    @pytest.fixture
    def form(self, client, address, student):
        """As it was shown; a browser sends lines with other ends."""
        base = base_in(client.get(address))
        shown = {"username": student.username, "student_id": "65010001", "year": "1"}
        return {**shown, "bio": "One\r\nTwo", "base": base}

    def test_keeps_what_somebody_else_changed(self, client, address, form, student):
        groups = Group.objects.create(name="Helpers")
        User.objects.filter(pk=student.pk).update(bio="Mine", year=3)
        student.groups.add(groups)
        response = client.post(address, {**form, "student_id": "65010002"})
        assert response.status_code == 302
        student.refresh_from_db()
        assert (student.bio, student.year, student.student_id) == ("Mine", 3, "65010002")
        assert list(student.groups.all()) == [groups]
        assert "Bio" not in LogEntry.objects.get().get_change_message()

    def test_is_refused_with_both_where_both_changed_one_field(
        self, client, address, form, student
    ):
        User.objects.filter(pk=student.pk).update(bio="Theirs", year=3)
        response = client.post(address, {**form, "bio": "Yours"})
        page = response.content.decode()
        assert response.status_code == 409
        assert "Meanwhile this was changed to “Theirs”. Save again to keep yours." in page
        assert ">\nYours</textarea>" in page
        student.refresh_from_db()
        assert student.bio == "Theirs"
        again = {**form, "bio": "Yours", "base": base_in(response)}
        assert client.post(address, again).status_code == 302
        student.refresh_from_db()
        assert (student.bio, student.year) == ("Yours", 3)

    def test_both_changed_to_the_same_is_no_dispute(self, client, address, form, student):
        User.objects.filter(pk=student.pk).update(bio="Same")
        assert client.post(address, {**form, "bio": "Same"}).status_code == 302

    def test_powers_that_were_given_meanwhile_stay(self, client, address, form, student):
        User.objects.filter(pk=student.pk).update(is_staff=True)
        client.post(address, {**form, "year": "2"})
        student.refresh_from_db()
        assert (student.is_staff, student.year) == (True, 2)


def test_numbers_of_the_policy_that_were_changed_meanwhile_stay(client):
    base = base_in(client.get(POLICY))
    FacultyPolicy.objects.create(pk=FacultyPolicy.ONLY, max_active_bookings=3, ta_approval=True)
    sent = {"max_active_bookings": "", "ta_approval": "unknown", "ta_min_year": "4", "base": base}
    assert client.post(POLICY, sent).status_code == 302
    row = FacultyPolicy.objects.get()
    assert (row.max_active_bookings, row.ta_approval, row.ta_min_year) == (3, True, 4)
    refused = client.post(POLICY, {**sent, "max_active_bookings": "7", "ta_min_year": ""})
    assert refused.status_code == 409
    assert "Meanwhile this was changed to “3”." in refused.content.decode()


def test_an_exam_week_keeps_the_day_that_was_changed_meanwhile(client):
    week = ExamWeek.objects.create(
        name="Midterm", first_day="2026-11-30", last_day="2026-12-04", max_active_bookings=2
    )
    address = f"/admin/setahub/examweek/{week.pk}/change/"
    sent = {"name": "Midterm", "first_day": "2026-11-30", "last_day": "2026-12-04"}
    sent |= {"max_active_bookings": "2", "base": base_in(client.get(address))}
    ExamWeek.objects.update(last_day="2026-12-05")
    assert client.post(address, {**sent, "name": "Midterms"}).status_code == 302
    week.refresh_from_db()
    assert (week.name, f"{week.last_day}") == ("Midterms", "2026-12-05")


def test_a_groups_powers_that_were_given_meanwhile_stay(client):
    group = Group.objects.create(name="Helpers")
    address = f"/admin/auth/group/{group.pk}/change/"
    sent = {"name": "Good helpers", "base": base_in(client.get(address))}
    group.permissions.add(Permission.objects.get(codename="view_user"))
    assert client.post(address, sent).status_code == 302
    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("Good helpers", 1)


def test_a_form_without_it_saves_all_that_was_sent(client):
    group = Group.objects.create(name="Helpers")
    group.permissions.add(Permission.objects.get(codename="view_user"))
    client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Good helpers"})
    assert not group.permissions.exists()
