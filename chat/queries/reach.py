"""Who may write to whom, and who sees what of whom."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, Q, QuerySet, Subquery

from accounts.models import Block, PushSubscription, User
from chat.models import Conversation, Message, Participation
from scheduling.models import Booking
from setahub.core.db.prepared import prepared
from topics.models import Registration


@prepared
def sender_to(sender: int, recipient: int, *, lock: bool) -> "QuerySet[Any]":
    """The sender, if active, with what decides whether they may write to the recipient.

    ``reaches``: the recipient is active; ``blocked``: one of the two blocks the other;
    ``acquainted``: the recipient is a TA, has or had a booking with the sender, or wrote to them;
    ``recipient_reads``: the language of the recipient, "" where there is none yet;
    ``recipient_has_device``: it may be told by push.
    ``lock`` holds the sender's row, of which name and language are loaded.
    """
    one_way, other_way = Q(low=sender, high=recipient), Q(low=recipient, high=sender)
    conversation = Conversation.objects.filter(one_way | other_way).values("pk")
    senders = User.objects.active().filter(pk=sender).only("username", "language")
    senders = senders.annotate(
        reaches=Exists(User.objects.active().filter(pk=recipient)),
        blocked=Exists(Block.objects.between(sender, recipient)),
        acquainted=Exists(Registration.objects.approved().filter(user=recipient))
        | Exists(Booking.objects.filter(ta=sender, student=recipient))
        | Exists(Message.objects.filter(conversation__in=conversation, sender=recipient)),
        recipient_reads=Subquery(User.objects.filter(pk=recipient).values("language")),
        recipient_has_device=Exists(PushSubscription.objects.of(recipient)),
    )
    return senders.select_for_update(no_key=True) if lock else senders


def may_message(viewer: User, person: User) -> bool:
    """Whether the viewer may write to somebody now, so that pages offer it. One query at most."""
    sender = _sender_within_reach(viewer.pk, person.pk) if person.is_active else None
    return sender is not None and not sender.blocked


def writable(viewer: User, people: Iterable[User], apart: frozenset[int] | None = None) -> set[int]:
    """Ids of those, all of them TAs or students who booked the viewer, whom they may write to.

    What ``may_message`` says of each. ``apart``: those whom a block parts from the viewer, if they
    are known; else one query.
    """
    ids = {each.pk for each in people if each.is_active} - {viewer.pk}
    if apart is None and ids:
        apart = Block.objects.others_of(viewer.pk)
    return ids - (apart or frozenset())


def partner(viewer_id: int, person_id: int) -> User | None:
    """Whom the viewer has a conversation with, or could have one but for a block.

    A block closes the page of the two to neither: it says there why one can't write.
    """
    person = User.objects.filter(pk=person_id).first()
    if person is None or Conversation.objects.between(viewer_id, person_id).exists():
        return person
    return person if _sender_within_reach(viewer_id, person_id) else None


def _sender_within_reach(sender_id: int, recipient_id: int) -> Any:
    """The sender where they may write to the recipient, a block aside; else None."""
    if sender_id == recipient_id:
        return None
    sender = sender_to(sender_id, recipient_id, lock=False).first()
    return sender if sender is not None and sender.reaches and sender.acquainted else None


def visible_side(viewer_id: int, other_id: int) -> "QuerySet[Participation]":
    """The other's side of a conversation, whose owner the viewer may know to be online or to have read.

    Nobody's over a block of either direction: who is blocked learns no more of the blocker than
    the other way round.
    """
    unblocked = ~Exists(Block.objects.between(viewer_id, other_id))
    return Participation.objects.with_other(other_id, viewer_id).filter(unblocked)


def may_see(viewer_id: int, other_id: int) -> bool:
    """Whether the one sees when the other is online and what they have read."""
    return visible_side(viewer_id, other_id).exists()
