"""What is logged, and how."""

from typing import Any

from setahub.settings.basics import DEBUG

# What follows these in an address is a secret: whoever has it is let in.
SECRET_PATHS = (
    "/calendar/",
    "/records/",
    "/email/unsubscribe/",
    "/auth/password/reset/key/",
    "/auth/confirm-email/",
    "/auth/email/undo/",
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "requests": {"()": "setahub.core.server.logs.RequestLines"},
        "once": {"()": "setahub.core.server.logs.OncePerOutage"},
    },
    "formatters": {
        "line": {
            "()": "setahub.core.server.logs.Line",
            "format": "{asctime} {levelname} {name} [{request_id}]: {message}",
            "style": "{",
        },
    },
    "handlers": {
        "out": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "line",
            "filters": ["requests"],
        }
    },
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "setahub.access": {"level": "WARNING" if DEBUG else "INFO"},
        "fido2": {"level": "WARNING"},  # it would name everybody's keys
        # A traceback every second while Redis is away.
        "channels_redis.pubsub": {"filters": ["once"]},
        "psycopg.pool": {"level": "ERROR"},  # a line for each connection; outages have their own
    },
}
