"""Very many people who wait for time, for measurements."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from scheduling.models import HelpRequest, Part, PlaceInLine
from setahub.core import clock
from setahub.demo.scale import BATCH, TooMany
from setahub.demo.scale_topics import QUESTIONS
from setahub.policy.current import policy

ASKED_WITHIN = timedelta(days=7)
SHARED = 0.5  # of all requests


def make(
    students: Sequence[User], topics: Sequence[int], wanted: int, say: Callable[[str], None]
) -> None:
    """So many open requests, each with its owner's place; nobody waits for more than they may."""
    if not wanted:
        return
    if not topics or wanted > len(students) * policy.max_requests:
        raise TooMany("So many requests don't fit: ask for more students, and for TAs.")
    dice, now = random.Random(f"requests {students[0].pk}"), timezone.now()
    today, rows = clock.today(), list[HelpRequest]()
    for number in range(wanted):
        asked = HelpRequest(
            student=students[number % len(students)],
            topic_id=dice.choice(topics),
            question=dice.choice(QUESTIONS),
            from_day=today,
            to_day=today + timedelta(days=dice.randint(3, 14)),
            parts=dice.choice(["", "", *Part.values]),
            shared=dice.random() < SHARED,
            created_at=now - ASKED_WITHIN * dice.random(),
        )
        rows.append(asked)
    HelpRequest.objects.bulk_create(rows, batch_size=BATCH)
    PlaceInLine.objects.bulk_create(
        (PlaceInLine(request=row, person=row.student, created_at=row.created_at) for row in rows),
        batch_size=BATCH,
    )
    say(f"{wanted:,} requests")
