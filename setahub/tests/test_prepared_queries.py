"""Each of the site's prepared functions gives with its decorator what it gives without."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Block, Star
from chat.services import send
from scheduling.models import Booking, BookingEvent, BusyCalendar, BusyTime, Takeaway
from scheduling.models.slots import Bookable
from scheduling.services.bookings import cancel, move
from scheduling.tests.factories import ask, book, hold, open_time, slots_of
from setahub.core import clock as when
from setahub.core.db.prepared import Prepared, padded
from topics.models import TopicStar

# Importing the modules that may have prepared functions lists these.
for layer in ("models", "queries"):
    for path in sorted(settings.BASE_DIR.glob(f"*/{layer}/[a-z]*.py")):
        import_module(".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts))
HOUR = timedelta(hours=1)


@pytest.fixture
def world(student, stranger, ta, topic, sign_in, make_user):
    """A little of everything: sessions, bookings of each kind, messages, a signed-in student."""
    session = open_time(ta, topic)
    first, second, third, fourth, *_rest = slots_of(session)
    kept, lost = book(student, first), book(stranger, second)
    cancel(lost, ta, "Ill")
    left, moved_to, free, *_rest = slots_of(
        open_time(ta, topic, day=when.today() + timedelta(days=9))
    )
    moved = move(book(student, left), student, moved_to.pk)
    send(student.pk, ta.pk, None, "Hello")
    Star.objects.create(owner=student, person=ta)
    TopicStar.objects.create(owner=student, topic=topic)
    Takeaway.objects.create(booking=kept, done="Rotated a tree", search_key="rotated a tree")
    ask(student, topic, shared=True)
    Block.objects.create(blocker=stranger, blocked=ta)
    calendar = BusyCalendar.objects.create(user=student, name="Classes", sealed_url="")
    start = timezone.now() + HOUR
    BusyTime.objects.create(calendar=calendar, starts_at=start, ends_at=start + HOUR)
    late = make_user("Late")
    missed = cancel(book(late, fourth), late, "")
    Booking.objects.filter(pk=missed.pk).update(cancelled_late=True)
    hold(free, ask(late, topic))
    client = sign_in(student)
    return {
        "student": student.pk,
        "ta": ta.pk,
        "topic": topic.pk,
        "session": session.pk,
        "slot": third.pk,
        "booking": kept.pk,
        "blocker": stranger.pk,
        "late": late.pk,
        "moved_from": left.pk,
        "question": moved.question,
        "slug": topic.slug,
        "key": client.session.session_key,
        "now": timezone.now(),
    }


def calls(w):
    """Arguments for each prepared function, by its name: with values, and with None where it may."""
    now, later, bookable = w["now"], w["now"] + timedelta(days=20), Bookable.at(w["now"])
    student, ta, topic, slot = w["student"], w["ta"], w["topic"], w["slot"]
    tabs = [{"tab": tab} for tab in ("upcoming", "completed", "cancelled")]
    zone = when.zone().key
    narrowed = [
        {"part": part, "place": place, "zone": zone}
        for part, place in (("", ""), ("afternoon", "campus"), ("evening", "online"))
    ]
    which = [(topic, ta), (topic, None), (None, ta), (None, None)]
    return {
        "accounts.models.relations._pairs": [((w["blocker"],), {})],
        "accounts.queries.stars._favourites": [((student,), {})],
        "accounts.queries.sessions.live_session": [((w["key"], now), {}), ((None, now), {})],
        "chat.queries.conversations._badge": [((ta,), {})],
        "chat.queries.conversations._unread_counts": [((ta,), {})],
        "chat.queries.conversations.sent_since": [((student, now - timedelta(days=1)), {})],
        "chat.queries.conversations.inbox": [((ta,), {})],
        "chat.queries.reach.sender_to": [((student, ta), {"lock": lock}) for lock in (False, True)],
        "scheduling.queries.appointments.given": [((ta, now), tab) for tab in tabs],
        "scheduling.queries.appointments.first_bookings": [
            ((padded([w["session"]]),), {"cancelled": each}) for each in (False, True)
        ],
        "scheduling.queries.free._slots": [((padded([slot]),), {})],
        "scheduling.queries.requests._crowds": [((ta,), {})],
        "scheduling.queries.requests.held_offers": [((w["late"], now), {})],
        "topics.queries.stars._favourites": [((student,), {})],
        "topics.queries.topics._with_ids": [((padded([topic]),), {})],
        "scheduling.queries.takeaways._left": [((student, padded([topic])), {})],
        "scheduling.queries.week._taken": [((student, now, later), {})],
        "scheduling.queries.week._given": [((ta, now, later), {})],
        "scheduling.queries.week._slots": [((ta, now, later), {})],
        "scheduling.queries.week._free": [((ta, now, later, bookable), {})],
        "scheduling.queries.busy._busy": [((student, now, later), {})],
        "scheduling.queries.bookings.coming_students": [((ta, now), {})],
        "scheduling.queries.bookings.taken": [((student, now), tab) for tab in tabs],
        "scheduling.queries.free._free_slot": [
            ((slot, each, leaving, bookable), {"own_seat": own_seat, "limited": leaving is None})
            for each in (topic, None)
            for leaving in (w["booking"], None)
            for own_seat in (False, True)
        ],
        "scheduling.queries.free._free_from": [
            ((*each, now, until, bookable), only)
            for each in which
            for until in (later, None)
            for only in narrowed
        ],
        "scheduling.queries.free._appointments": [((padded([w["session"]]),), {})],
        "scheduling.queries.free._free_days": [
            ((*each, now, later, bookable), only) for each in which for only in narrowed
        ],
        "scheduling.queries.nearest._nearest": [
            ((*each, but_ta, slot, now + HOUR, bookable), {"each": 2})
            for each in which
            for but_ta in (student, None)
        ],
        "scheduling.queries.free._soonest_of_tas": [((padded([ta]), bookable), {"most": 2})],
        "scheduling.queries.free._beginnings": [
            (((topic, topic), (now, now + HOUR), (later, later), now, later, bookable), {})
        ],
        "scheduling.queries.bookings._moved_since": [
            ((student, w["moved_from"], topic, w["question"]), {})
        ],
        "scheduling.queries.obstacles._own": [
            ((each, now - HOUR, now, later, now - timedelta(days=60)), {})
            for each in (student, ta, w["blocker"])
        ],
        "scheduling.queries.obstacles._commitments": [
            ((padded([student, ta]), now - HOUR, now), {})
        ],
        "scheduling.queries.reliability._marks": [
            ((padded([w["late"]]), now - timedelta(days=60)), {})
        ],
        "scheduling.queries.waiting._bookable_topics": [((slot, bookable), {})],
        "scheduling.queries.waiting._in_line": [
            ((padded([topic]), ta, slot, when.today(), now, padded(seen)), {"part": part})
            for seen in ((), [ta])
            for part in ("morning", "evening")
        ],
        "scheduling.queries.waiting._locked_places": [((student,), {})],
        "scheduling.queries.slots._locked_slot": [((slot,), {})],
        "scheduling.queries.slots._locked_ta": [((slot,), {})],
        "scheduling.queries.slots._slot": [((slot,), {})],
        "scheduling.queries.slots._offering": [((topic, w["session"], ta), {})],
        "scheduling.queries.slots._topics_of": [((ta, w["session"]), {})],
        "scheduling.queries.news._told": [
            ((padded(list(BookingEvent.objects.values_list("pk", flat=True))),), {})
        ],
        "scheduling.queries.news._events": [
            ((padded([w["booking"]]), now - timedelta(days=7), ta), {})
        ],
        "scheduling.queries.news._bookings_lately": [
            ((each, now, now - timedelta(days=7), now - timedelta(days=8)), {})
            for each in (student, ta)
        ],
        "topics.queries.registrations._teaching": [
            ((topic, first), {}) for first in ((), padded([ta]))
        ],
        "accounts.queries.stars._seen_by": [((ta, student), {})],
        "scheduling.queries.requests._shared_on": [((topic, w["blocker"], when.today()), {})],
        "topics.queries.topics._seen_by": [((each, w["slug"]), {}) for each in (student, ta)],
        "topics.queries.topics._with_slug": [((w["slug"],), {})],
        "topics.queries.topics._found": [((topic, ""), {}), ((None, w["slug"]), {})],
        "topics.queries.topics.tiles": [((), {})],
        "topics.queries.topics._taught_by": [((ta,), {})],
    }


def called(function):
    return f"{function.__module__}.{function.__name__}"


def test_each_gives_the_rows_of_its_queryset(world):
    """Rows, what is annotated and what is joined; and some of each list, so that it says something."""
    functions = {called(each): each for each in Prepared.all}
    given = calls(world)
    assert set(given) == set(functions)
    for name, function in functions.items():
        found = []
        for args, switches in given[name]:
            queryset = function.build(*args, **switches)
            plain = [plainly(row) for row in queryset]
            rows = [plainly(row) for row in function(*args, **switches)]
            some = [plainly(row) for row in function(*args, **switches)[1:3]]
            if queryset.ordered:
                assert (rows, some) == (plain, plain[1:3]), name
            else:  # another plan may find the same rows in another order
                assert sorted(rows, key=repr) == sorted(plain, key=repr), name
                assert len(some) == len(plain[1:3]), name
                assert all(each in plain for each in some), name
            found += rows
        assert found, name


def plainly(row, above=()):
    """A row with all that it holds, related rows too."""
    if not isinstance(row, models.Model) or row in above:
        return row
    values = {name: value for name, value in vars(row).items() if name != "_state"}
    related = {name: plainly(each, (*above, row)) for name, each in row._state.fields_cache.items()}
    return type(row), values, related
