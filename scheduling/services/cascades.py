"""What follows for the calendar when a topic goes, a TA stops teaching, a person is suspended."""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from scheduling import notifications
from scheduling.models import Appointment, Booking, Cause, HelpRequest, NothingFree
from scheduling.queries.appointments import coming_with
from scheduling.services import appointments, bookings, offers, withdrawals
from topics.models import Topic


def take_topic_off(topic: Topic, ta: User | None = None) -> None:
    """Take the topic off coming appointments (of one TA or of all); end those left with none."""
    coming = coming_with(topic, ta)
    with transaction.atomic():
        User.objects.locked(*coming.values_list("ta", flat=True))
        with notifications.one_happening():
            for appointment in coming.order_by("ta", "starts_at"):
                offers.lock_slots([appointment])
                appointment.topics.remove(topic)
                withdrawals.of_dropped(appointment)
                if appointment.topics.exists():
                    offers.opened(appointment)
                else:
                    appointments.end([appointment], ta, cause=Cause.TOPIC)


def replace_topic(source: Topic, target: Topic) -> None:
    """Put ``target`` in the place of ``source`` in every session, booking and request, past ones included.

    Who waits is offered what is free in the sessions to come that it changes, as after an edit.
    """
    links = Appointment.topics.through.objects
    both = links.filter(topic=target).values("appointment")
    changed = list(coming_with(source, None).exclude(pk__in=both).order_by("ta", "starts_at"))
    offers.lock_slots(changed)
    links.filter(topic=source, appointment__in=both).delete()
    links.filter(topic=source).update(topic=target)
    Booking.objects.filter(topic=source).update(topic=target)
    HelpRequest.objects.filter(topic=source).update(topic=target)
    _merge_visits(source, target)
    for each in changed:
        offers.opened(each)


def _merge_visits(source: Topic, target: Topic) -> None:
    """A day on which somebody found neither of them free counts once."""
    both = NothingFree.objects.filter(
        topic=target, student=OuterRef("student"), day=OuterRef("day")
    )
    here = NothingFree.objects.filter(topic=source)
    here.filter(Exists(both)).delete()
    here.update(topic=target)


def cancel_everything_of(user: User, actor: User | None, cause: Cause) -> int:
    """Cancel a person's coming bookings, taken and given. Returns how many."""
    with transaction.atomic():
        lock_people_around(user)
        # Read again: what was booked before the locks were ours counts as well.
        coming = Booking.objects.of(user.pk).upcoming(timezone.now())
        with notifications.one_happening():
            return bookings.cancel_all(list(coming.with_people()), actor, cause=cause)


def lock_people_around(user: User) -> None:
    """Lock a person, and everybody of their coming bookings: before places and offers are."""
    coming = Booking.objects.of(user.pk).upcoming(timezone.now())
    people = coming.values_list("student", "ta")
    User.objects.locked(user.pk, *{pk for pair in people for pk in pair})


def leave(user: User) -> None:
    """Cancel a person's coming bookings, taken and given, and end their coming sessions."""
    with transaction.atomic():
        cancel_everything_of(user, None, Cause.LEFT)
        coming = Appointment.objects.of(user.pk).open().filter(starts_at__gt=timezone.now())
        appointments.end(list(coming.order_by("starts_at")), None, cause=Cause.LEFT)
