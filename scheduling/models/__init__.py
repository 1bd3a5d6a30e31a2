"""Appointments, their time slots, bookings and what remains of them, help requests and offers, what
was looked for in vain, and the table that keeps people out of two places."""

from scheduling.models.appointments import Appointment, Cause
from scheduling.models.bookings import Booking
from scheduling.models.busy import CALENDAR_NAME_MAX, BusyCalendar, BusyTime
from scheduling.models.care import TeachingLimits
from scheduling.models.commitments import Commitment
from scheduling.models.demand import NothingFree
from scheduling.models.disputes import Dispute
from scheduling.models.events import BookingEvent
from scheduling.models.narrowing import Part, Place
from scheduling.models.records import Record
from scheduling.models.requests import Digest, FreedSeat, HelpRequest, Offer, PlaceInLine
from scheduling.models.slots import TimeSlot
from scheduling.models.takeaways import Takeaway, Thanks
