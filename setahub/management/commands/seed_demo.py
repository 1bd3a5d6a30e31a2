"""``seed_demo``: a small faculty to look around in."""

from typing import Any

from django.db import transaction

from setahub.demo import bookings, calendar, people, topics
from setahub.demo.command import SeedCommand


class Command(SeedCommand):
    help = (
        "Demo people, topics, sessions and bookings. Safe to repeat: keeps what users changed, and"
        " opens time on the next 14 days where it is missing."
    )

    @transaction.atomic
    def handle(self, *, verbosity: int, **options: Any) -> None:
        cast = people.ensure()
        known = topics.ensure(cast)
        sessions = calendar.ensure(cast, known)
        booked = bookings.ensure(cast, sessions)
        self.say(
            f"Added {len(cast.fresh)} people, {len(sessions)} sessions and {booked} bookings.",
            verbosity,
        )
