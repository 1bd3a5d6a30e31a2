import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling.services import bookings
from setahub.core import clock as when
from topics.models import Registration, Topic
from topics.services import TopicError, archive_topic
from topics.signals import registration_withdrawn

REGISTER = "/topics/data-structures/register/"
UNREGISTER = "/topics/data-structures/unregister/"


@pytest.mark.parametrize("path", [REGISTER, UNREGISTER])
def test_a_visitor_signs_in_first(topic, path):
    assert Client().post(path).url == f"/auth/login/?next={path}"


def test_only_posting_counts(topic, ta, sign_in):
    assert sign_in(ta).get(REGISTER).status_code == 405
    assert sign_in(ta).get(UNREGISTER).status_code == 200
    assert Registration.objects.get().user == ta


@pytest.mark.parametrize("action", ["register", "unregister"])
def test_an_unknown_topic_is_not_found(topic, stranger, sign_in, action):
    assert sign_in(stranger).post(f"/topics/nothing/{action}/").status_code == 404


@pytest.mark.parametrize("person", ["stranger", "creator", "staff"])
def test_a_senior_registers_and_is_among_the_tas(request, topic, sign_in, person):
    user = request.getfixturevalue(person)
    client = sign_in(user)
    response = client.post(REGISTER, follow=True)
    assert response.redirect_chain == [("/topics/data-structures/", 302)]
    assert [ta for ta, *_rest in response.context["tas"]] == [user]
    assert "You teach this topic" in response.content.decode()


def test_with_approval_it_waits_and_says_so(topic, stranger, sign_in, settings):
    settings.TA_APPROVAL = True
    response = sign_in(stranger).post(REGISTER, follow=True)
    assert response.context["tas"] == []
    html = response.content.decode()
    assert "The staff will look at your registration." in html
    assert "waiting for approval" in html


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1, "Teaching is open from year 2 on."),
        (None, "Fill in your year of study in your profile first."),
    ],
)
def test_a_refusal_is_the_topic_page_with_the_reason(topic, make_user, sign_in, year, words):
    response = sign_in(make_user("Junior", year=year)).post(REGISTER)
    assert response.status_code == 409
    assert response.templates[0].name == "topics/detail.html"
    assert response.context["error"].message == words
    assert words in response.content.decode()
    assert Registration.objects.count() == 0


def test_the_links_of_a_refusal_lead_back_to_the_topic(
    clock, topic, ta, student, sign_in, open_time
):
    open_time(ta, topic)
    html = sign_in(student).post(REGISTER).content.decode()
    assert 'href="/topics/data-structures/?from=2026-11-24"' in html
    assert 'href="?' not in html


def test_registering_twice_registers_once(topic, ta, sign_in):
    response = sign_in(ta).post(REGISTER)
    assert (response.status_code, response.url) == (302, "/topics/data-structures/")
    assert Registration.objects.count() == 1


def test_an_archived_topic_takes_no_tas(topic, creator, stranger, sign_in):
    archive_topic(topic, creator)
    assert sign_in(stranger).post(REGISTER).status_code == 409
    assert Registration.objects.count() == 0


def test_a_ta_stops_teaching(topic, ta, sign_in):
    response = sign_in(ta).post(UNREGISTER, follow=True)
    assert response.redirect_chain == [("/topics/data-structures/", 302)]
    assert response.context["tas"] == []
    assert Registration.objects.count() == 0


def test_stopping_twice_stops_once(topic, ta, sign_in):
    client = sign_in(ta)
    for _time in range(2):
        response = client.post(UNREGISTER)
        assert (response.status_code, response.url) == (302, "/topics/data-structures/")


def test_who_does_not_teach_it_is_not_asked(topic, ta, stranger, sign_in):
    response = sign_in(stranger).get(UNREGISTER)
    assert response.status_code == 409
    assert "You are not registered for this topic." in response.content.decode()
    assert Registration.objects.get().user == ta


class TestTheConfirmPage:
    def test_names_what_would_end(self, clock, topic, ta, creator, sign_in, open_time):
        other = Topic.objects.create(name="Algorithms", slug="algorithms", creator=creator)
        Registration.objects.create(user=ta, topic=other)
        for days in (1, 2):
            open_time(ta, topic, days=days)
        open_time(ta, topic, other, days=3)
        open_time(ta, other, days=4)
        page = sign_in(ta).get(UNREGISTER)
        html = page.content.decode()
        assert "2 sessions have no other topic, and end:" in html
        assert "1 session goes on with its other topics:" in html
        assert [when.day_short(each.starts_at) for each in page.context["ended"]] == [
            "Tue 24 Nov",
            "Wed 25 Nov",
        ]
        assert [when.day_short(each.starts_at) for each in page.context["left"]] == ["Thu 26 Nov"]
        assert f'action="{UNREGISTER}"' in html

    def test_tells_which_bookings_are_in_the_way(
        self, clock, topic, ta, student, sign_in, open_time
    ):
        slot = open_time(ta, topic).slots.order_by("starts_at")[0]
        bookings.book(student, slot.pk, topic, "Why?")
        html = sign_in(ta).get(UNREGISTER).content.decode()
        assert "1 upcoming booking of this topic stands in the way." in html
        assert f'action="{UNREGISTER}"' not in html

    def test_costs_as_many_queries_however_many_sessions(
        self, clock, topic, ta, sign_in, open_time
    ):
        client = sign_in(ta)
        counts = set()
        client.get(UNREGISTER)
        for days in (1, 2, 3):
            open_time(ta, topic, days=days)
            with CaptureQueriesContext(connection) as caught:
                client.get(UNREGISTER)
            counts.add(len(caught))
        assert len(counts) == 1

    def test_an_offer_that_waits_is_taken_back_there_too(self, topic, stranger, sign_in):
        Registration.objects.create(user=stranger, topic=topic, status="pending")
        assert "Take back your registration?" in sign_in(stranger).get(UNREGISTER).content.decode()


def test_a_veto_is_shown_with_its_reason(topic, ta, sign_in, receiving):
    with receiving(registration_withdrawn, TopicError("refused", "Not before your exam.")):
        response = sign_in(ta).post(UNREGISTER)
    assert response.status_code == 409
    assert "Not before your exam." in response.content.decode()
    assert Registration.objects.get().user == ta


def test_a_ta_with_upcoming_bookings_keeps_teaching(clock, topic, ta, student, sign_in, open_time):
    slot = open_time(ta, topic).slots.order_by("starts_at")[0]
    bookings.book(student, slot.pk, topic, "Why?")
    response = sign_in(ta).post(UNREGISTER)
    assert response.status_code == 409
    assert "1 upcoming booking" in response.content.decode()
    assert Registration.objects.get().user == ta


def test_stopping_ends_sessions_that_are_left_with_no_topic(clock, topic, ta, sign_in, open_time):
    appointment = open_time(ta, topic)
    assert sign_in(ta).post(UNREGISTER).status_code == 302
    appointment.refresh_from_db()
    assert appointment.is_cancelled
