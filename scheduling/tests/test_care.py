"""A TA's own limits: slots in a week and in a row, and being away."""

from datetime import date, timedelta
from functools import partial

import pytest

from accounts.tests.test_races import all_at_once
from scheduling import sweeps
from scheduling.errors import SchedulingError
from scheduling.models import Booking, FreedSeat, Offer, TeachingLimits, TimeSlot
from scheduling.queries.free import counts, free_from
from scheduling.queries.requests import Opened, opened
from scheduling.services import bookings, care, offers
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, text, tomorrow
from scheduling.tests.test_races import at_once, refusals
from setahub.core import clock as when

PATH = "/users/me/teaching/"
DAY = timedelta(days=1)


def free(ta) -> list[TimeSlot]:
    return free_from(when.today(), ta=ta.pk)


@pytest.fixture
def session(clock, ta, topic):
    """Tomorrow, Tuesday, from 13 to 15: four slots of two seats."""
    return open_time(ta, topic, capacity=2)


@pytest.fixture
def next_week(session, ta, topic):
    return open_time(ta, topic, day=tomorrow() + 7 * DAY)


class TestAWeek:
    @pytest.fixture
    def limited(self, ta):
        care.set_limits(ta, weekly_slots=2)

    def test_has_as_many_booked_slots_as_its_ta_takes(
        self, session, next_week, limited, ta, make_user
    ):
        slots = slots_of(session)
        assert len(free(ta)) == 8
        book(make_user("Anong"), slots[0])
        assert len(free(ta)) == 8
        book(make_user("Boon"), slots[2])
        # What is booked may be filled, and the next week is another.
        assert free(ta) == [slots[0], slots[2], *slots_of(next_week)]
        book(make_user("Chai"), slots[0])
        with pytest.raises(SchedulingError, match="as many bookings in that week as they take"):
            book(make_user("Dao"), slots[1])

    def test_counts_those_that_took_place_and_not_the_cancelled(
        self, session, limited, ta, student, make_user, clock
    ):
        slots = slots_of(session)
        first, second = book(student, slots[0]), book(make_user("Boon"), slots[1])
        bookings.cancel(second, ta, "Ill")
        assert len(free(ta)) == 4
        clock.move_to(first.starts_at)
        bookings.complete(first, ta)
        clock.shift(-DAY / 2)
        book(make_user("Chai"), slots[1])
        assert free(ta) == [slots[0], slots[1]]

    def test_of_the_faculty_begins_on_monday(self, clock, ta, topic, limited, make_user):
        sunday = open_time(ta, topic, day=date(2026, 11, 29), start="23:00", end="00:00")
        monday = open_time(ta, topic, day=date(2026, 11, 30), start="00:00", end="01:00")
        for name, slot in zip(("Anong", "Boon"), slots_of(sunday), strict=True):
            book(make_user(name), slot)
        assert free(ta) == slots_of(monday)

    def test_lets_a_booking_be_moved_within_it(self, session, limited, ta, student, make_user):
        slots = slots_of(session)
        made = book(student, slots[0])
        book(make_user("Boon"), slots[1])
        assert bookings.move(made, student, slots[3].pk).slot == slots[3]
        assert free(ta) == [slots[1], slots[3]]

    def test_counts_a_held_seat(self, session, limited, ta, topic, student, make_user, run_tasks):
        slots = slots_of(session)
        book(make_user("Boon"), slots[0])
        made = book(make_user("Chai"), slots[1])
        bookings.cancel(made, ta, "Ill")
        ask(student, topic)
        book(make_user("Dao"), slots[1])
        bookings.cancel(Booking.objects.latest("pk"), ta, "Ill")
        run_tasks()
        assert Offer.objects.get().slot == slots[1]
        assert free(ta) == [slots[0], slots[1]]

    def test_offers_nothing_beyond_it(self, session, ta, topic, student, make_user, run_tasks):
        slots = slots_of(session)
        made = book(make_user("Boon"), slots[0])
        ask(student, topic)
        book(make_user("Chai"), slots[1])
        care.set_limits(ta, weekly_slots=1)
        bookings.cancel(made, ta, "Ill")
        run_tasks()
        assert not Offer.objects.exists()


class TestARow:
    @pytest.fixture
    def limited(self, ta):
        care.set_limits(ta, slots_in_a_row=2)

    def test_is_as_long_as_its_ta_takes(self, session, limited, ta, topic, make_user):
        slots = slots_of(session)
        after = slots_of(open_time(ta, topic, start="15:00", end="16:00"))
        book(make_user("Anong"), slots[3])
        book(make_user("Boon"), after[0])
        assert free(ta) == [slots[0], slots[1], slots[3]]
        third = make_user("Chai")
        for slot in (slots[2], after[1]):
            with pytest.raises(SchedulingError, match="takes a break"):
                book(third, slot)

    def test_is_not_made_by_filling_a_gap(self, session, limited, ta, make_user):
        slots = slots_of(session)
        book(make_user("Anong"), slots[0])
        book(make_user("Boon"), slots[2])
        assert free(ta) == [slots[0], slots[2], slots[3]]


class TestAway:
    def test_hides_free_time_and_cancels_nothing(self, session, next_week, ta, student):
        made = book(student, slots_of(session)[0])
        care.set_limits(ta, away_until=tomorrow())
        assert free(ta) == slots_of(next_week)
        assert Booking.objects.get(pk=made.pk).status == "booked"
        with pytest.raises(SchedulingError, match="away until Tuesday 24 November"):
            book(student, slots_of(session)[2])
        care.set_limits(ta)
        assert len(free(ta)) == 8
        assert not TeachingLimits.objects.exists()

    def test_ends_by_itself(self, session, next_week, ta, clock):
        care.set_limits(ta, away_until=tomorrow() + 7 * DAY)
        assert free(ta) == []
        clock.shift(DAY)
        assert free(ta) == []

    def test_lets_go_what_is_held_and_offers_it_again_afterwards(
        self, session, next_week, ta, topic, student, make_user, run_tasks
    ):
        slots = [slots_of(session)[0], slots_of(next_week)[0]]
        waiting = [ask(student, topic), ask(make_user("Mali"), topic)]
        for slot, asked in zip(slots, waiting, strict=True):
            hold(slot, asked)
        care.set_limits(ta, away_until=tomorrow())
        assert [each.status for each in Offer.objects.order_by("pk")] == ["withdrawn", "open"]
        assert [slot.held for slot in TimeSlot.objects.filter(pk__in=[s.pk for s in slots])] == [
            0,
            1,
        ]
        assert waiting[0].places.get().ended_at is None
        care.set_limits(ta)
        run_tasks()
        again = Offer.objects.open().get(student=student)
        assert (again.slot.appointment, again.turn) == (session, 1)

    def test_is_no_time_to_take(self, session, ta, topic, student):
        held = hold(slots_of(session)[0], ask(student, topic))
        care.set_limits(ta, away_until=tomorrow())
        with pytest.raises(SchedulingError, match="This time is no longer offered"):
            bookings.take(held, student, "Why?")

    def test_offers_no_seat_that_is_given_back(
        self, session, ta, topic, student, make_user, run_tasks
    ):
        made = book(make_user("Boon"), slots_of(session)[0])
        ask(student, topic)
        care.set_limits(ta, away_until=tomorrow())
        bookings.cancel(made, ta, "Ill")
        run_tasks()
        assert not Offer.objects.exists()
        assert not FreedSeat.objects.exists()

    def test_opens_time_for_nobody_until_then(self, session, ta, topic, student, run_tasks):
        care.set_limits(ta, away_until=tomorrow())
        ask(student, topic)
        made = open_time(ta, topic, start="16:00", end="16:30")
        run_tasks()
        assert not Offer.objects.exists()
        assert opened([made]) == Opened(offered=0, free=0, unmatched=0)
        care.set_limits(ta)
        run_tasks()
        assert Offer.objects.open().count() == 1

    def test_time_again_is_offered_to_who_waits(self, session, ta, topic, student, run_tasks):
        care.set_limits(ta, away_until=tomorrow())
        ask(student, topic)
        run_tasks()
        care.set_limits(ta)
        run_tasks()
        assert Offer.objects.get().student == student


def test_the_counts_of_tiles_know_at_once(session, ta, topic):
    assert counts()[topic.pk].free.count == 4
    care.set_limits(ta, away_until=tomorrow())
    assert counts()[topic.pk].free is None


class TestThePage:
    def test_sets_them_and_shows_them(self, session, sign_in, ta):
        client = sign_in(ta)
        sent = {"weekly_slots": "8", "slots_in_a_row": "3", "away_until": str(tomorrow())}
        assert client.post(PATH, sent).status_code == 302
        limits = TeachingLimits.objects.get()
        assert (limits.weekly_slots, limits.slots_in_a_row) == (8, 3)
        assert limits.away_until == tomorrow()
        page = client.get(PATH)
        assert "This week: 0 of 8 booked" in text(page)
        assert "You are away until Tuesday 24 November" in text(page)
        assert page.context["form"]["away_until"].value() == tomorrow()
        client.post(PATH, {"weekly_slots": "", "slots_in_a_row": "", "away_until": ""})
        assert not TeachingLimits.objects.exists()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("weekly_slots", "0"),
            ("weekly_slots", "many"),
            ("slots_in_a_row", "17"),
            ("away_until", "2026-11-22"),
            ("away_until", "never"),
        ],
    )
    def test_keeps_and_marks_what_is_wrong(self, session, sign_in, ta, name, value):
        response = sign_in(ta).post(PATH, {name: value})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [name]
        assert value in text(response) or name == "away_until"

    def test_is_for_tas(self, sign_in, student):
        assert sign_in(student).get(PATH).status_code == 403


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_pass_the_limit(ta, topic, make_user):
    session = open_time(ta, topic)
    care.set_limits(ta, weekly_slots=2)
    slots = slots_of(session)
    people = [make_user(name) for name in ("Anong", "Boon", "Chai", "Dao")]

    def attempt(number):
        try:
            book(people[number], slots[number], topic)
        except SchedulingError as refused:
            return refused.code
        return "booked"

    assert sorted(all_at_once(attempt, 4)) == ["booked"] * 2 + ["week_full"] * 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_going_away_while_seats_are_matched_and_taken_leaves_nothing_held(ta, topic, make_user):
    people = [make_user(name) for name in ("Anong", "Boon", "Chai", "Dao")]
    [slot, other] = slots_of(open_time(ta, topic, start="13:00", end="14:00", capacity=2))
    held = hold(slot, ask(people[0], topic))
    for person in people[1:]:
        ask(person, topic)
    FreedSeat.objects.create(slot=other)
    results = at_once(
        [
            partial(care.set_limits, ta, away_until=tomorrow()),
            partial(offers.match, other.pk),
            partial(bookings.take, held, people[0], "Why?"),
            sweeps.offer,
        ]
    )
    assert set(refusals(results)) <= {"withdrawn"}
    assert not Offer.objects.open().exists()
    held.refresh_from_db()
    taken = held.status == "taken"
    assert (Booking.objects.active().count(), free(ta)) == (int(taken), [])
