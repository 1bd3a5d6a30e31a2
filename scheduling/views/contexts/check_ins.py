"""What the pages of checking in show: the TA's code, and what a scan leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from scheduling.models import Appointment, Booking
from scheduling.queries.check_ins import expected_in
from scheduling.services import check_ins
from setahub.core import qr
from setahub.policy.current import policy

LOOKED_AGAIN_AFTER = 3600  # seconds, at most, on a page that waits for its time


@dataclass(frozen=True)
class Arrivals:
    """Who is expected, and who has checked in."""

    appointment: Appointment
    bookings: Sequence[Booking]

    @classmethod
    def of(cls, appointment: Appointment) -> "Arrivals":
        return cls(appointment, expected_in(appointment))

    @property
    def arrived(self) -> int:
        return sum(each.checked_in_at is not None for each in self.bookings)

    @property
    def seen(self) -> str:
        """What a page that shows this has seen: it needs nothing new while that is the same."""
        return f"{self.arrived}-{len(self.bookings)}"


@dataclass(frozen=True)
class CodePage:
    """A session's code as its TA shows it, or when there is one; ``again``: seconds until the next."""

    appointment: Appointment
    opens_at: datetime
    code: str = ""
    address: str = ""
    qr: str = ""  # SVG
    again: int | None = None

    @classmethod
    def of(cls, appointment: Appointment, site: str) -> "CodePage":
        """``site``: what the address of the QR begins with."""
        now = timezone.now()
        opens_at = appointment.starts_at - policy.join_before
        if appointment.is_cancelled or appointment.has_ended(now):
            return cls(appointment, opens_at)
        if now < opens_at:
            wait = min(ceil((opens_at - now).total_seconds()), LOOKED_AGAIN_AFTER)
            return cls(appointment, opens_at, again=wait)
        code = check_ins.code_of(appointment.pk, now)
        path = reverse("scheduling:check_in", args=[appointment.pk])
        address = f"{site}{path}?{urlencode({'code': code})}"
        again = ceil(check_ins.lasts_for(now))
        return cls(appointment, opens_at, code, address, qr.svg(address), again)

    @property
    def digits(self) -> list[str]:
        """The code in two halves, as it is read out."""
        return [self.code[:3], self.code[3:]]
