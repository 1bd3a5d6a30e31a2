"""What logs leave out."""

import logging


class WithoutExpectedTracebacks(logging.Filter):
    """Takes the traceback off where Django only says that a request was refused.

    A wrong host, a form too large, a page that isn't one's own: the line tells it all, and anybody
    can make thousands of them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        refusal = record.name == "django.request" and record.levelno < logging.ERROR
        if refusal or record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True
