"""What chat services raise."""

from django.utils.functional import Promise

# The HTTP status that each code deserves.
STATUS = {
    "invalid": 422,
    "too_long": 422,
    "not_allowed": 403,
    "blocked": 403,
    "rate_limited": 429,
    "unavailable": 503,  # of pictures alone: no decoder is free, or they can't be stored
}


class ChatError(Exception):
    """A refusal in words that a user can read; ``code`` is one of STATUS.

    ``field`` is the form field that it belongs beside.
    """

    def __init__(self, code: str, message: "str | Promise", *, field: str | None = None) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = str(message)
        self.status = STATUS[code]
        self.field = field
