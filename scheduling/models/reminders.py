"""When people are reminded of a booking."""

from datetime import datetime, timedelta
from enum import StrEnum


class Reminder(StrEnum):
    """The reminders there are, by how long before the start they are due."""

    DAY = "day"
    HOUR = "hour"

    @property
    def lead(self) -> timedelta:
        return {Reminder.DAY: timedelta(hours=24), Reminder.HOUR: timedelta(hours=1)}[self]

    @property
    def field(self) -> str:
        """The field of Booking that holds the start which it was sent for."""
        return f"reminded_{self.value}_for"

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """Starts for which it is time now: later than the first, up to the second.

        When the hour has come, the reminder of the day has nothing more to say.
        """
        return now + (Reminder.HOUR.lead if self is Reminder.DAY else timedelta(0)), now + self.lead
