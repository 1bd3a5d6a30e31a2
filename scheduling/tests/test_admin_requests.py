"""Help requests and offers in the admin: to look at, to export, and to close with words."""

import csv
import io

import pytest

from scheduling.models import HelpRequest, PlaceInLine
from scheduling.services import requests
from scheduling.tests.factories import ask, hold, open_time, slots_of, text
from scheduling.tests.reading import queries

REQUESTS = "/admin/scheduling/helprequest/"
OFFERS = "/admin/scheduling/offer/"
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def admin_client(staff, sign_in):
    return sign_in(staff)


@pytest.fixture
def asked(student, ta, topic, stranger):
    """One that the stranger joined, and a seat is held for its owner."""
    made = ask(student, topic, "=1+1 why?", ta=ta, shared=True, parts=["evening"])
    requests.join(made, stranger)
    hold(slots_of(open_time(ta, topic))[0], made)
    return made


def exported(response):
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    titles, line = csv.reader(io.StringIO(content))
    return dict(zip(titles, line, strict=True))


@pytest.mark.parametrize("path", [REQUESTS, OFFERS])
@pytest.mark.parametrize("query", ["", "?q=สมชาย", "?q=nobody", "?status__exact=open"])
def test_lists_filter_and_find(admin_client, asked, path, query):
    page = text(admin_client.get(path + query, follow=True))
    assert ("สมชาย ใจดี</td>" in page or "สมชาย ใจดี</a>" in page) is (query != "?q=nobody")


def test_the_page_of_a_request_shows_who_was_offered_what(admin_client, asked):
    page = text(admin_client.get(f"{REQUESTS}{asked.pk}/change/"))
    assert "=1+1 why?" in page
    assert "Evening" in page


def test_an_export_names_who_what_and_how_many_wait(admin_client, asked):
    shown = exported(admin_client.get(f"{REQUESTS}export/"))
    assert (shown["Student"], shown["TA"]) == ("สมชาย ใจดี", "น้ำฝน")
    assert (shown["From"], shown["Waiting"], shown["Status"]) == ("2026-11-23", "2", "open")
    assert shown["Question"] == "'=1+1 why?"
    shown = exported(admin_client.get(f"{OFFERS}export/"))
    assert (shown["Start"], shown["Turn"], shown["Status"]) == ("2026-11-24 13:00", "1", "open")


def test_a_closed_one_keeps_nobody_waiting_and_its_seat_is_passed_on(
    admin_client, asked, run_tasks
):
    chosen = {"action": "close", "_selected_action": [asked.pk]}
    page = text(admin_client.post(REQUESTS, chosen, follow=True))
    assert "1 done." in page
    run_tasks()
    assert not PlaceInLine.objects.waiting().exists()
    assert HelpRequest.objects.get().status == "withdrawn"
    assert not asked.offers.open().exists()
    page = text(admin_client.post(REQUESTS, chosen, follow=True))
    assert "Nobody waits for this any more." in page


def test_one_row_costs_as_many_queries_as_three(admin_client, asked, make_user, topic):
    one = queries(admin_client, REQUESTS), queries(admin_client, OFFERS)
    slots = slots_of(asked.offers.get().slot.appointment)
    for number in (1, 2):
        hold(slots[number], ask(make_user(f"Student {number}"), topic))
    assert (queries(admin_client, REQUESTS), queries(admin_client, OFFERS)) == one
