"""``seed_demo``: a small faculty to look around in."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from setahub.demo import (
    bookings,
    calendar,
    favourites,
    messages,
    notices,
    people,
    remains,
    requests,
    topics,
)
from setahub.demo.command import SeedCommand


class Command(SeedCommand):
    help = (
        "Demo people, topics, sessions, bookings, requests and messages. Safe to repeat: keeps what users changed, and"
        " opens time on the next 14 days where it is missing."
    )

    @transaction.atomic
    def handle(self, *, verbosity: int, **options: Any) -> None:
        began = timezone.now()
        cast = people.ensure()
        known = topics.ensure(cast)
        favourites.ensure(cast, known)
        sessions = calendar.ensure(cast, known)
        lines = messages.begin(cast)
        booked = bookings.ensure(cast, sessions)
        remains.ensure(cast)
        asked = requests.ensure(cast)
        lines += messages.finish(cast, began)
        notices.read_older(began)
        self.say(
            f"Added {len(cast.fresh)} people, {len(sessions)} sessions, {booked} bookings,"
            f" {asked} requests and {lines} messages.",
            verbosity,
        )
