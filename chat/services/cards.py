"""Cards of bookings and takeaways."""

from chat.models import Message
from chat.services.rows import store
from scheduling.models import BookingEvent, Takeaway

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
    card = Message(sender=sender, kind=Message.Kind.BOOKING, text=text, event=event)
    store(card, recipient.pk, recipient.language)


def post_takeaway(takeaway: Takeaway) -> None:
    """Show what a TA left behind in the conversation with the student; it is read from its row."""
    booking = takeaway.booking
    card = Message(sender=booking.ta, kind=Message.Kind.TAKEAWAY, takeaway=takeaway)
    store(card, booking.student_id, booking.student.language)
