"""Registrations: offered, decided on, taken back."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import profiles
from accounts.services.notices import Happening, notify
from setahub.core.text import trimmed
from setahub.policy.current import policy
from topics.errors import TopicError
from topics.models import Decision, Registration, Topic
from topics.queries.registrations import may_teach_in, registration_of
from topics.services.topics import locked
from topics.signals import registration_withdrawn


def register(user: User, topic: Topic) -> Registration:
    """Offer to teach a topic. Where the faculty approves its TAs, the offer waits for that.

    An offer that stands already is the answer.
    """
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        topic = locked(topic)
        existing = registration_of(user, topic)
        if existing is not None:
            return existing
        if topic.is_archived:
            raise TopicError("archived", _("This topic is archived: nobody can register for it."))
        if refusal := year_refusal(user):
            raise TopicError("year", refusal)
        status = Registration.Status
        return Registration.objects.create(
            user=user, topic=topic, status=status.PENDING if policy.ta_approval else status.APPROVED
        )


def register_for(
    user: User, topics: Sequence[Topic], *, year: int | None = None
) -> list[Registration]:
    """Offer to teach these topics, all or none; ``year``: of study, for who hasn't told it yet."""
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        if user.year is None and year is not None:
            profiles.tell_year(user, year)
        if refusal := year_refusal(user):
            raise TopicError("year", refusal, field="year")  # it is asked for on the same form
        # Their rows are locked one after the other: by everybody in one order.
        return [register(user, topic) for topic in sorted(topics, key=lambda each: each.pk)]


def year_refusal(user: User) -> str:
    """Why the user's year of study doesn't let them teach, or ""."""
    if user.year is None:
        return _("Fill in your year of study in your profile first.")
    if not may_teach_in(user.year):
        return _("Teaching is open from year %(year)d on.") % {"year": policy.ta_min_year}
    return ""


def unregister(user: User, topic: Topic) -> None:
    """Stop teaching a topic, or take back an offer that waits for approval.

    Whoever isn't registered already has what they want. Raises TopicError when a receiver of
    ``registration_withdrawn`` refuses.
    """
    with transaction.atomic():
        User.objects.locked(user.pk)
        registration = registration_of(user, topic)
        if registration is not None:
            registration_withdrawn.send(Registration, user=user, topic=topic)
            registration.delete()


def approve(registration: Registration, actor: User, note: str = "") -> Registration:
    """Staff accept an offer to teach; ``note`` is for the applicant."""
    with transaction.atomic():
        registration = _locked_pending(registration, actor)
        registration.status = Registration.Status.APPROVED
        registration.save(update_fields=["status"])
        _decide(registration, actor, note, approved=True)
    return registration


def decline(registration: Registration, actor: User, note: str = "") -> None:
    """Staff turn an offer to teach down: it is gone, and may be made again. ``note``: why."""
    with transaction.atomic():
        registration = _locked_pending(registration, actor)
        _decide(registration, actor, note, approved=False)
        registration.delete()


def _decide(registration: Registration, actor: User, note: str, *, approved: bool) -> None:
    decision = Decision.objects.create(
        user_id=registration.user_id,
        topic_id=registration.topic_id,
        approved=approved,
        note=trimmed(note),
        decided_by=actor,
    )
    key = f"decision-{decision.pk}"
    notify(Happening("registration_decided", decision.user_id, key, {"decision": decision.pk}))


def _locked_pending(registration: Registration, actor: User) -> Registration:
    if not actor.has_staff_powers:
        raise TopicError("role", _("Only staff decide on registrations."))
    User.objects.locked(registration.user_id)
    registration_now = Registration.objects.filter(pk=registration.pk).first()
    if registration_now is None:
        raise TopicError("taken_back", _("This registration was just taken back."))
    if registration_now.is_approved:
        raise TopicError("approved", _("This registration is approved already."))
    return registration_now
