"""The page of a booking and what can be done there: who may, what a refusal answers."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from scheduling.models import Booking
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.reading import KEPT, QUESTION, queries, slot_ids, text
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def slots(ta, topic):
    """Tomorrow from 13:00, four of half an hour."""
    return slots_of(open_time(ta, topic))


@pytest.fixture
def made(student, slots):
    return book(student, slots[0], question=QUESTION)


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


class TestShowing:
    @pytest.mark.parametrize(("who", "status"), [("student", 200), ("ta", 200), ("staff", 404)])
    def test_it_is_for_its_two_people(self, request, made, sign_in, who, status):
        person = request.getfixturevalue(who)
        assert sign_in(person).get(made.get_absolute_url()).status_code == status

    def test_strangers_and_visitors(self, made, stranger, sign_in):
        assert sign_in(stranger).get(made.get_absolute_url()).status_code == 404
        response = Client().get(made.get_absolute_url())
        assert response.url == f"/auth/login/?next={made.get_absolute_url()}"

    def test_it_tells_what_matters(self, client, made, ta, topic):
        page = text(client.get(made.get_absolute_url()))
        for part in ("Tue 24 Nov, 13:00 – 13:30", "tomorrow", "Room 504", KEPT, "You booked it"):
            assert part in page
        assert f'href="/users/{ta.pk}/"' in page

    def test_neither_email_nor_student_id_of_the_other(self, client, made, ta, sign_in, student):
        ta.student_id = "64010001"
        ta.save()
        page = text(client.get(made.get_absolute_url()))
        assert ta.email not in page
        assert "64010001" not in page
        assert student.email not in text(sign_in(ta).get(made.get_absolute_url()))

    def links(self, response) -> set[str]:
        """Which of the booking's actions the page offers."""
        return set(re.findall(r'(?:href|action)="/bookings/\d+/([a-z-]+)/"', text(response)))

    def test_only_what_is_allowed_now_is_offered(self, client, made, ta, sign_in, clock):
        page, teacher = made.get_absolute_url(), sign_in(ta)
        assert self.links(client.get(page)) == {"reschedule", "cancel"}
        assert self.links(teacher.get(page)) == {"cancel"}
        clock.move_to(made.starts_at - timedelta(hours=1))
        assert self.links(client.get(page)) == {"cancel"}
        clock.move_to(made.starts_at)
        assert self.links(client.get(page)) == {"ta-absent", "check-in"}
        assert self.links(teacher.get(page)) == {"complete"}
        clock.move_to(made.starts_at + timedelta(minutes=10))
        assert self.links(teacher.get(page)) == {"complete", "no-show"}
        bookings.complete(made, ta)
        assert self.links(teacher.get(page)) == {"no-show", "takeaway"}
        clock.move_to(made.ends_at + timedelta(days=8))
        assert self.links(client.get(page)) == {"thanks", "again"}
        assert self.links(teacher.get(page)) == set()

    def test_a_cancelled_one_says_by_whom_and_why(self, client, made, ta):
        bookings.cancel(made, ta, "ไม่สบาย <ill>")
        page = text(client.get(made.get_absolute_url()))
        assert f"{ta.username} cancelled it" in page
        assert "ไม่สบาย &lt;ill&gt;" in page

    def test_the_history_tells_of_moves_and_changes(self, client, made, student, ta, slots):
        bookings.move(made, student, slots[1].pk)
        bookings.note_change([made], ta, {"location": ("Room 1", "Room 612")})
        page = text(client.get(made.get_absolute_url()))
        assert "You moved it from Tue 24 Nov, 13:00 to Tue 24 Nov, 13:30" in page
        assert f"{ta.username} changed the session" in page
        assert "New place: Room 612" in page

    def test_a_longer_history_costs_no_more_queries(self, client, made, student, slots):
        path = made.get_absolute_url()
        client.get(path)
        one = queries(client, path)
        bookings.move(made, student, slots[1].pk)
        bookings.move(made, student, slots[2].pk)
        assert queries(client, path) == one


class TestCancelling:
    def test_the_page_names_what_will_happen(self, client, made, ta):
        page = text(client.get(f"/bookings/{made.pk}/cancel/"))
        assert f"{ta.username} is told, and the seat is free for others." in page
        assert "late cancellation" not in page

    def test_it_cancels_and_leads_back(self, client, made):
        response = client.post(f"/bookings/{made.pk}/cancel/", {"reason": ""})
        made.refresh_from_db()
        assert (response.status_code, response.url) == (302, made.get_absolute_url())
        assert made.status == "cancelled"

    def test_a_late_one_is_announced_and_needs_a_reason(self, client, made, clock):
        clock.move_to(made.starts_at - timedelta(hours=3))
        path = f"/bookings/{made.pk}/cancel/"
        assert "late cancellation" in text(client.get(path))
        response = client.post(path, {"reason": " \u200b\u2800"})
        assert response.status_code == 422
        assert 'id="id_reason_error"' in text(response)
        assert client.post(path, {"reason": "ป่วย"}).status_code == 302
        made.refresh_from_db()
        assert (made.cancel_reason, made.cancelled_late) == ("ป่วย", True)

    def test_the_ta_needs_a_reason(self, made, ta, sign_in):
        client = sign_in(ta)
        assert client.post(f"/bookings/{made.pk}/cancel/").status_code == 422
        assert client.post(f"/bookings/{made.pk}/cancel/", {"reason": "ill"}).status_code == 302

    @pytest.mark.parametrize("reason", ["x" * 501, "nul \0"])
    def test_a_wrong_reason_is_kept_and_told(self, client, made, reason):
        response = client.post(f"/bookings/{made.pk}/cancel/", {"reason": reason})
        assert response.status_code == 422
        assert reason.rstrip("\0") in text(response)
        made.refresh_from_db()
        assert made.status == "booked"

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_after_the_start_it_is_refused_with_the_reason(self, client, made, clock, method):
        clock.move_to(made.starts_at)
        response = getattr(client, method)(f"/bookings/{made.pk}/cancel/")
        assert response.status_code == 409
        assert "It has started, so it can&#x27;t be cancelled any more." in text(response)

    @pytest.mark.parametrize("who", ["stranger", "staff"])
    def test_nobody_else(self, request, made, sign_in, who):
        client = sign_in(request.getfixturevalue(who))
        assert client.get(f"/bookings/{made.pk}/cancel/").status_code == 404
        assert client.post(f"/bookings/{made.pk}/cancel/", {"reason": "x"}).status_code == 404


class TestMoving:
    def path(self, made) -> str:
        return f"/bookings/{made.pk}/reschedule/"

    def test_free_times_of_the_same_ta_and_topic_are_offered(self, client, made, slots, ta):
        other = Topic.objects.create(name="Databases", slug="databases")
        Registration.objects.create(user=ta, topic=other)
        open_time(ta, other, start="16:00", end="17:00")
        response = client.get(self.path(made))
        assert response.status_code == 200
        assert slot_ids(response) == [slot.pk for slot in slots[1:]]
        assert f'href="{self.path(made)}?slot={slots[1].pk}"' in text(response)

    def test_one_that_was_chosen_is_to_be_confirmed(self, client, made, slots):
        page = text(client.get(f"{self.path(made)}?slot={slots[2].pk}"))
        assert "Move it to this time?" in page
        assert f'<input type="hidden" name="slot" value="{slots[2].pk}">' in page
        assert "Tue 24 Nov, 14:00 – 14:30" in page
        made.refresh_from_db()
        assert made.slot == slots[0]

    def test_it_moves(self, client, made, slots):
        response = client.post(self.path(made), {"slot": slots[2].pk})
        made.refresh_from_db()
        assert (response.status_code, response.url) == (302, made.get_absolute_url())
        assert made.slot == slots[2]

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_slot_that_was_taken_answers_409_with_the_nearest(
        self, client, made, stranger, slots, method
    ):
        book(stranger, slots[1])
        response = getattr(client, method)(self.path(made), {"slot": slots[1].pk})
        assert response.status_code == 409
        assert "Sorry, this time was just taken." in text(response)
        assert slot_ids(response) == [slots[2].pk, slots[3].pk]

    def test_nearest_ones_are_never_another_ta_s(self, client, made, stranger, topic, ta):
        Registration.objects.create(user=stranger, topic=topic)
        elsewhere = slots_of(open_time(stranger, topic, start="16:00", end="17:00"))[0]
        Booking.objects.exclude(pk=made.pk).delete()
        response = client.post(self.path(made), {"slot": elsewhere.pk})
        assert response.status_code == 409
        assert elsewhere.pk not in slot_ids(response)

    def test_within_four_hours_the_page_explains_and_a_post_is_refused(
        self, client, made, slots, clock
    ):
        clock.move_to(made.starts_at - timedelta(hours=3))
        page = client.get(self.path(made))
        assert page.status_code == 200
        assert "within 4 hours of its start" in text(page)
        assert slot_ids(page) == []
        assert client.post(self.path(made), {"slot": slots[3].pk}).status_code == 409

    @pytest.mark.parametrize("slot", ["abc", "0", "999999", "%00"])
    def test_an_unknown_slot_is_not_found(self, client, made, slot):
        assert client.post(self.path(made), {"slot": slot}).status_code == 404
        assert client.get(f"{self.path(made)}?slot={slot}").status_code == 404

    def test_a_post_without_a_slot_is_not_found(self, client, made):
        assert client.post(self.path(made)).status_code == 404

    def test_the_ta_is_refused_and_others_find_nothing(self, made, ta, stranger, sign_in, slots):
        for method in ("get", "post"):
            data = {"slot": slots[1].pk}
            assert getattr(sign_in(ta), method)(self.path(made), data).status_code == 403
            assert getattr(sign_in(stranger), method)(self.path(made), data).status_code == 404

    def test_more_free_times_cost_no_more_queries(self, client, made, ta, topic):
        client.get(self.path(made))
        some = queries(client, self.path(made))
        for days in (2, 3, 8):
            open_time(ta, topic, day=when.today() + timedelta(days=days))
        assert queries(client, self.path(made)) == some


class TestOutcomes:
    @pytest.mark.parametrize(
        ("action", "status"), [("complete", "completed"), ("no-show", "no_show")]
    )
    def test_the_ta_says_how_it_went(self, made, ta, sign_in, clock, action, status):
        clock.move_to(made.ends_at)
        response = sign_in(ta).post(f"/bookings/{made.pk}/{action}/")
        made.refresh_from_db()
        assert (response.status_code, response.url) == (302, made.get_absolute_url())
        assert made.status == status

    def test_the_student_reports_an_absent_ta(self, client, made, clock):
        clock.move_to(made.ends_at)
        response = client.post(f"/bookings/{made.pk}/ta-absent/")
        made.refresh_from_db()
        assert response.status_code == 302
        assert made.ta_absent_at == made.ends_at
        assert "TA did not come" in text(client.get(response.url))

    @pytest.mark.parametrize("action", ["complete", "no-show"])
    def test_too_early_is_told_on_the_booking_s_page(self, made, ta, sign_in, action):
        response = sign_in(ta).post(f"/bookings/{made.pk}/{action}/")
        assert response.status_code == 409
        assert "It hasn&#x27;t started yet." in text(response)
        assert KEPT in text(response)

    @pytest.mark.parametrize(
        ("action", "who"), [("complete", "student"), ("no-show", "student"), ("ta-absent", "ta")]
    )
    def test_the_wrong_one_of_the_two_is_refused(self, request, made, sign_in, action, who):
        client = sign_in(request.getfixturevalue(who))
        assert client.post(f"/bookings/{made.pk}/{action}/").status_code == 403

    @pytest.mark.parametrize("action", ["complete", "no-show", "ta-absent"])
    @pytest.mark.parametrize("who", ["stranger", "staff"])
    def test_nobody_else_finds_it(self, request, made, sign_in, action, who):
        client = sign_in(request.getfixturevalue(who))
        assert client.post(f"/bookings/{made.pk}/{action}/").status_code == 404

    @pytest.mark.parametrize("action", ["complete", "no-show", "ta-absent"])
    def test_by_post_only(self, client, made, action):
        assert client.get(f"/bookings/{made.pk}/{action}/").status_code == 405


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "path",
    [
        "/bookings/",
        "/bookings/new/",
        "/bookings/1/",
        "/bookings/1/cancel/",
        "/bookings/1/complete/",
    ],
)
@pytest.mark.django_db
def test_visitors_sign_in_first(method, path):
    response = getattr(Client(), method)(path)
    assert (response.status_code, response.url) == (302, f"/auth/login/?next={path}")


def test_a_form_without_its_token_changes_nothing(made, student):
    client = Client(enforce_csrf_checks=True)
    client.force_login(student)
    assert client.post(f"/bookings/{made.pk}/cancel/").status_code == 403
    made.refresh_from_db()
    assert made.status == "booked"
