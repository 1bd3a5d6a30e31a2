"""What staff see of a report."""

from collections.abc import Sequence

from chat.models import Message, Report

NEIGHBOURS = 3  # messages on either side of the reported one


def neighbours(report: Report) -> Sequence[Message]:
    """The reported message and those beside it in its conversation, oldest first. Two queries."""
    messages = Message.objects.filter(conversation=report.message.conversation_id)
    messages = messages.shown().select_related("sender", "event__booking__topic")
    before = messages.newest(NEIGHBOURS + 1, before=report.message_id + 1)
    return [*before, *messages.following(report.message_id, NEIGHBOURS)]
