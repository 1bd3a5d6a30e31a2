"""The calendar's answers to what happens to topics and people, inside the same transaction."""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import ngettext

from accounts.models import User
from accounts.signals import user_blocked, user_deleting, user_suspended
from scheduling.models import Appointment, Booking, Cause, Offer, TeachingLimits
from scheduling.queries.bookings import has_history, upcoming_bookings_of
from scheduling.queries.free import count_anew
from scheduling.services import cascades, requests, withdrawals
from topics.errors import TopicError
from topics.models import Registration, Topic
from topics.signals import (
    registration_withdrawn,
    topic_archived,
    topic_deleting,
    topic_merging,
    topic_removed,
)


@receiver(registration_withdrawn)
def keep_promises(user: User, topic: Topic, **kwargs: Any) -> None:
    """A TA can't stop teaching a topic that students have booked; else it leaves their calendar."""
    count = upcoming_bookings_of(user, topic)
    if count:
        raise TopicError(
            "booked",
            ngettext(
                "You have %(count)d upcoming booking for this topic. Cancel or complete it first.",
                "You have %(count)d upcoming bookings for this topic. Cancel or complete them first.",
                count,
            )
            % {"count": count},
        )
    cascades.take_topic_off(topic, user)
    requests.end_for(topic, user)


@receiver(topic_deleting)
def keep_history(topic: Topic, **kwargs: Any) -> bool:
    """A topic that was ever booked or asked for is archived, not deleted."""
    return has_history(topic)


@receiver(topic_removed)
def leave_the_calendar(topic: Topic, **kwargs: Any) -> None:
    cascades.take_topic_off(topic)


@receiver(topic_archived)
def end_the_line(topic: Topic, **kwargs: Any) -> None:
    """Nobody waits for what can't be booked; they are told."""
    requests.end_for(topic)


@receiver(topic_merging)
def follow_the_merger(source: Topic, target: Topic, **kwargs: Any) -> None:
    cascades.replace_topic(source, target)


@receiver(user_blocked)
def wait_apart(blocker: User, blocked: User, **kwargs: Any) -> None:
    """None of the two waits for the other, is offered their time or reads what they asked."""
    withdrawals.between(blocker, blocked)
    requests.end_between(blocker, blocked)


@receiver(user_suspended)
def cancel_for_suspended(
    user: User, actor: User | None, cancel_bookings: bool, **kwargs: Any
) -> None:
    cascades.lock_people_around(user)
    requests.leave_all(user)
    requests.end_naming(user)
    withdrawals.of_ta(user)
    if cancel_bookings:
        cascades.cancel_everything_of(user, actor, Cause.STAFF)


@receiver(user_deleting)
def cancel_for_leaving(user: User, **kwargs: Any) -> None:
    cascades.lock_people_around(user)
    requests.leave_all(user)
    requests.end_naming(user)
    cascades.leave(user)


@receiver([post_save, post_delete], sender=Topic)
@receiver([post_save, post_delete], sender=Registration)
@receiver([post_save, post_delete], sender=Appointment)
@receiver([post_save, post_delete], sender=Booking)
@receiver([post_save, post_delete], sender=Offer)
@receiver([post_save, post_delete], sender=TeachingLimits)
@receiver(m2m_changed, sender=Appointment.topics.through)
@receiver(user_suspended)
def count_what_is_free(**kwargs: Any) -> None:
    count_anew()


@receiver(post_save, sender=User)
def count_who_is_active(update_fields: Collection[str] | None, **kwargs: Any) -> None:
    if update_fields is None or "is_active" in update_fields:
        count_anew()
