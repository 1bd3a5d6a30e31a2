"""What the database itself keeps of a conversation: no service takes part in these tests."""

from datetime import timedelta

import pytest

from chat.models import Conversation, Message, Participation
from conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(student, ta) -> Conversation:
    low, high = sorted((student, ta), key=lambda person: person.pk)
    made = Conversation.objects.create(low=low, high=high)
    for user, other in ((low, high), (high, low)):
        Participation.objects.create(conversation=made, user=user, other=other)
    return made


def test_a_message_is_the_last_one_and_unread_for_who_did_not_send_it(conversation, student, ta):
    first, second = (
        Message.objects.create(
            conversation=conversation, sender=student, created_at=NOW + timedelta(minutes=minute)
        )
        for minute in (0, 1)
    )
    conversation.refresh_from_db()
    assert conversation.last_message_id == second.pk
    theirs = Participation.objects.get(user=ta)
    assert (theirs.last_message_id, theirs.unread, theirs.is_unread) == (second.pk, 2, True)
    assert theirs.unread_since == first.created_at
    own = Participation.objects.get(user=student)
    assert (own.last_message_id, own.unread, own.is_unread) == (second.pk, 0, False)


def test_other_conversations_stay_as_they_are(conversation, student, make_user):
    other = make_user("Somebody else")
    elsewhere = Conversation.objects.create(low=student, high=other)
    Participation.objects.create(conversation=elsewhere, user=other, other=student)
    Message.objects.create(conversation=conversation, sender=student)
    assert Participation.objects.get(user=other).unread == 0
    assert Participation.objects.get(user=other).last_message_id is None
