"""Prepared functions give what they give without their decorator."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import connection, models
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from setahub.core.db.prepared import STATEMENTS_KEPT, Prepared, padded, prepared
from topics.models import Registration, Topic

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
