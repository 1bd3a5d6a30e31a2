"""The calendar in the admin: one module for each kind of thing."""

from scheduling.admin import appointments, bookings, records, requests
