"""What happens to bookings, sent inside the transaction for higher apps to answer."""

from django.dispatch import Signal

# event: the line that the booking's history has gained, its booking with people loaded.
booking_changed = Signal()
# takeaway: what a TA has left behind, for the first time; its booking with people loaded.
takeaway_left = Signal()
