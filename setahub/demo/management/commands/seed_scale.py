"""``seed_scale``: very many people, sessions, bookings, messages and requests, for measurements."""

from argparse import ArgumentParser, ArgumentTypeError
from time import monotonic
from typing import Any

from django.core.management.base import CommandError

from setahub.demo import scale_requests
from setahub.demo.command import SeedCommand
from setahub.demo.scale import Scale, TooMany
from setahub.demo.scale_messages import ScaleMessages


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"a whole number from 0 on, not “{text}”")
    return int(text)


class Command(SeedCommand):
    help = "Adds very many people, bookings, messages and requests, to measure with; each run adds more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--students", type=_number, default=1000, help="people who book")
        parser.add_argument("--tas", type=_number, default=100, help="people who open time")
        parser.add_argument(
            "--bookings", type=_number, default=10_000, help="in the past year and the coming weeks"
        )
        parser.add_argument("--messages", type=_number, default=0, help="over the past year")
        parser.add_argument("--requests", type=_number, default=0, help="that wait for time")

    def handle(
        self,
        *,
        students: int,
        tas: int,
        bookings: int,
        messages: int,
        requests: int,
        verbosity: int,
        **options: Any,
    ) -> None:
        began = monotonic()
        scale = Scale(students, tas, bookings, lambda line: self.say(line, verbosity))
        try:
            scale.make()
            taught = sorted({topic for own in scale.topics for topic in own})
            scale_requests.make(scale.students, taught, requests, scale.say)
        except TooMany as error:
            raise CommandError(str(error)) from error
        ScaleMessages(scale.students, scale.tas, messages, scale.say).make()
        self.say(f"Done in {monotonic() - began:.0f} s.", verbosity)
