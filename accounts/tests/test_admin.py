"""People in the admin: found, suspended with a reason, restored, seen with all that is theirs."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Suspension, User
from accounts.services import suspensions
from chat.models import Report
from chat.services import report
from scheduling.tests.factories import book, open_time, slots_of, text, tomorrow
from topics.models import Registration

USERS = "/admin/accounts/user/"
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def client(staff, sign_in):
    return sign_in(staff)


@pytest.fixture
def coordinator(make_user):
    user = make_user("Coordinator", is_staff=True)
    names = ["view_user", "change_user", "view_registration", "view_booking"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def act(client, action, *users, **more):
    chosen = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post(USERS, {**chosen, **more}, follow=True)


def names(client, query=""):
    return {user.username for user in client.get(USERS + query).context["cl"].result_list}


class TestFinding:
    @pytest.mark.parametrize("query", ["สมชาย", "STUDENT@example", "65010001"])
    def test_by_name_email_and_student_id(self, client, student, creator, query):
        User.objects.filter(pk=student.pk).update(student_id="65010001")
        assert names(client, f"?q={query}") == {"สมชาย ใจดี"}

    def test_without_regard_to_case_in_any_script(self, client, make_user):
        make_user("Émile")
        assert names(client, "?q=ÉMILE") == {"Émile"}

    def test_by_year_and_whether_they_teach_or_are_suspended(self, client, student, ta, staff):
        suspensions.suspend(student, actor=staff, cancel_bookings=False)
        assert names(client, "?year__exact=1") == {"สมชาย ใจดี"}
        assert names(client, "?ta=yes") == {"น้ำฝน"}
        assert "น้ำฝน" not in names(client, "?ta=no")
        assert names(client, "?suspended=yes") == {"สมชาย ใจดี"}
        assert "สมชาย ใจดี" not in names(client, "?suspended=no")

    def test_three_cost_as_many_queries_as_one(self, client, make_user, topic):
        counts = []
        for number in range(3):
            Registration.objects.create(user=make_user(f"U{number}"), topic=topic)
            with CaptureQueriesContext(connection) as captured:
                client.get(USERS)
            counts.append(len(captured))
        assert counts[0] == counts[2]


class TestSuspending:
    def test_a_page_asks_for_a_reason_and_names_whom(self, client, student):
        page = text(act(client, "suspend", student))
        assert "สมชาย ใจดี" in page
        assert "signed out everywhere at once" in page
        student.refresh_from_db()
        assert student.is_active

    def test_without_a_reason_nothing_happens_and_the_page_says_why(self, client, student):
        response = act(client, "suspend", student, confirm="1", reason="  ")
        assert response.status_code == 422
        assert "This field is required." in text(response)
        student.refresh_from_db()
        assert student.is_active

    @pytest.mark.parametrize(
        ("sent", "status"), [({}, "booked"), ({"cancel_bookings": "on"}, "cancelled")]
    )
    def test_bookings_stay_or_go_as_the_admin_says(self, client, ta, topic, student, sent, status):
        made = book(student, slots_of(open_time(ta, topic))[0])
        page = text(act(client, "suspend", ta, confirm="1", reason="Never came", **sent))
        assert "Suspend: 1 done." in page
        made.refresh_from_db()
        ta.refresh_from_db()
        assert (ta.is_active, made.status) == (False, status)
        assert Suspension.objects.get().reason == "Never came"

    def test_restoring_asks_for_a_reason_too(self, client, student, staff):
        suspensions.suspend(student, actor=staff, cancel_bookings=False, reason="Insults")
        act(client, "restore", student, confirm="1", reason="Apologised")
        student.refresh_from_db()
        assert student.is_active
        assert student.suspensions.get().lift_reason == "Apologised"

    def test_what_is_refused_is_told_and_the_rest_done(self, client, staff, student):
        page = text(act(client, "suspend", staff, student, confirm="1", reason="Both"))
        assert "You can&#x27;t suspend yourself." in page
        assert "Suspend: 1 done." in page

    def test_the_buttons_on_ones_page_lead_back_to_it(self, client, student):
        path = f"{USERS}{student.pk}/change/"
        page = text(client.get(path))
        assert re.search(r'name="action" value="suspend"', page)
        assert not re.search(r'name="action" value="restore"', page)
        more = {"from_page": "1", "confirm": "1", "reason": "Insults"}
        assert act(client, "suspend", student, **more).redirect_chain == [(path, 302)]

    def test_too_many_at_once_are_refused(self, client, student, ta, monkeypatch):
        monkeypatch.setattr("setahub.core.admin.actions.AT_ONCE", 1)
        page = text(act(client, "suspend", student, ta, confirm="1", reason="All"))
        assert "At most 1 at once, please." in page
        assert not Suspension.objects.exists()

    def test_suspensions_are_only_to_be_read(self, client, student, staff):
        suspensions.suspend(student, actor=staff, cancel_bookings=False, reason="Insults")
        path = f"/admin/accounts/suspension/{student.suspensions.get().pk}/"
        assert "Insults" in text(client.get(f"{path}change/"))
        assert client.post(f"{path}change/", {"reason": "X"}).status_code == 403
        assert client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
        found = client.get("/admin/accounts/suspension/?state=open").context["cl"].result_list
        assert [row.user for row in found] == [student]


class TestPasswordReset:
    def test_the_person_gets_the_link(self, client, student, post):
        assert "Password reset sent: 1 done." in text(act(client, "reset_password", student))
        assert [message.to for message in post()] == [[student.email]]
        assert "/auth/password/reset/key/" in post()[0].body

    def test_a_suspended_one_does_not(self, client, student, staff, post):
        suspensions.suspend(student, actor=staff, cancel_bookings=False)
        assert "Suspended people can" in text(act(client, "reset_password", student))
        assert post() == []


class TestOnePerson:
    @pytest.fixture
    def busy(self, ta, topic, student, say):
        """The TA, with a session, bookings, a report and a suspension."""
        first, *_ = slots_of(open_time(ta, topic))
        book(student, first)
        report(say(ta, student, "You are stupid"), student, "An insult")
        return ta

    @pytest.fixture
    def say(self):
        import uuid

        from chat.services import send

        return lambda sender, to, words: send(sender.pk, to.pk, uuid.uuid4(), words)

    def test_everything_of_theirs_is_on_one_page_with_links(self, client, busy, student, staff):
        suspensions.suspend(busy, actor=staff, cancel_bookings=False, reason="Insults")
        page = text(client.get(f"{USERS}{busy.pk}/change/"))
        for words in ("Data Structures", "Tue 24 Nov, 13:00 – 15:00", "was reported by", "Insults"):
            assert words in page
        booking = busy.bookings_given.get()
        assert f'href="/admin/scheduling/booking/{booking.pk}/change/"' in page
        assert f"/admin/scheduling/booking/?ta__id__exact={busy.pk}" in page
        assert f'href="/admin/chat/report/{Report.objects.get().pk}/change/"' in page

    def test_the_words_of_messages_are_not_there(self, client, busy):
        assert "stupid" not in text(client.get(f"{USERS}{busy.pk}/change/"))

    def test_each_link_to_a_whole_list_works(self, client, busy):
        page = text(client.get(f"{USERS}{busy.pk}/change/"))
        links = re.findall(r'href="(/admin/[a-z/]+/\?[^"]+)"', page)
        assert len(links) == 7
        for link in links:
            assert client.get(link.replace("&amp;", "&")).status_code == 200, link

    def test_more_rows_cost_no_more_queries_and_ten_are_shown(self, client, ta, topic, make_user):
        counts = []
        for number in range(3):
            shape = {"day": tomorrow().replace(day=24 + number), "minutes": 15}
            slots = slots_of(open_time(ta, topic, **shape))
            for index, slot in enumerate(slots[:5]):
                book(make_user(f"S{number}{index}"), slot)
            with CaptureQueriesContext(connection) as captured:
                page = text(client.get(f"{USERS}{ta.pk}/change/"))
            counts.append(len(captured))
        assert counts[0] == counts[2]
        assert len(re.findall(r"/admin/scheduling/booking/\d+/change/", page)) == 10

    def test_who_may_not_see_reports_and_sessions_is_not_shown_them(
        self, coordinator, sign_in, busy
    ):
        page = text(sign_in(coordinator).get(f"{USERS}{busy.pk}/change/"))
        assert "Data Structures" in page
        assert "was reported by" not in page
        assert "All TA sessions" not in page


class TestChanging:
    def form(self, **fields):
        return {"username": "New name", "student_id": "", "year": "2", "bio": "", **fields}

    def test_a_name_is_changed_through_the_service(self, client, student):
        client.post(f"{USERS}{student.pk}/change/", self.form(username=" Élan "))
        student.refresh_from_db()
        assert (student.username, student.username_key, student.year) == ("Élan", "élan", 2)

    def test_a_taken_name_is_a_form_error(self, client, student, stranger):
        response = client.post(f"{USERS}{student.pk}/change/", self.form(username="STRANGER"))
        assert response.status_code == 200
        assert "This name is taken." in text(response)

    def test_a_superuser_gives_powers(self, client, student):
        path = f"{USERS}{student.pk}/change/"
        assert client.post(path, self.form(is_staff="on")).status_code == 302
        student.refresh_from_db()
        assert (student.is_staff, student.is_superuser) == (True, False)

    def test_nobody_else_does(self, coordinator, sign_in, student):
        client = sign_in(coordinator)
        path = f"{USERS}{student.pk}/change/"
        sent = self.form(is_staff="on", is_superuser="on", is_active="", email="x@example.com")
        assert client.post(path, sent).status_code == 302
        student.refresh_from_db()
        assert (student.username, student.is_staff, student.is_superuser) == (
            "New name",
            False,
            False,
        )
        assert (student.is_active, student.email) == (True, "student@example.com")

    def test_staff_are_changed_by_superusers_alone_themselves_included(
        self, coordinator, sign_in, staff
    ):
        client = sign_in(coordinator)
        for who in (coordinator, staff):
            path = f"{USERS}{who.pk}/change/"
            assert client.get(path).status_code == 200
            assert client.post(path, self.form(is_superuser="on")).status_code == 403
        act(client, "suspend", staff, confirm="1", reason="Mine")
        staff.refresh_from_db()
        assert staff.is_active

    def test_nobody_is_made_or_deleted_here(self, client, student):
        assert client.get(f"{USERS}add/").status_code == 403
        assert client.post(f"{USERS}{student.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_addresses_are_not_edited_apart(self, client):
        assert client.get("/admin/account/emailaddress/").status_code == 404
