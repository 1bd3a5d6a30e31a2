"""What chat services raise."""

from setahub.core.web.refusals import Refusal


class ChatError(Refusal):
    """Something that can't be written or shown; a socket is told its ``code``."""
