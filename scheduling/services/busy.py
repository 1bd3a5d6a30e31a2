"""Calendars of people's own: named, fetched every half hour (less and less often where that fails), taken off."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.notices import Happening, notify
from scheduling import feeds
from scheduling.errors import SchedulingError
from scheduling.models import BusyCalendar, BusyTime
from setahub.core import clock, outbound, seals
from setahub.core.text import trimmed
from setahub.core.web import ratelimit
from setahub.core.web.ratelimit import Window
from setahub.core.work.tasks import later, task

PURPOSE = "scheduling.busy"  # never changes: addresses are sealed with it
CALENDARS_MAX = 5  # of one person
ADDED_AN_HOUR = 10  # by one person
EVERY = timedelta(minutes=30)
AT_LEAST_EVERY = timedelta(days=1)  # also one that always fails
QUEUED_FOR = timedelta(hours=12)  # at most; longer than a task is tried
TOLD_AFTER = timedelta(days=1)
AHEAD = timedelta(days=settings.APPOINTMENT_MAX_AHEAD + 7)  # a TA opens a term; a week shows whole


def add(user: User, name: str, url: str) -> BusyCalendar:
    """Name a calendar by its https address; a worker reads it at once. The same twice is one; where
    that could not be read, it is tried anew.

    Raises SchedulingError beside a field.
    """
    try:
        outbound.check_address(url)
    except outbound.OutboundError as error:
        text = _("Use an address that begins with https://.")
        raise SchedulingError("address", text, 422, "url") from error
    with transaction.atomic():
        User.objects.locked(user.pk)
        own = list(BusyCalendar.objects.filter(user=user))
        for each in own:
            if address_of(each) == url:
                if each.failing_since:
                    _check_rate(user)
                    _try_anew(each)
                return each
        if len(own) >= CALENDARS_MAX:
            text = _("%(count)d calendars are the most. Remove one first.")
            raise SchedulingError("too_many", text % {"count": CALENDARS_MAX}, field="url")
        _check_rate(user)
        calendar = BusyCalendar.objects.create(
            user=user,
            name=trimmed(name),
            sealed_url=seals.seal(url, PURPOSE),
            next_at=timezone.now() + QUEUED_FOR,
        )
        later(read, calendar.pk)
    return calendar


def _try_anew(calendar: BusyCalendar) -> None:
    now = timezone.now()
    as_new = {"failing_since": None, "error": "", "told_at": None, "next_at": now + QUEUED_FOR}
    BusyCalendar.objects.filter(pk=calendar.pk).update(**as_new)
    later(read, calendar.pk)


def remove(user: User, calendar_id: int) -> None:
    """Forget a calendar of one's own and what it said; one that is gone already is no error."""
    BusyCalendar.objects.filter(user=user, pk=calendar_id).delete()


def address_of(calendar: BusyCalendar) -> str:
    """Where it lies; "" where the key that sealed it is gone."""
    try:
        return seals.unseal(calendar.sealed_url, PURPOSE)
    except seals.Unreadable:
        return ""


def renew_seals() -> None:
    """Encrypt with today's SECRET_KEY what was with an earlier one, which may then be forgotten."""
    for calendar in BusyCalendar.objects.iterator():
        with suppress(seals.Unreadable):
            sealed = seals.renewed(calendar.sealed_url, PURPOSE)
            if sealed != calendar.sealed_url:
                own = BusyCalendar.objects.filter(pk=calendar.pk, sealed_url=calendar.sealed_url)
                own.update(sealed_url=sealed)


def claim_due(now: datetime, most: int) -> None:
    """Queue those that are due, each once.

    Those that wait for a worker are not queued again, however long it is busy with others.
    """
    due = BusyCalendar.objects.filter(next_at__lte=now, user__is_active=True)
    for pk in list(due.order_by("next_at").values_list("pk", flat=True)[:most]):
        with transaction.atomic():
            mine = BusyCalendar.objects.filter(pk=pk, next_at__lte=now)
            if mine.update(next_at=now + QUEUED_FOR):
                later(read, pk)


@task(priority=-2)  # behind emails and pushes: those elsewhere may all be slow
def read(calendar_id: int) -> None:
    """Fetch a calendar and keep when its person is busy. One that fails changes nothing."""
    calendar = BusyCalendar.objects.select_related("user").filter(pk=calendar_id).first()
    if calendar is None:
        return
    start = timezone.now() - timedelta(days=1)
    end = timezone.now() + AHEAD
    try:
        found = outbound.fetch(
            address_of(calendar),
            # A new day shows more of what is the same.
            etag=calendar.etag if _was_read_today(calendar) else "",
            limit=feeds.BYTES_MAX,
            seconds=feeds.FETCHED_WITHIN,
        )
        times = None if found.body is None else feeds.busy_times(found.body, start, end)
    except outbound.OutboundError as error:
        note_failure(calendar, error.code)
        return
    with transaction.atomic():
        kept = BusyCalendar.objects.select_for_update().filter(pk=calendar.pk)
        if not kept.exists():
            return  # removed meanwhile
        if times is not None:
            _keep(calendar, times)
        now = timezone.now()
        read_well = {"failing_since": None, "error": "", "told_at": None}
        kept.update(etag=found.etag, read_at=now, next_at=now + EVERY, **read_well)


def _keep(calendar: BusyCalendar, times: Sequence[feeds.Stretch]) -> None:
    """What is the same as before is not written again: most of it, every half hour."""
    before = {
        (begin, over): pk
        for pk, begin, over in calendar.times.values_list("pk", "starts_at", "ends_at")
    }
    new = [each for each in times if before.pop(each, None) is None]
    calendar.times.filter(pk__in=before.values()).delete()
    BusyTime.objects.bulk_create(
        BusyTime(calendar=calendar, starts_at=begin, ends_at=over) for begin, over in new
    )


def _was_read_today(calendar: BusyCalendar) -> bool:
    return calendar.read_at is not None and clock.local(calendar.read_at).date() == clock.today()


def note_failure(calendar: BusyCalendar, code: str) -> None:
    """Keep since when and why; after a day its owner is told, once.

    The next try waits as long as it has failed by now, so the waits double.
    """
    now = timezone.now()
    since = calendar.failing_since or now
    wait = min(max(now - since, EVERY), AT_LEAST_EVERY)
    own = BusyCalendar.objects.filter(pk=calendar.pk)
    own.update(failing_since=since, error=code, next_at=now + wait)
    if now - since >= TOLD_AFTER:
        with transaction.atomic():
            if own.filter(told_at=None).update(told_at=now):
                key = f"calendar-{calendar.pk}-{now:%Y%m%d%H%M}"
                notify(Happening("calendar", calendar.user_id, key, {"calendar": calendar.pk}))


def _check_rate(user: User) -> None:
    added = Window(f"calendars:{user.pk}", 3600)
    if ratelimit.is_on() and added.add() > ADDED_AN_HOUR:
        text = _("You have named calendars very often. Please wait a while.")
        raise SchedulingError("rate_limited", text, seconds=added.left())
