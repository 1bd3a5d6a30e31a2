"""Calendars of people's own: read by a worker, shown to them alone, and never in the way."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import notifications, pushes
from scheduling.errors import SchedulingError
from scheduling.models import BusyCalendar, BusyTime
from scheduling.queries.busy import busy_between
from scheduling.services import bookings, busy
from scheduling.tests.calendars import NINE, at, calendar
from scheduling.tests.factories import ask, book, open_time, slots_of
from scheduling.tests.weekly.steps import PAGE as WEEKLY
from scheduling.tests.weekly.steps import typed
from setahub.core import outbound
from setahub.core.outbound import Fetched, OutboundError
from setahub.core.work import worker

pytestmark = pytest.mark.django_db
PATH = "/users/me/calendars/"
DAY = date(2026, 11, 24)
URL = "https://calendar.example/secret-7/basic.ics"
START = datetime(2026, 11, 22, 17, tzinfo=UTC)  # Monday 23 November in Bangkok
END = START + timedelta(days=30)
WEEK = timedelta(weeks=1)


@pytest.fixture
def there(monkeypatch):
    """``there(data)``: what lies at every address from now on; an error's code: that it fails."""
    asked = []

    def lies(data):
        def fetch(url, *, etag, limit, seconds):
            asked.append((url, etag))
            if isinstance(data, str):
                raise OutboundError(data)
            return Fetched(None if etag else data, '"1"')

        monkeypatch.setattr(outbound, "fetch", fetch)
        return asked

    return lies


@pytest.fixture
def named(clock, student, there):
    """The student's calendar, read once."""
    there(calendar(NINE))
    made = busy.add(student, "Classes", URL)
    busy.read.func(made.pk)
    return made


class TestService:
    def test_its_address_is_sealed(self, named):
        named.refresh_from_db()
        assert "secret-7" not in str(named.__dict__)
        assert busy.address_of(named) == URL

    def test_and_sealed_anew_with_a_new_key(self, named, settings):
        before = named.sealed_url
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another key of fifty characters, which replaces it"
        busy.renew_seals()
        settings.SECRET_KEY_FALLBACKS = []
        named.refresh_from_db()
        assert named.sealed_url != before
        assert busy.address_of(named) == URL

    def test_when_one_is_busy_is_kept_and_nothing_else(self, named, student, stranger):
        [found] = busy_between(student.pk, START, END)
        assert (found.starts_at, found.ends_at, found.calendar) == (
            at(24, 9),
            at(24, 10),
            "Classes",
        )
        assert busy_between(stranger.pk, START, END) == []

    def test_the_same_twice_is_one(self, named, student):
        assert busy.add(student, "Again", URL) == named

    def test_read_every_half_hour_and_once(self, named, run_tasks, there, clock):
        run_tasks()  # what naming it queued
        asked = there(calendar(NINE))
        asked.clear()
        clock.shift(timedelta(minutes=29))
        busy.claim_due(timezone.now(), 10)
        run_tasks()
        assert asked == []
        clock.shift(timedelta(minutes=1))
        busy.claim_due(timezone.now(), 10)
        busy.claim_due(timezone.now(), 10)
        run_tasks()
        assert asked == [(URL, '"1"')]

    def test_one_that_waits_for_a_busy_worker_is_not_queued_again(
        self, clock, student, there, run_tasks
    ):
        asked = there("away")
        busy.add(student, "Classes", URL)
        for _hour in range(3):
            clock.shift(timedelta(hours=1))
            busy.claim_due(timezone.now(), 10)
        run_tasks()
        assert len(asked) == 1
        clock.shift(busy.EVERY)
        busy.claim_due(timezone.now(), 10)
        run_tasks()
        assert len(asked) == 2

    def test_emails_and_pushes_go_before_it(self):
        assert busy.read.priority < pushes.deliver.priority < notifications.mail_notice.priority

    def test_what_is_the_same_stays_and_what_changed_is_replaced(self, named, there, student):
        there(calendar(NINE))
        busy.read.func(named.pk)  # the same etag: no body
        assert BusyTime.objects.count() == 1
        BusyCalendar.objects.update(etag="")
        there(calendar(NINE.replace("24T", "26T"), NINE.replace("24T", "27T")))
        busy.read.func(named.pk)
        days = [each.starts_at.day for each in busy_between(student.pk, START, END)]
        assert days == [26, 27]

    def test_what_stands_is_not_written_again(self, named, there, student):
        [kept] = BusyTime.objects.values_list("pk", flat=True)
        BusyCalendar.objects.update(etag="")
        there(calendar(NINE, NINE.replace("24T", "27T")))
        busy.read.func(named.pk)
        assert kept in BusyTime.objects.values_list("pk", flat=True)
        assert [each.starts_at.day for each in busy_between(student.pk, START, END)] == [24, 27]

    def test_a_whole_term_is_read(self, named, there, student):
        BusyCalendar.objects.update(etag="")
        there(calendar(f"{NINE}\r\nRRULE:FREQ=WEEKLY"))
        busy.read.func(named.pk)
        last = busy_between(student.pk, START, START + timedelta(days=400))[-1]
        assert last.starts_at == at(24, 9) + 26 * WEEK

    def test_what_it_said_goes_with_it(self, named, student):
        busy.remove(student, named.pk)
        assert busy_between(student.pk, START, END) == []

    def test_one_that_fails_changes_nothing_and_is_told_after_a_day_once(
        self, named, there, post, clock
    ):
        there("away")
        busy.read.func(named.pk)
        named.refresh_from_db()
        assert (named.error, named.failing_since) == ("away", timezone.now())
        assert BusyTime.objects.count() == 1
        assert post() == []
        clock.shift(timedelta(days=1))
        busy.read.func(named.pk)
        busy.read.func(named.pk)
        assert [letter.subject for letter in post()] == ["Your calendar “Classes” can't be read"]
        there(calendar(NINE))
        busy.read.func(named.pk)
        named.refresh_from_db()
        assert (named.error, named.failing_since, named.told_at) == ("", None, None)

    def test_one_that_always_fails_is_tried_less_and_less_often(self, named, there, clock):
        there("away")
        waits = []
        for _try in range(9):
            busy.read.func(named.pk)
            named.refresh_from_db()
            waits.append((named.next_at - timezone.now()) / timedelta(hours=1))
            clock.move_to(named.next_at)
        assert waits == [0.5, 0.5, 1, 2, 4, 8, 16, 24, 24]
        there(calendar(NINE))
        busy.read.func(named.pk)
        named.refresh_from_db()
        assert named.next_at - timezone.now() == busy.EVERY

    def test_naming_it_again_has_it_tried_at_once(self, named, there, student, clock, settings):
        settings.RATE_LIMITS = True
        asked = there("away")
        busy.read.func(named.pk)
        clock.shift(timedelta(days=2))
        busy.read.func(named.pk)
        worker.Worker().once()
        before = len(asked)
        for _twice in range(2):  # what is sent twice is done once
            assert busy.add(student, "Classes", URL) == named
        named.refresh_from_db()
        assert (named.error, named.failing_since, named.told_at) == ("", None, None)
        worker.Worker().once()
        named.refresh_from_db()
        assert len(asked) == before + 1
        assert (named.error, named.failing_since) == ("away", timezone.now())
        for _often in range(busy.ADDED_AN_HOUR - 1):
            busy.add(student, "Classes", URL)
            busy.read.func(named.pk)
        with pytest.raises(SchedulingError) as refused:
            busy.add(student, "Classes", URL)
        assert refused.value.code == "rate_limited"

    def test_one_that_is_removed_meanwhile_is_not_written_to(self, named, there, student):
        there(calendar(NINE))
        busy.remove(student, named.pk)
        busy.read.func(named.pk)
        assert not BusyTime.objects.exists()


class TestPage:
    def test_naming_and_removing(self, student, sign_in, there):
        there(calendar(NINE))
        client = sign_in(student)
        sent = {"name": "Classes", "url": "webcal://calendar.example/a.ics"}
        assert client.post(PATH, sent).url == PATH
        made = BusyCalendar.objects.get()
        assert busy.address_of(made) == "https://calendar.example/a.ics"
        page = client.get(PATH).content.decode()
        assert "Classes" in page
        assert "calendar.example" not in page
        assert client.post(PATH, {"remove": made.pk}).url == PATH
        assert not BusyCalendar.objects.exists()

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("no_calendar", "What lies there is no calendar."),
            ("too_complex", "It is too large to be read."),
            ("inside", "Its address does not lead to the open internet."),
            ("status", "It is not given out there."),
            ("slow", "It does not answer."),
        ],
    )
    def test_one_that_fails_says_why(self, clock, student, sign_in, there, code, words):
        there(code)
        made = busy.add(student, "Classes", URL)
        busy.read.func(made.pk)
        page = sign_in(student).get(PATH).content.decode()
        assert words in page
        assert "Can't be read since Mon 23 Nov, 09:00" in page
        assert "What it said last" not in page  # it never said anything
        assert "in the end once a day; add its address again" in page
        there(calendar(NINE))
        busy.read.func(made.pk)
        there(code)
        busy.read.func(made.pk)
        page = sign_in(student).get(PATH).content.decode()
        assert "What it said last still counts." in page

    @pytest.mark.parametrize("url", ["http://calendar.example/", "https://x:99/", "nothing", ""])
    def test_other_addresses_get_words_beside_the_field(self, student, sign_in, url):
        answer = sign_in(student).post(PATH, {"name": "Classes", "url": url})
        assert answer.status_code == 422
        assert "url" in answer.context["form"].errors
        assert 'value="Classes"' in answer.content.decode()

    def test_five_are_the_most_and_ten_an_hour(self, student, sign_in, settings):
        settings.RATE_LIMITS = True
        client = sign_in(student)
        statuses = [
            client.post(PATH, {"name": "A", "url": f"https://calendar.example/{n}"}).status_code
            for n in range(6)
        ]
        assert statuses == [302] * 5 + [409]
        BusyCalendar.objects.all().delete()
        for n in range(5):
            client.post(PATH, {"name": "A", "url": f"https://calendar.example/{n}"})
        BusyCalendar.objects.all().delete()
        answer = client.post(PATH, {"name": "A", "url": "https://calendar.example/x"})
        assert answer.status_code == 429

    def test_nobody_removes_another_persons(self, named, stranger, sign_in):
        sign_in(stranger).post(PATH, {"remove": named.pk})
        assert BusyCalendar.objects.filter(pk=named.pk).exists()


class TestMarks:
    def test_a_time_is_marked_and_can_be_booked(self, named, student, ta, topic, sign_in, clock):
        session = open_time(ta, topic, day=DAY, start="09:00", end="11:00")
        page = sign_in(student).get(f"/topics/{topic.slug}/").content.decode()
        assert page.count("you are busy") == 2
        first = session.slots.order_by("starts_at").first()
        sent = {"slot": first.pk, "topic": topic.pk, "question": "Joins?"}
        assert sign_in(student).post("/bookings/new/", sent).status_code == 302

    def test_nobody_else_sees_it(self, named, stranger, ta, topic, sign_in):
        open_time(ta, topic, day=DAY, start="09:00", end="10:00")
        assert (
            "you are busy" not in sign_in(stranger).get(f"/topics/{topic.slug}/").content.decode()
        )

    def test_nor_does_the_ta_on_any_page_about_the_student(
        self, named, student, ta, staff, topic, sign_in
    ):
        session = open_time(ta, topic, day=DAY, start="09:00", end="10:00")
        made = book(student, slots_of(session)[0])
        paths = [
            f"/users/{student.pk}/",
            f"/bookings/{made.pk}/",
            f"/appointments/{session.pk}/",
            "/calendar/?week=2026-11-23",
        ]
        for viewer in (ta, staff):
            for path in paths:
                page = sign_in(viewer).get(path).content.decode()
                assert "you are busy" not in page, path
                assert "Classes" not in page, path
        page = sign_in(staff).get(f"/admin/accounts/user/{student.pk}/change/").content.decode()
        assert "Classes" not in page

    def test_the_nearest_times_instead_of_one_that_is_taken_are_marked(
        self, named, student, stranger, ta, topic, sign_in
    ):
        session = open_time(ta, topic, day=DAY, start="09:00", end="10:00")
        first = slots_of(session)[0]
        book(stranger, first)
        answer = sign_in(student).get(f"/bookings/new/?slot={first.pk}&topic={topic.slug}")
        assert answer.content.decode().count("you are busy") == 1

    def test_so_are_those_instead_of_one_that_was_cancelled(
        self, named, student, ta, topic, sign_in
    ):
        session = open_time(ta, topic, day=DAY, start="09:00", end="10:00")
        made = book(student, slots_of(session)[0])
        bookings.cancel(made, ta, "ill")
        page = sign_in(student).get(f"/bookings/{made.pk}/").content.decode()
        assert page.count("you are busy") == 1

    def test_so_are_those_that_fit_a_request(self, named, student, ta, topic, sign_in):
        open_time(ta, topic, day=DAY, start="09:00", end="10:00")
        ask(student, topic)
        page = sign_in(student).get("/bookings/?tab=requests").content.decode()
        assert page.count("you are busy") == 2

    def test_my_week_names_it(self, named, student, sign_in):
        page = sign_in(student).get("/calendar/?week=2026-11-23").content.decode()
        assert "Classes" in page
        assert "09:00" in page

    def test_the_preview_of_a_session_marks_it(self, ta, topic, sign_in, there, clock):
        there(calendar(NINE))
        busy.read.func(busy.add(ta, "Classes", URL).pk)
        sent = {
            "topics": topic.pk, "date": "2026-11-24", "start_time": "09:00", "end_time": "11:00",
            "slot_minutes": 30, "capacity": 1, "location": "E12", "notes": "", "preview": "",
        }  # fmt: skip
        page = sign_in(ta).post("/appointments/new/", sent).content.decode()
        assert page.count("you are busy") == 2
        page = sign_in(ta).post("/appointments/new/", sent | {"repeat_until": "2026-12-08"})
        assert page.content.decode().count("you are busy:") == 1  # of three weeks

    def test_the_preview_of_a_term_counts_it(self, ta, topic, sign_in, there, clock):
        there(calendar(f"{NINE}\r\nRRULE:FREQ=WEEKLY;COUNT=2"))
        busy.read.func(busy.add(ta, "Classes", URL).pk)
        form = typed(topic, (1, "09:00", "11:00"), (3, "09:00", "11:00"), weeks=3, preview="1")
        page = sign_in(ta).post(WEEKLY, form)
        assert page.context["term"].busy == 2
        html = page.content.decode()
        assert "At 2 of these times you are busy" in html
        assert html.count('data-kind="busy"') == 2 + 1  # and in the legend
