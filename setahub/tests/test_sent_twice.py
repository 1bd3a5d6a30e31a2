"""A form that is sent again leads to what it made the first time, whatever became of that since."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts.models import SentForm
from accounts.sweeps import forget_sent_forms
from scheduling.models import Appointment, Booking
from scheduling.services import booking as bookings
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


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """The same form from six requests at one moment: one does the work, all lead to its result."""

    def crowd(self, user, path, form):
        gate = Barrier(6, timeout=30)

        def send(_number):
            client = Client()
            client.force_login(user)
            try:
                gate.wait()
                response = client.post(path, {**form, "form_key": KEY})
                return response.status_code, response.headers.get("Location")
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as pool:
            return set(pool.map(send, range(6)))

    def test_a_booking(self, student, ta, topic):
        slot = slots_of(open_time(ta, topic))[0]
        form = {"slot": slot.pk, "topic": topic.pk, "question": "Why?"}
        found = self.crowd(student, "/bookings/new/", form)
        assert found == {(302, f"/bookings/{Booking.objects.get().pk}/")}

    def test_a_cancellation(self, student, ta, topic):
        made = book(student, slots_of(open_time(ta, topic))[0])
        found = self.crowd(student, f"/bookings/{made.pk}/cancel/", {"reason": "Ill"})
        assert found == {(302, f"/bookings/{made.pk}/")}

    def test_a_topic(self, student):
        found = self.crowd(student, "/topics/new/", {"name": "Compilers", "description": "x"})
        assert found == {(302, "/topics/compilers/")}
        assert Topic.objects.count() == 1

    def test_the_end_of_a_topic(self, creator, topic):
        found = self.crowd(creator, f"/topics/{topic.slug}/delete/", {})
        assert found == {(302, "/topics/")}
