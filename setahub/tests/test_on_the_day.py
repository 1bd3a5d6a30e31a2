"""What the start page and the page of a booking show before and during it, and to somebody new."""

import re
from datetime import timedelta

import pytest

from accounts.models import User
from chat import services
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.tests.own import unmarked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ROOM = "https://meet.example/x"
JOIN = f'class="btn primary way-in" href="{ROOM}"'


def page(client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return unmarked(response.content.decode())


@pytest.fixture
def made(ta, topic, student):
    return book(student, slots_of(open_time(ta, topic, location=ROOM))[0], question="Why so?")


class TestTheWayIn:
    def paths(self, made) -> list[str]:
        return ["/", f"/bookings/{made.pk}/", "/calendar/"]

    def test_is_large_from_ten_minutes_before_to_the_end(self, made, ta, student, sign_in, clock):
        moments = [
            (made.starts_at - timedelta(minutes=10, seconds=1), False),
            (made.starts_at - timedelta(minutes=10), True),
            (made.ends_at - timedelta(seconds=1), True),
            (made.ends_at, False),
        ]
        for moment, there in moments:
            clock.move_to(moment)
            for who in (student, ta):
                client = sign_in(who)
                found = {path: JOIN in page(client, path) for path in self.paths(made)}
                assert found == dict.fromkeys(self.paths(made), there), (moment, who)

    def test_is_the_place_where_that_is_a_room(self, ta, topic, student, sign_in, clock):
        made = book(student, slots_of(open_time(ta, topic))[0])
        clock.move_to(made.starts_at)
        for path in self.paths(made):
            large = re.findall(r'way-in-place">.*?</p>', page(sign_in(student), path), re.DOTALL)
            assert ["Room 504" in each for each in large] == [True], path

    def test_is_not_that_of_what_was_cancelled(self, made, ta, student, sign_in, clock):
        bookings.cancel(made, ta, "I am ill")
        clock.move_to(made.starts_at)
        for path in self.paths(made):
            assert ROOM not in page(sign_in(student), path)
            assert JOIN not in page(sign_in(ta), path)

    def test_what_runs_is_called_now(self, made, student, sign_in, clock):
        clock.move_to(made.starts_at + timedelta(minutes=1))
        for path in self.paths(made):
            html = page(sign_in(student), path)
            assert re.search(r'class="tag brand">(<svg.*?</svg>)?now<', html, re.DOTALL), path


class TestTheStartPageOfATA:
    def test_begins_with_the_next_student_and_the_question(self, made, ta, student, sign_in):
        html = page(sign_in(ta))
        first = html.index("Your next student")
        assert first < html.index("Why so?") < html.index("Your next TA sessions")
        assert f"{student.username}: Data Structures" in html

    def test_offers_to_open_time_before_anything_else(self, ta, sign_in):
        main = page(sign_in(ta)).partition("<main")[2]
        links = re.findall(r'class="btn[^"]*" href="([^"]+)"', main)
        assert links[0] == "/appointments/new/"

    def test_counts_who_comes_at_the_same_time(self, ta, topic, make_user, sign_in):
        session = open_time(ta, topic, capacity=3)
        for name in ("Mali", "Nok", "Ploy"):
            book(make_user(name), slots_of(session)[0])
        book(make_user("Later"), slots_of(session)[1])
        assert "and 2 more students at that time" in page(sign_in(ta))

    def test_leads_with_what_one_teaches_then_what_one_learns(
        self, made, ta, other_ta, topic, sign_in
    ):
        soon = open_time(other_ta, topic, start="10:00", end="11:00")
        taken = book(ta, slots_of(soon)[0])
        order = re.findall(r'data-booking-id="(\d+)"', page(sign_in(ta)))
        assert order == [str(made.pk), str(taken.pk)]


@pytest.fixture
def other_ta(make_user, topic) -> User:
    from topics.models import Registration

    user = make_user("Other TA")
    Registration.objects.create(user=user, topic=topic)
    return user


def steps(client) -> list[str]:
    html = page(client)
    _before, heading, rest = html.partition('id="first-steps"')
    return re.findall(r'reach" href="([^"]+)"', rest.partition("</ul>")[0]) if heading else []


class TestFirstSteps:
    def test_of_a_student_each_goes_once_it_is_done(self, student, ta, topic, sign_in):
        client = sign_in(student)
        assert steps(client) == ["/users/me/avatar/", "/topics/", "/messages/"]
        book(student, slots_of(open_time(ta, topic))[0])
        assert steps(client) == ["/users/me/avatar/", "/messages/"]
        services.send(student.pk, ta.pk, None, "Hello")
        assert steps(client) == ["/users/me/avatar/"]
        User.objects.filter(pk=student.pk).update(avatar="avatars/x.webp")
        assert "First steps" not in page(client)

    def test_of_a_ta(self, ta, topic, sign_in):
        client = sign_in(ta)
        assert steps(client) == [
            "/appointments/week/",
            "/users/me/edit/",
            "/users/me/edit/#id_public",
        ]
        open_time(ta, topic)
        ta.bio, ta.public = "I like trees.", True
        ta.save()
        assert "First steps" not in page(client)

    def test_dismissed_they_stay_away(self, student, sign_in):
        client = sign_in(student)
        response = client.post("/users/me/first-steps/")
        assert (response.status_code, response.url) == (302, "/")
        assert "First steps" not in page(client)

    def test_a_student_who_becomes_a_ta_sees_those_of_a_ta(self, student, ta, topic, sign_in):
        from topics.models import Registration

        client = sign_in(student)
        client.post("/users/me/first-steps/")
        Registration.objects.create(user=student, topic=topic)
        assert steps(client)[0] == "/appointments/week/"
        client.post("/users/me/first-steps/")
        Registration.objects.filter(user=student).delete()
        assert steps(client) == []
