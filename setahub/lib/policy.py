"""The faculty's policy numbers, in the shape rules want them.

One object, ``policy``, so that a rule never reads a setting's unit or a literal.
"""

from datetime import timedelta

from django.conf import settings


class Policy:
    """Each property is read at the time of asking, so that a changed setting counts at once."""

    @property
    def ta_min_year(self) -> int:
        return settings.TA_MIN_YEAR

    @property
    def ta_approval(self) -> bool:
        return settings.TA_APPROVAL

    @property
    def min_notice(self) -> timedelta:
        return timedelta(minutes=settings.BOOKING_MIN_NOTICE)

    @property
    def horizon(self) -> timedelta:
        return timedelta(days=settings.BOOKING_HORIZON)

    @property
    def max_active_bookings(self) -> int:
        return settings.MAX_ACTIVE_BOOKINGS

    @property
    def late_cancel(self) -> timedelta:
        return timedelta(minutes=settings.LATE_CANCEL)

    @property
    def late_cancel_grace(self) -> timedelta:
        return settings.LATE_CANCEL_GRACE

    @property
    def no_show_after(self) -> timedelta:
        return settings.NO_SHOW_AFTER

    @property
    def outcome_switch(self) -> timedelta:
        return settings.OUTCOME_SWITCH

    @property
    def auto_complete(self) -> timedelta:
        return settings.AUTO_COMPLETE

    @property
    def grid(self) -> timedelta:
        return settings.APPOINTMENT_GRID

    @property
    def max_length(self) -> timedelta:
        return settings.APPOINTMENT_MAX_LENGTH

    @property
    def max_ahead(self) -> timedelta:
        return settings.APPOINTMENT_MAX_AHEAD

    @property
    def max_repeat(self) -> timedelta:
        return settings.APPOINTMENT_MAX_REPEAT

    @property
    def slot_minutes(self) -> list[int]:
        return settings.APPOINTMENT_SLOT_MINUTES

    @property
    def max_seats(self) -> int:
        return settings.APPOINTMENT_MAX_SEATS

    @property
    def messages_per_minute(self) -> int:
        return settings.MESSAGES_PER_MINUTE

    @property
    def message_images_per_minute(self) -> int:
        return settings.MESSAGE_IMAGES_PER_MINUTE


policy = Policy()
