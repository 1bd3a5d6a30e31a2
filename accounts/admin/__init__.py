"""People in the admin: users with all that concerns them, suspensions, blocks."""

from accounts.admin import groups, others, users
