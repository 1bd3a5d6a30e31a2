"""The devices that somebody is told on by push."""

from collections.abc import Collection

from django.utils import timezone

from accounts.models import PushSubscription


def devices_of(user_id: int) -> list[PushSubscription]:
    """Their devices, the newest first, each with its sign-in."""
    rows = PushSubscription.objects.of(user_id).alive(timezone.now())
    return list(rows.select_related("sign_in").newest_first())


def with_devices(user_ids: Collection[int]) -> set[int]:
    """Which of these people have one at all."""
    rows = PushSubscription.objects.filter(user__in=user_ids)
    return set(rows.values_list("user", flat=True))
