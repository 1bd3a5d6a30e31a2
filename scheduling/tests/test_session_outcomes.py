"""How it went, for a whole session at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from scheduling.errors import SchedulingError
from scheduling.models import Booking
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from scheduling.tests.reading import queries, text

MINUTE = timedelta(minutes=1)
KEY = "0123456789abcdef" * 2


@pytest.fixture
def session(ta, topic):
    """Tomorrow from 13 to 15, three seats in each slot."""
    return open_time(ta, topic, capacity=3)


@pytest.fixture
def seats(session, topic, make_user):
    """Three at 13:00 and one at 14:30."""
    first, *_between, last = slots_of(session)
    people = [make_user(name, year=1) for name in ("Anong", "Boon", "Chai", "Dao")]
    return [
        book(each, slot) for each, slot in zip(people, [first, first, first, last], strict=True)
    ]


def statuses() -> list[str]:
    return list(Booking.objects.order_by("pk").values_list("status", flat=True))


def pks(*rows) -> list[int]:
    return [each.pk for each in rows]


@pytest.mark.usefixtures("clock")
class TestThePage:
    @pytest.fixture
    def path(self, session, seats, clock):
        clock.move_to(session.starts_at + 15 * MINUTE)
        return f"/appointments/{session.pk}/outcomes/"

    @pytest.fixture
    def client(self, path, sign_in, ta):
        return sign_in(ta)  # once the clock has moved

    def test_asks_from_the_start_on_of_those_who_have_begun(
        self, session, seats, clock, sign_in, ta
    ):
        page = f"/appointments/{session.pk}/"
        assert "How did it go?" not in text(sign_in(ta).get(page))
        clock.move_to(session.starts_at)
        response = sign_in(ta).get(page)
        assert "How did it go?" in text(response)
        rows = response.context["outcomes"].rows
        assert [row.booking.student.username for row in rows] == ["Anong", "Boon", "Chai"]
        assert [row.may_no_show for row in rows] == [False] * 3
        clock.shift(10 * MINUTE)
        rows = sign_in(ta).get(page).context["outcomes"].rows
        assert [row.may_no_show for row in rows] == [True] * 3

    def test_settles_each_as_it_was_said(self, client, path, session, seats):
        anong, boon, chai, _dao = seats
        sent = {"completed": pks(anong, chai), "no_show": pks(boon)}
        response = client.post(path, sent)
        assert (response.status_code, response.url) == (302, f"/appointments/{session.pk}/")
        assert statuses() == ["completed", "no_show", "completed", "booked"]
        assert boon.events.last().kind == "no_show"

    def test_everyone_came_in_one_press(self, client, path, session, seats):
        page = client.get(f"/appointments/{session.pk}/")
        assert "Everyone came" in text(page)
        everyone = page.context["outcomes"].everyone
        client.post(path, {"completed": pks(*everyone)})
        assert statuses() == ["completed"] * 3 + ["booked"]
        page = client.get(f"/appointments/{session.pk}/")
        assert "Everyone came" not in text(page)
        assert [row.came for row in page.context["outcomes"].rows] == [True] * 3

    def test_is_not_offered_where_somebody_did_not_come(self, client, path, session, seats):
        client.post(path, {"no_show": pks(seats[0])})
        assert "Everyone came" not in text(client.get(f"/appointments/{session.pk}/"))

    def test_what_was_said_can_be_changed(self, client, path, seats, clock):
        client.post(path, {"completed": pks(*seats[:3])})
        client.post(path, {"completed": pks(*seats[1:3]), "no_show": pks(seats[0])})
        assert statuses() == ["no_show", "completed", "completed", "booked"]
        assert [event.kind for event in seats[1].events.all()] == ["made", "completed"]

    @pytest.mark.parametrize("key", [{}, {"form_key": KEY}])
    def test_sent_twice_is_done_once(self, client, path, seats, key):
        sent = {"completed": pks(seats[0]), "no_show": pks(seats[1]), **key}
        urls = {client.post(path, sent).url for _time in range(2)}
        assert len(urls) == 1
        assert [event.kind for event in seats[1].events.all()] == ["made", "no_show"]

    def test_one_that_is_refused_stops_all_by_name(self, client, path, seats, topic):
        response = client.post(path, {"completed": pks(*seats)})
        assert response.status_code == 409
        assert response.context["form"].refusal.details == [
            "Dao, Tue 24 Nov, 14:30: It hasn't started yet."
        ]
        assert "Nothing was saved:" in text(response)
        assert statuses() == ["booked"] * 4
        ticks = [row.came for row in response.context["outcomes"].rows]
        assert ticks == [True] * 3  # nothing that was ticked is lost

    def test_before_anything_began_it_says_so(self, sign_in, ta, session, seats):
        response = sign_in(ta).post(
            f"/appointments/{session.pk}/outcomes/", {"completed": pks(seats[0])}
        )
        assert response.status_code == 409
        assert "It hasn't started yet." in text(response).replace("&#x27;", "'")

    def test_too_soon_for_a_no_show_too_late_for_anything_cancelled(
        self, client, path, seats, clock, session, sign_in, ta
    ):
        clock.move_to(session.starts_at + 5 * MINUTE)
        response = client.post(path, {"no_show": pks(seats[0])})
        assert response.context["form"].refusal.details == [
            "Anong, Tue 24 Nov, 13:00: Please wait until 10 minutes after the start."
        ]
        clock.move_to(session.ends_at + timedelta(days=8))
        response = sign_in(ta).post(path, {"no_show": pks(seats[0])})
        assert response.context["form"].refusal.details == [
            "Anong, Tue 24 Nov, 13:00: This could only be changed for 7 days after the end."
        ]

    def test_a_cancelled_one_is_named(self, client, path, seats, clock, session):
        clock.move_to(session.starts_at - timedelta(hours=5))
        bookings.cancel(seats[0], seats[0].student, "")
        clock.move_to(session.starts_at + 15 * MINUTE)
        response = client.post(path, {"completed": pks(*seats[:2])})
        assert response.context["form"].refusal.details == [
            "Anong, Tue 24 Nov, 13:00: This booking was cancelled."
        ]
        assert statuses() == ["cancelled", "booked", "booked", "booked"]

    def test_both_at_once_is_refused_by_name(self, client, path, seats):
        response = client.post(path, {"completed": pks(seats[0]), "no_show": pks(*seats[:2])})
        assert response.status_code == 422
        assert "Either came or did not come, not both: Anong." in text(response)
        assert statuses() == ["booked"] * 4

    @pytest.mark.parametrize("sent", [{}, {"completed": ["x"]}, {"no_show": ["99999"]}])
    def test_nothing_or_something_else_is_refused(self, client, path, seats, sent):
        assert client.post(path, sent).status_code == 422

    def test_a_booking_of_another_session_is_refused(self, client, path, ta, topic, student, seats):
        other = open_time(ta, topic, start="16:00", end="17:00", day=seats[0].starts_at.date())
        made = book(student, slots_of(other)[0], topic)
        response = client.post(path, {"completed": [seats[0].pk, made.pk]})
        assert response.status_code == 422
        assert "Choose bookings of this session." in text(response)
        assert set(statuses()) == {"booked"}

    def test_is_the_tas_own(self, path, seats, sign_in, stranger, staff):
        for person in (stranger, staff, seats[0].student):
            assert sign_in(person).post(path, {"completed": pks(seats[0])}).status_code == 404
        assert statuses() == ["booked"] * 4

    def test_the_page_costs_no_more_with_more_bookings(
        self, session, seats, topic, student, ta, sign_in, clock
    ):
        morning = open_time(ta, topic, start="09:00", end="10:00")
        book(student, slots_of(morning)[0])
        clock.move_to(session.starts_at + 15 * MINUTE)
        client = sign_in(ta)
        one, three = (queries(client, f"/appointments/{each.pk}/") for each in (morning, session))
        assert one == three


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_holds_for_all(ta, session, seats):
    """Two tabs say the opposite of three bookings: whoever is last, it is so for each."""
    begun = session.starts_at - timedelta(days=2)
    shown = seats[:3]
    Booking.objects.filter(pk__in=pks(*shown)).update(starts_at=begun, ends_at=begun + 30 * MINUTE)
    gate = Barrier(2, timeout=30)

    def say(status: str) -> object:
        try:
            gate.wait()
            return bookings.settle_all(session, ta, {each.pk: status for each in shown})
        except SchedulingError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(say, ["completed", "no_show"]))
    assert found == [3, 3]
    assert len(set(statuses()[:3])) == 1
    assert statuses()[3] == "booked"
    kinds = [[event.kind for event in each.events.order_by("pk")][1:] for each in shown]
    assert kinds[0] == kinds[1] == kinds[2]
    assert sorted(kinds[0]) == ["completed", "no_show"]


@pytest.mark.usefixtures("clock")
class TestIsFound:
    """Also once the time has said it: those bookings count as completed."""

    @pytest.fixture
    def later(self, session, seats, clock):
        """``later(days=2)``: that long after the end."""
        return lambda **time: clock.move_to(session.ends_at + timedelta(**time))

    def test_open_on_the_page_of_the_session(self, session, later, sign_in, ta):
        later(days=2)
        page = text(sign_in(ta).get(f"/appointments/{session.pk}/"))
        assert '<section class="card stack" id="outcomes"' in page
        assert "It can be changed until Tue 1 Dec." in page
        assert page.count('name="no_show"') == 4

    def test_in_the_list_of_sessions_while_it_can_be_said(self, session, later, sign_in, ta):
        link = f'href="/appointments/{session.pk}/#outcomes"'
        assert link not in text(sign_in(ta).get("/appointments/"))
        later(hours=-1)
        assert link in text(sign_in(ta).get("/appointments/"))
        later(days=7)
        assert link in text(sign_in(ta).get("/appointments/?tab=completed"))
        later(days=7, seconds=1)
        assert link not in text(sign_in(ta).get("/appointments/?tab=completed"))
        assert 'id="outcomes"' not in text(sign_in(ta).get(f"/appointments/{session.pk}/"))

    def test_it_is_asked_until_all_is_said(self, session, later, sign_in, ta):
        def label():
            page = text(sign_in(ta).get("/appointments/?tab=completed"))
            return "asks" if "How did it go?" in page else "How it went" in page

        later(hours=1)
        *most, last = Booking.objects.order_by("pk")
        for each in most:
            bookings.complete(each, ta)
        assert label() == "asks"
        bookings.mark_no_show(last, ta)
        assert label() is True

    def test_not_before_anybody_s_time_has_begun_nor_of_who_is_still_to_come(
        self, session, student, topic, clock, sign_in, ta
    ):
        _first, second, last, *_rest = slots_of(session)
        made = book(student, second)
        book(student, last)
        clock.move_to(session.starts_at)
        assert "#outcomes" not in text(sign_in(ta).get("/appointments/"))
        clock.move_to(second.starts_at)
        assert "How did it go?" in text(sign_in(ta).get("/appointments/"))
        bookings.complete(made, ta)
        page = text(sign_in(ta).get("/appointments/"))
        assert ("How did it go?" in page, "How it went" in page) == (False, True)

    def test_not_of_a_session_that_nobody_booked(self, ta, topic, clock, sign_in):
        session = open_time(ta, topic)
        clock.move_to(session.ends_at)
        page = text(sign_in(ta).get("/appointments/?tab=completed"))
        assert "#outcomes" not in page
