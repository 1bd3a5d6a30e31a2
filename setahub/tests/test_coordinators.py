"""Staff of the group "Coordinators": the powers to run the place, and none to get more."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from accounts.models import User
from chat import services as chat
from topics.models import Registration

migration = import_module("setahub.policy.migrations.0002_coordinators")
of_requests = import_module("setahub.policy.migrations.0005_coordinators_of_requests")
of_records = import_module("setahub.policy.migrations.0007_coordinators_of_records")
of_disputes = import_module("setahub.policy.migrations.0009_coordinators_of_disputes")
MAY_OPEN = [
    "accounts/user", "accounts/suspension", "accounts/block", "topics/topic",
    "topics/registration", "scheduling/appointment", "scheduling/timeslot", "scheduling/booking",
    "scheduling/helprequest", "scheduling/offer", "scheduling/record",
    "chat/report", "setahub/facultypolicy", "setahub/examweek", "setahub/policychange",
]  # fmt: skip


@pytest.fixture
def coordinator(make_user):
    migration.make(apps, None)  # tests that write for real leave an empty database behind
    of_requests.make(apps, None)
    of_records.make(apps, None)
    user = make_user("Coordinator", is_staff=True)
    user.groups.add(Group.objects.get(name="Coordinators"))
    return user


@pytest.fixture
def client(coordinator, sign_in):
    return sign_in(coordinator)


def test_the_group_has_just_these_powers(coordinator):
    expected = {
        f"{label.split('.')[0]}.{action}_{label.split('.')[1]}"
        for label, actions in (
            migration.POWERS | of_requests.POWERS | of_records.POWERS | of_disputes.POWERS
        ).items()
        for action in actions
    }
    assert coordinator.get_all_permissions() == expected
    assert not {power for power in expected if "delete_" in power} - {"setahub.delete_examweek"}


def test_making_the_group_again_changes_nothing(coordinator):
    before = coordinator.groups.get().permissions.count()
    migration.make(apps, None)
    assert coordinator.groups.get().permissions.count() == before


def test_the_powers_over_requests_can_be_taken_back(coordinator):
    of_requests.unmake(apps, None)
    powers = coordinator.groups.get().permissions.values_list("codename", flat=True)
    assert "view_helprequest" not in powers
    assert "view_booking" in powers


def test_the_group_can_be_unmade(coordinator):
    migration.unmake(apps, None)
    assert not Group.objects.filter(name="Coordinators").exists()


@pytest.mark.parametrize("path", MAY_OPEN)
def test_they_open_what_they_run(client, path):
    assert client.get(f"/admin/{path}/").status_code == 200


@pytest.mark.parametrize("path", ["auth/group", "django_tasks_database/dbtaskresult"])
def test_nothing_else_opens(client, path):
    assert client.get(f"/admin/{path}/").status_code == 403


def test_they_see_the_overview_and_only_their_own_pages(client):
    page = client.get("/admin/").content.decode()
    assert "Busiest TAs this week" in page
    assert "/admin/auth/group/" not in page


def test_they_decide_suspend_and_resolve(client, ta, student, topic, stranger):
    waits = Registration.objects.create(user=stranger, topic=topic, status="pending")
    post(client, "topics/registration", "approve", waits)
    waits.refresh_from_db()
    assert waits.is_approved
    post(client, "accounts/user", "suspend", ta, reason="Never came")
    ta.refresh_from_db()
    assert not ta.is_active


def test_they_resolve_reports(client, ta, student):
    import uuid

    chat.send(student.pk, ta.pk, uuid.uuid4(), "Hello")
    report = chat.report(chat.send(ta.pk, student.pk, uuid.uuid4(), "Idiot"), student, "An insult")
    assert client.get(f"/admin/chat/report/{report.pk}/change/").status_code == 200
    post(client, "chat/report", "dismiss", report, note="Banter")
    report.refresh_from_db()
    assert report.status == "dismissed"


def test_they_cannot_raise_themselves_or_others(client, coordinator, student):
    sent = {"username": "X", "year": "1", "is_staff": "on", "is_superuser": "on", "groups": "1"}
    for who in (coordinator, student):
        client.post(f"/admin/accounts/user/{who.pk}/change/", sent)
    found = User.objects.filter(pk__in=[coordinator.pk, student.pk]).order_by("pk")
    assert list(found.values_list("is_superuser", flat=True)) == [False, False]
    assert list(student.groups.all()) == []
    student.refresh_from_db()
    assert not student.is_staff


def test_they_touch_no_other_staff(client, staff):
    post(client, "accounts/user", "suspend", staff, reason="Mine")
    staff.refresh_from_db()
    assert staff.is_active
    assert client.post(f"/admin/accounts/user/{staff.pk}/change/", {}).status_code == 403


def post(client, path, action, row, **given):
    sent = {"action": action, "_selected_action": row.pk, "confirm": "1", **given}
    return client.post(f"/admin/{path}/", sent)
