"""``manage.py worker``: the background work of the site."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from setahub.core.work.worker import Worker


class Command(BaseCommand):
    help = (
        "Does the background work: emails and other tasks, and once a minute reminders and"
        " cleaning. Run as many as you like, on as many machines; end them with SIGTERM or Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="do what is due now, and end (for cron)"
        )

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        worker = Worker()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, worker.stop)
        if once:
            worker.once()
        else:
            worker.run()
