"""Asking for time: what the form knows already, what is refused, and that nothing typed is lost."""

import re
from datetime import timedelta

import pytest

from accounts.models import Block
from scheduling.models import HelpRequest, PlaceInLine
from scheduling.services import requests
from scheduling.tests.factories import ask
from scheduling.tests.reading import KEPT, QUESTION, text
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(student, sign_in):
    """The student's."""
    return sign_in(student)


def chosen(page, name):
    """What a list of the page has chosen."""
    inside = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    found = re.search(r'value="([^"]*)" selected', inside.group())
    return found.group(1) if found else ""


class TestTheForm:
    def test_a_topic_in_the_address_is_chosen_and_the_days_are_the_next_two_weeks(
        self, client, topic
    ):
        page = text(client.get(f"/requests/new/?topic={topic.slug}"))
        assert f'<input type="hidden" name="topic" value="{topic.pk}">' in page
        assert chosen(page, "from_day") == "2026-11-23"
        assert chosen(page, "to_day") == "2026-12-07"
        assert chosen(page, "ta") == ""

    def test_the_days_never_pass_the_horizon(self, client, topic, settings):
        settings.BOOKING_HORIZON = 10
        assert (
            chosen(text(client.get(f"/requests/new/?topic={topic.pk}")), "to_day") == "2026-12-03"
        )

    def test_a_ta_of_the_topic_is_chosen_by_id(self, client, topic, ta):
        page = text(client.get(f"/requests/new/?topic={topic.slug}&ta={ta.pk}"))
        assert chosen(page, "ta") == str(ta.pk)

    def test_a_ta_alone_brings_the_only_topic_that_they_teach(self, client, topic, ta):
        page = text(client.get(f"/requests/new/?ta={ta.pk}"))
        assert f'<input type="hidden" name="topic" value="{topic.pk}">' in page
        assert chosen(page, "ta") == str(ta.pk)

    def test_a_part_of_the_day_and_a_first_day_are_taken_over(self, client, topic):
        page = text(client.get(f"/requests/new/?topic={topic.slug}&part=evening&from=2026-11-30"))
        assert re.search(r'name="parts" value="evening"[^>]*checked', page)
        assert chosen(page, "from_day") == "2026-11-30"
        assert chosen(page, "to_day") == "2026-12-14"

    def test_without_a_topic_one_is_chosen_from_all_that_are_listed(self, client, topic):
        gone = Topic.objects.create(name="Gone", slug="gone", archived_at="2026-01-01T00:00Z")
        for address in (
            "",
            "?topic=",
            "?topic=unknown",
            f"?topic={gone.pk}",
            "?ta=x&part=x&from=x",
        ):
            response = client.get(f"/requests/new/{address}")
            page = text(response)
            assert response.status_code == 200
            assert f'<option value="{topic.pk}" translate="no">{topic.name}</option>' in page
            assert "Gone" not in page

    def test_somebody_blocked_is_not_among_the_tas(self, client, student, ta, topic):
        Block.objects.create(blocker=ta, blocked=student)
        page = text(client.get(f"/requests/new/?topic={topic.slug}&ta={ta.pk}"))
        assert chosen(page, "ta") == ""
        assert ta.username not in page

    def test_a_form_of_a_booking_brings_its_question_and_asks_nothing_yet(self, client, topic):
        sent = {"topic": topic.pk, "question": QUESTION, "slot": "1", "fill": "1"}
        response = client.post("/requests/new/", sent)
        assert response.status_code == 200
        assert KEPT in text(response)
        assert not HelpRequest.objects.exists()


class TestAsking:
    @pytest.mark.parametrize("handle", ["slug", "pk"])
    def test_a_topic_and_a_question_are_enough(self, client, student, topic, handle):
        sent = {"topic": getattr(topic, handle), "question": QUESTION}
        response = client.post("/requests/new/", sent)
        asked = HelpRequest.objects.get()
        assert (response.status_code, response.url) == (302, f"/requests/{asked.pk}/")
        assert (asked.student, asked.topic, asked.ta, asked.question) == (
            student, topic, None, QUESTION,
        )  # fmt: skip
        assert (asked.from_day, asked.to_day) == (
            when.today(), when.today() + timedelta(days=14),
        )  # fmt: skip
        assert (asked.parts, asked.shared, asked.status) == ("", False, "open")
        assert PlaceInLine.objects.waiting().get().person == student

    def test_all_that_is_chosen_is_stored(self, client, topic, ta):
        sent = {
            "topic": topic.pk, "ta": ta.pk, "question": "Why?", "from_day": "2026-11-25",
            "to_day": "2026-11-27", "parts": ["evening", "morning"], "shared": "on",
        }  # fmt: skip
        client.post("/requests/new/", sent)
        asked = HelpRequest.objects.get()
        assert (asked.ta, asked.parts, asked.shared) == (ta, "morning evening", True)
        assert (asked.from_day.day, asked.to_day.day) == (25, 27)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"topic": "unknown"}, "Choose a topic."),
            ({"topic": ""}, "Choose a topic."),
            ({"question": " \u200b "}, "Write a sentence or two"),
            ({"question": "a" * 1001}, "at most 1000 characters"),
            ({"ta": "999999"}, "Choose one of the TAs of this topic"),
            ({"from_day": "2026-11-22"}, "Choose today or a later day."),
            ({"to_day": "2026-11-22"}, "The last day comes before the first."),
            ({"to_day": "2026-12-24"}, "Time can be booked until Wed 23 Dec"),
            ({"from_day": "soon"}, "Enter a valid date"),
            ({"parts": ["night"]}, "night is not one of the available choices"),
        ],
    )
    def test_a_wrong_field_is_named_and_the_rest_is_kept(self, client, topic, change, words):
        sent = {
            "topic": topic.pk, "question": QUESTION, "from_day": "2026-11-24",
            "to_day": "2026-11-30", "parts": ["evening"], "shared": "on",
        }  # fmt: skip
        response = client.post("/requests/new/", {**sent, **change})
        page = text(response)
        assert response.status_code == 422
        assert words in page
        assert "question" in change or KEPT in page
        assert "from_day" in change or chosen(page, "from_day") == "2026-11-24"
        assert "to_day" in change or chosen(page, "to_day") == "2026-11-30"
        assert "parts" in change or re.search(r'name="parts" value="evening"[^>]*checked', page)
        assert re.search(r'name="shared"[^>]*checked', page)
        assert not HelpRequest.objects.exists()

    def test_a_ta_of_another_topic_is_refused_at_the_field(self, client, topic, make_user):
        response = client.post(
            "/requests/new/", {"topic": topic.pk, "ta": make_user("Nobody").pk, "question": "?"}
        )
        assert response.status_code == 422
        assert "This TA doesn&#x27;t teach that topic." in text(response)

    def test_a_blocked_ta_is_refused_as_such(self, client, student, topic, ta):
        Block.objects.create(blocker=student, blocked=ta)
        sent = {"topic": topic.pk, "ta": ta.pk, "question": QUESTION}
        response = client.post("/requests/new/", sent)
        assert response.status_code == 403
        assert KEPT in text(response)

    def test_more_places_in_line_than_may_be_are_refused_with_a_way_to_them(
        self, client, student, topic, settings
    ):
        settings.MAX_REQUESTS = 1
        ask(student, topic)
        response = client.post("/requests/new/", {"topic": topic.pk, "question": QUESTION})
        page = text(response)
        assert response.status_code == 409
        assert "You have 1 place in line, which is the most at once." in page
        assert 'href="/bookings/?tab=requests"' in page
        assert KEPT in page

    def test_too_many_a_day_are_refused_with_when_to_try_again(
        self, client, student, topic, settings
    ):
        settings.RATE_LIMITS = True
        settings.REQUESTS_A_DAY = 1
        requests.leave(ask(student, topic), student)
        response = client.post("/requests/new/", {"topic": topic.pk, "question": QUESTION})
        assert response.status_code == 429
        assert response.headers["Retry-After"]
        assert KEPT in text(response)

    @pytest.mark.parametrize("key", [{}, {"form_key": KEY}])
    def test_sent_twice_it_is_asked_once(self, client, topic, key):
        sent = {"topic": topic.pk, "question": "Why?", **key}
        first = client.post("/requests/new/", sent)
        assert client.post("/requests/new/", sent).url == first.url
        assert HelpRequest.objects.count() == 1

    def test_a_used_key_leads_to_the_request_whatever_became_of_it(self, client, student, topic):
        sent = {"topic": topic.pk, "question": "Why?", "form_key": KEY}
        first = client.post("/requests/new/", sent)
        requests.leave(HelpRequest.objects.get(), student)
        assert client.post("/requests/new/", sent).url == first.url

    def test_a_ta_may_ask_on_another_topic_and_not_themselves(self, sign_in, ta, topic):
        response = sign_in(ta).post(
            "/requests/new/", {"topic": topic.pk, "ta": ta.pk, "question": "Why?"}
        )
        assert response.status_code == 422
        assert "You can&#x27;t ask yourself." in text(response)

    def test_a_pending_ta_can_t_be_named(self, client, topic, make_user):
        pending = make_user("Pending")
        Registration.objects.create(user=pending, topic=topic, status="pending")
        assert pending.username not in text(client.get(f"/requests/new/?topic={topic.slug}"))
