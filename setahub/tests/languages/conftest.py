"""A site that was used for weeks."""

import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator

from accounts.models import Block
from accounts.services import suspensions
from chat import services as chat
from chat.tests.pictures import photo
from scheduling.services import bookings
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow
from setahub.policy.models import ExamWeek
from setahub.tests.test_access import world  # noqa: F401
from topics.models import Registration, Topic

DAY = timedelta(days=1)


@pytest.fixture
def lived_in(world, clock, student, ta, stranger, staff, creator, topic, make_user):  # noqa: F811
    """What weeks of use leave behind: everything that can have become of a booking, and more."""
    past = open_series(ta, topic, day=tomorrow() + DAY, weeks=3, start="09:00", end="11:00")
    rows = [slots_of(past[0])[number] for number in range(4)]
    made = [book(student, slot) for slot in rows]
    cancelled = book(stranger, slots_of(past[1])[0])
    bookings.cancel(cancelled, ta, "Sorry")
    clock.move_to(rows[-1].ends_at + timedelta(hours=1))
    bookings.complete(made[0], ta)
    bookings.mark_no_show(made[1], ta)
    bookings.report_ta_absent(made[2], student)
    coming = open_time(ta, topic, day=tomorrow(), notes="Bring", capacity=2)
    own = book(student, slots_of(coming)[1])
    bookings.move(own, student, slots_of(coming)[2].pk)
    for sender, other in ((student, ta), (ta, student)):
        message = chat.send(sender.pk, other.pk, uuid.uuid4(), "Hello")
        chat.send_upload(sender.pk, other.pk, client_id=uuid.uuid4(), text="", image=photo())
    chat.report(message, student, "Rude")
    Block.objects.create(blocker=stranger, blocked=ta)
    waits = Topic.objects.create(name="Compilers", slug="compilers", creator=creator)
    Registration.objects.create(user=stranger, topic=waits, status="pending")
    ExamWeek.objects.create(name="Midterm", first_day=tomorrow(), last_day=tomorrow() + DAY)
    Authenticator.objects.create(user=creator, type="totp", data={})
    gone = make_user("Gone")
    suspensions.suspend(gone, actor=staff, cancel_bookings=True, reason="Rude")
    return world
