"""Who teaches what."""

from collections.abc import Sequence

from django.db.models import Case, Exists, OuterRef, Prefetch, QuerySet, When

from accounts.models import User
from setahub.core.db.prepared import padded, prepared
from setahub.policy.current import policy
from topics.models import Registration, Topic
from topics.models.topics import search_words


def registration_of(user: User, topic: Topic) -> Registration | None:
    """The user's registration for this topic, approved or not."""
    return Registration.objects.filter(user=user, topic=topic).first()


def may_teach_in(year: int | None) -> bool:
    """Whether this year of study is far enough to teach."""
    return year is not None and year >= policy.ta_min_year


def registrations_of(user: User) -> list[Registration]:
    """What the user offers to teach, approved or not, with the topics, by name."""
    return list(Registration.objects.of_user(user.pk))


def is_registered(user: User) -> bool:
    """Whether the user offers to teach anything, approved or not."""
    return Registration.objects.filter(user=user.pk).exists()


def is_waiting(user: User) -> bool:
    """Whether staff have yet to decide on an offer of the user to teach."""
    return Registration.objects.pending().filter(user=user.pk).exists()


def tas_named(text: str, limit: int) -> list[User]:
    """TAs whose name has every word of ``text``, by name; ``taught``: their registrations.

    Two queries.
    """
    words = search_words(text)
    if not words:
        return []
    teaching = Registration.objects.teaching().select_related("topic").order_by("topic__sort_key")
    people = User.objects.filter(Exists(teaching.order_by().filter(user=OuterRef("pk"))))
    for word in words:
        people = people.filter(search_key__contains=word)
    taught = Prefetch("registrations", teaching, to_attr="taught")
    return list(people.order_by("sort_key").prefetch_related(taught)[:limit])


def tas_of(topic: Topic, first: Sequence[int], limit: int) -> tuple[list[User], bool]:
    """The topic's TAs, at most ``limit``, and whether there are more. One query.

    Those whose ids are in ``first`` come first, in that order; the others by name.
    """
    place = {ta_id: index for index, ta_id in enumerate(first[:limit])}
    rows = _teaching(topic.pk, padded(list(place)))[: limit + 1]
    tas = [row.user for row in rows]
    tas.sort(key=lambda ta: place.get(ta.pk, limit))
    return tas[:limit], len(tas) > limit


@prepared
def _teaching(topic: int, first: tuple[int, ...]) -> "QuerySet[Registration]":
    later = Case(When(user__id__in=first, then=0), default=1)
    rows = Registration.objects.teaching().filter(topic=topic).annotate(later=later)
    rows = rows.order_by("later", "user__sort_key").select_related("user")
    return rows.only(
        "user", *(f"user__{name}" for name in ("username", "year", "avatar", "is_active"))
    )
