"""Storing many accounts at once, each with its email verified."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from setahub.demo.command import PASSWORD

BATCH = 1000


def store(users: Iterable[User]) -> list[User]:
    """Insert these with the demo's password and a verified email. Keys are filled in."""
    password = make_password(PASSWORD)  # hashing is slow on purpose: once for all
    users = list(users)
    for user in users:
        user.password = password
        user.clean()  # inserting in bulk skips save(), where the keys are made
    stored = User.objects.bulk_create(users, batch_size=BATCH)
    EmailAddress.objects.bulk_create(
        (EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in stored),
        batch_size=BATCH,
    )
    return stored
