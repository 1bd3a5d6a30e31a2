"""A TA's hours, issued as a record: what is frozen, who sees it, and how it ends."""

import re
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import deletion
from scheduling.models import Booking, Record
from scheduling.services import records
from scheduling.tests.factories import book, slots_of
from scheduling.tests.records.test_given import total
from setahub.core import clock as when
from topics.models import Topic

pytestmark = pytest.mark.usefixtures("clock")


def issue(client, from_day=None, to_day=None, **more):
    today = when.today()
    days = {"from_day": from_day or today - timedelta(days=30), "to_day": to_day or today}
    return client.post("/users/me/record/issue/", {**days, **more})


# --- One's own page -----------------------------------------------------------------------------


def test_the_page_sums_any_span_and_by_terms(sign_in, given, ta):
    client = sign_in(ta)
    page = client.get("/users/me/record/").content.decode()
    assert "Semester 1, 2026" in page
    assert "30 minutes" in page
    day = when.local(given.starts_at).date()
    for first, last, there in ((day, day, True), (day + timedelta(days=1), day, True)):
        html = client.get("/users/me/record/", {"from": first, "to": last}).content.decode()
        assert ("Data Structures" in html) == there
    before = day - timedelta(days=1)
    html = client.get("/users/me/record/", {"from": before, "to": before}).content.decode()
    assert "Data Structures" not in html


def test_it_costs_the_same_for_one_and_three(sign_in, clock, session, student, ta, topic):
    client, counts = sign_in(ta), []
    made = [book(student, slot) for slot in slots_of(session)[:3]]
    clock.move_to(session.ends_at + timedelta(days=2))
    for some in (made[:1], made[1:]):
        Booking.objects.filter(pk__in=[each.pk for each in some]).update(
            checked_in_at=when.at(when.today(), time(9))
        )
        records.issue(ta, when.today() - timedelta(days=9 + len(some)), when.today())
        client.get("/users/me/record/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/users/me/record/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- Issued -------------------------------------------------------------------------------------


def test_issuing_freezes_it(sign_in, given, session, ta, student, stranger):
    assert issue(sign_in(ta)).status_code == 302
    record = Record.objects.get()
    assert re.fullmatch(r"[\w-]{32}", record.token)
    assert (record.ta, record.name) == (ta, "น้ำฝน")
    before = Client().get(record.get_absolute_url()).content
    assert "30 minutes" in before.decode()
    code = record.code
    ta.username = "Somebody Else"
    ta.save()
    Topic.objects.update(name="Renamed")
    other = slots_of(session)[1]
    Booking.objects.create(
        slot=other, student=stranger, ta=ta, topic=given.topic, status="completed", question="?"
    )
    assert total(ta).times == 2
    assert Client().get(record.get_absolute_url()).content == before
    assert Record.objects.get().code == code
    assert str(student) not in before.decode()


def test_sent_twice_it_is_one(sign_in, given, ta):
    client = sign_in(ta)
    for key in ("k" * 20, "k" * 20, "l" * 20, ""):
        assert issue(client, form_key=key).status_code == 302
    assert Record.objects.count() == 1


def test_what_was_taken_back_is_issued_anew(sign_in, given, ta):
    client = sign_in(ta)
    issue(client)
    records.take_back(Record.objects.get(), ta)
    issue(client)
    assert Record.objects.standing().count() == 1
    assert Record.objects.count() == 2


@pytest.mark.parametrize(
    ("from_day", "to_day", "field"),
    [
        ("2026-11-20", "2026-11-19", "to_day"),
        ("2099-01-01", "2099-02-01", "from_day"),
        ("2569-11-01", "2026-11-19", "from_day"),
        ("soon", "2026-11-19", "from_day"),
        ("", "2026-11-19", "from_day"),
    ],
)
def test_days_that_can_t_be_are_refused_beside_them(sign_in, given, ta, from_day, to_day, field):
    response = sign_in(ta).post("/users/me/record/issue/", {"from_day": from_day, "to_day": to_day})
    assert response.status_code == 422
    assert list(response.context["issue_form"].errors) == [field]
    assert not Record.objects.exists()


def test_not_without_end_on_one_day(sign_in, given, ta, settings):
    settings.RECORDS_A_DAY = 2
    client = sign_in(ta)
    days = [when.today() - timedelta(days=back) for back in (3, 4, 5)]
    assert [issue(client, day).status_code for day in days] == [302, 302, 429]
    assert issue(client, days[0]).status_code == 302  # it stands already
    assert Record.objects.count() == 2


# --- As anybody sees it -------------------------------------------------------------------------


@pytest.fixture
def record(given, ta):
    return records.issue(ta, when.today() - timedelta(days=30), when.today())


def test_it_is_the_same_for_everybody_in_both_languages(record, sign_in, ta, student, staff):
    pages = {
        Client().get(record.get_absolute_url(), headers={"accept-language": language}).content
        for language in ("en", "th")
    }
    for person in (ta, student, staff):
        pages.add(sign_in(person).get(record.get_absolute_url()).content)
    [page] = pages
    text = page.decode()
    for words in (
        "Record of volunteer teaching", "บันทึกชั่วโมงจิตอาสาด้านการสอน", "น้ำฝน", "Data Structures",
        "thirty minutes", "สามสิบนาที", "Verified:", "“ยืนยันแล้ว”",
        record.code, f"http://localhost{record.get_absolute_url()}", "Faculty", "2569", "2026",
    ):  # fmt: skip
        assert words in text, words
    assert "สมชาย" not in text
    assert "<script" not in text


def test_it_is_found_by_nobody_and_kept_by_nobody(record):
    response = Client().get(record.get_absolute_url())
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in response


def test_its_lines_are_numbered_and_the_faculty_stands_above(record, settings):
    settings.FACULTY_NAME = "คณะเทคโนโลยีสารสนเทศ"
    response = Client().get(record.get_absolute_url())
    assert "คณะเทคโนโลยีสารสนเทศ" in response.content.decode()
    lines = response.context["lines"]
    assert [line.number for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert [side.label for side in (line.sides[1] for line in lines)] == [
        "Name", "Period", "Times given", "Hours given", "Of these verified", "Topic", "Issued on",
    ]  # fmt: skip


def test_without_hours_nothing_is_said_of_how_many_are_verified(sign_in, ta):
    days = when.today() - timedelta(days=1), when.today()
    lines = Client().get(records.issue(ta, *days).get_absolute_url()).context["lines"]
    labels = [line.sides[1].label for line in lines]
    assert labels == ["Name", "Period", "Times given", "Hours given", "Issued on"]
    html = sign_in(ta).get("/users/me/record/").content.decode()
    assert "Hours given" in html
    assert "Of these verified" not in html


@pytest.mark.parametrize("token", ["x", "x" * 32, "%00" * 32, "ก" * 32, "../admin"])
def test_no_other_address_leads_anywhere(record, token):
    assert Client().get(f"/records/{token}/").status_code == 404


def test_many_topics_are_summed_up_at_the_end(given, ta):
    topics = [
        {"name": f"T{n}", "times": 1, "minutes": 30, "verified_times": 0, "verified_minutes": 0}
        for n in range(13)
    ]
    record = Record.objects.create(
        ta=ta, name="X", from_day=date(2026, 1, 1), to_day=date(2026, 1, 2), topics=topics
    )
    lines = Client().get(record.get_absolute_url()).context["lines"]
    shown = [line.sides[1] for line in lines if line.sides[1].label == "Topic"]
    assert len(shown) == 7
    assert (shown[-1].value, shown[-1].words) == ("7 other topics", "7 times, 3 hours 30 minutes")


# --- Taken back ---------------------------------------------------------------------------------


def is_gone(record, words):
    response = Client().get(record.get_absolute_url())
    text = response.content.decode()
    assert response.status_code == 410
    assert "This record is no longer valid" in text
    assert "บันทึกนี้ไม่มีผลแล้ว" in text
    assert words in text
    assert not [own for own in ("น้ำฝน", "Data Structures", "thirty") if own in text]


def test_its_ta_takes_it_back(record, sign_in, ta, stranger):
    path = f"/users/me/record/{record.pk}/revoke/"
    assert sign_in(stranger).post(path).status_code == 404
    client = sign_in(ta)
    assert client.get(path).status_code == 405
    for _again in range(2):
        assert client.post(path, {"form_key": "k" * 20}).status_code == 302
    is_gone(record, "It was revoked.")
    assert "taken back by its TA" in client.get("/users/me/record/").content.decode()


def test_staff_see_and_revoke_it(record, sign_in, staff):
    client = sign_in(staff)
    page = client.get(reverse("admin:scheduling_record_changelist"))
    assert "0:30" in page.content.decode()
    change = reverse("admin:scheduling_record_change", args=[record.pk])
    assert record.code in client.get(change).content.decode()
    sent = {"action": "revoke", "_selected_action": record.pk, "confirm": "1", "reason": "An error"}
    client.post(reverse("admin:scheduling_record_changelist"), sent)
    is_gone(record, "It was revoked.")
    assert b"".join(client.get(reverse("admin:scheduling_record_export"))).count(b"\n") == 2


def test_deleting_the_account_leaves_nothing_but_that_it_ended(record, ta, sign_in, staff):
    deletion.delete_account(ta)
    is_gone(record, "Its account was deleted")
    left = Record.objects.get()
    assert (left.name, left.from_day, left.to_day, left.sums, left.topics) == (
        "",
        None,
        None,
        {},
        [],
    )
    page = sign_in(staff).get(reverse("admin:scheduling_record_changelist"))
    assert page.status_code == 200
