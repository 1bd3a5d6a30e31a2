"""Django's ``migrate``, of which one at a time works on a database: another one waits for it."""

from typing import Any

from django.core.management.commands.migrate import Command as BaseCommand
from django.db import connections

from setahub.core.db.constraints import alone


class Command(BaseCommand):
    """Two machines that start at once both migrate; the second then finds nothing left to do."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        with alone(connection, "migrate", waiting=self._say_that_it_waits):
            super().handle(*args, **options)

    def _say_that_it_waits(self) -> None:
        self.stdout.write("Another migration is running: waiting until it is done.")
