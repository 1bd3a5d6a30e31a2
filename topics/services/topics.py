"""Making topics, changing, deleting and merging them."""

from datetime import timedelta
from enum import Enum
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from setahub.core.images import EncodedImage
from setahub.core.keys import nfc
from setahub.core.storage import CANNOT_STORE, StorageAway, atomic_with_pictures, drop_on_commit
from setahub.core.web import ratelimit
from setahub.core.web.forms import Values, merged
from setahub.core.web.own import told
from setahub.policy.current import policy
from topics.errors import TopicError
from topics.models import Decision, Registration, Topic, TopicStar
from topics.signals import topic_archived, topic_deleting, topic_merging, topic_removed

# So many people taking the same slug in the same instant don't exist.
SLUG_ATTEMPTS = 10
DAY = timedelta(days=1)
TEXTS = ("name", "description", "keywords")


class Removal(Enum):
    """What becomes of a topic that somebody deletes."""

    DELETED = "deleted"
    ARCHIVED = "archived"


def create_topic(
    creator: User,
    name: str,
    description: str = "",
    image: EncodedImage | None = None,
    *,
    keywords: str = "",
) -> Topic:
    """A new topic. Raises TopicError beside ``name`` when the name is taken.

    By its creator with the same content, it is the same topic, sent twice.
    """
    topic = Topic(
        name=name, description=description, keywords=keywords, creator=creator, image=image or ""
    )
    topic.clean()
    if standing := _standing(topic):
        return standing
    _check_name_free(topic)
    _check_rate(creator)
    try:
        with atomic_with_pictures():
            _insert(topic)
    except StorageAway as error:
        raise _cannot_store() from error
    except TopicError:
        if standing := _standing(topic):
            return standing
        raise
    return topic


def _insert(topic: Topic) -> None:
    """Raises TopicError for who lost a race."""
    for _attempt in range(SLUG_ATTEMPTS):
        topic.slug = ""  # saving finds one that is free
        try:
            with transaction.atomic():
                topic.save(force_insert=True)
        except IntegrityError:
            # For the name, which is said, or for the slug, which the next try settles.
            _check_name_free(topic)
        else:
            return
    raise TopicError(
        "race", _("Too many people are creating such a topic right now. Please try again.")
    )


def _standing(asked: Topic) -> Topic | None:
    """The listed topic that is just what this one asks for, by the same creator."""
    topic = Topic.objects.named_like(asked)
    if topic is None or topic.is_archived or topic.creator_id != asked.creator_id:
        return None
    same = all(getattr(topic, each) == getattr(asked, each) for each in TEXTS)
    return topic if same and (topic.image or not asked.image) else None


def update_topic(
    topic: Topic,
    actor: User,
    *,
    name: str,
    description: str,
    keywords: str | None = None,
    image: EncodedImage | Literal[False] | None = None,
    base: Values | None = None,
) -> Topic:
    """Change a topic; its slug stays. ``image``: a new picture, False for none, None as it is.

    ``keywords``: None leaves them.

    ``base``: the values that the form was filled with. Raises ChangedMeanwhile.
    """
    check_may_change(topic, actor)
    sent: dict[str, Any] = {"name": name, "description": description}
    if keywords is not None:
        sent["keywords"] = keywords
    if image is not None:
        sent["image"] = image or ""
    with atomic_with_pictures():
        topic = locked(topic)
        now = editable(topic)
        values = merged(base, now, sent)
        name, description = values["name"], values["description"]
        renamed = nfc(name) != topic.name  # the one that stands stays, also where it is another's
        topic.name, topic.description = name, description
        topic.keywords = values.get("keywords", topic.keywords)
        topic.clean()
        if renamed:
            _check_name_free(topic)
        if values.get("image", now["image"]) != now["image"]:
            drop_on_commit(topic.image)
            topic.image = values["image"]
        try:
            with transaction.atomic():
                topic.save(update_fields=[*TEXTS, "image"])
        except IntegrityError as error:
            raise _name_taken(Topic.objects.named_like(topic) or topic) from error
        except StorageAway as error:
            raise _cannot_store() from error
    return topic


def editable(topic: Topic) -> dict[str, str]:
    """What its form is filled with."""
    texts = {each: getattr(topic, each) for each in TEXTS}
    return {**texts, "image": topic.image.name or ""}


def check_may_change(topic: Topic, actor: User) -> None:
    """Its creator and staff may change or delete a topic; TopicError 403 for anybody else."""
    if not may_change(topic, actor):
        raise TopicError("role", _("Only its creator and staff can change this topic."))


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
        topic = locked(topic)
        removal = removal_of(topic, actor)
        if removal is Removal.ARCHIVED:
            _archive(topic)
            return removal
        topic_removed.send(Topic, topic=topic)
        drop_on_commit(topic.image)
        topic.delete()
        return removal


def archive_topic(topic: Topic, actor: User) -> Topic:
    """Hide a topic from lists and close it for registrations and bookings. History stays."""
    check_may_change(topic, actor)
    with transaction.atomic():
        topic = locked(topic)
        _archive(topic)
    return topic


def restore_topic(topic: Topic, actor: User) -> Topic:
    """Undo the archiving; who taught it teaches it again."""
    check_may_change(topic, actor)
    with transaction.atomic():
        topic = locked(topic)
        if topic.merged_into is not None:
            raise TopicError(
                "merged",
                _("It was merged into %(topic)s and stays archived.")
                % {"topic": topic.merged_into},
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
        raise TopicError("role", _("Only staff merge topics."))
    if source.pk == target.pk:
        raise TopicError("itself", _("A topic can't be merged into itself."))
    registered = Registration.objects.filter(topic__in=[source, target])
    with transaction.atomic():
        User.objects.locked(*registered.values_list("user", flat=True))
        rows = {topic.pk: topic for topic in Topic.objects.locked(source.pk, target.pk)}
        if len(rows) < 2:
            raise TopicError("deleted", _("This topic was just deleted."))
        source, target = rows[source.pk], rows[target.pk]
        if target.is_archived:
            raise TopicError(
                "archived", _("%(topic)s is archived: restore it first.") % {"topic": target}
            )
        if source.merged_into_id:
            raise TopicError("merged", _("It was merged into another topic already."))
        _merge_registrations(source, target)
        _merge_stars(source, target)
        topic_merging.send(Topic, source=source, target=target)
        Topic.objects.filter(merged_into=source).update(merged_into=target)
        source.merged_into = target
        source.archived_at = source.archived_at or timezone.now()
        source.save(update_fields=["merged_into", "archived_at"])
    return target


def _merge_registrations(source: Topic, target: Topic) -> None:
    """Whoever is registered for both keeps the earlier one; both must be in the same state."""
    own = {each.user_id: each for each in source.registrations.select_related("user")}
    both = {each.user_id: each for each in target.registrations.filter(user__in=own)}
    clashes = sorted(
        own[user_id].user.username
        for user_id, there in both.items()
        if there.status != own[user_id].status
    )
    if clashes:
        raise TopicError(
            "undecided",
            told(
                _(
                    "First decide on those who wait for approval in one and teach the other: %(names)s."
                ),
                {"names": ", ".join(clashes)},
            ),
        )
    for user_id, there in both.items():
        there.created_at = min(there.created_at, own[user_id].created_at)
        there.save(update_fields=["created_at"])
    source.registrations.filter(user__in=both).delete()
    source.registrations.update(topic=target)
    Decision.objects.filter(topic=source).update(topic=target)


def _merge_stars(source: Topic, target: Topic) -> None:
    """Whose favourite was either of them has the one that stays."""
    both = target.stars.values_list("owner", flat=True)
    source.stars.exclude(owner__in=list(both)).update(topic=target)
    TopicStar.objects.filter(topic=source).delete()


def _archive(topic: Topic) -> None:
    if topic.archived_at is None:
        topic.archived_at = timezone.now()
        topic.save(update_fields=["archived_at"])
        topic_archived.send(Topic, topic=topic)


def locked(topic: Topic) -> Topic:
    """The topic as it is now, its row locked; TopicError when it is gone."""
    found = Topic.objects.select_for_update().filter(pk=topic.pk).first()
    if found is None:
        raise TopicError("deleted", _("This topic was just deleted."), status=404)
    return found


def _cannot_store() -> TopicError:
    return TopicError("unavailable", CANNOT_STORE, field="image")


def _check_rate(creator: User) -> None:
    since = timezone.now() - DAY
    topics = Topic.objects.filter(creator=creator, created_at__gt=since)
    if ratelimit.is_on() and topics.count() >= policy.topics_a_day:
        raise TopicError(
            "rate_limited",
            _("You have made %(most)d topics within a day. Please continue tomorrow.")
            % {"most": policy.topics_a_day},
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
    return TopicError("taken", message, status=422, field="name")
