"""Showing to be there: a code that the TA shows, and the student enters or scans.

The code is made of a key, the session and the minute, so nothing of it is stored. What a QR says
may be looked at later, while somebody signs in: it is sealed with the moment of the scan, right or
wrong, so that a scan tells nobody whether a code is right.
"""

import hmac
import re
import unicodedata
from datetime import datetime, timedelta

from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from scheduling import notifications
from scheduling.errors import SchedulingError
from scheduling.models import Booking, BookingEvent
from scheduling.services import outcome_rules as rules
from scheduling.services.bookings.rows import locked, record
from setahub.core.web.cache import CacheAway
from setahub.core.web.ratelimit import TooMany, guess

Status = Booking.Status
Kind = BookingEvent.Kind

DIGITS = 6
LASTS = timedelta(minutes=1)
SCAN_LASTS = timedelta(minutes=10)
GUESSES, GUESSED_WITHIN = 5, timedelta(minutes=10)
_SALT = "scheduling.check-in"
_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")


# --- Codes --------------------------------------------------------------------------------------


def code_of(appointment_id: int, moment: datetime) -> str:
    """The six digits of a session in the minute of ``moment``. Source: RFC 4226, section 5.3."""
    digest = salted_hmac(_SALT, f"{appointment_id}:{_minute(moment)}", algorithm="sha256").digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def lasts_for(moment: datetime) -> float:
    """Seconds until the next code."""
    return LASTS.total_seconds() - moment.timestamp() % LASTS.total_seconds()


def scanned(appointment_id: int, code: str) -> str:
    """What an address said, sealed with this moment; what was sealed before stays as it is."""
    typed = _digits(code)
    if not _CODE.fullmatch(typed):
        return code
    return signing.dumps([appointment_id, typed, timezone.now().timestamp()], salt=_SALT)


def _is_right(appointment_id: int, code: str) -> bool:
    """Whether it is the code of this minute or of the one before, now or when it was scanned."""
    typed, at = _digits(code), timezone.now()
    if not _CODE.fullmatch(typed):
        try:
            of, typed, seconds = signing.loads(code, salt=_SALT)
        except (signing.BadSignature, ValueError):
            return False
        at = datetime.fromtimestamp(seconds, tz=at.tzinfo)
        if of != appointment_id or timezone.now() - at > SCAN_LASTS:
            return False
    good = [code_of(appointment_id, moment) for moment in (at, at - LASTS)]
    return any(hmac.compare_digest(each, typed) for each in good)


def _digits(code: str) -> str:
    """The digits of any script as ASCII, without the gaps that people leave between them."""
    written = "".join(code.split())
    return "".join(str(unicodedata.digit(each, each)) for each in written)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // LASTS.total_seconds())


# --- Writes -------------------------------------------------------------------------------------


def check_in(booking: Booking, student: User, code: str) -> Booking:
    """The student is there: the code says so. It undoes a no-show and a report that the TA was not.

    Raises SchedulingError. Whoever has checked in already has done so. Wrong codes are counted before they are looked at.
    """
    if booking.checked_in_at is not None and booking.student_id == student.pk:
        return booking
    rules.check_check_in(booking, student)
    _check_code(booking, student, code)
    with transaction.atomic():
        booking = locked(booking)
        if booking.checked_in_at is not None:
            return booking
        rules.check_check_in(booking, student)
        booking.checked_in_at = timezone.now()
        booking.ta_absent_at = None  # whose screen else would show the code
        changed = ["checked_in_at", "ta_absent_at"]
        if missed := booking.status == Status.NO_SHOW:
            booking.status = Status.COMPLETED
            changed.append("status")
        booking.save(update_fields=changed)
        record(booking, Kind.CHECKED_IN, student)
        if missed:
            record(booking, Kind.COMPLETED, student)
    return booking


def undo(booking: Booking, actor: User) -> Booking:
    """Staff take a check-in back; how it went stays as it is."""
    with transaction.atomic():
        booking = locked(booking)
        if booking.checked_in_at is not None:
            booking.checked_in_at = None
            booking.save(update_fields=["checked_in_at"])
            record(booking, Kind.UNCHECKED, actor)
    return booking


def _check_code(booking: Booking, student: User, code: str) -> None:
    seconds = int(GUESSED_WITHIN.total_seconds())
    try:
        with guess(f"check-in {student.pk}", GUESSES, seconds, closed=True) as made:
            made.right = _is_right(booking.slot.appointment_id, code)
    except TooMany as error:
        if cache.add(f"check-in-guessed:{booking.pk}", 1, seconds):
            notifications.guessed(booking)
        minutes = -(-error.seconds // 60)
        raise SchedulingError(
            "rate_limited",
            ngettext(
                "Too many wrong codes. Please try again in %(minutes)d minute, or ask your TA.",
                "Too many wrong codes. Please try again in %(minutes)d minutes, or ask your TA.",
                minutes,
            )
            % {"minutes": minutes},
            field="code",
            seconds=error.seconds,
        ) from error
    except CacheAway as error:
        raise SchedulingError(
            "unavailable",
            _(
                "Codes can't be checked at the moment. Nothing is lost: your booking counts without."
            ),
            field="code",
        ) from error
    if not made.right:
        raise SchedulingError(
            "wrong_code",
            _("That is not the code of this session now. It changes each minute."),
            status=422,
            field="code",
        )
