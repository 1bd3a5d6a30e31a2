"""``vapid``: a new key for push."""

from typing import Any

from django.core.management.base import BaseCommand

from setahub.core import vapid


class Command(BaseCommand):
    help = "Prints a new key for push, as VAPID_PRIVATE_KEY takes it. It changes nothing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        key = vapid.new_key()
        self.stdout.write(f"VAPID_PRIVATE_KEY={key}")
        self.stdout.write(f"# What browsers are given of it: {vapid.public_key(key)}")
