"""What happens to people, sent inside the transaction for higher apps to answer."""

from django.dispatch import Signal

# user: who was suspended; actor: the admin or None; cancel_bookings: whether coming ones are to go.
user_suspended = Signal()
