"""What the start page of a signed-in user shows. Every list is short, whatever the site's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat.models import Participation
from chat.queries import conversations
from scheduling.history import Line
from scheduling.models import Appointment, Booking
from scheduling.models.appointments import Bookable
from scheduling.queries.appointments import given, load_topics
from scheduling.queries.bookings import coming_students, taken
from scheduling.queries.free import Counts, soonest_of_each, soonest_topics
from scheduling.queries.news import latest_news
from scheduling.queries.obstacles import Obstacle
from scheduling.views.contexts.slots import Chip, chips
from setahub.core import clock
from setahub.policy.current import policy
from setahub.site.first_steps import Step, first_steps
from topics.models import Topic
from topics.queries.registrations import is_registered
from topics.queries.topics import is_ta

BOOKINGS = 4
SESSIONS = 3
STUDENTS = 20  # as many as come at one time
NEWS = 5
TILES = 6
CHIPS = 2
CANDIDATES = 8  # the user's own bookings may stand in the way of the first ones
SHOWN_OBSTACLES = (None, Obstacle.LIMIT)  # a chip at the limit says that it is closed


@dataclass(frozen=True)
class Tile:
    """A topic with free time, and the soonest slots of it that only the user's limit may forbid."""

    topic: Topic
    counts: Counts
    chips: Sequence[Chip]


@dataclass(frozen=True)
class Dashboard:
    """``limits`` stand above the tiles; ``news`` are lines of the history of a booking.

    ``student``: the next booking that one gives; ``beside``: how many others come at its time.
    """

    greeting: str
    first_steps: Sequence[Step]
    student: Booking | None
    beside: int
    next: Booking | None
    coming: Sequence[Booking]
    more_coming: bool
    sessions: Sequence[Appointment]
    is_ta: bool
    may_teach: bool
    news: Sequence[tuple[Booking, Line]]
    conversations: Sequence[Participation]
    tiles: Sequence[Tile]
    limits: Sequence[str]

    @classmethod
    def of(cls, user: User) -> "Dashboard":
        now = timezone.now()
        coming = taken(user.pk, now, tab="upcoming")[: BOOKINGS + 1]
        teaches = is_ta(user)
        tiles, limits = _tiles(user, now)
        sessions = load_topics(given(user.pk, now, tab="upcoming")[:SESSIONS])
        students = coming_students(user.pk, now)[:STUDENTS]
        return cls(
            greeting=_greeting(clock.local(now).hour),
            first_steps=first_steps(
                user, is_ta=teaches, has_coming=bool(sessions if teaches else coming)
            ),
            student=students[0] if students else None,
            beside=sum(each.slot_id == students[0].slot_id for each in students[1:]),
            next=coming[0] if coming else None,
            coming=coming[1:BOOKINGS],
            more_coming=len(coming) > BOOKINGS,
            sessions=sessions,
            is_ta=teaches,
            may_teach=not teaches and _may_register(user),
            news=[(each.booking, Line.of(each, user)) for each in latest_news(user.pk, now, NEWS)],
            conversations=conversations.latest(user),
            tiles=tiles,
            limits=limits,
        )


def _greeting(hour: int) -> str:
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening") if hour >= 18 else _("Hello")  # "good night" would be a farewell


def _may_register(user: User) -> bool:
    """Far enough in their studies, and not registered yet, not even waiting for approval."""
    return (user.year or 0) >= policy.ta_min_year and not is_registered(user)


def _tiles(user: User, now: datetime) -> tuple[list[Tile], list[str]]:
    """The topics with free time, soonest first, and the limits of the user's that close some."""
    bookable = Bookable.at(now)
    soonest = soonest_topics(TILES)
    begins = {topic.pk: counted.free.next_at for topic, counted in soonest if counted.free}
    slots = soonest_of_each(begins, CANDIDATES, bookable)
    candidates, limits = chips(user, [slot for each in slots.values() for slot in each])
    shown = {chip.slot.pk: chip for chip in candidates if chip.obstacle in SHOWN_OBSTACLES}
    tiles = []
    for topic, counted in soonest:
        own = [shown[slot.pk] for slot in slots.get(topic.pk, ()) if slot.pk in shown]
        tiles.append(Tile(topic, counted, own[:CHIPS]))
    return tiles, limits
