"""Topics, registrations and rosters for staff."""

from topics.admin import roster, topics
