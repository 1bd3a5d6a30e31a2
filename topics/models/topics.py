"""Topics and who teaches them."""

from typing import Any, cast

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from setahub.core.db.rows import QuickRow
from setahub.core.images import random_name
from setahub.core.keys import GROWTH, NUMBER, fold, fold_search, nfc, numbered_key, sort_key
from topics.models.keywords import KEYWORDS_MAX, joined
from topics.models.slugs import base_slug, numbered

NAME_MAX = 100
NAME_KEY_MAX = GROWTH * NAME_MAX
DESCRIPTION_MAX = 2000
WORDS_MAX = 12  # of a search; nothing has more of them
WORDS_LENGTH_MAX = 300


def topic_path(instance: object, filename: str) -> str:
    """``upload_to`` of topic pictures; the uploaded name is ignored."""
    return f"topics/{random_name()}"


class TopicQuerySet(models.QuerySet["Topic"]):
    def listed(self) -> "TopicQuerySet":
        """Topics that are not archived."""
        return self.filter(archived_at__isnull=True)

    def tiles(self) -> "TopicQuerySet":
        """What the list of topics shows, by name."""
        return self.listed().order_by("sort_key")

    def search(self, text: str) -> "TopicQuerySet":
        """Topics that have every word of ``text`` somewhere: those first that have it in their name.

        Then come keywords, then descriptions and the names of TAs. Folded as names are, and without
        accents.
        """
        words = search_words(text)
        if words is None:
            return self.none()
        rows, rank = self, cast(Combinable, Value(0))
        for word in words:
            name, keyword = Q(search_key__contains=word), Q(keywords_key__contains=word)
            tas = Registration.objects.teaching().filter(
                topic=OuterRef("pk"), user__search_key__contains=word
            )
            rows = rows.filter(name | keyword | Q(text_key__contains=word) | Exists(tas))
            rank += Case(When(name, then=0), When(keyword, then=1), default=2)
        return rows.annotate(rank=rank).order_by("rank", "sort_key") if words else rows

    def locked(self, *ids: int) -> "list[Topic]":
        """These topics, their rows locked in the order of their ids."""
        return list(self.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)))

    def slugs_like(self, base: str) -> set[str]:
        """The slugs that begin with ``base``."""
        return set(self.filter(slug__startswith=base).values_list("slug", flat=True))

    def named_like(self, topic: "Topic") -> "Topic | None":
        """Another topic whose name reads the same; archived ones count."""
        key = fold(topic.name)
        alike = Q(name_key=key) | Q(name_key__startswith=key + NUMBER)
        return self.filter(alike).exclude(pk=topic.pk).first()

    def with_ta_count(self) -> "TopicQuerySet":
        """Annotates ``ta_count``: active TAs with an approved registration."""
        # Counted for the topics of one page only: a join would read all registrations and users.
        tas = Registration.objects.approved().filter(topic=OuterRef("pk"), user__is_active=True)
        count = tas.order_by().values("topic").annotate(count=Count("pk")).values("count")
        return self.annotate(ta_count=Coalesce(Subquery(count), 0))

    def by_need(self) -> "TopicQuerySet":
        """Listed topics with their ``ta_count``, those first that have fewest TAs."""
        return self.listed().with_ta_count().order_by(F("ta_count"), "sort_key")

    def with_pending_count(self) -> "TopicQuerySet":
        """Annotates ``pending_count``: registrations that wait for staff, who alone may see it."""
        pending = Q(registrations__status=Registration.Status.PENDING)
        return self.annotate(pending_count=Count("registrations", filter=pending))

    def taught_by(self, user_id: int) -> "TopicQuerySet":
        """Listed topics that this user may open time for."""
        return self.listed().filter(
            Exists(Registration.objects.approved().filter(topic=OuterRef("pk"), user=user_id))
        )


# What follows from a field and is stored with it.
KEYS = {
    "name": ["name_key", "search_key", "sort_key"],
    "keywords": ["keywords_key"],
    "description": ["text_key"],
}


def search_words(text: str) -> list[str] | None:
    """The words to look for, each once; None for more than anything has."""
    words = list(dict.fromkeys(fold_search(text).split()))
    too_much = len(words) > WORDS_MAX or sum(map(len, words)) > WORDS_LENGTH_MAX
    return None if too_much else words


class Topic(QuickRow):
    """An academic subject one can get help with."""

    name = models.CharField(_("name"), max_length=NAME_MAX)
    name_key = models.CharField(max_length=NAME_KEY_MAX, editable=False)
    search_key = models.CharField(max_length=NAME_KEY_MAX, editable=False)
    sort_key = models.TextField(editable=False, default="", db_default="")
    slug = models.SlugField(_("name in addresses"), max_length=100, unique=True, editable=False)
    description = models.TextField(_("description"), max_length=DESCRIPTION_MAX, blank=True)
    keywords = models.CharField(
        _("keywords"), max_length=KEYWORDS_MAX, blank=True, default="", db_default=""
    )
    keywords_key = models.TextField(editable=False, default="", db_default="")
    text_key = models.TextField(editable=False, default="", db_default="")
    image = models.ImageField(_("picture"), upload_to=topic_path, blank=True)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="created_topics",
        verbose_name=_("creator"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("merged into"),
    )

    ta_count: int  # where with_ta_count() has counted
    own_registration: str  # its status, "" for none; where seen_by() has looked
    is_starred: bool  # the same

    objects = TopicQuerySet.as_manager()

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                name="topic_name_key_unique",
                violation_error_message=_("A topic with this name exists already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def image_url(self) -> str:
        """The address of its picture; "" without one."""
        return self.image.url if self.image else ""

    def get_absolute_url(self) -> str:
        return reverse("topics:detail", args=[self.slug])

    def clean(self) -> None:
        self._normalize()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._normalize()
        if not self.slug:
            base = base_slug(self.name)
            self.slug = numbered(base, Topic.objects.slugs_like(base))
        update_fields = kwargs.get("update_fields")
        if update_fields is not None:
            derived = (key for name in update_fields for key in KEYS.get(name, ()))
            kwargs["update_fields"] = {*update_fields, *derived}
        super().save(*args, **kwargs)

    def _normalize(self) -> None:
        self.name = nfc(self.name)
        self.name_key = numbered_key(fold(self.name), self.__dict__.get("name_key", ""))
        self.search_key = fold_search(self.name)
        self.sort_key = sort_key(self.name)
        self.keywords = joined(self.keywords)
        self.keywords_key = fold_search(self.keywords)
        self.text_key = fold_search(self.description)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def approved(self) -> "RegistrationQuerySet":
        return self.filter(status=Registration.Status.APPROVED)

    def pending(self) -> "RegistrationQuerySet":
        return self.filter(status=Registration.Status.PENDING)

    def teaching(self) -> "RegistrationQuerySet":
        """Registrations that count: approved, of an active user, for a topic not archived."""
        return self.approved().filter(user__is_active=True, topic__archived_at__isnull=True)

    def of_user(self, user_id: int) -> "RegistrationQuerySet":
        """What this user offers to teach, with the topics, archived ones left out."""
        return (
            self.filter(user=user_id, topic__archived_at__isnull=True)
            .select_related("topic")
            .order_by("topic__sort_key")
        )

    def seen_by(self, viewer: User) -> "RegistrationQuerySet":
        """Those that this viewer may see: a pending one only its user and staff."""
        if viewer.has_staff_powers:
            return self
        return self.filter(Q(status="approved") | Q(user=viewer.pk))

    def of_others(self, topic: Topic, user: User) -> "RegistrationQuerySet":
        """Registrations for this topic of anybody but this user."""
        return self.filter(topic=topic).exclude(user=user)


class Registration(QuickRow):
    """A user's standing offer to teach one topic.

    A pending one shows nowhere but to its user and staff.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for approval")
        APPROVED = "approved", _("approved")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="registrations",
        verbose_name=_("user"),
    )
    topic = models.ForeignKey(
        Topic, models.CASCADE, related_name="registrations", verbose_name=_("topic")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.APPROVED, db_index=True
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        constraints = [
            models.UniqueConstraint(fields=["user", "topic"], name="registration_unique"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "approved"]), name="registration_status_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["topic", "user"],
                name="registration_approved",
                condition=Q(status="approved"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}, {self.topic_id}"

    @property
    def is_approved(self) -> bool:
        return self.status == self.Status.APPROVED


class Decision(models.Model):
    """What staff decided on a registration, and what they wrote to whoever had asked."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="decisions")
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="decisions")
    approved = models.BooleanField()
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return f"{self.user_id}, {self.topic_id}"
