"""The calendar's part of the sweep: what is due, what is over, and seats that nobody matched yet."""

from functools import partial

from django.conf import settings
from django.utils import timezone

from scheduling.models import Booking, FreedSeat, Offer, reminders
from scheduling.services import bookings, busy, offers, requests, withdrawals
from setahub.core.work.tasks import every_minute, one_by_one

BATCH = 500  # at once; the next sweep does the rest


@every_minute
def remind() -> None:
    """Queue the reminders that have come due since the last sweep, each once."""
    now = timezone.now()
    for which in reminders.Reminder:
        slots = Booking.objects.to_remind(which, now).order_by("starts_at").values_list("slot")
        due = list(dict.fromkeys(slot_id for (slot_id,) in slots[:BATCH]))
        one_by_one(due, partial(bookings.remind, which=which))


@every_minute
def complete() -> None:
    """Complete bookings that ended a day ago, unless the student reported an absent TA."""
    over = Booking.objects.overdue(timezone.now()).order_by("starts_at")
    one_by_one(list(over[:BATCH]), bookings.complete_overdue)


@every_minute
def offer() -> None:
    """Match seats whose task was lost, and pass on offers that ran out or whose place has ended."""
    freed = FreedSeat.objects.order_by("pk").values_list("slot", flat=True)
    run_out = Offer.objects.run_out(timezone.now()).order_by("expires_at")
    slots = [*freed[:BATCH], *run_out.values_list("slot", flat=True)[:BATCH]]
    one_by_one(list(dict.fromkeys(slots)), offers.match)
    left = Offer.objects.open().filter(place__ended_at__isnull=False)
    one_by_one(list(left.values_list("pk", flat=True)[:BATCH]), offers.let_go)
    withdrawals.of_stranded()


@every_minute
def wait() -> None:
    """What time does to requests: they run out, and people are told in time."""
    requests.end_over()
    requests.warn()
    requests.tell_tas()
    requests.forget_digests()


@every_minute
def read_calendars() -> None:
    """Calendars of people's own are read when they are due."""
    busy.claim_due(timezone.now(), BATCH)


_renewed: set[str] = set()  # keys for which this process has renewed all seals


@every_minute
def renew_seals() -> None:
    """Once after SECRET_KEY was replaced, as ``accounts.sweeps`` does."""
    if settings.SECRET_KEY_FALLBACKS and settings.SECRET_KEY not in _renewed:
        busy.renew_seals()
        _renewed.add(settings.SECRET_KEY)
