"""Everything that changes topics and registrations.

Locks are taken people first, by id, then the topic's row.
"""

from datetime import timedelta
from enum import Enum
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from setahub.core.images import EncodedImage
from setahub.core.keys import nfc
from setahub.core.storage import CANNOT_STORE, StorageAway
from setahub.core.text import trimmed
from setahub.core.web import ratelimit
from setahub.core.web.forms import Values, merged
from setahub.policy.current import policy
from topics import notifications
from topics.models import Decision, Registration, Topic
from topics.signals import (
    registration_withdrawn,
    topic_deleting,
    topic_merging,
    topic_removed,
)

# So many people taking the same slug in the same instant don't exist.
SLUG_ATTEMPTS = 10
DAY = timedelta(days=1)


class TopicError(Exception):
    """A refusal in words that a user can read.

    ``status`` is the HTTP status it deserves (409 a rule or a lost race, 422 a field, 403 a role);
    ``field`` the form field it belongs beside; ``seconds``: until one may try again, with a 429.
    """

    def __init__(
        self,
        message: "str | Promise",
        *,
        status: int = 409,
        field: str | None = None,
        seconds: int | None = None,
    ) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.status = status
        self.field = field
        self.seconds = seconds


class Removal(Enum):
    """What becomes of a topic that somebody deletes."""

    DELETED = "deleted"
    ARCHIVED = "archived"


# --- Topics -------------------------------------------------------------------------------------


def create_topic(
    creator: User, name: str, description: str = "", image: EncodedImage | None = None
) -> Topic:
    """A new topic. Raises TopicError beside ``name`` when the name is taken.

    By its creator with the same content, it is the same topic, sent twice.
    """
    topic = Topic(name=name, description=description, creator=creator, image=image or "")
    topic.clean()
    if standing := _standing(topic):
        return standing
    _check_name_free(topic)
    _check_rate(creator)
    for _attempt in range(SLUG_ATTEMPTS):
        topic.slug = ""  # saving finds one that is free
        try:
            with transaction.atomic():
                topic.save(force_insert=True)
        except IntegrityError:
            # Lost a race: for the name, which is said, or for the slug, which the next try settles.
            if Topic.objects.named_like(topic):
                break
        except StorageAway as error:
            raise _cannot_store() from error
        else:
            return topic
    topic.image.delete(save=False)
    if standing := _standing(topic):
        return standing
    _check_name_free(topic)
    raise TopicError(_("Too many people are creating such a topic right now. Please try again."))


def _standing(asked: Topic) -> Topic | None:
    """The listed topic that is just what this one asks for, by the same creator."""
    found = Topic.objects.named_like(asked)
    if found is None or found.is_archived or found.creator_id != asked.creator_id:
        return None
    same = (found.name, found.description) == (asked.name, asked.description)
    return found if same and (found.image or not asked.image) else None


def update_topic(
    topic: Topic,
    actor: User,
    *,
    name: str,
    description: str,
    image: EncodedImage | Literal[False] | None = None,
    base: Values | None = None,
) -> Topic:
    """Change a topic; its slug stays. ``image``: a new picture, False for none, None as it is.

    ``base``: the values that the form was filled with. Raises ChangedMeanwhile.
    """
    check_may_change(topic, actor)
    sent: dict[str, Any] = {"name": name, "description": description}
    if image is not None:
        sent["image"] = image or ""
    with transaction.atomic():
        topic = _locked(topic)
        now = editable(topic)
        values = merged(base, now, sent)
        name, description = values["name"], values["description"]
        renamed = nfc(name) != topic.name  # the one that stands stays, also where it is another's
        topic.name, topic.description = name, description
        topic.clean()
        if renamed:
            _check_name_free(topic)
        if values.get("image", now["image"]) != now["image"]:
            _drop_on_commit(topic.image)
            topic.image = values["image"]
        try:
            with transaction.atomic():
                topic.save(update_fields=["name", "description", "image"])
        except IntegrityError as error:
            if image:
                topic.image.delete(save=False)
            raise _name_taken(Topic.objects.named_like(topic) or topic) from error
        except StorageAway as error:
            raise _cannot_store() from error
    return topic


def editable(topic: Topic) -> dict[str, str]:
    """What its form is filled with."""
    return {"name": topic.name, "description": topic.description, "image": topic.image.name or ""}


def check_may_change(topic: Topic, actor: User) -> None:
    """Its creator and staff may change or delete a topic; TopicError 403 for anybody else."""
    if not may_change(topic, actor):
        raise TopicError(_("Only its creator and staff can change this topic."), status=403)


def may_change(topic: Topic, actor: User) -> bool:
    return topic.creator_id == actor.pk or actor.has_staff_powers


def removal_of(topic: Topic, actor: User) -> Removal:
    """What deleting would do: what others teach or anybody booked is archived, to keep history."""
    if Registration.objects.of_others(topic, actor).exists():
        return Removal.ARCHIVED
    answers = topic_deleting.send(Topic, topic=topic)
    in_use = any(answer is True for _receiver, answer in answers)
    return Removal.ARCHIVED if in_use else Removal.DELETED


def delete_topic(topic: Topic, actor: User) -> Removal:
    """Delete a topic, or archive it when others teach it or it is in use. Says which it was."""
    check_may_change(topic, actor)
    with transaction.atomic():
        # Its only TA can be the actor: with others it is archived, which touches nobody's calendar.
        User.objects.locked(actor.pk)
        topic = _locked(topic)
        removal = removal_of(topic, actor)
        if removal is Removal.ARCHIVED:
            _archive(topic)
            return removal
        topic_removed.send(Topic, topic=topic)
        _drop_on_commit(topic.image)
        topic.delete()
        return removal


def archive_topic(topic: Topic, actor: User) -> Topic:
    """Hide a topic from lists and close it for registrations and bookings. History stays."""
    check_may_change(topic, actor)
    with transaction.atomic():
        topic = _locked(topic)
        _archive(topic)
    return topic


def restore_topic(topic: Topic, actor: User) -> Topic:
    """Undo the archiving; who taught it teaches it again."""
    check_may_change(topic, actor)
    with transaction.atomic():
        topic = _locked(topic)
        if topic.merged_into is not None:
            raise TopicError(
                _("It was merged into %(topic)s and stays archived.") % {"topic": topic.merged_into}
            )
        topic.archived_at = None
        topic.save(update_fields=["archived_at"])
    return topic


def merge_topics(source: Topic, target: Topic, actor: User) -> Topic:
    """Make everything of a duplicate the target's: registrations, sessions, bookings.

    The duplicate stays, archived and pointing at the target, so that old links lead there and its
    name isn't taken anew. Raises TopicError when that can't be, saying why; then nothing changes.
    """
    if not actor.has_staff_powers:
        raise TopicError(_("Only staff merge topics."), status=403)
    if source.pk == target.pk:
        raise TopicError(_("A topic can't be merged into itself."))
    registered = Registration.objects.filter(topic__in=[source, target])
    with transaction.atomic():
        User.objects.locked(*registered.values_list("user", flat=True))
        rows = {topic.pk: topic for topic in Topic.objects.locked(source.pk, target.pk)}
        if len(rows) < 2:
            raise TopicError(_("This topic was just deleted."))
        source, target = rows[source.pk], rows[target.pk]
        if target.is_archived:
            raise TopicError(_("%(topic)s is archived: restore it first.") % {"topic": target})
        if source.merged_into_id:
            raise TopicError(_("It was merged into another topic already."))
        _merge_registrations(source, target)
        topic_merging.send(Topic, source=source, target=target)
        Topic.objects.filter(merged_into=source).update(merged_into=target)
        source.merged_into = target
        source.archived_at = source.archived_at or timezone.now()
        source.save(update_fields=["merged_into", "archived_at"])
    return target


def _merge_registrations(source: Topic, target: Topic) -> None:
    """Who is registered for both keeps one, the earlier; both must be in the same state."""
    own = {each.user_id: each for each in source.registrations.select_related("user")}
    both = {each.user_id: each for each in target.registrations.filter(user__in=own)}
    clashes = sorted(
        own[user_id].user.username
        for user_id, there in both.items()
        if there.status != own[user_id].status
    )
    if clashes:
        raise TopicError(
            _("First decide on those who wait for approval in one and teach the other: %(names)s.")
            % {"names": ", ".join(clashes)}
        )
    for user_id, there in both.items():
        there.created_at = min(there.created_at, own[user_id].created_at)
        there.save(update_fields=["created_at"])
    source.registrations.filter(user__in=both).delete()
    source.registrations.update(topic=target)
    Decision.objects.filter(topic=source).update(topic=target)


def _archive(topic: Topic) -> None:
    if topic.archived_at is None:
        topic.archived_at = timezone.now()
        topic.save(update_fields=["archived_at"])


def _locked(topic: Topic) -> Topic:
    """The topic as it is now, its row locked; TopicError when it is gone."""
    found = Topic.objects.select_for_update().filter(pk=topic.pk).first()
    if found is None:
        raise TopicError(_("This topic was just deleted."), status=404)
    return found


def _cannot_store() -> TopicError:
    return TopicError(CANNOT_STORE, status=503, field="image")


def _check_rate(creator: User) -> None:
    since = timezone.now() - DAY
    made = Topic.objects.filter(creator=creator, created_at__gt=since)
    if ratelimit.is_on() and made.count() >= policy.topics_a_day:
        raise TopicError(
            _("You have made %(most)d topics within a day. Please continue tomorrow.")
            % {"most": policy.topics_a_day},
            status=429,
            seconds=int(DAY.total_seconds()),
        )


def _check_name_free(topic: Topic) -> None:
    other = Topic.objects.named_like(topic)
    if other is not None:
        raise _name_taken(other)


def _name_taken(other: Topic) -> TopicError:
    message = (
        _("An archived topic has this name already. Ask the staff to restore it.")
        if other.is_archived
        else _("A topic with this name exists already.")
    )
    return TopicError(message, status=422, field="name")


def _drop_on_commit(picture: FieldFile) -> None:
    """Remove a stored picture once nothing in the database names it any more."""
    name, storage = picture.name, picture.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)


# --- Registrations ------------------------------------------------------------------------------


def register(user: User, topic: Topic) -> Registration:
    """Offer to teach a topic. Where the faculty approves its TAs, the offer waits for that.

    An offer that stands already is the answer.
    """
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        topic = _locked(topic)
        existing = Registration.objects.of(user, topic)
        if existing is not None:
            return existing
        if topic.is_archived:
            raise TopicError(_("This topic is archived: nobody can register for it."))
        if refusal := year_refusal(user):
            raise TopicError(refusal)
        status = Registration.Status
        return Registration.objects.create(
            user=user, topic=topic, status=status.PENDING if policy.ta_approval else status.APPROVED
        )


def year_refusal(user: User) -> str:
    """Why the user's year of study doesn't let them teach, or ""."""
    if user.year is None:
        return _("Fill in your year of study in your profile first.")
    if user.year < policy.ta_min_year:
        return _("Teaching is open from year %(year)d on.") % {"year": policy.ta_min_year}
    return ""


def unregister(user: User, topic: Topic) -> None:
    """Stop teaching a topic, or take back an offer that waits for approval.

    Who isn't registered has it as they want it. Raises TopicError when a receiver of
    ``registration_withdrawn`` refuses.
    """
    with transaction.atomic():
        User.objects.locked(user.pk)
        registration = Registration.objects.of(user, topic)
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
    notifications.decided(decision)


def _locked_pending(registration: Registration, actor: User) -> Registration:
    if not actor.has_staff_powers:
        raise TopicError(_("Only staff decide on registrations."), status=403)
    User.objects.locked(registration.user_id)
    found = Registration.objects.filter(pk=registration.pk).first()
    if found is None:
        raise TopicError(_("This registration was just taken back."))
    if found.is_approved:
        raise TopicError(_("This registration is approved already."))
    return found
