"""A form that is sent again leads to what it made the first time, whatever became of that since."""

import re
from dataclasses import replace
from datetime import time, timedelta

import pytest

from accounts.models import SentForm, SignIn
from accounts.sweeps import forget_sent_forms
from scheduling.models import Appointment, Booking
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow
from topics.models import Registration, Topic

KEY = "0123456789abcdef" * 2


def key_in(page):
    """The one-time key of the page's form that books, opens, cancels and so on: its last one."""
    keys = re.findall(r'name="form_key" value="([0-9a-f]{32})"', page.content.decode())
    assert keys, "the form has no key"
    return keys[-1]


@pytest.mark.usefixtures("clock")
class TestAKey:
    @pytest.fixture
    def slots(self, ta, topic):
        return slots_of(open_time(ta, topic))

    @pytest.fixture
    def form(self, slots, topic):
        return {"slot": slots[0].pk, "topic": topic.pk, "question": "Why?"}

    def test_each_form_that_is_shown_has_another(self, sign_in, student, slots):
        client, address = sign_in(student), f"/bookings/new/?slot={slots[0].pk}"
        assert key_in(client.get(address)) != key_in(client.get(address))

    def test_leads_a_second_sending_to_the_first_ones_booking(self, sign_in, student, form, slots):
        client = sign_in(student)
        form["form_key"] = key_in(client.get(f"/bookings/new/?slot={slots[0].pk}"))
        first = client.post("/bookings/new/", form)
        second = client.post("/bookings/new/", form)
        made = Booking.objects.get()
        assert [(each.status_code, each.url) for each in (first, second)] == [
            (302, f"/bookings/{made.pk}/")
        ] * 2

    def test_leads_there_when_the_booking_was_cancelled_meanwhile(self, sign_in, student, form):
        client = sign_in(student)
        form["form_key"] = KEY
        first = client.post("/bookings/new/", form)
        bookings.cancel(Booking.objects.get(), student, "")
        second = client.post("/bookings/new/", form)
        assert second.url == first.url
        assert Booking.objects.count() == 1

    def test_says_that_what_was_changed_since_is_not_saved(self, sign_in, student, form, slots):
        client = sign_in(student)
        form["form_key"] = KEY
        client.post("/bookings/new/", form)
        response = client.post("/bookings/new/", {**form, "slot": slots[2].pk}, follow=True)
        assert Booking.objects.get().slot == slots[0]
        assert "What you changed in it since then is not saved." in response.content.decode()

    def test_of_a_refused_form_is_still_good(self, sign_in, student, form):
        client = sign_in(student)
        form["form_key"] = KEY
        assert client.post("/bookings/new/", {**form, "question": ""}).status_code == 422
        assert not SentForm.objects.exists()
        assert client.post("/bookings/new/", form).status_code == 302

    def test_is_nobody_elses(self, sign_in, student, stranger, form, slots):
        form["form_key"] = KEY
        sign_in(student).post("/bookings/new/", form)
        response = sign_in(stranger).post("/bookings/new/", {**form, "slot": slots[2].pk})
        assert response.url == f"/bookings/{Booking.objects.get(student=stranger).pk}/"

    @pytest.mark.parametrize("key", ["", "short", "with space 0123456789", "x" * 65, "\0" * 20])
    def test_of_another_shape_counts_as_none(self, sign_in, student, form, key):
        response = sign_in(student).post("/bookings/new/", {**form, "form_key": key})
        assert response.status_code == 302
        assert not SentForm.objects.exists()

    def test_is_forgotten_after_a_month(self, clock, sign_in, student, form):
        sign_in(student).post("/bookings/new/", {**form, "form_key": KEY})
        clock.shift(timedelta(days=29))
        forget_sent_forms()
        assert SentForm.objects.count() == 1
        clock.shift(timedelta(days=2))
        forget_sent_forms()
        assert not SentForm.objects.exists()


@pytest.mark.usefixtures("clock")
class TestEveryForm:
    """Each is filled as a browser would, sent twice, and leads to one place, with one result."""

    def twice(self, client, page, path, form):
        form = {**form, "form_key": key_in(client.get(page))}
        first, second = client.post(path, form), client.post(path, form)
        assert first.status_code == second.status_code == 302
        assert first.url == second.url

    def test_that_opens_time(self, sign_in, ta, topic):
        form = {
            "topics": [topic.pk],
            "date": tomorrow().isoformat(),
            "start_time": "13:00",
            "end_time": "15:00",
            "slot_minutes": "30",
            "capacity": "1",
            "location": "Room 504",
            "repeat_until": (tomorrow() + timedelta(days=14)).isoformat(),
        }
        self.twice(sign_in(ta), "/appointments/new/", "/appointments/new/", form)
        assert Appointment.objects.count() == 3

    def test_that_opens_weekly_hours(self, sign_in, ta, topic):
        page = "/appointments/week/"
        form = {
            "topics": [topic.pk],
            "slot_minutes": "30",
            "capacity": "1",
            "repeat_until": (tomorrow() + timedelta(days=14)).isoformat(),
            "rows-TOTAL_FORMS": "1",
            "rows-0-day": str(tomorrow().weekday()),
            "rows-0-start": "13:00",
            "rows-0-end": "15:00",
            "rows-0-location": "Room 504",
        }
        self.twice(sign_in(ta), page, page, form)
        assert Appointment.objects.count() == 3

    def test_that_copies_a_week(self, sign_in, ta, topic):
        open_time(ta, topic)
        form = {
            "week": tomorrow().isoformat(),
            "to": (tomorrow() + timedelta(days=7)).isoformat(),
        }
        page = "/appointments/copy-week/"
        self.twice(sign_in(ta), page, page, form)
        assert Appointment.objects.count() == 2

    def test_that_cancels_a_session(self, sign_in, ta, topic):
        page = f"/appointments/{open_time(ta, topic).pk}/delete/"
        self.twice(sign_in(ta), page, page, {"reason": "Ill", "scope": "one"})

    def test_that_cancels_all_later_ones(self, sign_in, ta, topic):
        made = open_series(ta, topic)
        page = f"/appointments/{made[1].pk}/delete/"
        self.twice(sign_in(ta), page, page, {"reason": "Ill", "scope": "following"})
        assert Appointment.objects.open().count() == 1

    def test_that_moves_a_booking(self, sign_in, student, ta, topic):
        slots = slots_of(open_time(ta, topic))
        page = f"/bookings/{book(student, slots[0]).pk}/reschedule/?slot={slots[2].pk}"
        self.twice(sign_in(student), page, page, {"slot": slots[2].pk})
        assert Booking.objects.get().slot == slots[2]

    def test_that_cancels_a_booking(self, sign_in, student, ta, topic):
        made = book(student, slots_of(open_time(ta, topic))[0])
        page = f"/bookings/{made.pk}/cancel/"
        self.twice(sign_in(student), page, page, {"reason": "Ill"})

    @pytest.mark.parametrize("outcome", ["complete", "no-show"])
    def test_that_says_how_it_went(self, clock, sign_in, student, ta, topic, outcome):
        made = book(student, slots_of(open_time(ta, topic))[0])
        clock.move_to(made.starts_at + timedelta(minutes=15))
        page = f"/bookings/{made.pk}/"
        self.twice(sign_in(ta), page, f"{page}{outcome}/", {})

    def test_that_reports_an_absent_ta(self, clock, sign_in, student, ta, topic):
        made = book(student, slots_of(open_time(ta, topic))[0])
        clock.move_to(made.starts_at + timedelta(minutes=15))
        page = f"/bookings/{made.pk}/"
        self.twice(sign_in(student), page, f"{page}ta-absent/", {})

    def test_that_makes_a_topic(self, sign_in, student):
        form = {"name": "Compilers", "description": "Parsing"}
        self.twice(sign_in(student), "/topics/new/", "/topics/new/", form)
        assert Topic.objects.count() == 1

    def test_that_deletes_a_topic(self, sign_in, creator, topic):
        page = f"/topics/{topic.slug}/delete/"
        self.twice(sign_in(creator), page, page, {})
        assert not Topic.objects.exists()

    def test_that_offers_to_teach(self, sign_in, stranger, topic):
        page = f"/topics/{topic.slug}/"
        self.twice(sign_in(stranger), page, f"{page}register/", {})
        assert Registration.objects.filter(user=stranger).count() == 1


@pytest.mark.usefixtures("clock")
class TestWithoutAKey:
    """The same content leads to the result that still stands, however that has changed since."""

    def twice(self, client, path, form, between=lambda: None):
        first = client.post(path, form)
        between()
        second = client.post(path, form)
        assert (first.status_code, second.status_code) == (302, 302)
        return first.url, second.url

    def week(self, topic, weeks=2):
        return {
            "topics": [topic.pk],
            "date": tomorrow().isoformat(),
            "start_time": "13:00",
            "end_time": "15:00",
            "slot_minutes": "30",
            "capacity": "1",
            "location": "Room 504",
            "repeat_until": (tomorrow() + timedelta(weeks=weeks)).isoformat() if weeks else "",
        }

    def test_a_topic_deleted_again(self, sign_in, creator, topic):
        path = f"/topics/{topic.slug}/delete/"
        assert self.twice(sign_in(creator), path, {}) == ("/topics/", "/topics/")

    def test_a_topic_that_somebody_else_deleted_is_not_there(self, sign_in, creator, staff, topic):
        path = f"/topics/{topic.slug}/delete/"
        assert sign_in(creator).post(path).status_code == 302
        assert sign_in(staff).post(path).status_code == 404

    def test_a_topic_of_that_name_is_deleted_like_the_one_before(self, sign_in, creator):
        client, path = sign_in(creator), "/topics/compilers/delete/"
        for _time in range(2):
            client.post("/topics/new/", {"name": "Compilers"})
            assert self.twice(client, path, {}) == ("/topics/", "/topics/")
        assert not Topic.objects.filter(slug="compilers").exists()

    def test_a_topic_whose_words_were_changed_since(self, sign_in, student):
        def change():
            Topic.objects.update(description="Parsing and more")

        form = {"name": "Compilers", "description": "Parsing"}
        first, second = self.twice(sign_in(student), "/topics/new/", form, change)
        assert first == second == "/topics/compilers/"

    def test_a_name_that_is_somebody_elses_is_still_taken(self, sign_in, student, stranger):
        form = {"name": "Compilers", "description": "Parsing"}
        sign_in(stranger).post("/topics/new/", form)
        assert sign_in(student).post("/topics/new/", form).status_code == 422

    @pytest.mark.parametrize("which", [0, 1])
    def test_a_series_one_week_of_which_was_cancelled(self, sign_in, ta, topic, which):
        def cancel():
            appointments.cancel(Appointment.objects.order_by("starts_at")[which], ta, "Ill")

        _first, second = self.twice(
            sign_in(ta), "/appointments/new/", self.week(topic), between=cancel
        )
        standing = Appointment.objects.open().order_by("starts_at")
        assert second == standing[0].get_absolute_url()
        assert standing.count() == 2

    @pytest.mark.parametrize("weeks", [0, 2])
    def test_time_that_was_edited(self, sign_in, ta, topic, weeks):
        def edit():
            row = Appointment.objects.order_by("starts_at")[0]
            plan = replace(Plan.of(row), location="Room 7", end=time(14))
            appointments.edit(row, ta, plan, scope="following")

        _first, second = self.twice(
            sign_in(ta), "/appointments/new/", self.week(topic, weeks), between=edit
        )
        assert second == Appointment.objects.order_by("starts_at")[0].get_absolute_url()
        assert Appointment.objects.count() == weeks + 1

    def test_time_of_which_nothing_stands_is_refused_for_what_is_in_its_way(
        self, sign_in, ta, topic
    ):
        client, form = sign_in(ta), self.week(topic, 0)
        client.post("/appointments/new/", form)
        appointments.cancel(Appointment.objects.get(), ta, "Ill")
        open_time(ta, topic, start="14:00", end="16:00")
        assert client.post("/appointments/new/", form).status_code == 409

    def test_a_new_form_with_the_same_week_names_what_is_in_its_way(self, sign_in, ta, topic):
        client, form = sign_in(ta), self.week(topic)
        client.post("/appointments/new/", form)
        appointments.cancel(Appointment.objects.order_by("starts_at")[1], ta, "Ill")
        assert client.post("/appointments/new/", {**form, "form_key": KEY}).status_code == 409

    def test_a_copied_week_that_was_changed(self, sign_in, ta, topic):
        open_time(ta, topic)
        form = {
            "week": tomorrow().isoformat(),
            "to": (tomorrow() + timedelta(days=7)).isoformat(),
        }

        def edit():
            row = Appointment.objects.order_by("starts_at")[1]
            appointments.edit(row, ta, replace(Plan.of(row), location="Room 7"))

        first, second = self.twice(sign_in(ta), "/appointments/copy-week/", form, between=edit)
        assert first == second

    def test_a_booking_that_was_moved(self, sign_in, student, ta, topic):
        slots = slots_of(open_time(ta, topic))
        form = {"slot": slots[0].pk, "topic": topic.pk, "question": "Why?"}

        def move():
            bookings.move(Booking.objects.get(), student, slots[2].pk)

        first, second = self.twice(sign_in(student), "/bookings/new/", form, move)
        assert first == second == f"/bookings/{Booking.objects.get().pk}/"
        anew = sign_in(student).post("/bookings/new/", {**form, "form_key": KEY})
        assert anew.url != first

    def test_a_time_instead_that_was_moved(self, sign_in, student, ta, topic):
        slots = slots_of(open_time(ta, topic))
        gone = book(student, slots[0])
        bookings.cancel(gone, ta, "Ill")
        path, form = f"/bookings/{gone.pk}/rebook/", {"slot": slots[1].pk, "question": "Why?"}

        def move():
            bookings.move(Booking.objects.active().get(), student, slots[3].pk)

        first, second = self.twice(sign_in(student), path, form, move)
        assert first == second == f"/bookings/{Booking.objects.active().get().pk}/"
        other = sign_in(student).post(path, {**form, "slot": slots[2].pk})
        assert other.status_code == 409

    def test_an_edit_of_a_series_is_done_once(self, sign_in, ta, topic):
        made = open_series(ta, topic)
        path = f"/appointments/{made[0].pk}/edit/"
        client = sign_in(ta)
        base = re.search(r'name="base" value="([^"]+)"', client.get(path).content.decode())[1]
        form = {**self.week(topic), "scope": "following", "base": base}
        form["date"] = (tomorrow() + timedelta(days=1)).isoformat()
        self.twice(client, path, form)
        starts = Appointment.objects.order_by("starts_at").values_list("starts_at", flat=True)
        shifts = {new - old.starts_at for new, old in zip(starts, made, strict=True)}
        assert shifts == {timedelta(days=1)}

    def test_offering_to_teach_and_no_longer(self, sign_in, stranger, topic):
        client, page = sign_in(stranger), f"/topics/{topic.slug}/"
        for end in ("register/", "unregister/"):
            assert self.twice(client, page + end, {}) == (page, page)

    def test_a_device_signed_out_again(self, sign_in, student):
        there, here = sign_in(student), sign_in(student)
        row = SignIn.objects.get(session=there.session.session_key)
        path = f"/users/me/sessions/{row.pk}/end/"
        assert self.twice(here, path, {}) == ("/users/me/sessions/", "/users/me/sessions/")

    def test_a_block_and_its_end(self, sign_in, student, ta):
        client, page = sign_in(student), f"/users/{ta.pk}/"
        for end in ("block/", "unblock/"):
            assert self.twice(client, page + end, {}) == (page, page)
