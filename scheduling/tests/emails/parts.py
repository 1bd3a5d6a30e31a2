"""Parts of an email."""

from icalendar import Calendar


def invitation(message):
    """The calendar in an email, and its one event."""
    [part] = [
        part for part in message.message().walk() if part.get_content_type() == "text/calendar"
    ]
    assert part.get_filename() == "booking.ics"
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    [event] = calendar.events
    return calendar, event


def text(message) -> str:
    """What it says, without greeting and footer."""
    return message.body.partition("\n\n")[2].partition("\n\nYour SETAHub team")[0]
