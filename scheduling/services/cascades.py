"""What follows for the calendar when a topic goes, a TA stops teaching, a person is suspended."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from scheduling import notifications
from scheduling.models import Appointment, Booking, Cause
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.services import appointments, bookings
from topics.models import Topic


def upcoming_bookings_of(ta: User, topic: Topic) -> int:
    """How many bookings of this topic the TA still has before them."""
    now = timezone.now()
    return Booking.objects.of_ta(ta.pk).filter(topic=topic).upcoming(now).count()


def has_bookings(topic: Topic) -> bool:
    """Whether anybody ever booked this topic."""
    return Booking.objects.filter(topic=topic).exists()


def take_topic_off(topic: Topic, ta: User | None = None) -> None:
    """Take the topic off coming appointments (of one TA or of all); end those left with none."""
    coming = _coming_with(topic, ta)
    with transaction.atomic():
        User.objects.locked(*coming.values_list("ta", flat=True))
        with notifications.one_happening():
            for appointment in coming.order_by("ta", "starts_at"):
                appointment.topics.remove(topic)
                if not appointment.topics.exists():
                    appointments.end([appointment], ta, cause=Cause.TOPIC)


def ending_of(ta: User, topic: Topic) -> dict[str, Any]:
    """What a TA's ``take_topic_off`` would do: to ``ended`` sessions, and to those that are
    ``left`` with other topics; and how many ``bookings`` keep them from it.
    """
    coming = list(_coming_with(topic, ta).prefetch_related("topics").order_by("starts_at"))
    ended = [each for each in coming if len(each.topics.all()) == 1]
    return {
        "ended": ended,
        "left": [each for each in coming if each not in ended],
        "bookings": upcoming_bookings_of(ta, topic),
    }


def _coming_with(topic: Topic, ta: User | None) -> AppointmentQuerySet:
    coming = Appointment.objects.open().filter(ends_at__gt=timezone.now(), topics=topic)
    return coming if ta is None else coming.of(ta.pk)


def replace_topic(source: Topic, target: Topic) -> None:
    """Put ``target`` in the place of ``source`` in every session and booking, past ones included."""
    links = Appointment.topics.through.objects
    both = links.filter(topic=target).values("appointment")
    links.filter(topic=source, appointment__in=both).delete()
    links.filter(topic=source).update(topic=target)
    Booking.objects.filter(topic=source).update(topic=target)


def cancel_everything_of(user: User, actor: User | None, cause: Cause) -> int:
    """Cancel a person's coming bookings, taken and given. Returns how many."""
    with transaction.atomic():
        coming = Booking.objects.of(user.pk).upcoming(timezone.now())
        people = coming.values_list("student", "ta")
        User.objects.locked(user.pk, *{pk for pair in people for pk in pair})
        # Read again: what was booked before the locks were ours counts as well.
        with notifications.one_happening():
            return bookings.cancel_all(list(coming.with_people()), actor, cause=cause)


def leave(user: User) -> None:
    """Cancel a person's coming bookings, taken and given, and end their coming sessions."""
    with transaction.atomic():
        cancel_everything_of(user, None, Cause.LEFT)
        coming = Appointment.objects.of(user.pk).open().filter(starts_at__gt=timezone.now())
        appointments.end(list(coming.order_by("starts_at")), None, cause=Cause.LEFT)


def ahead_of(user: User) -> dict[str, int]:
    """How much ``leave`` would cancel: ``bookings``, taken and given, and ``sessions``."""
    now = timezone.now()
    return {
        "bookings": Booking.objects.of(user.pk).upcoming(now).count(),
        "sessions": Appointment.objects.of(user.pk).open().filter(starts_at__gt=now).count(),
    }
