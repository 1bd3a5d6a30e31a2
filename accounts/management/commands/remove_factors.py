"""``manage.py remove_factors EMAIL``: for the last administrator who has lost their second step."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountError
from accounts.models import User
from accounts.services import mfa


class Command(BaseCommand):
    help = "Turn two-step sign-in off for one person and sign them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.with_email(options["email"]).first()
        if user is None:
            raise CommandError("Nobody signs in with this email.")
        try:
            count = mfa.remove_factors(user, actor=None)
        except AccountError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{user.username}: {count} removed; the password alone lets in now.")
