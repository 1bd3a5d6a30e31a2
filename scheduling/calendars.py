"""Bookings as iCalendar: invitations in emails, a file to download, a private feed.

Sources: RFC 5545 (iCalendar), RFC 5546 (METHOD, SEQUENCE), RFC 7986 (NAME, REFRESH-INTERVAL). Times
are UTC. The site is the organizer, under the TA's name; nobody's address is told to another.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, vCalAddress, vDuration

from accounts.models import User
from scheduling.models import Booking, BookingEvent
from setahub.lib.mail import Attachment, absolute

PRODID = "-//SETAHub//SETAHub//EN"
ALARM = timedelta(minutes=-15)  # from the start
REFRESH = timedelta(hours=1)  # how often programs should look at the feed


@dataclass(frozen=True)
class Revision:
    """A booking's place in time as one of its changes left it; ``at`` is when that was."""

    sequence: int
    starts_at: datetime
    ends_at: datetime
    place: str
    cancelled: bool
    at: datetime


def current(booking: Booking) -> Revision:
    """The booking as it stands."""
    return Revision(
        booking.sequence,
        booking.starts_at,
        booking.ends_at,
        booking.slot.appointment.location,
        booking.status == Booking.Status.CANCELLED,
        booking.revised_at or booking.created_at,
    )


def after(event: BookingEvent) -> Revision:
    """The booking as it was after this line of its history, whatever came later.

    Lines from before these things were kept show the booking as it stands.
    """
    now = current(event.booking)
    if event.sequence is None or event.starts_at is None or event.ends_at is None:
        return now
    cancelled = event.kind == BookingEvent.Kind.CANCELLED
    return Revision(
        event.sequence, event.starts_at, event.ends_at, event.place, cancelled, event.created_at
    )


def place(then: Revision) -> str:
    """Where it is; of a cancelled one not the address of the online room."""
    hidden = then.cancelled and then.place.startswith("https://")
    return _("online") if hidden else then.place


# --- For people ---------------------------------------------------------------------------------


def invitation(event: BookingEvent, reader: User) -> Attachment:
    """What an email about a change carries for its reader's calendar."""
    then = after(event)
    method = "CANCEL" if then.cancelled else "REQUEST"
    entry = _entry(event.booking, reader, then)
    entry.add("attendee", _attendee(reader))
    content = _calendar(method, [entry]).to_ical().decode()
    return Attachment("booking.ics", content, f"text/calendar; method={method}")


def single(booking: Booking, reader: User) -> bytes:
    """One booking as a file to add to a calendar."""
    return _calendar("PUBLISH", [_entry(booking, reader, current(booking))]).to_ical()


def feed(reader: User) -> bytes:
    """All bookings of a person, taken and given, cancelled ones marked so. One query."""
    found = Booking.objects.of(reader.pk).with_people().order_by("starts_at", "pk")
    calendar = _calendar("PUBLISH", (_entry(each, reader, current(each)) for each in found))
    calendar.add("name", "SETAHub")
    calendar.add("x-wr-calname", "SETAHub")
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("refresh-interval", REFRESH, {"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH).to_ical().decode())
    return calendar.to_ical()


def feed_tag(reader: User) -> str:
    """What changes whenever ``feed`` would give other bytes, at a fraction of its cost. One query.

    Programs ask many times a day, and mostly nothing has changed.
    """
    found = Booking.objects.of(reader.pk).order_by("starts_at", "pk").values_list(*_SHOWN)
    surroundings = (_THIS_CODE, settings.SITE_URL, settings.DEFAULT_FROM_EMAIL, settings.TIME_ZONE)
    shown = [surroundings, get_language(), reader.pk, *found]
    return sha256("\n".join(map(repr, shown)).encode()).hexdigest()


# All that an entry is made of.
_SHOWN = [
    "pk", "uid", "sequence", "status", "starts_at", "ends_at", "created_at", "revised_at",
    "question", "student", "student__username", "ta__username", "topic__name",
    "slot__appointment__location", "slot__appointment__notes",
]  # fmt: skip
_THIS_CODE = sha256(Path(__file__).read_bytes()).hexdigest()


def google_link(booking: Booking, reader: User) -> str:
    """Google Calendar's page with the booking filled in. What it is about stays here."""
    form = "%Y%m%dT%H%M%SZ"
    now = current(booking)
    return "https://calendar.google.com/calendar/render?" + urlencode(
        {
            "action": "TEMPLATE",
            "text": summary(booking, reader),
            "dates": f"{now.starts_at:{form}}/{now.ends_at:{form}}",
            "location": now.place,
            "details": absolute(booking.get_absolute_url()),
        }
    )


def summary(booking: Booking, reader: User) -> str:
    """``Data Structures with น้ำฝน``, as one of its two people names it."""
    other = booking.ta if reader.pk == booking.student_id else booking.student
    return _("%(topic)s with %(name)s") % {"topic": booking.topic.name, "name": other.username}


# --- In iCalendar -------------------------------------------------------------------------------


def _calendar(method: str, entries: Iterable[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(entry)
    return calendar


def _entry(booking: Booking, reader: User, then: Revision) -> Event:
    entry = Event()
    entry.add("uid", str(booking.uid))
    entry.add("sequence", then.sequence)
    entry.add("dtstamp", then.at)
    entry.add("dtstart", then.starts_at)
    entry.add("dtend", then.ends_at)
    entry.add("summary", _clean(summary(booking, reader)))
    entry.add("description", _clean(_description(booking, reader)))
    entry.add("location", _clean(place(then)))
    entry.add("url", absolute(booking.get_absolute_url()))
    entry.add("status", "CANCELLED" if then.cancelled else "CONFIRMED")
    entry.add("transp", "TRANSPARENT" if then.cancelled else "OPAQUE")
    entry.add("organizer", _organizer(booking))
    if not then.cancelled:
        entry.add_component(Alarm.new_display(_clean(summary(booking, reader)), ALARM))
    return entry


def _description(booking: Booking, reader: User) -> str:
    as_student = reader.pk == booking.student_id
    parts = [
        _("What you need help with:")
        if as_student
        else _("What %(name)s needs help with:") % {"name": booking.student.username},
        booking.question,
    ]
    if booking.slot.appointment.notes:
        parts += ["", _("Notes on this session:"), booking.slot.appointment.notes]
    return "\n".join([*parts, "", absolute(booking.get_absolute_url())])


def _organizer(booking: Booking) -> vCalAddress:
    address = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    address.params["CN"] = booking.ta.username
    return address


def _attendee(reader: User) -> vCalAddress:
    """The reader, who has accepted by booking or by opening the time: no answer is wanted."""
    address = vCalAddress(f"mailto:{reader.email}")
    address.params.update(
        {
            "CN": reader.username,
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "ACCEPTED",
            "RSVP": "FALSE",
        }
    )
    return address


def _clean(text: str) -> str:
    """Without control characters, which RFC 5545 has no place for."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
