"""Cards of bookings."""

from chat.models import Message
from chat.services.rows import store
from scheduling.models import BookingEvent

CARD_KINDS = {BookingEvent.Kind.MADE, BookingEvent.Kind.MOVED, BookingEvent.Kind.CANCELLED}


def post_card(event: BookingEvent) -> None:
    """Show what happened to a booking in the conversation of its two people."""
    if event.kind not in CARD_KINDS:
        return
    booking = event.booking
    sender, recipient = booking.student, booking.ta
    if event.actor_id != sender.pk:
        # What staff or the clock did is told in the TA's name, to the student.
        sender, recipient = recipient, sender
    is_new = event.kind == BookingEvent.Kind.MADE
    text = booking.question if is_new else event.detail
    store(Message(sender=sender, kind=Message.Kind.BOOKING, text=text, event=event), recipient.pk)
