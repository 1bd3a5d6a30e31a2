"""Staff powers need the second step wherever they are used; and never reach oneself."""

import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.errors import AccountError
from accounts.models import User
from accounts.services import suspensions
from accounts.tests.test_mfa import code_now, with_app
from accounts.tests.test_signing_in import login
from chat import services as chat
from chat.errors import ChatError
from chat.models import Report
from scheduling.tests.test_races import open_slot
from topics import services as topics
from topics.models import Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(make_user) -> User:
    import_module("setahub.policy.migrations.0002_coordinators").make(apps, None)
    user = make_user("Coordinator", is_staff=True)
    user.groups.add(Group.objects.get(name="Coordinators"))
    return user


def in_two_steps(user: User) -> Client:
    client = Client()
    with_app(user)
    login(client, user.email)
    client.post("/auth/2fa/authenticate/", {"code": code_now()})
    return client


class TestWithoutTheSecondStep:
    """What a Coordinator sees of others in each state: nothing that a student would not."""

    @pytest.fixture(autouse=True)
    def _on(self, settings):
        settings.STAFF_MFA = True

    @pytest.fixture(params=["no factor", "a factor, not used"])
    def client(self, request, coordinator, sign_in) -> Client:
        if request.param != "no factor":
            with_app(coordinator)
        return sign_in(coordinator)

    def test_another_s_session_is_not_there(self, client, ta, topic):
        slot = open_slot(ta, topic)
        assert client.get(f"/appointments/{slot.appointment_id}/").status_code == 404

    @pytest.mark.parametrize("page", ["edit", "delete"])
    def test_another_s_topic_is_not_changed(self, client, topic, page):
        path = f"/topics/{topic.slug}/{page}/"
        assert client.get(path).status_code == 403
        assert client.post(path, {"name": "Mine", "description": ""}).status_code == 403
        assert (
            f"/topics/{topic.slug}/edit/"
            not in client.get(f"/topics/{topic.slug}/").content.decode()
        )

    def test_a_suspended_person_is_not_shown(self, client, student):
        suspensions.suspend(student, actor=None, cancel_bookings=False)
        assert client.get(f"/users/{student.pk}/").status_code == 404
        assert client.post(f"/users/{student.pk}/block/").status_code == 404

    def test_email_and_student_id_stay_private(self, client, make_user):
        person = make_user("Private", student_id="66012345")
        page = client.get(f"/users/{person.pk}/").content.decode()
        assert person.email not in page
        assert "66012345" not in page

    def test_a_pending_registration_is_not_shown(self, client, make_user, topic):
        person = make_user("Waiting")
        Registration.objects.create(user=person, topic=topic, status="pending")
        assert topic.name not in client.get(f"/users/{person.pk}/").content.decode()

    def test_no_service_takes_them_for_staff(self, coordinator, student, ta, topic):
        with pytest.raises(topics.TopicError):
            topics.archive_topic(topic, coordinator)
        with pytest.raises(topics.TopicError):
            topics.merge_topics(topic, topic, coordinator)
        waiting = Registration.objects.create(user=student, topic=topic, status="pending")
        for decide in (topics.approve, topics.decline):
            with pytest.raises(topics.TopicError):
                decide(waiting, coordinator)
        with pytest.raises(AccountError):
            suspensions.suspend(student, actor=coordinator, cancel_bookings=False)
        report = Report(reported=student, reporter=ta)
        with pytest.raises(ChatError):
            chat.resolve(report, coordinator, Report.Status.DISMISSED, note="x")


class TestWithIt:
    def test_the_powers_are_there(self, settings, coordinator, ta, topic, make_user):
        settings.STAFF_MFA = True
        client = in_two_steps(coordinator)
        slot = open_slot(ta, topic)
        assert client.get(f"/appointments/{slot.appointment_id}/").status_code == 200
        assert client.get(f"/topics/{topic.slug}/edit/").status_code == 200
        person = make_user("Private", student_id="66012345")
        assert "66012345" in client.get(f"/users/{person.pk}/").content.decode()
        assert client.get("/admin/accounts/user/").status_code == 200

    def test_they_end_with_the_factor(self, settings, coordinator, topic):
        settings.STAFF_MFA = True
        client = in_two_steps(coordinator)
        coordinator.authenticator_set.all().delete()
        assert client.get(f"/topics/{topic.slug}/edit/").status_code == 403

    def test_nobody_else_pays_for_the_question(self, settings, sign_in, student, topic):
        client = sign_in(student)
        path = f"/topics/{topic.slug}/"
        client.get(path)
        counts = []
        for settings.STAFF_MFA in (False, True):
            with CaptureQueriesContext(connection) as found:
                client.get(path)
            counts.append(len(found))
        assert counts[0] == counts[1]


class TestReportsAboutOneself:
    """Reporter and reason are not theirs to see, nor is it theirs to decide."""

    @pytest.fixture
    def reports(self, coordinator, ta, student, topic) -> tuple[Report, Report]:
        """One about the Coordinator, one about somebody else; both by the same student."""
        Registration.objects.create(user=coordinator, topic=topic)
        about = []
        for person in (coordinator, ta):
            chat.send(student.pk, person.pk, uuid.uuid4(), "Hello")
            message = chat.send(person.pk, student.pk, uuid.uuid4(), "Hm")
            about.append(chat.report(message, student, f"Rude, {person}"))
        return about[0], about[1]

    def test_lists_pages_counts_and_actions_leave_them_out(self, sign_in, coordinator, reports):
        own, other = reports
        client = sign_in(coordinator)
        for query in (
            "",
            "?status=all",
            f"?status=all&reported__id__exact={coordinator.pk}",
            "?q=Coord",
        ):
            found = client.get(f"/admin/chat/report/{query}").context["cl"].result_list
            assert own not in found, query
        page = client.get("/admin/chat/report/?status=all").content.decode()
        assert "1 report" in page
        assert client.get(f"/admin/chat/report/{other.pk}/change/").status_code == 200
        for path in ("change/", "history/", "delete/", "picture/0/", f"picture/{own.message_id}/"):
            response = client.get(f"/admin/chat/report/{own.pk}/{path}", follow=True)
            assert "Rude" not in response.content.decode()
        assert not own.looks.exists()

    @pytest.mark.parametrize("action", ["dismiss", "warn", "suspend"])
    def test_no_action_reaches_it(self, sign_in, coordinator, reports, action):
        own, _other = reports
        sent = {
            "action": action,
            "_selected_action": own.pk,
            "confirm": "1",
            "note": "x",
            "told": "x",
        }
        sign_in(coordinator).post("/admin/chat/report/?status=all", sent)
        own.refresh_from_db()
        assert own.is_open

    def test_the_overview_and_the_pages_of_people_leave_them_out(
        self, sign_in, coordinator, student, reports
    ):
        client = sign_in(coordinator)
        todos = {todo.text: todo.count for todo in client.get("/admin/").context["todos"]}
        assert todos["reports are open"] == 1
        for person in (coordinator, student):
            page = client.get(f"/admin/accounts/user/{person.pk}/change/").content.decode()
            assert "reported Coordinator" not in page
            assert f"was reported by {student}" not in page
        choices = {
            "app_label": "chat",
            "model_name": "reportlook",
            "field_name": "report",
            "term": "",
        }
        found = client.get("/admin/autocomplete/", choices).json()["results"]
        assert [each["id"] for each in found] == [str(reports[1].pk)]

    def test_others_of_the_staff_see_them(self, sign_in, staff, reports):
        found = sign_in(staff).get("/admin/chat/report/").context["cl"].result_list
        assert set(found) == set(reports)


def test_powers_are_of_the_request_s_user_alone(settings, staff):
    """Whoever was only read from the database was never seen to take a second step."""
    settings.STAFF_MFA = True
    with_app(staff)
    assert not User.objects.get(pk=staff.pk).has_staff_powers
    settings.STAFF_MFA = False
    assert User.objects.get(pk=staff.pk).has_staff_powers
    staff.is_active = False
    assert not staff.has_staff_powers
