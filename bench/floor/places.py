"""Where the main pages of somebody are; runs inside the site."""

import json

from django.utils import timezone

from accounts.models import User
from chat.models import Message, Participation
from scheduling.models import Booking, TimeSlot

EACH = 30  # messages that seed_scale gives a conversation on average
LOOKED_AT = 60  # conversations
FIRST = 200  # free times


def places(user: User) -> dict[str, str]:
    """Paths by what is there; all of them exist for somebody with bookings and conversations."""
    now = timezone.now()
    # Not the very first ones: these are the demo's, whose TA has little time.
    slot = list(TimeSlot.objects.free().with_ta().soonest()[:FIRST])[-1]
    topic = slot.appointment.topics.all()[0]
    return {
        "dashboard": "/",
        "bookings": "/bookings/",
        "topics": "/topics/",
        "sessions": "/appointments/",
        "inbox": "/messages/",
        "conversation": f"/messages/{_other(user)}/",
        "topic": topic.get_absolute_url(),
        "a TA's free times": f"/users/{slot.appointment.ta_id}/timeslots/",
        "booking": Booking.objects.of(user.pk).upcoming(now)[0].get_absolute_url(),
    }


def _other(user: User) -> int:
    """With whom this user has a conversation of usual length and nothing unread."""
    read = Participation.objects.inbox(user.pk).filter(is_unread=False)[:LOOKED_AT]

    def oddness(side: Participation) -> int:
        return abs(Message.objects.filter(conversation=side.conversation_id).count() - EACH)

    return min(read, key=oddness).other_id


def of(email: str) -> None:
    """Print them as JSON."""
    print(json.dumps(places(User.objects.get(email=email))))
