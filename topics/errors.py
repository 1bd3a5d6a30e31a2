"""What topic services raise."""

from setahub.core.web.refusals import Refusal


class TopicError(Refusal):
    """Something that can't be done with a topic or a registration."""
