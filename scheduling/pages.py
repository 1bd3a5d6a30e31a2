"""Reads that pages share: free slots by day, the week strip, a viewer's own clashes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from accounts.models import Block, User
from scheduling.models import Appointment, Booking, Commitment, TimeSlot
from scheduling.models.appointments import BOOKABLE, Bookable, TimeSlotQuerySet
from scheduling.services import rules
from setahub.lib import when
from setahub.lib.compiled import Compiled, in_steps
from setahub.lib.paging import whole
from setahub.lib.policy import policy
from topics.models import Topic

NEAREST = 6


@dataclass(frozen=True)
class SlotGroup:
    """Slots of one appointment, in order of time."""

    appointment: Appointment
    slots: Sequence[TimeSlot]

    @property
    def ta(self) -> User:
        return self.appointment.ta


@dataclass(frozen=True)
class SlotDay:
    """The slots of one day on the faculty's calendar."""

    day: date
    groups: Sequence[SlotGroup]

    @property
    def key(self) -> tuple[date, date]:
        """What its heading follows from."""
        return self.day, when.today()


@dataclass(frozen=True)
class StripDay:
    """A day of the week strip; ``free`` tells whether it has a free slot."""

    day: date
    free: bool
    past: bool
    current: bool


@dataclass(frozen=True)
class Strip:
    """A week to move through days: seven days and the weeks beside it, None where there is none."""

    days: Sequence[StripDay]
    earlier: date | None
    later: date | None
    month: date = field(default_factory=when.today)


def by_day(slots: Iterable[TimeSlot]) -> list[SlotDay]:
    """Slots (with their appointment loaded, soonest first) grouped by day and appointment."""
    days = []
    for day, found in groupby(slots, key=lambda slot: when.local(slot.starts_at).date()):
        groups: dict[int, list[TimeSlot]] = {}
        for slot in found:
            groups.setdefault(slot.appointment_id, []).append(slot)
        days.append(
            SlotDay(day, [SlotGroup(group[0].appointment, group) for group in groups.values()])
        )
    return days


def start_day(text: str | None) -> date:
    """The day to show slots from: ``?from=``, within today and the horizon; else today."""
    today = when.today()
    day = when.parse_date(text) or today
    return min(max(day, today), today + policy.horizon)


def free_from(
    day: date, *, topic: int | None = None, ta: int | None = None, limit: int | None = None
) -> list[TimeSlot]:
    """Free slots from ``day`` on, soonest first, of a topic, of a TA, or of both, by id.

    With their appointment and its TA. Two queries: many slots are of few appointments.
    """
    since = when.day_bounds(day)[0]
    slots = _free_from(topic=topic, ta=ta, since=since, **vars(Bookable.at()))[:limit]
    ids = sorted({slot.appointment_id for slot in slots})
    appointments = {each.pk: each for each in _appointments(ids=in_steps(ids))} if ids else {}
    for slot in slots:
        slot.appointment = appointments[slot.appointment_id]
    return slots


def week_strip(current: date, *, topic: int | None = None, ta: int | None = None) -> Strip:
    """The week around ``current`` with a mark on days that have a free slot. One query."""
    first, today = when.monday(current), when.today()
    last = today + policy.horizon
    free = set(
        _free_days(
            topic=topic,
            ta=ta,
            start=when.day_bounds(first)[0],
            end=when.day_bounds(first + timedelta(days=6))[1],
            zone=when.zone(),
            **vars(Bookable.at()),
        )
    )
    days = [
        StripDay(day, day in free, day < today, day == current)
        for day in (first + timedelta(days=offset) for offset in range(7))
    ]
    return Strip(
        days,
        earlier=max(first - timedelta(days=7), today) if first > today else None,
        later=first + timedelta(days=7) if first + timedelta(days=7) <= last else None,
        month=current,
    )


def _offered(topic: Any, ta: Any, **bookable: Any) -> TimeSlotQuerySet:
    slots = TimeSlot.objects.free(topic_id=topic, bookable=Bookable(**bookable))
    return slots if ta is None else slots.of_ta(ta)


def _build_free_from(since: Any, **which: Any) -> TimeSlotQuerySet:
    return _offered(**which).filter(starts_at__gte=since).soonest()


def _build_free_days(start: Any, end: Any, zone: ZoneInfo, **which: Any) -> "QuerySet[Any, date]":
    slots = _offered(**which).filter(starts_at__gte=start, starts_at__lt=end)
    days = slots.annotate(day=TruncDate("starts_at", tzinfo=zone))
    return days.order_by().values_list("day", flat=True).distinct()


_WHICH: dict[str, Any] = {"topic": BigIntegerField(), "ta": BigIntegerField(), **BOOKABLE}
_appointments = Compiled(
    lambda ids: Appointment.objects.filter(pk__in=ids).select_related("ta"), ids=BigIntegerField()
)
_free_from = Compiled(_build_free_from, since=DateTimeField(), **_WHICH)
_free_days = Compiled(_build_free_days, start=DateTimeField(), end=DateTimeField(), **_WHICH)


def mark_clashes(
    viewer: User,
    slots: Sequence[TimeSlot],
    *,
    moving: Booking | None = None,
    limited: bool = True,
) -> list[str]:
    """Give each slot ``refusal``: why this viewer can't book it, or "". Three queries at most.

    The slots are free for anybody; what stands in the way is the viewer's own. Gives the reasons
    that a page says once above them: the viewer's limits that some of them would pass. ``moving``
    is left out of account; not ``limited``: as many as one likes.
    """
    if not slots:
        return []
    first, last = min(s.starts_at for s in slots), max(s.ends_at for s in slots)
    taken = [
        (slot, start, end)
        for booking, slot, start, end in _taken(person=viewer.pk, first=first, last=last)
        if moving is None or booking != moving.pk or slot == moving.slot_id
    ]
    blocked = blocked_with(viewer)
    limits = rules.Limits.of(viewer, moving) if limited else None
    reasons: dict[str, None] = {}
    for slot in slots:
        refusal = _refusal(viewer, slot, taken, blocked)
        reason = limits.reached(slot.starts_at) if limits and not refusal else ""
        if reason:
            reasons[reason] = None
        slot.limited = bool(reason)  # type: ignore[attr-defined]
        slot.refusal = refusal or (_("limit reached") if reason else "")  # type: ignore[attr-defined]
    return list(reasons)


_taken = Compiled(
    lambda person, first, last: (
        Commitment.objects.filter(person=person)
        .overlapping(first, last)
        .values_list("booking_id", "slot_id", "starts_at", "ends_at")
    ),
    person=BigIntegerField(),
    first=DateTimeField(),
    last=DateTimeField(),
)


def open_ones(slots: Iterable[TimeSlot]) -> list[TimeSlot]:
    """Those of the marked slots that the viewer can book."""
    return [slot for slot in slots if not slot.refusal]  # type: ignore[attr-defined]


def to_show(slots: Iterable[TimeSlot]) -> list[TimeSlot]:
    """Those of the marked slots that the viewer can book, or could but for a limit."""
    return [slot for slot in slots if not slot.refusal or slot.limited]  # type: ignore[attr-defined]


def blocked_with(viewer: User) -> set[int]:
    """Ids of those whom the viewer blocks or is blocked by. One query."""
    return set(_blocked_with(person=viewer.pk))


_blocked_with = Compiled(
    lambda person: (
        Block.objects.filter(blocker=person)
        .values_list("blocked", flat=True)
        .union(Block.objects.filter(blocked=person).values_list("blocker", flat=True))
    ),
    person=BigIntegerField(),
)


def _refusal(
    viewer: User,
    slot: TimeSlot,
    taken: Sequence[tuple[int, datetime, datetime]],
    blocked: set[int],
) -> str:
    if slot.appointment.ta_id == viewer.pk:
        return _("yours")
    if slot.appointment.ta_id in blocked:
        return _("not open to you")
    for slot_id, start, end in taken:
        if slot_id == slot.pk:
            return _("booked by you")
        if start < slot.ends_at and end > slot.starts_at:
            return _("you are busy")
    return ""


def nearest_free(
    viewer: User,
    topic: Topic | None,
    ta_id: int,
    to: datetime,
    *,
    but: int = 0,
    moving: Booking | None = None,
) -> list[TimeSlot]:
    """The free slots closest in time to ``to`` that the viewer can take, of that TA; else of any.

    At most six, in order of time. ``moving``: never another TA's, and that booking is left out of
    account; ``but``: a slot left out.
    """
    for ta in (ta_id, None) if moving is None else (ta_id,):
        if found := _closest(viewer, topic, to, but=but, ta=ta, moving=moving):
            return found
    return []


def nearest_instead(
    viewer: User, topic: Topic, ta_id: int, to: datetime, *, but: int
) -> tuple[list[TimeSlot], list[TimeSlot]]:
    """The free slots closest to ``to`` that the viewer can take: that TA's, then those of others.

    At most six in all, both in order of time, however many bookings the viewer has.
    """
    own = _closest(viewer, topic, to, but=but, ta=ta_id, limited=False)
    others: list[TimeSlot] = []
    if len(own) < NEAREST:
        others = _closest(
            viewer, topic, to, but=but, but_ta=ta_id, limited=False, most=NEAREST - len(own)
        )
    return own, others


def _closest(
    viewer: User,
    topic: Topic | None,
    to: datetime,
    *,
    but: int,
    ta: int | None = None,
    but_ta: int | None = None,
    most: int = NEAREST,
    **marks: Any,
) -> list[TimeSlot]:
    asked = {
        "topic": topic.pk if topic else None,
        "to": to,
        "but": but,
        "ta": ta,
        "but_ta": but_ta,
        **vars(Bookable.at()),
    }
    # Twice as many as wanted, since some may clash with what the viewer has.
    later = _nearest(later=True, **asked)[: 2 * NEAREST]
    earlier = _nearest(later=False, **asked)[: 2 * NEAREST]
    found = [*later, *earlier]
    mark_clashes(viewer, found, **marks)
    nearest = sorted(open_ones(found), key=lambda slot: abs(slot.starts_at - to))[:most]
    return sorted(nearest, key=lambda slot: (slot.starts_at, slot.pk))


def _build_nearest(to: Any, but: Any, but_ta: Any, later: bool, **which: Any) -> TimeSlotQuerySet:
    slots = _offered(**which).filter(~Q(pk=but)).with_ta()
    if but_ta is not None:
        slots = slots.filter(~Q(appointment__ta=but_ta))
    if later:
        return slots.filter(starts_at__gte=to).soonest()
    return slots.filter(starts_at__lt=to).order_by("-starts_at", "-pk")


_nearest = Compiled(
    _build_nearest,
    to=DateTimeField(),
    but=BigIntegerField(),
    but_ta=BigIntegerField(),
    **_WHICH,
)


def find_slot(text: str | None) -> TimeSlot | None:
    """The slot with this id as users send it, with its TA; None for garbage and unknown ones."""
    number = whole(text, 0, low=0, high=10**9)
    return _slot(pk=number).get() if number else None


_slot = Compiled(lambda pk: TimeSlot.objects.with_ta().filter(pk=pk), pk=BigIntegerField())


def topics_of(slot: TimeSlot) -> list[Topic]:
    """The topics that the slot can be booked for now: taught by its TA and listed. One query."""
    return list(_topics_of(ta=slot.appointment.ta_id, appointment=slot.appointment_id))


def _build_topics_of(ta: Any, appointment: Any) -> "QuerySet[Topic]":
    held = Appointment.topics.through.objects.filter(appointment=appointment, topic=OuterRef("pk"))
    return Topic.objects.taught_by(ta).filter(Exists(held)).order_by("name_key")


_topics_of = Compiled(_build_topics_of, ta=BigIntegerField(), appointment=BigIntegerField())


def is_ta(user: User) -> bool:
    """Whether the user may open time: an approved registration for a listed topic."""
    return bool(_taught(user=user.pk)[:1])


def taught_by(user: User) -> list[Topic]:
    """The listed topics that the user may open time for, by name."""
    return list(_taught(user=user.pk))


_taught = Compiled(
    lambda user: Topic.objects.taught_by(user).order_by("name_key"), user=BigIntegerField()
)
