"""Topics and TAs as favourites: set, taken off, told to nobody, and first on the start page."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, Star
from accounts.services import stars as people
from accounts.services.privacy import archive, erase
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration, Topic, TopicStar
from topics.services import archive_topic, create_topic, merge_topics
from topics.services import stars as topics

PATH = "/topics/data-structures/star/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


def starred(user) -> list[str]:
    return [
        *TopicStar.objects.filter(owner=user).order_by("pk").values_list("topic__name", flat=True),
        *Star.objects.filter(owner=user).order_by("pk").values_list("person__username", flat=True),
    ]


# --- Setting and taking off


def test_a_topic_is_a_favourite_and_then_no_longer(client, student, topic):
    response = client.post(PATH)
    assert (response.status_code, response.url) == (302, "/topics/data-structures/")
    assert starred(student) == ["Data Structures"]
    assert 'aria-pressed="true"' in client.get(response.url).content.decode()
    client.post(PATH)
    assert starred(student) == []
    assert 'aria-pressed="false"' in client.get(response.url).content.decode()


def test_so_is_a_ta(client, student, ta):
    path = f"/users/{ta.pk}/star/"
    response = client.post(path)
    assert (response.status_code, response.url) == (302, f"/users/{ta.pk}/")
    assert starred(student) == ["น้ำฝน"]
    assert 'aria-pressed="true"' in client.get(f"/users/{ta.pk}/").content.decode()
    assert 'aria-pressed="true"' in client.get(f"/users/{ta.pk}/timeslots/").content.decode()
    client.post(path)
    assert starred(student) == []


@pytest.mark.parametrize(
    "path", ["/topics/data-structures/", "/users/{ta}/", "/users/{ta}/timeslots/"]
)
def test_the_form_says_what_it_is_for_so_that_twice_is_once(client, student, ta, topic, path):
    page = path.format(ta=ta.pk)
    star = PATH if "topics" in path else f"/users/{ta.pk}/star/"
    html = client.get(page).content.decode()
    assert f'action="{star}"' in html
    assert '<input type="hidden" name="starred" value="1">' in html
    for _time in range(2):
        client.post(star, {"starred": "1"})
        assert len(starred(student)) == 1
    assert '<input type="hidden" name="starred" value="0">' in client.get(page).content.decode()
    for _time in range(2):
        client.post(star, {"starred": "0"})
        assert starred(student) == []


def test_it_leads_back_to_the_page_it_stood_on_and_to_no_other_site(client, ta):
    path, page = f"/users/{ta.pk}/star/", f"/users/{ta.pk}/timeslots/?part=evening"
    assert client.post(path, {"next": page}).url == page
    assert client.post(path, {"next": "https://evil.example/"}).url == f"/users/{ta.pk}/"


def test_htmx_gets_the_star_alone(client, student, topic):
    response = client.post(PATH, {"starred": "1"}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 200
    assert 'aria-pressed="true"' in html
    assert 'name="starred" value="0"' in html
    assert "<html" not in html
    assert starred(student) == ["Data Structures"]


def test_nobody_else_sees_it(client, sign_in, stranger, ta, topic):
    client.post(PATH)
    client.post(f"/users/{ta.pk}/star/")
    for user in (stranger, ta):
        for page in ("/topics/data-structures/", f"/users/{ta.pk}/", "/"):
            html = sign_in(user).get(page).content.decode()
            assert 'aria-pressed="true"' not in html
            assert "Your favourites" not in html


# --- What can't be one


def test_oneself_is_refused_in_words(sign_in, ta):
    response = sign_in(ta).post(f"/users/{ta.pk}/star/")
    assert response.status_code == 409
    assert "You can&#x27;t be your own favourite." in response.content.decode()
    assert (
        f'action="/users/{ta.pk}/star/"' not in sign_in(ta).get(f"/users/{ta.pk}/").content.decode()
    )


def test_somebody_behind_a_block_can_only_be_taken_off(client, student, ta):
    path = f"/users/{ta.pk}/star/"
    Block.objects.create(blocker=ta, blocked=student)
    assert client.post(path).status_code == 403
    assert starred(student) == []
    Star.objects.create(owner=student, person=ta)
    assert client.post(path).status_code == 302
    assert starred(student) == []


def test_an_archived_topic_can_only_be_taken_off(client, student, topic, creator):
    archive_topic(topic, creator)
    response = client.post(PATH)
    assert response.status_code == 409
    assert "it can&#x27;t be a favourite" in response.content.decode()
    assert f'action="{PATH}"' not in client.get("/topics/data-structures/").content.decode()
    TopicStar.objects.create(owner=student, topic=topic)
    assert f'action="{PATH}"' in client.get("/topics/data-structures/").content.decode()
    assert client.post(PATH).status_code == 302
    assert starred(student) == []


def test_a_suspended_or_unknown_person_and_an_unknown_topic_are_not_found(client, ta):
    ta.is_active = False
    ta.save()
    for path in (f"/users/{ta.pk}/star/", "/users/999999/star/", "/topics/nothing/star/"):
        assert client.post(path).status_code == 404


def test_visitors_sign_in_first_and_nobody_gets(client, topic, ta):
    for path in (PATH, f"/users/{ta.pk}/star/"):
        assert Client().post(path).url.startswith("/auth/login/?next=")
        assert client.get(path).status_code == 405


def test_who_teaches_nothing_has_no_star(client, stranger):
    assert "/star/" not in client.get(f"/users/{stranger.pk}/").content.decode()


# --- What becomes of them


def test_merging_topics_moves_them(student, stranger, staff, topic, creator):
    double = create_topic(creator, "Data Structure")
    for user, stars in ((student, [topic, double]), (stranger, [double])):
        for each in stars:
            topics.star(user, each)
    merge_topics(double, topic, staff)
    assert starred(student) == starred(stranger) == ["Data Structures"]
    assert not double.stars.exists()


def test_they_are_in_the_download_and_gone_with_the_account(student, stranger, ta, topic):
    topics.star(student, topic)
    people.star(student, ta)
    people.star(stranger, ta)
    data = b"".join(archive(student))
    assert b"favourites.json" in data
    erase(student)
    assert starred(student) == []
    assert starred(stranger) == ["น้ำฝน"]
    erase(ta)
    assert starred(stranger) == []


# --- Two at once


@pytest.mark.django_db(transaction=True)
def test_many_taps_at_once_leave_one_star(student, ta, topic):
    failed: list[Exception] = []
    gate = threading.Barrier(8)

    def tap(service: Any, what: Any) -> None:
        try:
            gate.wait()
            service.star(student, what, True)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    both = [(topics, topic), (people, ta)] * 4
    threads = [threading.Thread(target=tap, args=each) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert starred(student) == ["Data Structures", "น้ำฝน"]


# --- On the start page


@pytest.mark.usefixtures("clock")
class TestTheStartPage:
    def favourites(self, client) -> list[tuple[str, str]]:
        shown = client.get("/").context["favourites"]
        return [
            (
                each.topic.name if each.topic else each.ta.username,
                when.soon(each.chips[0].slot.starts_at) if each.chips else "",
            )
            for each in shown
        ]

    def test_they_stand_first_the_soonest_time_first(self, client, student, ta, topic, creator):
        other = create_topic(creator, "Databases")
        Registration.objects.create(user=ta, topic=other)
        nothing = create_topic(creator, "Algebra")
        open_time(ta, other, start="10:00", end="11:00")
        open_time(ta, topic, start="13:00", end="14:00")
        for each in (nothing, topic):
            topics.star(student, each)
        people.star(student, ta)
        assert self.favourites(client) == [
            ("น้ำฝน", "tomorrow 10:00"),
            ("Data Structures", "tomorrow 13:00"),
            ("Algebra", ""),
        ]
        html = client.get("/").content.decode()
        assert html.index('id="favourites"') < html.index('id="free"')
        assert [tile.topic.name for tile in client.get("/").context["tiles"]] == ["Databases"]
        assert "no free time now" in html

    def test_a_time_leads_to_booking_it(self, client, student, ta, topic):
        slot = slots_of(open_time(ta, topic))[0]
        topics.star(student, topic)
        html = client.get("/").content.decode()
        assert f'href="/bookings/new/?slot={slot.pk}&amp;topic=data-structures"' in html
        topics.star(student, topic)
        people.star(student, ta)
        assert f'href="/bookings/new/?slot={slot.pk}"' in client.get("/").content.decode()

    def test_what_the_student_cannot_take_is_passed_over(self, client, student, ta, topic):
        open_time(ta, topic)
        people.star(student, ta)
        book(student, slots_of(open_time(ta, topic, day=when.today() + timedelta(days=2)))[0])
        book(student, slots_of(ta.appointments.earliest("starts_at"))[0])
        assert self.favourites(client) == [("น้ำฝน", "tomorrow 13:30")]

    def test_suspended_blocked_and_archived_ones_are_left_out(
        self, client, student, ta, topic, make_user, creator
    ):
        blocked, suspended = make_user("Blocked"), make_user("Suspended")
        for each in (ta, blocked, suspended):
            people.star(student, each)
        topics.star(student, topic)
        Block.objects.create(blocker=blocked, blocked=student)
        suspended.is_active = False
        suspended.save()
        archive_topic(topic, creator)
        assert self.favourites(client) == [("น้ำฝน", "")]

    def test_many_cost_as_many_queries_as_one(self, client, student, ta, topic, make_user, creator):
        def count() -> int:
            client.get("/")
            with CaptureQueriesContext(connection) as caught:
                client.get("/")
            return len(caught)

        open_time(ta, topic)
        people.star(student, ta)
        topics.star(student, topic)
        one = count()
        for number in range(3):
            other = Topic.objects.create(name=f"Topic {number}", creator=creator)
            more = make_user(f"TA {number}")
            Registration.objects.create(user=more, topic=other)
            open_time(more, other)
            people.star(student, more)
            topics.star(student, other)
        assert len(self.favourites(client)) == 8
        assert count() == one
