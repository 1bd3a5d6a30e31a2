"""Whether limits on how fast people do things are in force."""

from django.conf import settings


def is_on() -> bool:
    """False only for load tests (``RATE_LIMITS=off``)."""
    return settings.RATE_LIMITS
