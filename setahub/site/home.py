"""What the start page of a signed-in user shows. Every list is short, whatever the site's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries.stars import favourites as starred_people
from chat.models import Participation
from chat.queries import conversations
from scheduling.history import Line
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.models.slots import Bookable
from scheduling.queries.appointments import given, load_topics
from scheduling.queries.bookings import coming_students, taken
from scheduling.queries.free import (
    ANY,
    Counts,
    counts,
    soonest_of_each,
    soonest_of_tas,
    soonest_topics,
)
from scheduling.queries.news import latest_news
from scheduling.queries.obstacles import Obstacle, Obstacles
from scheduling.queries.requests import Crowd, crowds
from scheduling.views.contexts.requests import Held, held_for
from scheduling.views.contexts.slots import Chip, Choice, chips, choices, day_choices
from setahub.core import clock
from setahub.site.first_steps import Step, first_steps
from topics.models import Topic
from topics.queries.registrations import is_registered, may_teach_in
from topics.queries.stars import favourites as starred_topics
from topics.queries.topics import is_ta

BOOKINGS = 4
SESSIONS = 3
STUDENTS = 20  # as many as come at one time
NEWS = 5
TILES = 6
FAVOURITES = 6  # of topics, and of TAs
CHIPS = 2
CANDIDATES = 8  # the user's own bookings may stand in the way of the first ones
NONE = Counts()
LAST = datetime.max.replace(tzinfo=UTC)
SHOWN_OBSTACLES = (None, Obstacle.LIMIT)  # a chip at the limit says that it is closed


@dataclass(frozen=True)
class Tile:
    """A topic with free time, and the soonest slots of it that only the user's limit may forbid."""

    topic: Topic
    counts: Counts
    chips: Sequence[Chip]


@dataclass(frozen=True)
class Favourite:
    """A topic or a TA with the next time that the user can take, or none."""

    chips: Sequence[Chip]
    topic: Topic | None = None
    ta: User | None = None

    @property
    def name(self) -> str:
        return str(self.topic or self.ta)

    @property
    def url(self) -> str:
        """Where its free times are."""
        if self.topic:
            return self.topic.get_absolute_url()
        return reverse("scheduling:timeslots", args=[self.ta.pk]) if self.ta else ""

    def rank(self) -> datetime:
        """Where it stands: those with the soonest times first."""
        return self.chips[0].slot.starts_at if self.chips else LAST


@dataclass(frozen=True)
class Dashboard:
    """``limits`` stand above the tiles; ``news`` are lines of the history of a booking.

    ``held``: what the user is offered; ``wanted``: chips that narrow the search.
    ``student``: the next booking that one gives; ``beside``: how many others come at its time.
    ``crowd``: the topic that most people wait for, of those one teaches; ``more_crowds``: how many
    other topics somebody waits for.
    """

    greeting: str
    held: Held | None
    first_steps: Sequence[Step]
    student: Booking | None
    beside: int
    crowd: Crowd | None
    more_crowds: int
    next: Booking | None
    coming: Sequence[Booking]
    sessions: Sequence[Appointment]
    is_ta: bool
    may_teach: bool
    news: Sequence[tuple[Booking, Line]]
    conversations: Sequence[Participation]
    tiles: Sequence[Tile]
    favourites: Sequence[Favourite]
    limits: Sequence[str]
    wanted: Sequence[Choice]

    @classmethod
    def of(cls, user: User) -> "Dashboard":
        now = timezone.now()
        coming = taken(user.pk, now, tab="upcoming")[:BOOKINGS]
        teaches = is_ta(user)
        topics, tas = starred_topics(user, FAVOURITES), starred_people(user, FAVOURITES)
        tiles, favourites, limits = _free(user, topics, tas, now)
        sessions = load_topics(given(user.pk, now, tab="upcoming")[:SESSIONS])
        students = coming_students(user.pk, now)[:STUDENTS]
        waiting = crowds(user.pk) if teaches else []
        return cls(
            greeting=_greeting(clock.local(now).hour),
            held=next(iter(held_for(user, now)), None),
            first_steps=first_steps(
                user, is_ta=teaches, has_coming=bool(sessions if teaches else coming)
            ),
            student=students[0] if students else None,
            beside=sum(each.slot_id == students[0].slot_id for each in students[1:]),
            crowd=waiting[0] if waiting else None,
            more_crowds=len(waiting) - 1,
            next=coming[0] if coming else None,
            coming=coming[1:BOOKINGS],
            sessions=sessions,
            is_ta=teaches,
            may_teach=not teaches and _may_register(user),
            news=[(each.booking, Line.of(each, user)) for each in latest_news(user.pk, now, NEWS)],
            conversations=conversations.latest(user),
            tiles=tiles,
            favourites=favourites,
            limits=limits,
            wanted=[*day_choices(None)[:2], *(each for group in choices(ANY) for each in group)],
        )


def _greeting(hour: int) -> str:
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening") if hour >= 18 else _("Hello")  # "good night" would be a farewell


def _may_register(user: User) -> bool:
    """Far enough in their studies, and not registered yet, not even waiting for approval."""
    return may_teach_in(user.year) and not is_registered(user)


def _free(
    user: User, topics: Sequence[Topic], tas: Sequence[User], now: datetime
) -> tuple[list[Tile], list[Favourite], list[str]]:
    """Topics with free time, soonest first; the user's favourites; the limits that close some.

    The free times of all of them are asked for at once, and what stands in their way too.
    """
    bookable = Bookable.at(now)
    counted, starred = counts(), [topic.pk for topic in topics]
    soonest = soonest_topics(counted, TILES, but=starred)
    either = [*starred, *(topic.pk for topic, _counts in soonest)]
    begins = {pk: free.next_at for pk in either if (free := counted.get(pk, NONE).free)}
    of_topics = soonest_of_each(begins, CANDIDATES, bookable)
    of_tas = soonest_of_tas([ta.pk for ta in tas], CANDIDATES, bookable)
    found = [slot for of in (of_topics, of_tas) for each in of.values() for slot in each]
    candidates, limits = chips(found, Obstacles.to(user, found))
    shown = {chip.slot.pk: chip for chip in candidates if chip.obstacle in SHOWN_OBSTACLES}

    def own(slots: Sequence[TimeSlot]) -> list[Chip]:
        return [shown[slot.pk] for slot in slots if slot.pk in shown][:CHIPS]

    tiles = [Tile(topic, each, own(of_topics.get(topic.pk, ()))) for topic, each in soonest]
    favourites = [
        *(Favourite(own(of_topics.get(topic.pk, ()))[:1], topic=topic) for topic in topics),
        *(Favourite(own(of_tas.get(ta.pk, ()))[:1], ta=ta) for ta in tas),
    ]
    return tiles, sorted(favourites, key=Favourite.rank), limits
