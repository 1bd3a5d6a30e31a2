"""The page of a request: who sees it, and joining, leaving and closing."""

from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.models import HelpRequest, PlaceInLine
from scheduling.services import bookings, requests
from scheduling.tests.factories import ask, book, hold, open_time, slots_of
from scheduling.tests.reading import KEPT, QUESTION, text
from topics.models import Registration

pytestmark = pytest.mark.usefixtures("clock")

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def other(make_user):
    return make_user("Other Student")


@pytest.fixture
def asked(student, topic):
    return ask(student, topic, QUESTION, shared=True, parts=["evening"])


@pytest.fixture
def path(asked):
    return f"/requests/{asked.pk}/"


class TestWhoSeesIt:
    def test_its_owner_sees_question_days_and_the_own_place(self, sign_in, student, path):
        page = text(sign_in(student).get(path))
        assert KEPT in page
        assert "until Sun 6 Dec · evening" in page
        assert 'data-waiting="1"' in page
        assert "Nobody is before you, by fairness." in page
        assert "1st" in page
        assert "Who has had the fewest bookings in the last 30 days comes first" in page
        assert f'action="{path}close/"' in page

    def test_who_joined_sees_it_without_the_owner_s_name(
        self, sign_in, other, student, asked, path
    ):
        requests.join(asked, other)
        page = text(sign_in(other).get(path))
        assert KEPT in page
        assert "2nd" in page
        assert "1 person before you, by fairness." in page
        assert student.username not in page
        assert f'action="{path}leave/"' in page
        assert f'action="{path}close/"' not in page

    def test_a_ta_sees_question_and_number_and_can_open_time(
        self, sign_in, ta, student, other, asked, path
    ):
        requests.join(asked, other)
        page = text(sign_in(ta).get(path))
        assert KEPT in page
        assert 'data-waiting="2"' in page
        assert f'href="/appointments/new/?request={asked.pk}"' in page
        assert student.username not in page
        assert other.username not in page
        assert "in line" not in page

    def test_it_is_there_for_nobody_else(self, sign_in, path, stranger, staff, creator, asked):
        for person in (stranger, staff, creator):
            assert sign_in(person).get(path).status_code == 404

    def test_of_one_that_names_a_ta_others_know_nothing(
        self, sign_in, student, topic, ta, other_ta
    ):
        path = ask(student, topic, ta=ta).get_absolute_url()
        assert sign_in(ta).get(path).status_code == 200
        assert sign_in(other_ta).get(path).status_code == 404

    def test_a_pending_ta_sees_nothing(self, sign_in, make_user, topic, path):
        pending = make_user("Pending")
        Registration.objects.create(user=pending, topic=topic, status="pending")
        assert sign_in(pending).get(path).status_code == 404

    @pytest.mark.parametrize("way", ["ta blocks", "student blocks"])
    def test_a_block_hides_it_from_a_ta(self, sign_in, ta, student, path, way):
        pair = (ta, student) if way == "ta blocks" else (student, ta)
        Block.objects.create(blocker=pair[0], blocked=pair[1])
        assert sign_in(ta).get(path).status_code == 404
        assert sign_in(student).get(path).status_code == 200

    def test_what_is_offered_stands_first(self, sign_in, student, ta, topic, asked, path):
        offer = hold(slots_of(open_time(ta, topic))[0], asked)
        page = text(sign_in(student).get(path))
        assert f'data-offer-id="{offer.pk}"' in page
        assert "Held for you until <b>11:00</b>" in page

    def test_after_a_booking_it_says_why_the_place_ended(
        self, sign_in, student, ta, topic, asked, path
    ):
        book(student, slots_of(open_time(ta, topic))[0], topic)
        page = text(sign_in(student).get(path))
        assert "You have booked a time, so you no longer wait." in page
        assert 'data-waiting="0"' in page
        assert "answered" in page
        assert "Nobody waits for this any more." in text(sign_in(ta).get(path))


class TestJoining:
    def test_it_makes_a_place_of_one_s_own(self, sign_in, other, asked, path):
        response = sign_in(other).post(f"{path}join/")
        assert (response.status_code, response.url) == (302, path)
        assert PlaceInLine.objects.waiting().of(other.pk).get().request == asked

    @pytest.mark.parametrize("key", [{}, {"form_key": KEY}])
    def test_sent_twice_it_is_one_place(self, sign_in, other, path, key):
        client = sign_in(other)
        assert client.post(f"{path}join/", key).url == client.post(f"{path}join/", key).url
        assert PlaceInLine.objects.of(other.pk).count() == 1

    def test_one_that_is_not_shared_is_not_there(self, sign_in, other, student, topic):
        path = ask(student, topic).get_absolute_url()
        assert sign_in(other).post(f"{path}join/").status_code == 404

    def test_over_a_block_it_is_not_there(self, sign_in, other, student, path):
        Block.objects.create(blocker=student, blocked=other)
        assert sign_in(other).post(f"{path}join/").status_code == 404
        assert not PlaceInLine.objects.of(other.pk).exists()

    def test_one_that_was_closed_meanwhile_is_refused_on_the_topic_s_page(
        self, sign_in, other, student, asked, topic, path
    ):
        requests.close(asked, student, solved=True)
        response = sign_in(other).post(f"{path}join/")
        assert response.status_code == 409
        assert "This request is closed." in text(response)
        assert topic.name in text(response)

    def test_more_places_than_may_be_are_refused(self, sign_in, other, topic, path, settings):
        settings.MAX_REQUESTS = 1
        ask(other, topic)
        response = sign_in(other).post(f"{path}join/")
        assert response.status_code == 409
        assert "You have 1 place in line" in text(response)

    def test_one_s_own_is_refused(self, sign_in, student, asked, path):
        requests.leave(asked, student)
        response = sign_in(student).post(f"{path}join/")
        assert response.status_code == 409
        assert "You asked this yourself." in text(response)


class TestLeavingAndClosing:
    @pytest.mark.parametrize(
        ("act", "sent", "status"),
        [
            ("leave", {}, "withdrawn"),
            ("close", {}, "withdrawn"),
            ("close", {"solved": "1"}, "answered"),
        ],
    )
    def test_the_owner_ends_the_own_place_and_nobody_else_s(
        self, sign_in, student, other, asked, path, act, sent, status
    ):
        requests.join(asked, other)
        client = sign_in(student)
        response = client.post(f"{path}{act}/", sent)
        assert (response.status_code, response.url) == (302, path)
        assert HelpRequest.objects.get().status == status
        assert [place.person for place in PlaceInLine.objects.waiting()] == [other]
        assert client.post(f"{path}{act}/", sent).url == path  # sent twice
        assert HelpRequest.objects.get().status == status
        assert "Ask again" in text(client.get(path))

    def test_who_joined_leaves_alone(self, sign_in, student, other, asked, path):
        requests.join(asked, other)
        client = sign_in(other)
        assert client.post(f"{path}leave/").url == path
        assert [place.person for place in PlaceInLine.objects.waiting()] == [student]
        assert HelpRequest.objects.get().status == "open"
        assert "You no longer wait for this." in text(client.get(path))

    def test_only_its_owner_closes_it(self, sign_in, ta, other, asked, path):
        requests.join(asked, other)
        for person in (ta, other):
            response = sign_in(person).post(f"{path}close/", {"solved": "1"})
            assert response.status_code == 403
            assert "Only who asked can close a request." in text(response)
        assert HelpRequest.objects.get().status == "open"

    def test_others_find_nothing_to_leave_or_close(self, sign_in, stranger, ta, path):
        assert sign_in(stranger).post(f"{path}leave/").status_code == 404
        assert sign_in(stranger).post(f"{path}close/").status_code == 404
        assert sign_in(ta).post(f"{path}leave/").status_code == 404
        assert PlaceInLine.objects.waiting().count() == 1


def test_asking_again_after_leaving_is_a_new_request(sign_in, student, topic, asked, path):
    client = sign_in(student)
    client.post(f"{path}leave/")
    client.post("/requests/new/", {"topic": topic.pk, "question": QUESTION})
    assert HelpRequest.objects.open().get() != asked


def test_a_booking_of_another_topic_keeps_the_place(
    sign_in, student, ta, second_topic, path, clock
):
    booking = book(student, slots_of(open_time(ta, second_topic))[0])
    assert "1st" in text(sign_in(student).get(path))
    clock.shift(timedelta(minutes=1))
    bookings.cancel(booking, student, "")
