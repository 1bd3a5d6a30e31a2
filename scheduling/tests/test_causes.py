"""What the program itself did is stored as data; older rows are carried over, and back."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.services import deletion, suspensions
from chat.models import Message
from scheduling.history import history
from scheduling.models import Appointment, Booking
from scheduling.services import bookings, cascades
from scheduling.tests.factories import book, open_time, slots_of

BEFORE = ("scheduling", "0006_own_of_weeks")


@pytest.fixture
def made(clock, student, ta, topic):
    return book(student, slots_of(open_time(ta, topic))[0])


def stored(made):
    """The reason and cause of a booking, of the event and of the card about it."""
    made.refresh_from_db()
    event = made.events.last()
    card = Message.objects.get(event=event)
    return [(made.cancel_reason, made.cancel_cause), (event.detail, event.cause), card.text]


@pytest.mark.parametrize(
    ("cause", "said", "sentence"),
    [
        (
            "left",
            "It was cancelled, since the TA deleted their account",
            "The other person has deleted their account.",
        ),
        (
            "topic",
            "It was cancelled, since its topic is no longer offered",
            "Its topic is no longer offered.",
        ),
        ("staff", "The faculty's staff cancelled it", "Cancelled by the faculty's staff."),
    ],
)
def test_a_cause_is_a_code_and_reads_as_a_sentence(
    made, student, ta, topic, staff, sign_in, cause, said, sentence
):
    client = sign_in(student)
    if cause == "left":
        deletion.delete_account(ta)
    elif cause == "topic":
        cascades.take_topic_off(topic)
    else:
        suspensions.suspend(ta, actor=staff, cancel_bookings=True)
    assert stored(made) == [("", cause), ("", cause), ""]
    line = history(made, student)[-1]
    assert (line.text, line.detail) == (said, sentence)
    for page in (made.get_absolute_url(), "/", f"/messages/{ta.pk}/"):
        assert sentence.replace("'", "&#x27;") in client.get(page).content.decode()


def test_a_typed_reason_is_kept_as_it_was_typed(made, ta):
    bookings.cancel(made, ta, "Its topic is no longer offered.")
    typed = "Its topic is no longer offered."
    assert stored(made) == [(typed, ""), (typed, ""), typed]


def test_a_change_keeps_old_and_new(made, ta, student):
    bookings.note_change([made], ta, {"notes": ("Bring two", ""), "location": ("R1", "R2")})
    event = made.events.last()
    assert event.changes == {"notes": ["Bring two", ""], "location": ["R1", "R2"]}
    assert history(made, student)[-1].detail == "New place: R2\nNew notes: none"
    event.detail, event.changes = "New place: as it was told before", None
    event.save()
    assert history(made, student)[-1].detail == "New place: as it was told before"


def at(state: tuple[str, str]) -> Any:
    """The database as it was after this migration; gives the models of then."""
    call_command("migrate", *state, verbosity=0)  # the command: triggers are off meanwhile
    return MigrationExecutor(connection).loader.project_state([state]).apps


@pytest.fixture
def back_to_now() -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("back_to_now")
def test_older_rows_are_carried_over_and_back(clock, student, ta, topic, staff):
    session = open_time(ta, topic)
    by_staff, by_ta, changed = (
        book(person, slot) for person, slot in zip([student] * 3, slots_of(session), strict=False)
    )
    bookings.cancel(by_ta, ta, "Cancelled by the faculty's staff.")
    with transaction.atomic():
        bookings.cancel_all([by_staff], staff, cause="staff")
        bookings.note_change([changed], ta, {"location": ("R1", "R2"), "notes": ("Hello", "")})
    Appointment.objects.filter(pk=session.pk).update(
        cancelled_at=session.created_at, cancel_cause="topic", cancel_reason=""
    )

    old = at(BEFORE)
    staffs = "Cancelled by the faculty's staff."
    rows = old.get_model("scheduling", "Booking").objects
    assert {rows.get(pk=each.pk).cancel_reason for each in (by_staff, by_ta)} == {staffs}
    sessions = old.get_model("scheduling", "Appointment").objects
    assert sessions.get().cancel_reason == "Its topic is no longer offered."
    events = old.get_model("scheduling", "BookingEvent").objects
    assert (
        list(events.filter(kind="cancelled").values_list("detail", "cause")) == [(staffs, "")] * 2
    )
    assert events.get(kind="changed").detail == "New place: R2\nNew notes: none"

    call_command("migrate", verbosity=0)  # all the way: today's models read the rows
    session.refresh_from_db()
    assert (session.cancel_reason, session.cancel_cause) == ("", "topic")
    now = [Booking.objects.get(pk=each.pk) for each in (by_staff, by_ta)]
    assert [(each.cancel_reason, each.cancel_cause) for each in now] == [
        ("", "staff"),
        (staffs, ""),
    ]
    told = [each.events.get(kind="cancelled") for each in now]
    assert [(each.detail, each.cause) for each in told] == [("", "staff"), (staffs, "")]
    line = history(changed, student)[-1]
    assert line.detail == "New place: R2\nNew notes: none"
