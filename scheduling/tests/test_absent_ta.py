"""After a report that the TA did not come: what counts, what each may say, and what staff decide."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from scheduling.errors import SchedulingError
from scheduling.models import Booking, Dispute
from scheduling.queries.free import sessions_given
from scheduling.queries.hours import seats_of, waiting_times
from scheduling.queries.outcomes import reported_absent
from scheduling.queries.reliability import disputed, marks_of
from scheduling.services import bookings, check_ins, reliability, takeaways
from scheduling.tests.factories import book, open_time, slots_of, text

pytestmark = pytest.mark.usefixtures("clock")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ADMIN = "/admin/scheduling/booking/"


@pytest.fixture
def session(ta, topic):
    """Tomorrow from 13 to 15, slots of two seats."""
    return open_time(ta, topic, capacity=2)


@pytest.fixture
def reported(session, student, clock):
    """The first slot, whose student reported at its end that the TA did not come."""
    made = book(student, slots_of(session)[0])
    clock.move_to(made.ends_at)
    return bookings.report_ta_absent(made, student)


def code(call, *args) -> str:
    with pytest.raises(SchedulingError) as caught:
        call(*args)
    return caught.value.code


def kinds(booking) -> list[str]:
    return [event.kind for event in booking.events.order_by("pk")]


def counts(booking) -> tuple[int, int, int]:
    """Of its TA: slots that count, slots that wait for the staff, sessions given on the profile."""
    ta = booking.ta
    return len(seats_of(ta)), waiting_times(ta), sessions_given([ta.pk]).get(ta.pk, 0)


class TestUntilStaffDecide:
    @pytest.mark.parametrize("say", [None, bookings.complete, bookings.mark_no_show])
    def test_it_counts_for_nobody_whatever_the_ta_says(self, reported, ta, student, clock, say):
        if say:
            say(reported, ta)
        clock.shift(2 * DAY)
        assert counts(reported) == (0, 1, 0)
        assert marks_of(student.pk) == []
        assert list(reported_absent()) == [reported]

    def test_no_takeaway_and_no_thanks(self, reported, ta, student):
        bookings.complete(reported, ta)
        assert code(takeaways.leave, reported, ta, "Trees") == "absent"
        assert code(takeaways.thank, reported, student, "yes") == "absent"

    def test_a_no_show_beside_it_is_no_second_thing_to_dispute(self, reported, ta, student):
        bookings.mark_no_show(reported, ta)
        assert code(reliability.dispute, reported, student, "I was there") == "reported"
        assert disputed(student.pk) == [reported]

    def test_who_else_checked_in_there_shows_that_the_ta_was(self, session, reported, stranger):
        other = book_past(stranger, slots_of(session)[0])
        Booking.objects.filter(pk=other.pk).update(
            status="completed", checked_in_at=other.starts_at
        )
        assert counts(reported) == (1, 0, 1)

    def test_a_student_who_checked_in_and_reports_later_waits_too(self, session, student, clock):
        made = book(student, slots_of(session)[0])
        clock.move_to(made.starts_at)
        check_ins.check_in(made, student, check_ins.code_of(session.pk, made.starts_at))
        clock.move_to(made.ends_at)
        bookings.report_ta_absent(made, student)
        clock.shift(2 * DAY)
        assert counts(made) == (0, 1, 0)


def book_past(student, slot) -> Booking:
    """A seat of a slot that is over, as rows are."""
    topic = slot.appointment.topics.get()
    return Booking.objects.create(
        slot=slot, student=student, ta=slot.appointment.ta, topic=topic, question="?", status="no_show"
    )  # fmt: skip


class TestTakenBack:
    def test_by_the_student_it_took_place(self, reported, student, clock):
        bookings.take_report_back(reported, student)
        assert kinds(reported) == ["made", "ta_absent", "completed"]
        assert counts(reported) == (1, 0, 1)
        bookings.take_report_back(reported, student)
        assert kinds(reported) == ["made", "ta_absent", "completed"]

    def test_by_checking_in_with_the_code_of_the_ta(self, session, student, clock):
        made = book(student, slots_of(session)[0])
        clock.move_to(made.starts_at + 5 * MINUTE)
        bookings.report_ta_absent(made, student)
        clock.shift(3 * MINUTE)
        check_ins.check_in(made, student, check_ins.code_of(session.pk, timezone.now()))
        made.refresh_from_db()
        assert made.ta_absent_at is None
        clock.shift(3 * DAY)
        assert counts(made) == (1, 0, 1)

    def test_not_by_the_ta_nor_over_a_no_show_nor_without_one(
        self, reported, session, ta, student, stranger
    ):
        assert code(bookings.take_report_back, reported, ta) == "role"
        bookings.mark_no_show(reported, ta)
        assert code(bookings.take_report_back, reported, student) == "no_show"
        other = book_past(stranger, slots_of(session)[0])
        assert bookings.take_report_back(other, stranger).status == "no_show"

    def test_on_the_page(self, reported, student, sign_in):
        client = sign_in(student)
        assert "Take the report back" in text(client.get(reported.get_absolute_url()))
        response = client.post(f"/bookings/{reported.pk}/ta-absent/", {"back": "on"})
        assert (response.status_code, response.url) == (302, reported.get_absolute_url())
        page = text(client.get(response.url))
        assert "Take the report back" not in page
        assert "reported: TA did not come" not in page


class TestStaffDecide:
    @pytest.fixture
    def act(self, staff, sign_in, settings):
        settings.STAFF_SESSION_IDLE = 30 * 24 * 3600
        client = sign_in(staff)

        def acted(action, row, **given):
            sent = {"action": action, "_selected_action": row.pk, "confirm": "1", **given}
            page = text(client.post(ADMIN, sent, follow=True))
            row.refresh_from_db()
            return page

        acted.client = client
        return acted

    def test_that_it_took_place(self, reported, ta, act, staff):
        assert "1 done." in act("ta_came", reported)
        assert (reported.status, reported.ta_absent_at) == ("completed", None)
        assert counts(reported) == (1, 0, 1)
        assert reported.events.last().actor == staff

    def test_that_it_did_also_where_the_ta_has_said_so(self, reported, ta, act):
        bookings.complete(reported, ta)
        assert counts(reported) == (0, 1, 0)
        act("ta_came", reported)
        assert counts(reported) == (1, 0, 1)
        assert kinds(reported) == ["made", "ta_absent", "completed", "completed"]

    def test_that_the_student_did_not_come(self, reported, ta, student, act):
        bookings.mark_no_show(reported, ta)
        act("missed", reported)
        assert (reported.status, reported.ta_absent_at) == ("no_show", None)
        assert counts(reported) == (1, 0, 0)
        assert [mark.points for mark in marks_of(student.pk)] == [2]
        assert code(reliability.dispute, reported, student, "No") == "decided"

    @pytest.mark.parametrize("say", [None, bookings.complete, bookings.mark_no_show])
    def test_that_the_ta_did_not_come(self, reported, ta, student, stranger, session, act, say):
        other = book_past(stranger, slots_of(session)[0])  # says that the slot was given
        if say:
            say(reported, ta)
        page = act("absent", reported, reason="The room was empty.")
        assert "The TA did not come: 1 done." in page
        assert reported.status == "cancelled"
        assert reported.ta_was_absent
        assert counts(reported) == (0, 0, 0)
        assert marks_of(student.pk) == []
        assert list(reported_absent()) == []
        assert other.slot == reported.slot

    def test_and_both_are_told(self, reported, ta, student, act, post, sign_in, clock):
        [letter] = post()[-1:]
        assert letter.to == [ta.email]
        assert "reported that you did not come" in letter.subject
        before = len(post())
        act("absent", reported, reason="The room was empty.")
        told = {each.to[0]: each.body for each in post()[before:]}
        assert "found that your TA did not come" in told[student.email]
        assert "found that you did not come" in told[ta.email]
        assert all("The room was empty." in body for body in told.values())
        page = text(sign_in(student).get(reported.get_absolute_url()))
        assert "the staff found it to be so" in page
        assert "The faculty&#x27;s staff found that the TA did not come" in page
        assert "TA did not come</span>" in page

    def test_and_both_are_told_that_it_took_place(self, reported, ta, student, act, post):
        before = len(post())
        act("ta_came", reported)
        told = {each.to[0]: each.body for each in post()[before:]}
        assert set(told) == {student.email, ta.email}
        assert all("decided that it took place" in body for body in told.values())

    def test_and_then_it_stays(self, reported, ta, student, act, sign_in):
        act("ta_came", reported)
        assert code(bookings.mark_no_show, reported, ta) == "decided"
        assert code(bookings.report_ta_absent, reported, student) == "decided"
        outcomes = {reported.pk: "no_show"}
        assert code(bookings.settle_all, reported.slot.appointment, ta, outcomes) == "outcomes"
        page = text(sign_in(ta).get(f"/appointments/{reported.slot.appointment_id}/"))
        assert 'id="outcomes"' not in page
        assert "The student did not come" not in text(sign_in(ta).get(reported.get_absolute_url()))

    def test_only_what_was_reported(self, session, student, act, clock, staff):
        made = book(student, slots_of(session)[0])
        clock.move_to(made.ends_at)
        for action in ("ta_came", "missed", "absent"):
            act(action, made, reason="No")
        assert made.status == "booked"
        assert code(bookings.confirm_absence, made, staff, "No") == "no_report"

    def test_by_buttons_on_its_page_and_found_from_the_overview(
        self, reported, ta, act, student, stranger, session
    ):
        for say in (bookings.complete, bookings.mark_no_show):
            say(reported, ta)
            page = text(act.client.get(f"{ADMIN}{reported.pk}/change/"))
            for action in ("ta_came", "missed", "absent"):
                assert f'value="{action}"' in page
            for action in ("cancel", "complete", "undo_no_show"):
                assert f'name="action" value="{action}"' not in page
        overview = text(act.client.get("/admin/"))
        assert 'href="/admin/scheduling/booking/?absence=waits" class="some"><b>1</b>' in overview
        rows = act.client.get(f"{ADMIN}?absence=waits").context["cl"].result_list
        assert list(rows) == [reported]
        act("absent", reported, reason="Empty room")
        assert not act.client.get(f"{ADMIN}?absence=waits").context["cl"].result_list
        assert list(act.client.get(f"{ADMIN}?absence=found").context["cl"].result_list) == [
            reported
        ]


class TestTheWords:
    def test_say_to_the_student_what_counts(self, reported, ta, student, sign_in):
        client, path = sign_in(student), reported.get_absolute_url()
        assert "You reported that your TA did not come. The staff will look at it" in text(
            client.get(path)
        )
        bookings.complete(reported, ta)
        assert "your TA says that it took place. The staff will decide" in text(client.get(path))
        bookings.mark_no_show(reported, ta)
        page = text(client.get(path))
        assert "your TA says that you did not. The staff will decide" in page
        assert "It counts 2 points" not in page
        assert "This is wrong" not in page

    def test_say_to_the_ta_what_counts(self, reported, ta, sign_in):
        client, path = sign_in(ta), reported.get_absolute_url()
        page = text(client.get(path))
        assert "reported that you did not come. The staff will decide" in page
        assert "say below how it went" in page
        bookings.complete(reported, ta)
        assert "and you say otherwise. The staff will decide" in text(client.get(path))
        assert "1 time does not count yet" in text(client.get("/users/me/record/"))

    def test_of_a_dispute_end_with_the_no_show(self, session, student, ta, staff, clock, post):
        """Staff undo a no-show that is disputed: nothing of it waits any more."""
        made = book(student, slots_of(session)[0])
        clock.move_to(made.ends_at)
        bookings.mark_no_show(made, ta)
        found = reliability.dispute(made, student, "I was there")
        bookings.complete(made, ta)
        assert not Dispute.objects.waiting().exists()
        assert code(reliability.decide, found, staff, Dispute.Decision.UPHELD) == "no_no_show"
        bookings.mark_no_show(made, ta)
        assert Dispute.objects.waiting().exists()
        bookings.settle_by_staff(made, staff, "completed")
        found.refresh_from_db()
        assert (found.decision, found.decided_by) == ("set_aside", staff)
        assert "staff agreed with you" in post()[-1].body


def test_a_student_is_told_of_a_no_show_once_unless_it_was_corrected(
    session, student, stranger, ta, clock, post
):
    slot = slots_of(session)[0]
    stays, corrected = book(student, slot), book(stranger, slot)
    clock.move_to(slot.ends_at)
    post().clear()
    bookings.mark_no_show(stays, ta)
    bookings.mark_no_show(corrected, ta)
    bookings.complete(corrected, ta)
    [letter] = post()
    assert letter.to == [student.email]
    assert "noted that you did not come" in letter.body
    bookings.complete(stays, ta)
    bookings.mark_no_show(stays, ta)
    assert len(post()) == 1


class TestReportsOfBeforeStaffDecidedThem:
    """What the staff had said then is no question to them any more."""

    @pytest.fixture
    def settle(self, reported, staff, ta, clock):
        """``settle(by_staff, by_ta)``: so they said, one after the other, while the report stayed."""

        def settle(by_staff=Booking.Status.COMPLETED, by_ta=None):
            for actor, status in ((staff, by_staff), (ta, by_ta)):
                if status:
                    clock.shift(MINUTE)
                    Booking.objects.filter(pk=reported.pk).update(status=status)
                    reported.events.create(kind=status, actor=actor)
            migration = import_module("scheduling.migrations.0019_settled_reports")
            migration.take_off(apps, None)
            reported.refresh_from_db()
            return reported

        return settle

    @pytest.mark.parametrize("said", ["completed", "no_show"])
    def test_those_they_settled_wait_no_more(self, settle, said):
        booking = settle(said)
        assert (booking.status, booking.ta_absent_at) == (said, None)
        assert not reported_absent().exists()

    def test_those_that_the_ta_has_said_otherwise_since_still_do(self, settle):
        assert settle("completed", "no_show").ta_absent_at is not None

    def test_those_that_only_the_ta_spoke_of_still_do(self, settle):
        assert settle(None, "completed").ta_absent_at is not None

    def test_those_that_they_found_to_be_so_keep_why(self, settle, reported, staff):
        bookings.confirm_absence(reported, staff, "Nobody was in the room")
        assert settle("").ta_was_absent
