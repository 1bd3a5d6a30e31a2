"""Bulk data: exactly as much as asked for, and nothing in it that the site could not hold."""

import uuid
from itertools import pairwise

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import User
from chat import services
from chat.models import Conversation, Message, Participation
from scheduling.models import (
    Appointment,
    Booking,
    BookingEvent,
    Commitment,
    HelpRequest,
    PlaceInLine,
    TimeSlot,
)
from setahub.policy.current import policy
from topics.models import Registration, Topic

pytestmark = pytest.mark.django_db


def seed(students=30, tas=6, bookings=300, **options):
    call_command(
        "seed_scale",
        students=students,
        tas=tas,
        bookings=bookings,
        **{"force": True, "verbosity": 0, **options},
    )


def overlaps(rows):
    """Whether any two rows of (person, start, end), sorted, share a person and time."""
    return any(
        one == other and end > start for (one, _s, end), (other, start, _e) in pairwise(rows)
    )


def test_it_refuses_a_site_that_runs_without_debug():
    with pytest.raises(CommandError, match="--force"):
        seed(force=False)
    assert not User.objects.exists()


def test_it_makes_exactly_as_much_as_asked_for(clock):
    seed()
    assert User.objects.count() == EmailAddress.objects.filter(verified=True).count() == 36
    assert Registration.objects.values("user").distinct().count() == 6
    assert Topic.objects.count() == 40
    assert Booking.objects.count() == 300
    assert BookingEvent.objects.filter(kind="made").count() == 300
    assert BookingEvent.objects.count() == 600 - Booking.objects.active().count()


def test_repeating_adds_more(clock):
    seed(students=4, tas=2, bookings=20)
    seed(students=4, tas=2, bookings=20)
    assert User.objects.count() == 12
    assert Booking.objects.count() == 40
    assert Topic.objects.count() == 40


def test_it_holds_every_rule(clock):
    seed()
    assert Commitment.objects.count() == 2 * Booking.objects.active().count() > 0
    active = Count("bookings", filter=Q(bookings__status="booked"))
    assert not TimeSlot.objects.annotate(active=active).exclude(taken=F("active")).exists()
    # Past ones too, which no trigger looks at.
    assert not overlaps(
        Booking.objects.order_by("student", "starts_at").values_list(
            "student", "starts_at", "ends_at"
        )
    )
    assert not overlaps(
        Appointment.objects.order_by("ta", "starts_at").values_list("ta", "starts_at", "ends_at")
    )
    for each in Booking.objects.select_related("slot__appointment"):
        assert each.ta_id == each.slot.appointment.ta_id
        assert (each.starts_at, each.ends_at) == (each.slot.starts_at, each.slot.ends_at)
        assert each.slot.appointment.topics.contains(each.topic)


def test_nobody_has_more_coming_bookings_than_allowed(clock):
    seed(students=4, tas=6, bookings=300)
    coming = Booking.objects.upcoming(timezone.now()).order_by().values("student")
    most = max(row["n"] for row in coming.annotate(n=Count("pk")))
    assert 0 < most <= policy.max_active_bookings


def test_there_is_past_and_free_time(clock):
    seed()
    assert set(Booking.objects.values_list("status", flat=True)) == set(Booking.Status.values)
    assert TimeSlot.objects.free().exists()


def test_messages_are_as_many_as_asked_for_and_every_count_is_right(clock):
    seed(students=4, tas=2, bookings=0, messages=500)
    assert Message.objects.count() == 500
    assert Conversation.objects.count() == 8
    for conversation in Conversation.objects.all():
        ids = list(conversation.messages.order_by("pk").values_list("pk", flat=True))
        prevs = list(conversation.messages.order_by("pk").values_list("prev", flat=True))
        assert prevs == [None, *ids[:-1]]
        assert conversation.last_message_id == ids[-1]
    sides = list(Participation.objects.all())
    assert len(sides) == 16
    for side in sides:
        later = Message.objects.filter(conversation=side.conversation_id, pk__gt=side.last_read_id)
        assert side.unread == later.filter(sender=side.other_id).count()
        assert side.last_message_id == side.conversation.last_message_id
    assert any(side.unread for side in sides)


def test_requests_are_as_many_as_asked_for_and_nobody_waits_for_too_many(clock):
    seed(requests=70)
    assert HelpRequest.objects.open().count() == PlaceInLine.objects.waiting().count() == 70
    most = PlaceInLine.objects.values("person").annotate(count=Count("pk")).order_by("-count")[0]
    assert most["count"] == policy.max_requests == 3
    taught = Registration.objects.values("topic")
    assert not HelpRequest.objects.exclude(topic__in=taught).exists()


def test_more_requests_than_people_may_make_are_refused(clock):
    with pytest.raises(CommandError, match="So many requests"):
        seed(requests=91)


def test_the_site_goes_on_counting_after_them(clock):
    seed(students=4, tas=2, bookings=0, messages=50)
    side = Participation.objects.first()
    sent = services.send(side.user_id, side.other_id, uuid.uuid4(), "One more")
    assert sent.prev == side.last_message_id
    assert sent.pk > 50


def test_too_many_bookings_for_so_few_people_are_refused_before_anything_is_stored(clock):
    with pytest.raises(CommandError, match="don't fit"):
        seed(students=1, tas=1, bookings=20_000)
    assert not User.objects.exists()


def test_only_whole_numbers_are_taken():
    with pytest.raises(CommandError, match="whole number"):
        call_command("seed_scale", "--students", "-5", "--force")
