"""What in the admin is of no one app: the policy and its log, background work."""

from setahub.admin import background, policy

__all__ = ["background", "policy"]
