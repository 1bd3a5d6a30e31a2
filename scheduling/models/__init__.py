"""Appointments, their time slots, bookings, and the table that keeps people out of two places."""

from scheduling.models.appointments import Appointment, TimeSlot
from scheduling.models.bookings import Booking, BookingEvent
from scheduling.models.commitments import Commitment

__all__ = ["Appointment", "Booking", "BookingEvent", "Commitment", "TimeSlot"]
