"""Stored unread counts always equal a recount, whatever was sent and read in whichever order."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import services
from chat.models import Message, Participation
from chat.queries.conversations import badge, unread_counts
from topics.models import Registration

ACTS = st.lists(
    st.tuples(st.sampled_from(["send", "read"]), st.integers(0, 2), st.integers(0, 2), st.integers(0, 9)),
    max_size=25,
)  # fmt: skip


@pytest.fixture
def three(make_user, topic, settings):
    """Three people who may all write to each other."""
    settings.RATE_LIMITS = False
    people = [make_user(name) for name in ("One", "Two", "Three")]
    for person in people:
        Registration.objects.create(user=person, topic=topic)
    return people


@given(acts=ACTS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_counts_equal_a_recount(three, acts):
    for kind, one, other, number in acts:
        if one == other:
            continue
        a, b = three[one], three[other]
        if kind == "send":
            services.send(a.pk, b.pk, uuid.uuid4(), "Hello")
        else:
            ids = list(Message.objects.between(a.pk, b.pk).values_list("pk", flat=True))
            services.mark_read(a.pk, b.pk, ids[number % len(ids)] if ids else 1)
    for side in Participation.objects.all():
        waiting = Message.objects.filter(
            conversation=side.conversation_id, sender=side.other_id, pk__gt=side.last_read_id
        )
        assert side.unread == waiting.count()
        oldest = waiting.order_by("pk").first()
        assert side.unread_since == (oldest.created_at if oldest else None)
        newest = Message.objects.filter(conversation=side.conversation_id).latest("pk")
        assert side.last_message_id == newest.pk
    for person in three:
        counts = unread_counts(person.pk)
        assert sum(counts.values()) == badge(person.pk)[0]
        assert 0 not in counts.values()
