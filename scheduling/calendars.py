"""Bookings as iCalendar: invitations in emails, a file to download, a private feed.

Sources: RFC 5545 (iCalendar), RFC 5546 (METHOD, SEQUENCE), RFC 7986 (NAME, REFRESH-INTERVAL). Times
are UTC. The site is the organizer, under the TA's name; nobody's address is told to another.
Written by hand, since a feed of many bookings took a library seconds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.models import Booking, BookingEvent
from scheduling.models.bookings import BookingQuerySet
from setahub.core.mail import Attachment, absolute
from setahub.policy.current import LONGEST_SESSION

PRODID = "-//SETAHub//SETAHub//EN"
ALARM = "-PT15M"  # from the start
REFRESH = "PT1H"  # how often programs should look at the feed
FEED_PAST = timedelta(days=60)  # how long the feed has what is over: calendars stop reading at 1 MB
FULL_ENTRIES_MAX = 300  # bookings in a feed that are all told in full, at about 600 bytes each
FULL_ENTRIES_NEXT = 10  # of more than that, so many of those to come
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f]"
LINE = 75  # octets at most, the line break aside


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


# --- For people ---------------------------------------------------------------------------------


def invitation(event: BookingEvent, reader: User) -> Attachment:
    """What an email about a change carries for its reader's calendar."""
    then = after(event)
    method = "CANCEL" if then.cancelled else "REQUEST"
    entry = _entry(event.booking, reader, then, _attendee(reader))
    content = _calendar(method, entry).decode()
    return Attachment("booking.ics", content, f"text/calendar; method={method}")


def single(booking: Booking, reader: User) -> bytes:
    """One booking as a file to add to a calendar."""
    return _calendar("PUBLISH", _entry(booking, reader, current(booking)))


def feed(reader: User) -> bytes:
    """A person's bookings, taken and given, cancelled ones marked so: all to come, and the last.

    Of very many each says least, but for the next ones. One query.
    """
    about = [
        "NAME:SETAHub",
        "X-WR-CALNAME:SETAHub",
        f"X-WR-TIMEZONE:{settings.TIME_ZONE}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]
    now = timezone.now()
    bookings = list(_in_feed(reader).with_people().only(*_ENTRY_FIELDS, *_JOIN_FIELDS))
    in_full = _told_in_full([each.ends_at <= now for each in bookings])
    entries = (
        line
        for place, each in enumerate(bookings)
        for line in (
            _entry(each, reader, current(each), over=each.ends_at <= now)
            if place in in_full
            else _brief(each, reader, current(each))
        )
    )
    return _calendar("PUBLISH", entries, about)


def _told_in_full(over: list[bool]) -> range:
    """Which of the bookings, in order of time, say all: their places in the list."""
    if len(over) <= FULL_ENTRIES_MAX:
        return range(len(over))
    first = over.index(False) if False in over else len(over)
    return range(first, first + FULL_ENTRIES_NEXT)


def _in_feed(reader: User) -> BookingQuerySet:
    since = timezone.now() - FEED_PAST
    # What its start says follows from its end, and has an index.
    lately = Booking.objects.filter(ends_at__gt=since, starts_at__gt=since - LONGEST_SESSION)
    return lately.of(reader.pk).order_by("starts_at", "pk")


def feed_tag(reader: User) -> str:
    """What changes whenever ``feed`` would give other bytes, at a fraction of its cost. One query.

    Programs ask many times a day, and mostly nothing has changed.
    """
    rows = _in_feed(reader).values_list(*_ENTRY_FIELDS)
    surroundings = (
        _CODE_DIGEST,
        settings.SITE_URL,
        settings.DEFAULT_FROM_EMAIL,
        settings.TIME_ZONE,
    )
    end, now = _ENTRY_FIELDS.index("ends_at"), timezone.now()
    over = [row[end] <= now for row in rows]
    contents = [surroundings, get_language(), reader.pk, sum(over), _told_in_full(over), *rows]
    return sha256("\n".join(map(repr, contents)).encode()).hexdigest()


# All that an entry is made of.
_ENTRY_FIELDS = [
    "pk", "uid", "sequence", "status", "starts_at", "ends_at", "created_at", "revised_at",
    "question", "student", "student__username", "ta__username", "topic__name",
    "ta", "slot__appointment__location", "slot__appointment__notes",
]  # fmt: skip
# Beside these, what joins them and gives the deleted their name.
_JOIN_FIELDS = [
    "topic", "slot", "slot__appointment", "student__deleted_at", "ta__deleted_at"
]  # fmt: skip
_CODE_DIGEST = sha256(Path(__file__).read_bytes()).hexdigest()


def google_link(booking: Booking, reader: User) -> str:
    """Google Calendar's page with the booking filled in. What it is about stays here."""
    now = current(booking)
    return "https://calendar.google.com/calendar/render?" + urlencode(
        {
            "action": "TEMPLATE",
            "text": summary(booking, reader),
            "dates": f"{_utc(now.starts_at)}/{_utc(now.ends_at)}",
            "location": now.place if booking.shows_room_to(reader.pk) else "",
            "details": absolute(booking.get_absolute_url()),
        }
    )


def summary(booking: Booking, reader: User) -> str:
    """``Data Structures with น้ำฝน``, as one of its two people names it."""
    names = {"topic": booking.topic.name, "name": booking.other_than(reader).username}
    return _("%(topic)s with %(name)s") % names


# --- In iCalendar -------------------------------------------------------------------------------


def _calendar(method: str, entries: Iterable[str], about: Iterable[str] = ()) -> bytes:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        *about,
        *entries,
        "END:VCALENDAR",
    ]
    return b"".join(map(_folded, lines))


def _entry(
    booking: Booking, reader: User, then: Revision, *more: str, over: bool = False
) -> Iterator[str]:
    """The lines of one event, ``more`` among them; ``over``: without what is of use before it."""
    address = absolute(booking.get_absolute_url())
    yield "BEGIN:VEVENT"
    yield f"UID:{booking.uid}"
    yield f"SEQUENCE:{then.sequence}"
    yield f"DTSTAMP:{_utc(then.at)}"
    yield f"DTSTART:{_utc(then.starts_at)}"
    yield f"DTEND:{_utc(then.ends_at)}"
    yield f"SUMMARY:{_text(summary(booking, reader))}"
    yield f"DESCRIPTION:{_text(_description(booking, reader, over))}"
    if booking.shows_room_to(reader.pk):
        yield f"LOCATION:{_text(then.place)}"
    yield f"URL:{address}"
    yield f"STATUS:{'CANCELLED' if then.cancelled else 'CONFIRMED'}"
    yield f"TRANSP:{'TRANSPARENT' if then.cancelled else 'OPAQUE'}"
    yield f"ORGANIZER;CN={_quoted(booking.ta.username)}:mailto:{_site_address()}"
    yield from more
    if not (then.cancelled or over):
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(summary(booking, reader))}"
        yield f"TRIGGER:{ALARM}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _brief(booking: Booking, reader: User, then: Revision) -> Iterator[str]:
    """The lines of one event among very many: when, what and with whom."""
    yield "BEGIN:VEVENT"
    yield f"UID:{booking.uid}"
    if then.sequence:
        yield f"SEQUENCE:{then.sequence}"
    yield f"DTSTAMP:{_utc(then.at)}"
    yield f"DTSTART:{_utc(then.starts_at)}"
    yield f"DURATION:PT{(then.ends_at - then.starts_at) // timedelta(minutes=1)}M"  # a shorter line
    yield f"SUMMARY:{_text(f'{booking.topic.name}: {booking.other_than(reader).username}')}"
    if then.cancelled:
        yield "STATUS:CANCELLED"
        yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _description(booking: Booking, reader: User, over: bool) -> str:
    as_student = reader.pk == booking.student_id
    parts = [
        _("What you need help with:")
        if as_student
        else _("What %(name)s needs help with:") % {"name": booking.student.username},
        booking.question,
    ]
    if booking.slot.appointment.notes and booking.shows_room_to(reader.pk) and not over:
        parts += ["", _("Notes on this session:"), booking.slot.appointment.notes]
    return "\n".join([*parts, "", absolute(booking.get_absolute_url())])


def _site_address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def _attendee(reader: User) -> str:
    """The reader, who has accepted by booking or by opening the time: no answer is wanted."""
    return (
        f"ATTENDEE;CN={_quoted(reader.username)};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT"
        f";PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{reader.email}"
    )


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A value of type TEXT (RFC 5545, section 3.3.11), without characters it has no place for."""
    lines = re.sub(r"\r\n?", "\n", value)
    escaped = re.sub(r"([\\;,])", r"\\\1", re.sub(_CONTROL, "", lines))
    return escaped.replace("\n", "\\n")


def _quoted(value: str) -> str:
    """A value of a parameter, in which no quotation mark can stand."""
    return '"' + re.sub(_CONTROL, "", value.replace("\n", " ")).replace('"', "'") + '"'


def _folded(line: str) -> bytes:
    """A line in pieces that no program finds too long (RFC 5545, section 3.1), none cut in a letter."""
    left = line.encode()
    pieces: list[bytes] = []
    while len(left) > LINE - bool(pieces):
        end = LINE - bool(pieces)
        while left[end] & 0xC0 == 0x80:  # amid the octets of a letter
            end -= 1
        pieces.append(left[:end])
        left = left[end:]
    return b"\r\n ".join([*pieces, left]) + b"\r\n"
