"""The policy: defaults from the settings, changes by staff, exam weeks, and where it is kept."""

import threading
from datetime import date, datetime, timedelta
from importlib import import_module
from threading import Event
from time import monotonic

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils.translation import gettext, override

from setahub.core import clock as when
from setahub.policy import current, services, source
from setahub.policy.current import NO_CHANGES, NUMBERS, Changes, policy
from setahub.policy.history import Line
from setahub.policy.models import POLICY_NAMES, ExamWeek, FacultyPolicy, PolicyChange

MONDAY = date(2026, 11, 30)
DAY = timedelta(days=1)


def moment(text):
    """``24 Nov 09:30`` of the tests' year, on the faculty's clock."""
    return datetime.strptime(f"2026 {text}", "%Y %d %b %H:%M").replace(tzinfo=when.zone())


def week(first=MONDAY, last=MONDAY + 4 * DAY, **numbers):
    return current.ExamWeek(first, last, **numbers)


def exam_week(**fields):
    return ExamWeek(
        **{
            "name": "Midterm",
            "first_day": MONDAY,
            "last_day": MONDAY + 4 * DAY,
            "booking_min_notice": 1440,
            **fields,
        }
    )


def wait_for_readers():
    for thread in threading.enumerate():
        if thread.name == "policy":
            thread.join(10)


# --- Numbers ------------------------------------------------------------------------------------


def test_without_changes_the_settings_hold(settings):
    assert (policy.max_active_bookings, policy.min_notice) == (5, timedelta(hours=1))
    settings.MAX_ACTIVE_BOOKINGS = 7
    assert policy.max_active_bookings == 7


@pytest.mark.parametrize(
    ("name", "value", "read", "expected"),
    [
        ("TA_MIN_YEAR", 3, "ta_min_year", 3),
        ("TA_APPROVAL", True, "ta_approval", True),
        ("BOOKING_MIN_NOTICE", 90, "min_notice", timedelta(minutes=90)),
        ("BOOKING_HORIZON", 14, "horizon", timedelta(days=14)),
        ("MAX_ACTIVE_BOOKINGS", 2, "max_active_bookings", 2),
        ("LATE_CANCEL", 60, "late_cancel", timedelta(hours=1)),
        ("LATE_CANCEL_GRACE", 5, "late_cancel_grace", timedelta(minutes=5)),
        ("NO_SHOW_AFTER", 20, "no_show_after", timedelta(minutes=20)),
        ("OUTCOME_SWITCH", 3, "outcome_switch", timedelta(days=3)),
        ("AUTO_COMPLETE", 48, "auto_complete", timedelta(days=2)),
        ("APPOINTMENT_MAX_LENGTH", 4, "max_length", timedelta(hours=4)),
        ("APPOINTMENT_MAX_AHEAD", 90, "max_ahead", timedelta(days=90)),
        ("APPOINTMENT_MAX_REPEAT", 8, "max_repeat", timedelta(weeks=8)),
        ("APPOINTMENT_MAX_SEATS", 6, "max_seats", 6),
        ("MESSAGES_PER_MINUTE", 9, "messages_per_minute", 9),
        ("MESSAGE_IMAGES_PER_MINUTE", 4, "message_images_per_minute", 4),
    ],
)
def test_each_number_can_be_changed(name, value, read, expected):
    assert getattr(policy, read) != expected
    source.keep(Changes({name: value}))
    assert getattr(policy, read) == expected


def test_the_form_has_a_field_for_each_number_and_no_other():
    assert set(POLICY_NAMES) == {*NUMBERS, "TA_APPROVAL"}


# --- Exam weeks ---------------------------------------------------------------------------------


def test_the_notice_is_that_of_the_day_on_which_the_slot_starts():
    source.keep(Changes({}, [week(min_notice=DAY)]))
    found = [
        policy.min_notice_at(moment(start))
        for start in ("29 Nov 23:45", "30 Nov 00:00", "4 Dec 23:45", "5 Dec 00:00")
    ]
    assert found == [timedelta(hours=1), DAY, DAY, timedelta(hours=1)]


def test_an_exam_week_without_a_notice_keeps_the_ordinary_one():
    source.keep(Changes({}, [week(max_active_bookings=1)]))
    assert policy.min_notice_at(moment("1 Dec 12:00")) == timedelta(hours=1)
    assert policy.bookable_spans(moment("1 Dec 12:00")) == [(moment("1 Dec 13:00"), None)]


@pytest.mark.parametrize(
    ("now", "notice", "spans"),
    [
        # Far away, or over: one span.
        ("20 Nov 12:00", DAY, [("20 Nov 13:00", None)]),
        ("7 Dec 12:00", DAY, [("7 Dec 13:00", None)]),
        # The evening before: the rest of today, then what is a day away.
        ("29 Nov 12:00", DAY, [("29 Nov 13:00", "30 Nov 00:00"), ("30 Nov 12:00", None)]),
        ("29 Nov 23:30", DAY, [("30 Nov 23:30", None)]),
        # In it, and at its end: what comes after needs only the ordinary notice.
        ("1 Dec 12:00", DAY, [("2 Dec 12:00", None)]),
        ("4 Dec 12:00", DAY, [("5 Dec 00:00", None)]),
        # A shorter notice than the ordinary one.
        ("1 Dec 12:00", timedelta(0), [("1 Dec 12:00", None)]),
        ("29 Nov 23:30", timedelta(0), [("30 Nov 00:00", None)]),
        ("4 Dec 23:30", timedelta(0), [("4 Dec 23:30", "5 Dec 00:00"), ("5 Dec 00:30", None)]),
    ],
)
def test_spans_that_can_be_booked(now, notice, spans):
    source.keep(Changes({}, [week(min_notice=notice)]))
    expected = [(moment(start), end and moment(end)) for start, end in spans]
    assert policy.bookable_spans(moment(now)) == expected


def test_spans_and_notice_agree_at_every_quarter_hour():
    second = week(MONDAY + 7 * DAY, MONDAY + 8 * DAY, min_notice=timedelta(hours=30))
    source.keep(Changes({}, [week(min_notice=timedelta(minutes=15)), second]))
    quarter = timedelta(minutes=15)
    for hours in range(0, 24 * 16, 7):
        now = moment("25 Nov 10:10") + timedelta(hours=hours)
        spans = policy.bookable_spans(now)
        for step in range(4 * 24 * 4):
            start = moment("25 Nov 10:00") + timedelta(hours=hours) + step * quarter
            kept = start >= now + policy.min_notice_at(start)
            inside = any(first <= start and (end is None or start < end) for first, end in spans)
            assert inside is kept, (now, start)


# --- Services -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_change_counts_at_once_and_is_logged(staff):
    services.change_policy(staff, {"max_active_bookings": 3, "ta_approval": True})
    assert (policy.max_active_bookings, policy.ta_approval) == (3, True)
    services.change_policy(staff, {"max_active_bookings": 4, "ta_approval": None})
    assert (policy.max_active_bookings, policy.ta_approval) == (4, False)
    log = PolicyChange.objects.order_by("pk").values_list("actor", "what", "old", "new")
    assert list(log) == [
        (staff.pk, "max_active_bookings", '{"default": 5}', "3"),
        (staff.pk, "ta_approval", '{"default": false}', "true"),
        (staff.pk, "max_active_bookings", "3", "4"),
        (staff.pk, "ta_approval", "true", '{"default": false}'),
    ]
    assert lines()[:2] == [
        ("upcoming bookings of a student", "5 (default)", "3"),
        ("staff approve TAs", "no (default)", "yes"),
    ]
    with override("th"):
        assert lines()[1] == ("เจ้าหน้าที่อนุมัติ TA", "ไม่ใช่ (ค่าเริ่มต้น)", "ใช่")


def lines() -> list[tuple[str, str, str]]:
    """The log as it is read."""
    read = map(Line.of, PolicyChange.objects.order_by("pk"))
    return [(line.what, line.old, line.new) for line in read]


@pytest.mark.django_db
def test_older_lines_become_data_and_words_again(staff):
    migration = import_module("setahub.policy.migrations.0003_changes_as_data")
    with override("th"):
        thai = str(FacultyPolicy._meta.get_field("late_cancel").verbose_name)
        default = gettext("%(value)s (default)") % {"value": 240}
    written = [
        ("upcoming bookings of a student", "5 (default)", "3"),
        ("staff approve TAs", "no (default)", "yes"),
        ("Exam week", "none", "Midterm, 30 Nov 2026; notice: 1440 min"),
        (thai, default, "60"),
    ]
    for what, old, new in written:
        PolicyChange.objects.create(actor=staff, what=what, old=old, new=new)
    migration.to_data(apps, None)
    assert list(PolicyChange.objects.order_by("pk").values_list("what", "old", "new")) == [
        ("max_active_bookings", '{"default": 5}', "3"),
        ("ta_approval", '{"default": false}', "true"),
        ("exam_week", "null", '"Midterm, 30 Nov 2026; notice: 1440 min"'),
        ("late_cancel", '{"default": 240}', "60"),
    ]
    assert lines()[:3] == written[:3]
    migration.to_words(apps, None)
    again = PolicyChange.objects.order_by("pk").values_list("what", "old", "new")
    late = ("late cancellation, in minutes", "240 (default)", "60")
    assert list(again) == [*written[:3], late]


@pytest.mark.django_db
def test_saving_the_same_logs_nothing(staff):
    services.change_policy(staff, {"late_cancel": 60})
    assert services.change_policy(staff, {"late_cancel": 60}) == []
    assert PolicyChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"max_active_bookings": 0}, "greater than or equal to 1"),
        ({"ta_min_year": 9}, "less than or equal to 8"),
        ({"booking_min_notice": 1440, "booking_horizon": 1}, "nothing could be booked"),
    ],
)
def test_numbers_that_make_no_sense_change_nothing(staff, numbers, words):
    with pytest.raises(ValidationError, match=words):
        services.change_policy(staff, numbers)
    assert source.changes() == Changes()
    assert not FacultyPolicy.objects.exists()
    assert not PolicyChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_exam_week_is_made_changed_and_taken_back(staff):
    made = exam_week()
    services.save_exam_week(staff, made)
    assert policy.min_notice_at(moment("1 Dec 12:00")) == DAY
    made.booking_min_notice, made.max_active_bookings = 120, 2
    services.save_exam_week(staff, made)
    assert policy.min_notice_at(moment("1 Dec 12:00")) == timedelta(hours=2)
    services.delete_exam_week(staff, made)
    assert policy.min_notice_at(moment("1 Dec 12:00")) == timedelta(hours=1)
    name = "Midterm, 30 Nov 2026 – 4 Dec 2026"
    assert [(old, new) for _what, old, new in lines()] == [
        ("none", f"{name}; notice: 1440 min"),
        (f"{name}; notice: 1440 min", f"{name}; bookings: 2; notice: 120 min"),
        (f"{name}; bookings: 2; notice: 120 min", "none"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"booking_min_notice": None}, "at least one number"),
        ({"last_day": MONDAY + 6 * DAY}, "can't be before the first"),
        ({"last_day": MONDAY + 69 * DAY}, "too long"),
        ({"first_day": MONDAY + 4 * DAY}, "overlaps with Midterm"),
        ({"max_active_bookings": 0}, "greater than or equal to 1"),
    ],
)
def test_exam_weeks_that_make_no_sense_are_refused(staff, fields, words):
    services.save_exam_week(staff, exam_week())
    later = {"first_day": MONDAY + 7 * DAY, "last_day": MONDAY + 8 * DAY}
    with pytest.raises(ValidationError, match=words):
        services.save_exam_week(staff, exam_week(**{**later, **fields}))
    assert ExamWeek.objects.count() == 1


# --- Where it is kept ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_another_process_learns_of_a_change_within_seconds(monkeypatch):
    FacultyPolicy.objects.create(pk=FacultyPolicy.ONLY, max_active_bookings=2)
    assert policy.max_active_bookings == 5  # what is known is young
    monkeypatch.setattr(source, "LIFE", -1)
    source.changes()
    wait_for_readers()
    assert policy.max_active_bookings == 2


@pytest.mark.django_db(transaction=True)
def test_the_first_use_waits_for_the_answer(monkeypatch):
    FacultyPolicy.objects.create(pk=FacultyPolicy.ONLY, max_active_bookings=2)
    monkeypatch.setattr(source, "_read_at", None)
    assert policy.max_active_bookings == 2


@pytest.mark.django_db(transaction=True)
def test_a_page_pays_no_query_for_it(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(source, "LIFE", -1)
    with django_assert_num_queries(0):
        source.changes()
        wait_for_readers()


@pytest.mark.django_db(transaction=True)
def test_a_process_that_was_idle_waits_for_the_answer(monkeypatch):
    monkeypatch.setattr(source, "LIFE", 5)
    FacultyPolicy.objects.create(pk=FacultyPolicy.ONLY, max_active_bookings=2)
    source.keep(NO_CHANGES, monotonic() - 20)
    assert policy.max_active_bookings == 2


@pytest.mark.django_db(transaction=True)
def test_a_busy_one_asks_ahead_of_time_and_never_waits(monkeypatch):
    monkeypatch.setattr(source, "LIFE", 5)
    monkeypatch.setattr(source, "_wait", None)
    FacultyPolicy.objects.create(pk=FacultyPolicy.ONLY, max_active_bookings=2)
    source.keep(NO_CHANGES, monotonic() - 3)
    source.changes()
    wait_for_readers()
    assert policy.max_active_bookings == 2


def test_a_database_that_hangs_is_waited_for_once(monkeypatch):
    hangs = Event()
    monkeypatch.setattr(source, "LIFE", 5)
    monkeypatch.setattr(source, "PATIENCE", 0.1)
    monkeypatch.setattr(source, "_read_apart", hangs.wait)
    source.keep(Changes({"MAX_ACTIVE_BOOKINGS": 2}), monotonic() - 20)
    assert policy.max_active_bookings == 2
    begun = monotonic()
    assert [policy.max_active_bookings for _number in range(100)] == [2] * 100
    assert monotonic() - begun < 0.1
    hangs.set()
    wait_for_readers()


def test_while_the_database_is_away_what_was_known_holds(monkeypatch, caplog):
    source.keep(Changes({"MAX_ACTIVE_BOOKINGS": 2}))

    def broken():
        raise DatabaseError

    monkeypatch.setattr(source, "_from_database", broken)
    source.read()
    assert policy.max_active_bookings == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
