"""One's own week: both roles in one picture, where one is free, and what is on now."""

import re
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block as BlockOfPeople
from accounts.models import User
from scheduling.services import bookings
from scheduling.tests.factories import ask, book, hold, open_time, slots_of, tomorrow
from scheduling.views.contexts.my_week import Block, MyWeek, hours_of, stacked, stretch
from setahub.core import clock as when
from topics.models import Registration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

MONDAY = date(2026, 11, 23)  # the day of the clock, at 9:00


def shown(user: User, asked: str | None = None) -> dict[str, list[str]]:
    """The blocks of each day: kind and start."""
    week = MyWeek.of(user, asked)
    return {
        day.day.isoformat()[5:]: [
            f"{block.kind} {when.time_of_day(block.starts_at)}" for block in day.blocks
        ]
        for day in week.days
        if day.blocks
    }


def html_of(client, query: str = "") -> str:
    response = client.get(f"/calendar/{query}")
    assert response.status_code == 200
    return response.content.decode()


def blocks_of(slots) -> list[Block]:
    return [
        Block(
            "free",
            each.starts_at,
            each.ends_at,
            each.appointment,
            each.pk,
            begin=when.local(each.starts_at).hour * 60,
            minutes=60,
        )
        for each in slots
    ]


class TestWhatStandsInIt:
    def test_both_roles_and_free_seats_in_order(self, ta, other_ta, topic, student):
        mine = slots_of(open_time(ta, topic, end="14:00"))
        theirs = slots_of(open_time(other_ta, topic, start="10:00", end="11:00"))
        book(student, mine[1])
        book(ta, theirs[0])
        assert shown(ta) == {"11-24": ["learn 10:00", "free 13:00", "teach 13:30"]}
        assert shown(student) == {"11-24": ["learn 13:30"]}

    def test_nothing_of_others(self, ta, topic, student, stranger):
        book(student, slots_of(open_time(ta, topic))[0])
        assert shown(stranger) == {}

    def test_nothing_that_was_cancelled(self, ta, topic, student, sign_in):
        slot = slots_of(open_time(ta, topic, end="13:30", location="https://meet.example/x"))[0]
        bookings.cancel(book(student, slot), student, "")
        assert shown(student) == {}
        assert "meet.example" not in html_of(sign_in(student))
        assert shown(ta) == {"11-24": ["free 13:00"]}

    def test_several_seats_of_one_time_are_one_block(self, ta, topic, make_user, sign_in):
        session = open_time(ta, topic, end="13:30", capacity=3)
        for name in ("Mali", "Nok"):
            book(make_user(name), slots_of(session)[0])
        assert shown(ta) == {"11-24": ["teach 13:00"]}
        html = html_of(sign_in(ta))
        assert "2 students" in html
        assert "1 seat free" in html
        assert f'class="my-week-cover" href="/appointments/{session.pk}/"' in html

    def test_a_free_time_leads_to_its_session(self, ta, topic, sign_in):
        session = open_time(ta, topic, end="13:30")
        [slot] = slots_of(session)
        html = html_of(sign_in(ta))
        assert f'href="/appointments/{session.pk}/" data-slot-id="{slot.pk}"' in html

    def test_a_free_time_of_ones_own_is_none_while_one_learns(self, ta, other_ta, topic):
        open_time(ta, topic, end="14:00")
        book(ta, slots_of(open_time(other_ta, topic, end="13:30"))[0])
        assert shown(ta) == {"11-24": ["learn 13:00", "free 13:30"]}

    def test_a_block_leads_to_its_page_and_to_a_message(self, ta, topic, student, sign_in):
        made = book(student, slots_of(open_time(ta, topic))[0])
        for who, other in ((student, ta), (ta, student)):
            html = html_of(sign_in(who))
            assert f'class="my-week-cover" href="/bookings/{made.pk}/"' in html
            assert f'data-booking-id="{made.pk}" data-status="booked"' in html
            assert f'href="/messages/{other.pk}/"' in html
        BlockOfPeople.objects.create(blocker=ta, blocked=student)
        assert f'href="/messages/{ta.pk}/"' not in html_of(sign_in(student))

    def test_many_rows_cost_no_more_queries(self, ta, other_ta, topic, make_user, sign_in):
        client = sign_in(ta)

        def queries() -> int:
            with CaptureQueriesContext(connection) as caught:
                html_of(client)
            return len(caught)

        def add(days: int) -> None:
            day = when.today() + timedelta(days=days)
            book(make_user(f"Student {days}"), slots_of(open_time(ta, topic, day=day))[0])
            theirs = open_time(other_ta, topic, day=day, start="10:00", end="11:00")
            book(ta, slots_of(theirs)[0])

        add(1)
        queries()
        few = queries()
        add(2)
        add(3)
        assert queries() == few <= 11


class TestHeldSeats:
    @pytest.fixture
    def offer(self, ta, topic, student):
        asked = ask(student, topic)
        return hold(slots_of(open_time(ta, topic, end="14:00"))[0], asked)

    def test_who_is_offered_one_sees_it_and_is_led_there(self, student, offer, sign_in):
        assert shown(student) == {"11-24": ["held 13:00"]}
        html = html_of(sign_in(student))
        assert f'class="my-week-cover" href="/offers/{offer.pk}/"' in html
        assert "Held for you: Data Structures" in re.sub("<[^>]+>", "", html)
        assert "held for you" in html  # in the legend

    def test_until_it_is_over(self, student, offer, clock):
        clock.move_to(offer.expires_at)
        assert shown(student) == {}

    def test_its_ta_sees_that_one_is_held_and_which_are_free(self, ta, offer, sign_in):
        assert shown(ta) == {"11-24": ["free 13:00", "free 13:30"]}
        html = html_of(sign_in(ta))
        assert html.count("held for who waits") == 1
        assert "Held for you" not in html

    def test_of_several_seats_those_that_are_left_are_counted(self, ta, topic, student, sign_in):
        asked = ask(student, topic)
        hold(slots_of(open_time(ta, topic, end="13:30", capacity=3))[0], asked)
        html = html_of(sign_in(ta))
        assert "2 seats free" in html
        assert "1 seat held for who waits" in html


class TestAnAgenda:
    def test_has_seven_days_from_today_on(self, ta, topic, clock):
        clock.move_to(when.at(date(2026, 11, 27), time(9)))
        open_time(ta, topic, day=date(2026, 12, 3), end="13:30")
        open_time(ta, topic, day=date(2026, 12, 4), end="13:30")
        week = MyWeek.of(ta, None)
        assert [day.day.day for day in week.days] == [23, 24, 25, 26, 27, 28, 29]
        assert [day.day.day for day in week.further] == [30, 1, 2, 3]
        assert [len(day.blocks) for day in week.further] == [0, 0, 0, 1]
        assert week.hours == range(8, 18)
        assert not week.is_empty

    def test_of_a_week_that_was_asked_for_ends_with_it(self, ta):
        assert MyWeek.of(ta, "2026-11-27").further == []

    def test_hours_are_those_of_the_week_that_is_drawn(self, ta, topic, clock):
        clock.move_to(when.at(date(2026, 11, 27), time(9)))
        open_time(ta, topic, day=date(2026, 11, 30), start="20:00", end="21:00")
        assert MyWeek.of(ta, None).hours == range(8, 18)

    def test_says_that_today_is_empty_and_how_to_go_on(self, student, sign_in):
        html = html_of(sign_in(student))
        assert html.count("Nothing today") == 1
        assert 'href="?week=2026-11-30"' in html
        assert "30 Nov – 6 Dec 2026" in html
        assert "Nothing today" not in html_of(sign_in(student), "?week=2026-11-30")

    def test_what_nobody_booked_has_one_word(self, ta, topic, sign_in, clock):
        session = open_time(ta, topic, end="13:30")
        clock.move_to(session.ends_at)
        html = html_of(sign_in(ta))
        assert "not booked" not in html


class TestNow:
    def test_the_way_in_is_large_from_ten_minutes_before(self, ta, topic, student, sign_in, clock):
        session = open_time(ta, topic, end="13:30", location="https://meet.example/x")
        made = book(student, slots_of(session)[0])
        clock.move_to(made.starts_at - timedelta(minutes=10, seconds=1))
        assert "meet.example" not in html_of(sign_in(student))
        clock.move_to(made.starts_at - timedelta(minutes=10))
        for who in (student, ta):
            html = html_of(sign_in(who))
            assert re.search(r'class="btn primary way-in" href="https://meet.example/x"', html)
            assert "In 10 min:" in html
        clock.move_to(made.ends_at)
        assert "meet.example" not in html_of(sign_in(student))

    def test_what_runs_says_so_and_the_line_lies_in_it(self, ta, topic, student, sign_in, clock):
        made = book(student, slots_of(open_time(ta, topic))[0])
        clock.move_to(made.starts_at + timedelta(minutes=22))
        html = html_of(sign_in(student))
        assert '<span class="tag brand">now</span>' in html
        assert html.count('class="my-week-now my-week-m20"') == 1

    def test_in_an_empty_hour_too(self, student, sign_in, clock):
        clock.move_to(when.at(MONDAY, time(15, 5)))
        assert html_of(sign_in(student)).count('class="my-week-now my-week-m5"') == 1


class TestOpeningTime:
    def test_an_empty_stretch_offers_it_there(self, ta, topic, sign_in):
        client = sign_in(ta)
        url = "/appointments/new/?date=2026-11-24&start_time=15:00&end_time=16:00"
        encoded = url.replace("&", "&amp;").replace(":", "%3A")
        assert f'href="{encoded}"' in html_of(client)
        [plan] = client.get(url).context["form"].plans
        assert plan.span.start == when.at(tomorrow(), time(15))

    def test_not_to_who_teaches_nothing(self, student, sign_in):
        assert "/appointments/new/" not in html_of(sign_in(student))

    def test_not_in_what_is_past_nor_too_far_ahead(self, ta, topic):
        [monday, *_rest] = MyWeek.of(ta, None).days
        assert "date=2026-11-23&start_time=13%3A00" in monday.url
        far = MyWeek.of(ta, "2027-11-24").days
        assert [day.url for day in far] == [""] * 7
        before = MyWeek.of(ta, "2026-11-16").days
        assert [day.url for day in before] == [""] * 7

    def test_from_the_next_quarter_hour_on(self, ta, topic, clock):
        now = timezone.now() + timedelta(minutes=20)  # 9:20
        cells = stretch(MONDAY, 8 * 60, 11 * 60, now, True).cells
        assert [cell.url[-35:] for cell in cells] == [
            "",
            "start_time=09%3A30&end_time=10%3A30",
            "start_time=10%3A00&end_time=11%3A00",
        ]
        assert [cell.leads for cell in cells] == [False, True, False]
        assert [cell.now for cell in cells] == [None, 20, None]
        assert sum(cell.minutes for cell in cells) == 180

    @pytest.mark.parametrize(
        ("query", "start", "end", "minutes"),
        [
            ("start_time=15:00&end_time=15:45", "15:00", "15:45", 45),
            ("start_time=23:30", "23:30", "00:00", 30),
            ("start_time=15:00&end_time=14:00", "13:00", "15:00", 30),
            ("start_time=15:07", "13:00", "15:00", 30),
            ("start_time=x&end_time=99:99", "13:00", "15:00", 30),
        ],
    )
    def test_an_address_fills_the_form_where_it_can_be_meant(
        self, ta, topic, sign_in, query, start, end, minutes
    ):
        [plan] = sign_in(ta).get(f"/appointments/new/?{query}").context["form"].plans
        found = plan.start.strftime("%H:%M"), plan.end.strftime("%H:%M"), plan.slot_minutes
        assert found == (start, end, minutes)


class TestWeeks:
    def test_earlier_later_and_this_one_are_links(self, student, sign_in):
        html = html_of(sign_in(student))
        assert 'href="?week=2026-11-16"' in html
        assert 'href="?week=2026-11-30"' in html
        assert "This week" not in html
        html = html_of(sign_in(student), "?week=2026-12-02")
        assert "30 Nov – 6 Dec 2026" in html
        assert 'href="/calendar/">This week' in html

    def test_in_thai_years_are_of_the_buddhist_era(self, make_user, sign_in):
        html = html_of(sign_in(make_user("Mali", language="th")), "?week=2026-11-23")
        assert "23 – 29\u00a0พ.ย. 2569" in html
        assert "สัปดาห์ของฉัน" in html

    @pytest.mark.parametrize("asked", ["", "nonsense", "2026-13-01", "20261"])
    def test_what_is_no_day_is_this_week(self, student, sign_in, asked):
        html = html_of(sign_in(student), f"?week={asked}")
        assert "23 – 29 Nov 2026" in html
        assert "shown instead" not in html

    def test_a_buddhist_year_is_refused_with_the_year_that_was_meant(self, student, sign_in):
        html = html_of(sign_in(student), "?week=2569-11-23")
        assert "2569 is 2026: type the year as 2026." in html
        assert "23 – 29 Nov 2026" in html

    @pytest.mark.parametrize("asked", ["0001-01-01", "9999-12-31"])
    def test_a_year_that_can_not_be_meant_is_refused(self, student, sign_in, asked):
        assert "can&#x27;t be right" in html_of(sign_in(student), f"?week={asked}")

    @pytest.mark.parametrize("asked", ["2000-01-01", "2200-12-31"])
    def test_the_ends_of_the_calendar_hold(self, student, sign_in, asked):
        html_of(sign_in(student), f"?week={asked}")

    def test_an_agenda_begins_with_today_unless_a_week_was_asked_for(
        self, ta, topic, student, clock, sign_in
    ):
        made = book(student, slots_of(open_time(ta, topic))[0])
        clock.move_to(made.starts_at + timedelta(days=1))
        assert 'href="?week=2026-11-23"' in html_of(sign_in(student))
        assert "Earlier days" not in html_of(sign_in(student), "?week=2026-11-23")


class TestHours:
    def test_a_working_day_and_whatever_lies_outside(self, ta, topic):
        assert list(MyWeek.of(ta, None).hours) == list(range(8, 18))
        open_time(ta, topic, start="06:30", end="07:30")
        open_time(ta, topic, start="23:00", end="00:00")
        assert list(MyWeek.of(ta, None).hours) == list(range(6, 24))

    def test_every_day_is_as_tall_as_its_hours(self, ta, other_ta, topic):
        open_time(ta, topic, minutes=20, end="14:00")
        book(ta, slots_of(open_time(other_ta, topic, minutes=15, start="10:15", end="11:00"))[1])
        week = MyWeek.of(ta, None)
        for day in week.days:
            tall = sum(
                piece.minutes if piece.is_block else sum(cell.minutes for cell in piece.cells)
                for piece in day.pieces
            )
            assert tall == len(week.hours) * 60

    def test_should_two_things_overlap_the_second_is_drawn_below(self, ta, topic):
        first, second, *_rest = blocks_of(slots_of(open_time(ta, topic, minutes=60)))
        at_once = replace(second, begin=first.begin + 30)
        pieces = stacked(MONDAY, [first, at_once], range(8, 18), timezone.now(), False)
        assert [piece for piece in pieces if piece.is_block] == [first, at_once]
        tall = sum(
            piece.minutes if piece.is_block else sum(cell.minutes for cell in piece.cells)
            for piece in pieces
        )
        assert tall == 600

    def test_none_without_a_block(self):
        assert hours_of([]) == range(8, 18)


class TestTheTab:
    def test_who_teaches_has_it_beside_sessions_and_others_beside_bookings(
        self, ta, student, sign_in
    ):
        def tabs(user: User) -> str:
            html = sign_in(user).get("/bookings/").content.decode()
            return html[html.index("tabs-bar") :]

        def links(user: User) -> list[str]:
            return re.findall(r'<a href="([^"]*)"', tabs(user))

        assert links(student) == ["/", "/topics/", "/bookings/", "/calendar/", "/messages/"]
        assert links(ta) == ["/", "/topics/", "/calendar/", "/appointments/", "/messages/"]
        Registration.objects.all().delete()
        assert links(ta) == links(student)

    def test_a_page_of_bookings_lights_the_week_of_who_has_no_tab_of_them(
        self, ta, student, sign_in
    ):
        def lit(user: User, path: str) -> list[str]:
            html = " ".join(sign_in(user).get(path).content.decode().split())
            return re.findall(r'<a href="([^"]*)" aria-current', html[html.index("tabs-bar") :])

        assert lit(student, "/bookings/") == ["/bookings/"]
        assert lit(ta, "/bookings/") == ["/calendar/"]
        assert lit(ta, "/calendar/") == ["/calendar/"]
        assert lit(ta, "/appointments/week/") == ["/appointments/"]

    def test_a_request_lights_what_it_is_for_its_reader(
        self, ta, student, stranger, topic, sign_in
    ):
        def lit(user: User, path: str) -> list[str]:
            html = " ".join(sign_in(user).get(path).content.decode().split())
            bar = html[html.index('<nav class="nav"') :]
            return re.findall(r'<a (?:class="nav-wide" )?href="([^"]*)" aria-current', bar)

        path = ask(student, topic).get_absolute_url()
        assert lit(student, path) == ["/bookings/", "/bookings/"]
        assert lit(ta, path) == ["/appointments/", "/appointments/"]

    def test_a_booking_too(self, ta, student, topic, sign_in):
        path = book(student, slots_of(open_time(ta, topic))[0]).get_absolute_url()
        for user, part in ((student, "/bookings/"), (ta, "/appointments/")):
            html = " ".join(sign_in(user).get(path).content.decode().split())
            assert f'<a href="{part}" aria-current="true">' in html
