"""Whether a block stands between two people."""

from accounts.models import Block, User


def is_blocked(viewer: User, person_id: int) -> bool:
    """Whether one of the two blocks the other."""
    return person_id in Block.objects.others_of(viewer.pk)


def has_blocked(viewer: User, person: User) -> bool:
    """Whether the viewer blocks that person."""
    return Block.objects.made(viewer.pk, person.pk).exists()
