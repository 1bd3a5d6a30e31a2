"""The same form from six requests at one moment: one does the work, all lead to its result."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from scheduling.models import Booking
from scheduling.tests.factories import book, open_time, slots_of
from topics.models import Topic

KEY = "0123456789abcdef" * 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
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
