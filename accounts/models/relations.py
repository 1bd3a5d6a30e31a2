"""What stands between people: blocks, favourites, and suspensions by staff."""

from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from setahub.core.db.prepared import prepared

REASON_MAX = 500


class BlockQuerySet(models.QuerySet["Block"]):
    def between(self, one: int | OuterRef, other: int | OuterRef) -> "BlockQuerySet":
        """Blocks of either direction between two users, by id."""
        return self.filter(Q(blocker=one, blocked=other) | Q(blocker=other, blocked=one))

    def made(self, blocker: int, blocked: int) -> "BlockQuerySet":
        """The block that one user put on another, by id."""
        return self.filter(blocker=blocker, blocked=blocked)

    def others_of(self, user_id: int) -> frozenset[int]:
        """Ids of those whom the user blocks or is blocked by. One query."""
        return frozenset(each for pair in _pairs(user_id) for each in pair) - {user_id}


@prepared
def _pairs(user: int) -> "models.QuerySet[Block, tuple[int, int]]":
    blocks = Block.objects.filter(Q(blocker=user) | Q(blocked=user))
    return blocks.values_list("blocker", "blocked")


class Block(models.Model):
    """``blocker`` wants no further messages or bookings with ``blocked``, in either direction."""

    blocker = models.ForeignKey(
        User, models.CASCADE, related_name="blocks_made", verbose_name=_("who blocks")
    )
    blocked = models.ForeignKey(
        User, models.CASCADE, related_name="blocks_received", verbose_name=_("who is blocked")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = BlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_unique"),
            models.CheckConstraint(
                condition=~Q(blocker=models.F("blocked")), name="block_not_oneself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} → {self.blocked_id}"


class Star(models.Model):
    """``person`` is a favourite of ``owner``, which nobody else is told."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="stars", db_index=False)
    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("favourite TA")
        verbose_name_plural = _("favourite TAs")
        constraints = [
            models.UniqueConstraint(fields=["owner", "person"], name="star_unique"),
            models.CheckConstraint(condition=~Q(owner=models.F("person")), name="star_not_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} → {self.person_id}"


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def open(self) -> "SuspensionQuerySet":
        """Those that were not lifted."""
        return self.filter(lifted_at__isnull=True)


class Suspension(models.Model):
    """One suspension of a person: by whom and why, and its end. Never deleted."""

    user = models.ForeignKey(
        User, models.PROTECT, related_name="suspensions", verbose_name=_("user")
    )
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("suspended by")
    )
    reason = models.TextField(_("reason"), max_length=REASON_MAX, blank=True)
    cancelled_bookings = models.BooleanField(_("coming bookings were cancelled"), default=False)
    created_at = models.DateTimeField(_("suspended at"), default=timezone.now, editable=False)
    lifted_at = models.DateTimeField(_("restored at"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("restored by")
    )
    lift_reason = models.TextField(_("reason for restoring"), max_length=REASON_MAX, blank=True)

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(lifted_at__isnull=True), name="suspension_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.pk})"

    @property
    def why(self) -> str:
        """What was noted; the faculty's sign-in, which closes accounts by itself, notes nothing."""
        if self.reason or self.actor_id:
            return self.reason
        return str(_("Had claimed the email of somebody who then signed in with the faculty"))
