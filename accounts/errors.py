"""What a service about people refuses."""

from setahub.core.web.refusals import Refusal


class AccountError(Refusal):
    """A refusal of an account's service."""
