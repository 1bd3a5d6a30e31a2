"""What the commands that make up data have in common."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from setahub.core.work.tasks import nothing_queued

PASSWORD = "setahub-demo"


class SeedCommand(BaseCommand):
    """A command that refuses to fill a real site unless it is forced to."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="also on a site that runs without DEBUG"
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "This makes up accounts with a known password: it runs where DEBUG is on,"
                " or with --force."
            )
        with nothing_queued():
            return super().execute(*args, **options)

    def say(self, line: str, verbosity: int) -> None:
        """One line of progress."""
        if verbosity:
            self.stdout.write(line)
            self.stdout.flush()
