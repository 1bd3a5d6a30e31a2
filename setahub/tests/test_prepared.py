"""Prepared functions give what they give without their decorator."""

import sys
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.db import connection, models
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Block, Star, User
from chat.services import send
from scheduling.models import Booking, BusyCalendar, BusyTime, Takeaway
from scheduling.models.slots import Bookable
from scheduling.services.bookings import cancel, move
from scheduling.tests.factories import ask, book, open_time, slots_of
from setahub.core import clock as when
from setahub.core.db.prepared import STATEMENTS_KEPT, Prepared, padded, prepared
from topics.models import Registration, Topic, TopicStar

# Importing the modules that may have prepared functions lists these.
MODULES = [
    import_module(".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts))
    for layer in ("models", "queries")
    for path in sorted(settings.BASE_DIR.glob(f"*/{layer}/[a-z]*.py"))
]
HOUR = timedelta(hours=1)


@pytest.fixture
def ours():
    """Leaves the list of prepared functions as it was."""
    before = list(Prepared.all)
    yield
    Prepared.all[:] = before


def named(year: int, statuses: tuple[str, ...], *, order: str) -> "QuerySet[Registration]":
    found = Registration.objects.filter(user__year=year, status__in=statuses)
    return found.select_related("user", "topic").order_by(order)


@pytest.fixture
def registrations(ours):
    return prepared(named)


@pytest.fixture
def taught(make_user, topic):
    """Three of the fourth year and one of the second who teach, or wait to."""
    for name, year, status in (
        ("Mali", 4, "approved"),
        ("Nok", 4, "pending"),
        ("Ploy", 3, "pending"),
        ("Tan", 2, "approved"),
    ):
        Registration.objects.create(user=make_user(name, year=year), topic=topic, status=status)


def names(rows):
    return [row.user.username for row in rows]


BOTH = ("approved", "pending")


class TestRows:
    def test_are_those_of_the_queryset_with_what_it_joins(
        self, taught, registrations, django_assert_num_queries
    ):
        assert list(registrations(4, BOTH, order="pk")) == list(named(4, BOTH, order="pk"))
        with django_assert_num_queries(1):
            assert names(registrations(4, BOTH, order="user__username")) == ["Mali", "Nok"]

    def test_are_those_of_the_values_of_each_call(self, taught, registrations):
        assert names(registrations(4, ("approved",), order="pk")) == ["Mali"]
        assert names(registrations(2, ("approved",), order="pk")) == ["Tan"]
        assert names(registrations(year=3, statuses=("pending",), order="pk")) == ["Ploy"]
        assert names(registrations(4, BOTH, order="-pk")) == ["Nok", "Mali"]

    def test_can_be_asked_for_in_parts(self, taught, registrations):
        rows = registrations(4, BOTH, order="pk")
        assert names(rows[:1]) == ["Mali"]
        assert names(rows[1:4]) == ["Nok"]
        assert names(rows) == ["Mali", "Nok"]
        assert rows.first().user.username == "Mali"
        assert registrations(7, BOTH, order="pk").first() is None

    def test_are_none_where_nothing_can_be_found(self, taught, registrations):
        assert list(registrations(4, (), order="pk")) == []

    def test_of_moments_and_annotations(self, taught, ours):
        @prepared
        def people(before: datetime) -> "QuerySet[User]":
            return (
                User.objects.filter(date_joined__lt=before)
                .annotate(taught=models.Count("registrations"))
                .order_by("username")
                .values_list("username", "taught")
            )

        soon = timezone.now() + timedelta(minutes=1)
        assert list(people(soon))[:3] == [("Creator", 0), ("Mali", 1), ("Nok", 1)]
        assert list(people(soon - timedelta(days=1))) == []

    def test_of_a_dataclass_and_of_none(self, taught, ours):
        @dataclass(frozen=True)
        class Span:
            years: tuple[int, ...]
            name: str | None

        @prepared
        def people(span: Span | None) -> "QuerySet[User]":
            found = User.objects.exclude(username="Creator").order_by("username")
            if span is None:
                return found.filter(year__isnull=True)
            found = found.filter(year__in=span.years)
            return found if span.name is None else found.filter(username=span.name)

        def found(span):
            return [each.username for each in people(span)]

        assert found(Span((4,), None)) == ["Mali", "Nok"]
        assert found(Span((2, 3), None)) == ["Ploy", "Tan"]
        assert found(Span((2, 3), "Tan")) == ["Tan"]
        assert found(None) == [each.username for each in people.build(None)]


class TestSql:
    def test_is_made_once_for_all_threads_and_values(self, taught, ours):
        built = []

        @prepared
        def people(year: int) -> "QuerySet[User]":
            built.append(year)
            return User.objects.filter(year=year).order_by("pk")

        assert [len(people(year)[:10]) for year in (4, 2, 4)] == [2, 1, 2]
        assert len(built) == 1

    def test_holds_constants_so_that_partial_indexes_serve(
        self, taught, ours, django_assert_num_queries
    ):
        @prepared
        def approved(user: int) -> "QuerySet[Registration]":
            return Registration.objects.approved().filter(user=user)

        with django_assert_num_queries(1) as asked:
            list(approved(1))
        assert "'approved'" in asked[0]["sql"]

    def test_takes_a_text_with_its_own_signs_as_a_text(self, topic, ours):
        odd = Topic.objects.create(name="100 % 'of' %s", slug="odd", creator=topic.creator)

        @prepared
        def called(name: str) -> "QuerySet[Topic]":
            return Topic.objects.filter(name=name)

        @prepared
        def constant(pk: int) -> "QuerySet[Topic]":
            return Topic.objects.filter(pk=pk, name="100 % 'of' %s")

        assert list(called("100 % 'of' %s")) == [odd]
        assert list(constant(odd.pk)) == [odd]
        assert list(constant(topic.pk)) == []

    def test_is_kept_for_so_many_forms_and_no_more(self, db, ours):
        @prepared
        def people(year: int) -> "QuerySet[User]":
            return User.objects.filter(year=year)

        for number in range(STATEMENTS_KEPT + 5):
            people(4)[number : number + 1]
        assert people._kept.cache_info().currsize == STATEMENTS_KEPT

    def test_that_comes_again_is_planned_once_by_postgresql(self, topic, ours):
        @prepared
        def one(pk: int) -> "QuerySet[Topic]":
            return Topic.objects.filter(pk=pk)

        for _time in range(10):
            assert list(one(topic.pk)) == [topic]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT statement FROM pg_prepared_statements")
                kept = [row[0] for row in cursor.fetchall()]
            wanted = 'FROM "topics_topic" WHERE "topics_topic"."id" = ($1)'
            assert any(wanted in each for each in kept)


@pytest.mark.django_db(transaction=True)
def test_a_thread_asks_over_its_own_connection(make_user, ours):
    make_user("Mali", year=4)

    @prepared
    def people(year: int) -> "QuerySet[User]":
        return User.objects.filter(year=year)

    assert [user.username for user in people(4)] == ["Mali"]
    found = []

    def ask():
        try:
            found.extend(user.username for user in people(4))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == ["Mali"]


class TestAnnotations:
    def test_name_what_has_a_field(self, ours):
        def wrong(user: User) -> "QuerySet[User]":
            raise NotImplementedError

        with pytest.raises(TypeError, match="can't take"):
            prepared(wrong)

    def test_of_switches_name_what_can_be_kept(self, ours):
        def wrong(*, user: User) -> "QuerySet[User]":
            raise NotImplementedError

        with pytest.raises(TypeError, match="can't choose"):
            prepared(wrong)


@pytest.mark.parametrize(
    ("ids", "expected"), [([], 0), ([1], 8), (list(range(8)), 8), (list(range(9)), 16)]
)
def test_lists_of_ids_come_in_few_lengths(ids, expected):
    assert (len(padded(ids)), set(padded(ids))) == (expected, set(ids))


# --- Each of the site's prepared functions, with its decorator and without ------------------------


@pytest.fixture
def world(student, stranger, ta, topic, sign_in, make_user):
    """A little of everything: sessions, bookings of each kind, messages, a signed-in student."""
    session = open_time(ta, topic)
    first, second, third, fourth, *_rest = slots_of(session)
    kept, lost = book(student, first), book(stranger, second)
    cancel(lost, ta, "Ill")
    left, moved_to, *_rest = slots_of(open_time(ta, topic, day=when.today() + timedelta(days=9)))
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
        "chat.queries.conversations.inbox": [((ta,), {})],
        "chat.queries.reach.sender_to": [((student, ta), {"lock": lock}) for lock in (False, True)],
        "scheduling.queries.appointments.given": [((ta, now), tab) for tab in tabs],
        "scheduling.queries.appointments.first_bookings": [
            ((padded([w["session"]]),), {"cancelled": each}) for each in (False, True)
        ],
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
            ((*each, now, bookable), only) for each in which for only in narrowed
        ],
        "scheduling.queries.free._appointments": [((padded([w["session"]]),), {})],
        "scheduling.queries.free._free_days": [
            ((*each, now, later, bookable), only) for each in which for only in narrowed
        ],
        "scheduling.queries.nearest._nearest": [
            ((*each, but_ta, slot, now + HOUR, bookable), {"later": later_ones})
            for each in which
            for but_ta in (student, None)
            for later_ones in (True, False)
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
        "topics.queries.topics._standing": [((each, topic), {}) for each in (student, ta)],
        "topics.queries.topics._with_slug": [((w["slug"],), {})],
        "topics.queries.topics._found": [((topic, ""), {}), ((None, w["slug"]), {})],
        "topics.queries.topics.tiles": [((), {})],
        "topics.queries.topics._taught_by": [((ta,), {})],
    }


def called(function):
    return f"{function.__module__}.{function.__name__}"


@pytest.mark.parametrize(
    "name", sorted(called(each) for each in Prepared.all if sys.modules[each.__module__] in MODULES)
)
def test_it_gives_the_rows_of_its_queryset(name, world):
    """Rows, what is annotated and what is joined; and some of each list, so that it says something."""
    [function] = [each for each in Prepared.all if called(each) == name]
    found = []
    for args, switches in calls(world)[name]:
        plain = list(function.build(*args, **switches))
        rows = list(function(*args, **switches))
        assert [plainly(row) for row in rows] == [plainly(row) for row in plain]
        assert [plainly(row) for row in function(*args, **switches)[1:3]] == [
            plainly(row) for row in plain[1:3]
        ]
        found += rows
    assert found


def plainly(row, above=()):
    """A row with all that it holds, related rows too."""
    if not isinstance(row, models.Model) or row in above:
        return row
    values = {name: value for name, value in vars(row).items() if name != "_state"}
    related = {name: plainly(each, (*above, row)) for name, each in row._state.fields_cache.items()}
    return type(row), values, related


def test_no_function_is_left_out(world):
    assert set(calls(world)) == set(map(called, Prepared.all))
