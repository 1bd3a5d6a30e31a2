"""Checking in: the TA shows a code, the student enters it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from scheduling.errors import SchedulingError
from scheduling.models import Booking
from scheduling.services import bookings, check_ins
from scheduling.tests.check_in.conftest import MINUTE, code, wrong
from scheduling.tests.factories import book, slots_of, text
from scheduling.tests.reading import queries
from setahub.core.web import cache as cache_module
from setahub.core.web import ratelimit
from setahub.core.web.cache import FailOpenRedisCache


class TestTheCode:
    def test_is_six_digits_that_change_each_minute_and_differ_by_session(self, session):
        start = session.starts_at
        codes = [code(session, start + number * MINUTE) for number in range(20)]
        assert all(len(each) == 6 and each.isdigit() for each in codes)
        assert len(set(codes)) == 20
        assert code(session, start + MINUTE / 2) == codes[0]
        assert check_ins.code_of(session.pk + 1, start) != codes[0]

    def test_of_the_minute_before_still_counts_and_no_older_one(
        self, session, booked, clock, student
    ):
        clock.move_to(booked.starts_at + 5 * MINUTE)
        shown = code(session)
        clock.shift(2 * MINUTE)
        with pytest.raises(SchedulingError, match="not the code"):
            check_ins.check_in(booked, student, shown)
        clock.shift(-MINUTE / 60)
        assert check_ins.check_in(booked, student, shown).checked_in_at is not None


class TestTheTAsPage:
    def test_shows_code_and_qr_from_ten_minutes_before_to_the_end(
        self, session, clock, sign_in, ta
    ):
        page = f"/appointments/{session.pk}/check-in/"

        def shown(moment):
            clock.move_to(moment)
            return text(sign_in(ta).get(page))

        early = shown(session.starts_at - 10 * MINUTE - timedelta(seconds=1))
        assert "<svg" not in early.partition("check-in")[2].partition("</section>")[0]
        assert "The code shows from" in early
        at = shown(session.starts_at - 10 * MINUTE)
        assert code(session) in at
        assert 'hx-trigger="load delay:60s"' in at
        clock.shift(45 * MINUTE / 60)
        assert 'hx-trigger="load delay:15s"' in text(sign_in(ta).get(page))
        last = session.ends_at - timedelta(seconds=1)
        assert code(session, last) in shown(last)
        late = shown(session.ends_at)
        assert "This session is over" in late
        assert "hx-trigger" not in late

    def test_gives_htmx_the_code_alone(self, session, booked, on_time, sign_in, ta):
        part = sign_in(ta).get(
            f"/appointments/{session.pk}/check-in/", headers={"HX-Request": "true"}
        )
        assert code(session) in text(part)
        assert "<html" not in text(part)

    def test_tells_who_came_only_when_somebody_did(
        self, session, booked, on_time, sign_in, ta, student
    ):
        client, page = sign_in(ta), f"/appointments/{session.pk}/check-in/?part=list"
        htmx = {"HX-Request": "true"}
        assert "seen=0-1" in text(client.get(page, headers=htmx))
        assert client.get(f"{page}&seen=0-1", headers=htmx).status_code == 204
        check_ins.check_in(booked, student, code(session))
        assert "seen=1-1" in text(client.get(f"{page}&seen=0-1", headers=htmx))

    def test_costs_the_same_for_one_and_for_three(
        self, session, booked, clock, sign_in, ta, make_user
    ):
        clock.move_to(session.starts_at - 5 * MINUTE)
        client, page = sign_in(ta), f"/appointments/{session.pk}/check-in/"
        one = queries(client, page)
        clock.move_to(booked.created_at)
        for name in ("Anong", "Boon"):
            book(make_user(name), slots_of(session)[3])
        clock.move_to(session.starts_at - 5 * MINUTE)
        assert queries(client, page) == one


class TestIsFound:
    """From the start page and the booking, by both, while it is at hand."""

    def test_by_the_ta(self, booked, session, ta, sign_in, clock):
        link = f'href="/appointments/{session.pk}/check-in/"'
        client = sign_in(ta)
        for page in ("/", booked.get_absolute_url()):
            assert link not in text(client.get(page))
        clock.move_to(booked.starts_at - timedelta(minutes=5))
        for page in ("/", booked.get_absolute_url()):
            assert link in text(client.get(page))

    def test_by_the_student_until_they_have(self, booked, session, student, sign_in, clock):
        client = sign_in(student)
        clock.move_to(booked.starts_at - timedelta(minutes=5))
        assert "Check in</a>" in text(client.get("/"))
        Booking.objects.filter(pk=booked.pk).update(checked_in_at=booked.starts_at)
        assert "Check in</a>" not in text(client.get("/"))


class TestTheBooking:
    def test_takes_the_code_and_says_so(self, session, booked, path, on_time, sign_in, student):
        client = sign_in(student)
        assert "The six digits that your TA shows" in text(client.get(f"/bookings/{booked.pk}/"))
        response = client.post(path, {"code": code(session)})
        assert (response.status_code, response.url) == (302, f"/bookings/{booked.pk}/")
        booked.refresh_from_db()
        assert booked.checked_in_at == booked.starts_at + MINUTE
        assert booked.status == "booked"
        assert booked.events.last().kind == "checked_in"
        page = text(client.get(f"/bookings/{booked.pk}/"))
        assert "You checked in" in page
        assert "The six digits that your TA shows" not in page

    @pytest.mark.parametrize("written", ["{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", " {0} "])
    def test_takes_it_as_people_write_it(self, session, path, on_time, sign_in, student, written):
        response = sign_in(student).post(path, {"code": written.format(code(session))})
        assert response.status_code == 302

    def test_takes_thai_digits(self, session, path, on_time, sign_in, student):
        thai = code(session).translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
        assert sign_in(student).post(path, {"code": thai}).status_code == 302

    def test_refuses_a_wrong_one_beside_the_field(self, session, path, on_time, sign_in, student):
        response = sign_in(student).post(path, {"code": wrong(session)})
        assert response.status_code == 422
        assert response.context["form"].errors.as_data()["code"][0].code == "wrong_code"
        assert wrong(session) in text(response)
        assert sign_in(student).post(path, {"code": ""}).status_code == 422

    def test_takes_none_of_another_session(self, session, path, on_time, sign_in, student):
        of_other = check_ins.code_of(session.pk + 1, session.starts_at + 31 * MINUTE)
        assert sign_in(student).post(path, {"code": of_other}).status_code == 422

    def test_opens_ten_minutes_before_its_own_slot_and_closes_at_its_end(
        self, session, booked, clock, student
    ):
        for moment, refusal in (
            (booked.starts_at - 10 * MINUTE - timedelta(seconds=1), "early"),
            (booked.ends_at, "too_late"),
        ):
            clock.move_to(moment)
            with pytest.raises(SchedulingError) as refused:
                check_ins.check_in(booked, student, code(session))
            assert refused.value.code == refusal
        clock.move_to(booked.starts_at - 10 * MINUTE)
        check_ins.check_in(booked, student, code(session))

    def test_is_for_its_student_alone(self, session, path, on_time, sign_in, ta, stranger):
        sent = {"code": code(session)}
        assert sign_in(ta).post(path, sent).status_code == 403
        assert sign_in(stranger).post(path, sent).status_code == 404
        assert sign_in(ta).get(path).status_code == 405

    def test_that_was_cancelled_is_refused(
        self, session, booked, path, clock, sign_in, student, ta
    ):
        bookings.cancel(booked, ta, "Ill")
        clock.move_to(booked.starts_at)
        assert sign_in(student).post(path, {"code": code(session)}).status_code == 409

    def test_sent_twice_is_done_once(self, session, booked, path, on_time, clock, sign_in, student):
        client = sign_in(student)
        client.post(path, {"code": code(session)})
        clock.shift(MINUTE)
        assert client.post(path, {"code": "000000"}).status_code == 302
        assert booked.events.filter(kind="checked_in").count() == 1

    def test_that_is_moved_has_to_check_in_anew(
        self, session, booked, on_time, clock, settings, student
    ):
        settings.LATE_CANCEL = settings.BOOKING_MIN_NOTICE = 0
        clock.move_to(booked.starts_at - 5 * MINUTE)
        check_ins.check_in(booked, student, code(session))
        moved = bookings.move(booked, student, slots_of(session)[3].pk)
        assert moved.checked_in_at is None

    @pytest.mark.parametrize("who", ["student", "ta"])
    def test_that_is_cancelled_before_its_start_counts_for_nobody_as_there(
        self, session, booked, on_time, clock, request, student, who
    ):
        clock.move_to(booked.starts_at - 5 * MINUTE)
        check_ins.check_in(booked, student, code(session))
        bookings.cancel(booked, request.getfixturevalue(who), "I am ill.")
        booked.refresh_from_db()
        assert (booked.status, booked.checked_in_at) == ("cancelled", None)
        assert booked.events.filter(kind="checked_in").exists()


class TestGuesses:
    def test_of_many_five_are_looked_at_and_the_ta_is_told_once(
        self, session, booked, path, on_time, clock, sign_in, student, ta, post
    ):
        client, before = sign_in(student), len(post())
        codes = [client.post(path, {"code": wrong(session)}).status_code for _try in range(7)]
        assert codes == [422] * 5 + [429] * 2
        response = client.post(path, {"code": code(session)})
        assert response.status_code == 429
        assert "Retry-After" in response
        letters = post()[before:]
        assert [each.to for each in letters] == [[ta.email]]
        assert student.username in letters[0].subject
        clock.shift(10 * MINUTE)
        assert client.post(path, {"code": code(session)}).status_code == 302

    def test_count_for_scans_too(self, session, booked, scan_path, path, on_time, sign_in, student):
        client = sign_in(student)
        for _try in range(5):
            assert client.post(scan_path, {"code": wrong(session)}).status_code == 422
        assert client.post(path, {"code": code(session)}).status_code == 429

    def test_are_refused_while_the_counter_is_away(
        self, session, path, on_time, sign_in, student, monkeypatch
    ):
        away = FailOpenRedisCache("redis://127.0.0.1:1/0", {})
        monkeypatch.setattr(ratelimit, "cache", away)
        response = sign_in(student).post(path, {"code": code(session)})
        cache_module._clients.clear()
        assert response.status_code == 503
        assert "Nothing is lost" in text(response)
        assert Booking.objects.get().checked_in_at is None


class TestWhoHasCheckedIn:
    @pytest.fixture
    def came(self, session, booked, on_time, student, clock):
        made = check_ins.check_in(booked, student, code(session))
        clock.move_to(booked.starts_at + 15 * MINUTE)
        return made

    def test_is_no_no_show(self, came, ta):
        with pytest.raises(SchedulingError, match="has checked in"):
            bookings.mark_no_show(came, ta)
        with pytest.raises(SchedulingError, match="has checked in"):
            bookings.settle_all(came.slot.appointment, ta, {came.pk: "no_show"})

    def test_is_none_for_the_database_either(self, came):
        with pytest.raises(IntegrityError, match="booking_checked_in_came"), transaction.atomic():
            Booking.objects.update(status="no_show")

    def test_undoes_a_no_show(self, session, booked, clock, student, ta):
        clock.move_to(booked.starts_at + 15 * MINUTE)
        bookings.mark_no_show(booked, ta)
        check_ins.check_in(Booking.objects.get(), student, code(session))
        booked.refresh_from_db()
        assert (booked.status, booked.checked_in_at) == (
            "completed",
            booked.starts_at + 15 * MINUTE,
        )
        kinds = list(booked.events.values_list("kind", flat=True))
        assert kinds == ["made", "no_show", "checked_in", "completed"]

    def test_is_ticked_where_the_ta_says_how_it_went(self, session, came, sign_in, ta):
        page = sign_in(ta).get(f"/appointments/{session.pk}/")
        [row] = page.context["outcomes"].rows
        assert (row.came, row.missed, row.may_no_show) == (True, False, False)
        assert "checked in" in text(page)
        assert "Show the code" in text(page)

    def test_is_undone_by_staff(self, came, sign_in, staff, student):
        path = "/admin/scheduling/booking/"
        sent = {"action": "undo_check_in", "_selected_action": came.pk}
        response = sign_in(staff).post(path, sent, follow=True)
        if "apply" in text(response):
            sign_in(staff).post(path, sent | {"apply": "1"})
        came.refresh_from_db()
        assert came.checked_in_at is None
        assert came.events.last().kind == "unchecked"
