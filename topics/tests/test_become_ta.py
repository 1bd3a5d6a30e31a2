"""From the wish to teach to open hours."""

import re

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from setahub.policy import source
from setahub.policy.current import Changes
from setahub.tests.own import unmarked
from topics.models import Registration, Topic

PAGE = "/teach/"


def topics_in(response) -> list[str]:
    return [pick.topic.name for pick in response.context["page"].picks]


def text(response) -> str:
    return unmarked(re.sub(r"\s+", " ", response.content.decode()))


@pytest.fixture
def others(topic, creator):
    """Two topics that nobody teaches."""
    return [
        Topic.objects.create(name=name, slug=name.lower(), creator=creator)
        for name in ("Networks", "Compilers")
    ]


@pytest.fixture
def senior(make_user):
    return make_user("Senior", year=3)


@pytest.fixture
def client(sign_in, senior):
    return sign_in(senior)


def approval(needed: bool) -> None:
    source.keep(Changes(numbers={"TA_APPROVAL": int(needed)}))


class TestTheWish:
    @pytest.mark.django_db
    def test_stands_on_the_landing_page_and_goes_through_sign_up(self, client, topic):
        client.logout()
        html = text(client.get("/"))
        assert html.count('href="/auth/signup/?next=/teach/"') == 2
        page = client.get("/auth/signup/?next=/teach/")
        assert 'name="next" value="/teach/"' in text(page)
        assert "/auth/login/?next=%2Fteach%2F" in text(page) or "next=/teach/" in text(page)
        sent = {
            "username": "Mali",
            "email": "mali@example.com",
            "password1": "a long password 42",
            "next": "/teach/",
        }
        response = client.post("/auth/signup/", sent)
        assert response.url == "/teach/"
        assert User.objects.get(username="Mali").registrations.count() == 0

    def test_goes_through_sign_in(self, client, senior):
        client.logout()
        login = client.get(PAGE).url
        assert login == "/auth/login/?next=/teach/"
        EmailAddress.objects.create(user=senior, email=senior.email, primary=True, verified=True)
        sent = {"login": senior.email, "password": "pass-word-1", "next": "/teach/"}
        assert client.post("/auth/login/", sent).url == "/teach/"

    def test_stands_on_the_dashboard_of_who_is_no_ta(self, client, sign_in, ta):
        assert 'href="/teach/"' in text(client.get("/"))
        assert 'href="/teach/"' not in text(sign_in(ta).get("/"))

    def test_is_where_the_pages_of_tas_lead_others(self, client):
        response = client.get("/appointments/week/")
        assert response.status_code == 403
        assert 'href="/teach/"' in text(response)


class TestTheTopics:
    def test_those_with_fewest_tas_come_first(self, client, ta, others):
        assert topics_in(client.get(PAGE)) == ["Compilers", "Networks", "Data Structures"]
        assert "No TA yet" in text(client.get(PAGE))

    def test_ones_own_and_archived_ones_are_left_out(self, client, senior, topic, others, clock):
        Registration.objects.create(user=senior, topic=others[0])
        Topic.objects.filter(pk=others[1].pk).update(archived_at=topic.created_at)
        assert topics_in(client.get(PAGE)) == ["Data Structures"]

    def test_can_be_searched_and_what_is_ticked_stays(self, client, topic, others):
        sent = {"search": "1", "q": "netw", "topics": [topic.pk]}
        response = client.post(PAGE, sent)
        assert response.status_code == 200
        assert topics_in(response) == ["Data Structures", "Networks"]
        assert [pick.chosen for pick in response.context["page"].picks] == [True, False]
        assert 'value="netw"' in text(response)
        assert not Registration.objects.filter(topic=topic, user__username="Senior").exists()

    def test_a_search_that_finds_none_says_so(self, client, others):
        assert "No topic has this name." in text(client.post(PAGE, {"search": "1", "q": "zzz"}))

    def test_of_many_the_first_are_shown(self, client, creator):
        Topic.objects.bulk_create(
            Topic(
                name=f"T{n:02}",
                slug=f"t{n:02}",
                name_key=f"t{n:02}",
                search_key=f"t{n:02}",
                sort_key=f"t{n:02}",
            )
            for n in range(30)
        )
        response = client.get(PAGE)
        assert topics_in(response) == [f"T{n:02}" for n in range(24)]
        assert "6 more: search for yours." in text(response)

    def test_cost_the_same_however_many(self, client, topic, others, django_assert_num_queries):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                client.get(PAGE)
            return len(caught)

        several = cost()
        for other in others:
            other.delete()
        assert cost() == several


class TestRegistering:
    def test_for_several_leads_to_weekly_hours_with_them_ticked(self, client, senior, others):
        networks, compilers = others
        sent = {"topics": [networks.pk, compilers.slug]}
        response = client.post(PAGE, sent)
        assert response.status_code == 302
        assert set(senior.registrations.values_list("topic__name", flat=True)) == {
            "Networks",
            "Compilers",
        }
        hours = client.get(response.url)
        assert hours.request["PATH_INFO"] == "/appointments/week/"
        assert set(hours.context["form"]["topics"].value()) == {networks.pk, compilers.pk}
        assert "You are a TA now." in text(hours)

    def test_one_more_leads_there_with_that_one_ticked(self, sign_in, ta, others):
        client = sign_in(ta)
        hours = client.get(client.post(PAGE, {"topics": [others[0].pk]}).url)
        assert hours.context["form"]["topics"].value() == [others[0].pk]

    @pytest.mark.parametrize("key", [{}, {"form_key": "0123456789abcdef" * 2}])
    def test_sent_twice_is_done_once(self, client, senior, others, key):
        sent = {"topics": [others[0].pk], **key}
        urls = {client.post(PAGE, sent).url for _time in range(2)}
        assert urls == {"/appointments/week/?topic=networks"}
        assert senior.registrations.count() == 1

    def test_for_none_is_refused(self, client, senior):
        response = client.post(PAGE, {})
        assert response.status_code == 422
        assert "Choose at least one topic." in text(response)

    @pytest.mark.parametrize("handle", ["99999", "nothing", "0", "²"])
    def test_for_what_is_no_topic_is_refused(self, client, senior, others, handle):
        response = client.post(PAGE, {"topics": [others[0].pk, handle]})
        assert response.status_code == 422
        assert senior.registrations.count() == 0


class TestPending:
    def test_says_what_is_waited_for_and_what_comes_then(self, client, senior, others):
        approval(True)
        assert "The staff look at it first; you get an email." in text(client.get(PAGE))
        response = client.post(PAGE, {"topics": [others[0].pk]})
        assert response.url == PAGE
        html = text(client.get(PAGE))
        assert "Waiting for the faculty's approval:" in html
        assert "You get an email as soon as it is decided." in html
        assert "Thank you! The staff will look at your registration." in html
        assert client.get("/appointments/week/").status_code == 403

    def test_beside_what_is_taught_already_one_goes_on_to_hours(self, sign_in, ta, others):
        approval(True)
        response = sign_in(ta).post(PAGE, {"topics": [others[0].pk]})
        assert response.url == PAGE  # for that one there are no hours yet
        html = text(sign_in(ta).get(PAGE))
        assert "<b>Data Structures</b>" in html
        assert "Waiting for the faculty's approval:" in html


class TestTheYear:
    def test_too_low_is_told_with_what_to_do_meanwhile(self, sign_in, student, topic):
        client = sign_in(student)
        response = client.get(PAGE)
        html = text(response)
        assert "From year 2 on, this is for you" in html
        assert 'href="/users/me/edit/"' in html
        assert 'name="topics"' not in html
        response = client.post(PAGE, {"topics": [topic.pk]})
        assert response.status_code == 409
        assert not student.registrations.exists()

    @pytest.fixture
    def unknown(self, make_user, sign_in):
        return sign_in(make_user("Nobody knows", year=None))

    def test_unknown_is_asked_for_and_kept(self, unknown, topic):
        assert "TAs are in year 2 or above." in text(unknown.get(PAGE))
        response = unknown.post(PAGE, {"topics": [topic.pk], "year": "3"})
        assert response.url == "/appointments/week/?topic=data-structures"
        assert User.objects.get(username="Nobody knows").year == 3

    def test_left_out_is_asked_for_again_and_what_is_ticked_stays(self, unknown, topic):
        response = unknown.post(PAGE, {"topics": [topic.pk]})
        assert response.status_code == 422
        assert "Choose your year of study." in text(response)
        assert [pick.chosen for pick in response.context["page"].picks] == [True]

    def test_told_too_low_is_refused_beside_it_and_nothing_is_kept(self, unknown, topic):
        response = unknown.post(PAGE, {"topics": [topic.pk], "year": "1"})
        assert response.status_code == 409
        assert response.context["form"].errors == {"year": ["Teaching is open from year 2 on."]}
        user = User.objects.get(username="Nobody knows")
        assert (user.year, user.registrations.count()) == (None, 0)

    def test_known_is_not_changed_here(self, client, senior, topic):
        client.post(PAGE, {"topics": [topic.pk], "year": "8"})
        senior.refresh_from_db()
        assert senior.year == 3
