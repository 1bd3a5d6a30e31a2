"""The calendar in the admin: one module for each kind of thing."""

from scheduling.admin import appointments, bookings, disputes, records, requests
