"""A TA's hours, issued as a record: what counts, what is frozen, who sees it, and how it ends."""

import re
from datetime import date, time, timedelta

import hypothesis
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import strategies as st

from accounts.services import deletion
from scheduling.models import Booking, Record
from scheduling.queries.hours import seats_of
from scheduling.queries.sums import Sum, sum_up, within
from scheduling.services import bookings, records
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import Changes
from topics.models import Topic

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def session(ta, topic):
    """Tomorrow from 13 to 15, four slots of two seats."""
    return open_time(ta, topic, capacity=2)


@pytest.fixture
def given(clock, session, student):
    """The first slot, completed by its TA; now it is the day after."""
    made = book(student, slots_of(session)[0])
    clock.move_to(session.ends_at + timedelta(minutes=1))
    return bookings.complete(made, made.ta)


def total(ta):
    return sum_up(seats_of(ta)).total


def issue(client, from_day=None, to_day=None, **more):
    today = when.today()
    days = {"from_day": from_day or today - timedelta(days=30), "to_day": to_day or today}
    return client.post("/users/me/record/issue/", {**days, **more})


# --- What counts --------------------------------------------------------------------------------


def test_each_slot_once_however_many_seats(clock, session, student, stranger, ta):
    first, second = slots_of(session)[:2]
    made = [book(student, first), book(stranger, first), book(student, second)]
    clock.move_to(session.ends_at + timedelta(days=1))
    assert total(ta) == Sum(2, 60)
    Booking.objects.filter(pk=made[1].pk).update(checked_in_at=timezone.now())
    assert total(ta) == Sum(2, 60, 1, 30)


def test_not_before_it_is_over_and_settled(clock, session, student, ta):
    made = book(student, slots_of(session)[0])
    clock.move_to(made.starts_at + timedelta(minutes=5))
    bookings.complete(made, ta)
    assert total(ta) == Sum()
    clock.move_to(made.ends_at)
    assert total(ta) == Sum(1, 30)


def test_a_cancelled_one_never_and_a_moved_one_where_it_went(clock, session, student, stranger, ta):
    slots = slots_of(session)
    gone = book(student, slots[0])
    bookings.cancel(gone, ta, "ill")
    moved = book(stranger, slots[1])
    bookings.move(moved, stranger, slots[3].pk)
    clock.move_to(session.ends_at + timedelta(days=2))
    assert [seat.slot for seat in seats_of(ta)] == [slots[3].pk]


def test_a_student_s_no_show_counts(clock, session, student, ta):
    made = book(student, slots_of(session)[0])
    clock.move_to(made.ends_at)
    bookings.mark_no_show(made, ta)
    assert total(ta) == Sum(1, 30)


def test_an_absent_ta_never_even_where_they_say_otherwise(clock, session, student, ta, staff):
    made = book(student, slots_of(session)[0])
    clock.move_to(made.ends_at)
    bookings.report_ta_absent(made, student)
    clock.shift(timedelta(days=3))
    assert total(ta) == Sum()
    bookings.mark_no_show(made, ta)
    assert total(ta) == Sum()
    bookings.complete(made, ta)
    assert total(ta) == Sum()
    bookings.mark_no_show(made, ta)
    bookings.settle_by_staff(made, staff, "completed")  # they looked into it: it took place
    assert total(ta) == Sum(1, 30)


def test_one_report_is_enough_unless_somebody_there_checked_in(
    clock, session, student, stranger, ta
):
    slot = slots_of(session)[0]
    made, other = book(student, slot), book(stranger, slot)
    clock.move_to(made.ends_at)
    bookings.report_ta_absent(made, student)
    bookings.complete(other, ta)
    clock.shift(timedelta(days=3))
    assert total(ta) == Sum()
    Booking.objects.filter(pk=other.pk).update(checked_in_at=timezone.now())
    assert total(ta) == Sum(1, 30, 1, 30)


def test_what_others_gave_is_theirs(given, ta, stranger):
    assert total(ta) == Sum(1, 30)
    assert total(stranger) == total(given.student) == Sum()


# What may become of a booking, as its people and the time make it.
FATES = [
    "booked", "completed", "no_show", "cancelled", "moved", "checked_in", "absent", "said_otherwise",
    "taken_back", "found_given", "found_missed", "found_absent",
]  # fmt: skip
REPORTED = {"absent", "said_otherwise", "taken_back", "found_given", "found_missed", "found_absent"}
NOT_GIVEN = {"absent", "said_otherwise", "found_absent"}  # reports that stand


@hypothesis.settings(
    max_examples=12, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
@hypothesis.given(
    fates=st.lists(st.lists(st.sampled_from(FATES), min_size=0, max_size=2), min_size=7, max_size=7)
)
def test_any_mixture_is_what_a_plain_count_says(
    fates, clock, ta, topic, student, stranger, staff, settings
):
    """Seven slots over a month's end, of two seats each, whose bookings go all ways."""
    settings.RATE_LIMITS = False
    source.keep(Changes({"MAX_ACTIVE_BOOKINGS": 100}))
    clock.move_to(when.at(date(2026, 11, 27), time(9)))
    with transaction.atomic():
        first = open_time(ta, topic, day=date(2026, 11, 30), start="22:00", end="00:00", capacity=2)
        second = open_time(ta, topic, day=date(2026, 12, 1), start="00:00", end="03:00", capacity=2)
        slots = [*slots_of(first), *slots_of(second)]
        expected = _live_through(slots, fates, clock, ta, (student, stranger), staff)
        clock.move_to(second.ends_at + timedelta(days=2))
        found: dict[int, bool] = {}
        for seat in seats_of(ta):
            found[seat.slot] = found.get(seat.slot, False) or seat.verified
        assert found == expected
        counted = sum_up(seats_of(ta)).total
        assert counted.times == len(expected)
        assert counted.minutes == 30 * len(expected)
        assert counted.verified_times == sum(expected.values())
        in_november = sum_up(within(seats_of(ta), date(2026, 11, 1), date(2026, 11, 30))).total
        assert in_november.times == len(expected.keys() & {slot.pk for slot in slots[:4]})
        transaction.set_rollback(True)
    clock.move_to(when.at(date(2026, 11, 27), time(9)))


def _live_through(slots, fates, clock, ta, people, staff):
    """Makes it so; the slots that count, and whether each is verified. The last slots take who moves."""
    made, seats = [], {}
    for slot, some in zip(slots, fates, strict=False):
        for person, fate in zip(people, some, strict=False):
            booking = book(person, slot)
            if fate == "cancelled":
                bookings.cancel(booking, ta, "ill")
                continue
            if fate == "moved":
                free = [each for each in slots[7:] if (person.pk, each.pk) not in seats]
                booking = bookings.move(booking, person, free[0].pk) if free else booking
                seats[person.pk, booking.slot_id] = booking
            made.append((booking, fate))
    for booking, fate in made:
        clock.move_to(booking.ends_at)
        if fate == "completed":
            bookings.complete(booking, ta)
        elif fate == "no_show":
            bookings.mark_no_show(booking, ta)
        elif fate in REPORTED:
            bookings.report_ta_absent(booking, booking.student)
            _settle(booking, fate, ta, staff)
        elif fate == "checked_in":
            Booking.objects.filter(pk=booking.pk).update(checked_in_at=booking.starts_at)
    by_slot = {}
    for booking, fate in made:
        by_slot.setdefault(booking.slot_id, set()).add(fate)
    return {
        slot: "checked_in" in some
        for slot, some in by_slot.items()
        if "checked_in" in some or not some & NOT_GIVEN
    }


def _settle(booking, fate, ta, staff):
    """What becomes of a report that the TA did not come."""
    if fate == "said_otherwise":
        bookings.complete(booking, ta)
    elif fate == "taken_back":
        bookings.take_report_back(booking, booking.student)
    elif fate == "found_given":
        bookings.settle_by_staff(booking, staff, "completed")
    elif fate == "found_missed":
        bookings.settle_by_staff(booking, staff, "no_show")
    elif fate == "found_absent":
        bookings.confirm_absence(booking, staff, "An empty room")


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
