"""Reports: a queue for staff, the one place where they read messages, each look being kept."""

import re
from io import BytesIO

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from chat import services
from chat.errors import ChatError
from chat.models import Message, Report, ReportLook
from setahub.core.images import reencode
from setahub.core.web.refusals import Refusal

REPORTS = "/admin/chat/report/"


@pytest.fixture
def client(staff, sign_in):
    return sign_in(staff)


@pytest.fixture
def conversation(say, student, ta):
    """Ten messages between the two, the student's and the TA's in turn."""
    pairs = [(student, ta), (ta, student)] * 5
    return [say(*pair, f"Line {number}") for number, pair in enumerate(pairs)]


@pytest.fixture
def reported(conversation, student):
    """The sixth of them is an insult."""
    Message.objects.filter(pk=conversation[5].pk).update(text="You are stupid")
    return services.report(Message.objects.get(pk=conversation[5].pk), student, "An insult")


def text(response):
    return response.content.decode()


def act(client, action, *reports, **more):
    chosen = {"action": action, "_selected_action": [row.pk for row in reports]}
    return client.post(REPORTS, {**chosen, "confirm": "1", **more}, follow=True)


def page_of(client, report):
    return text(client.get(f"{REPORTS}{report.pk}/change/"))


class TestLooking:
    def test_the_message_is_shown_among_three_neighbours_on_either_side(self, client, reported):
        page = page_of(client, reported)
        assert "You are stupid" in page
        assert "An insult" in page
        assert re.findall(r"Line \d", page) == [f"Line {n}" for n in (2, 3, 4, 6, 7, 8)]

    def test_each_look_is_kept_and_shown(self, client, reported, staff):
        page_of(client, reported)
        page = page_of(client, reported)
        assert (
            list(ReportLook.objects.values_list("report", "actor")) == [(reported.pk, staff.pk)] * 2
        )
        assert page.count(f"<li>{staff.username}, ") == 2

    def test_neighbours_of_other_conversations_are_not_shown(
        self, client, reported, say, stranger, ta
    ):
        say(stranger, ta, "Something private")
        assert "Something private" not in page_of(client, reported)

    def test_the_list_shows_no_words_and_keeps_no_look(self, client, reported):
        page = text(client.get(REPORTS))
        assert f"Report {reported.pk}" in page
        assert "stupid" not in page
        assert not ReportLook.objects.exists()

    def test_earlier_reports_about_the_same_person_are_shown(
        self, client, reported, conversation, student, staff
    ):
        other = services.report(conversation[7], student, "Again")
        services.resolve(other, staff, "dismissed", note="Harmless")
        page = page_of(client, reported)
        assert f'href="{REPORTS}{other.pk}/change/"' in page
        assert "Harmless" in page
        [row] = client.get(REPORTS).context["cl"].result_list
        assert row.others == 1

    def test_messages_are_readable_nowhere_else(self, client, reported):
        names = {model._meta.label for model in admin.site._registry}
        assert {name for name in names if name.startswith("chat.")} == {"chat.Report"}

    def test_who_may_not_see_reports_sees_none(self, reported, make_user, sign_in):
        viewer = make_user("Viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_user"))
        client = sign_in(viewer)
        assert client.get(f"{REPORTS}{reported.pk}/change/").status_code == 403
        assert client.get(f"{REPORTS}{reported.pk}/picture/0/").status_code == 403

    def test_more_messages_and_reports_cost_no_more_queries(
        self, client, reported, conversation, student
    ):
        page_of(client, reported)
        counts = []
        for message in (conversation[1], conversation[3], conversation[7]):
            services.report(message, student, "Again")
            for path in (REPORTS, f"{REPORTS}{reported.pk}/change/"):
                with CaptureQueriesContext(connection) as captured:
                    client.get(path)
                counts.append(len(captured))
        assert counts[:2] == counts[4:]


class TestPictures:
    @pytest.fixture
    def pictured(self, say, conversation, ta, student):
        """The TA sent a picture, and the student reported it."""
        buffer = BytesIO()
        Image.new("RGB", (40, 20), "orange").save(buffer, "PNG")
        full = reencode(BytesIO(buffer.getvalue()), max_side=100)
        message = say(ta, student, "", picture=services.Picture(full, full, "0"))
        return services.report(Message.objects.get(pk=message.pk), student, "Disgusting")

    def test_the_picture_and_its_copy_are_shown_and_each_look_is_kept(self, client, pictured):
        page = page_of(client, pictured)
        for number in (pictured.message_id, 0):
            path = f"{REPORTS}{pictured.pk}/picture/{number}/"
            assert f'href="{path}"' in page
            response = client.get(path)
            assert "no-store" in response.headers["Cache-Control"]
            assert response.content[8:12] == b"WEBP"
        assert ReportLook.objects.count() == 3

    def test_no_other_picture_is_shown(self, client, pictured, say, ta, student):
        for number in range(6):
            say(student, ta, f"After {number}")
        far = say(ta, student, "", picture=copy_of(pictured.message))
        assert client.get(f"{REPORTS}{pictured.pk}/picture/{far.pk}/").status_code == 404
        assert client.get(f"{REPORTS}{pictured.pk}/picture/999999/").status_code == 404


def copy_of(message):
    with message.image.open() as file:
        full = reencode(BytesIO(file.read()), max_side=100)
    return services.Picture(full, full, "1")


class TestResolving:
    def test_dismissed_with_a_note(self, client, reported, staff):
        page = text(act(client, "dismiss", reported, note="Banter"))
        assert "Dismiss: 1 done." in page
        reported.refresh_from_db()
        assert (reported.status, reported.note, reported.resolved_by) == (
            "dismissed",
            "Banter",
            staff,
        )
        assert mail.outbox == []

    def test_a_warning_reaches_the_person_by_email(self, client, reported, ta, run_tasks):
        act(client, "warn", reported, note="First time", told="Please stay polite.")
        run_tasks()
        reported.refresh_from_db()
        assert (reported.status, reported.told) == ("warned", "Please stay polite.")
        [letter] = mail.outbox
        assert letter.to == [ta.email]
        assert "Please stay polite." in letter.body
        assert "First time" not in letter.body
        assert "สมชาย" not in letter.body

    def test_suspending_ends_it_with_the_note_as_the_reason(self, client, reported, ta):
        act(client, "suspend", reported, note="Third time")
        ta.refresh_from_db()
        assert not ta.is_active
        assert ta.suspensions.get().reason == "Third time"
        reported.refresh_from_db()
        assert reported.status == "suspended"

    def test_a_second_report_about_somebody_suspended_is_closed_too(
        self, client, reported, conversation, student, ta
    ):
        other = services.report(conversation[7], student, "Again")
        act(client, "suspend", reported, other, note="Both")
        assert set(Report.objects.values_list("status", flat=True)) == {"suspended"}
        assert ta.suspensions.count() == 1

    def test_a_note_is_needed(self, client, reported):
        assert act(client, "dismiss", reported, note=" ").status_code == 422
        assert act(client, "warn", reported, note="x", told="").status_code == 422
        reported.refresh_from_db()
        assert reported.status == "open"

    def test_resolved_once(self, client, reported, staff):
        act(client, "dismiss", reported, note="Banter")
        page = text(act(client, "warn", reported, note="x", told="y"))
        assert "somebody else may have been faster" in page
        with pytest.raises(ChatError, match="resolved already"):
            services.resolve(reported, staff, "dismissed", note="Again")
        reported.refresh_from_db()
        assert (reported.status, reported.note) == ("dismissed", "Banter")
        assert 'value="warn"' not in page_of(client, reported).replace("option", "")

    def test_nobody_decides_on_their_own_message(self, reported, ta):
        ta.is_staff = ta.is_superuser = True
        with pytest.raises(ChatError, match="Somebody else on the staff"):
            services.resolve(reported, ta, "dismissed", note="I am right")

    def test_only_a_superuser_suspends_staff(self, reported, ta, make_user):
        ta.is_staff = True
        ta.save()
        coordinator = make_user("Coordinator", is_staff=True)
        with pytest.raises(Refusal, match="Only a superuser"):
            services.resolve(reported, coordinator, "suspended", note="x")
        reported.refresh_from_db()
        assert reported.status == "open"

    def test_reports_are_never_edited_or_deleted(self, client, reported):
        path = f"{REPORTS}{reported.pk}/"
        assert client.post(f"{path}change/", {"status": "dismissed"}).status_code == 403
        assert client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
        assert client.get(f"{REPORTS}add/").status_code == 403


class TestQueue:
    def listed(self, client, query=""):
        return list(client.get(REPORTS + query).context["cl"].result_list)

    def test_open_ones_wait_in_order_and_the_rest_is_a_filter_away(
        self, client, reported, conversation, student, staff
    ):
        later = services.report(conversation[7], student, "Again")
        done = services.report(conversation[1], student, "Old")
        services.resolve(done, staff, "dismissed", note="x")
        assert self.listed(client) == [reported, later]
        assert self.listed(client, "?status=dismissed") == [done]
        assert self.listed(client, "?status=all") == [reported, later, done]

    def test_found_by_name(self, client, reported):
        assert self.listed(client, "?q=น้ำฝน") == [reported]
        assert self.listed(client, "?q=nobody") == []
