"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane.

    Django's own numbers take 100 MiB and six times as long for each sign-in; when a lecture of a
    hundred signs in at once, that is 10 GB and half a minute. Source: OWASP Password Storage Cheat
    Sheet, Argon2id.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1
