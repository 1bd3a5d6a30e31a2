"""Querysets whose SQL is made once give what the querysets themselves give."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, models
from django.utils import timezone

from accounts.models import User
from setahub.lib.compiled import SHAPES_KEPT, Compiled, CompiledUpdate
from topics.models import Registration, Topic


def _build(year, statuses, order):
    registrations = Registration.objects.filter(user__year=year, status__in=statuses)
    return registrations.select_related("user", "topic").order_by(order)


registrations = Compiled(_build, year=models.IntegerField(), statuses=models.CharField())


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


def test_rows_are_those_of_the_queryset_with_what_it_joins(taught, django_assert_num_queries):
    values = {"year": 4, "statuses": ("approved", "pending"), "order": "user__username"}
    assert list(registrations(**values)) == list(_build(**values))
    with django_assert_num_queries(1):
        assert names(registrations(**values)) == ["Mali", "Nok"]


def test_each_call_has_values_of_its_own(taught):
    assert names(registrations(year=4, statuses=("approved",), order="pk")) == ["Mali"]
    assert names(registrations(year=2, statuses=("approved",), order="pk")) == ["Tan"]
    assert names(registrations(year=3, statuses=("pending",), order="pk")) == ["Ploy"]
    assert names(registrations(year=4, statuses=("pending", "approved"), order="-pk")) == [
        "Nok",
        "Mali",
    ]


def test_a_part_of_the_rows(taught):
    rows = registrations(year=4, statuses=("approved", "pending"), order="pk")
    assert names(rows[:1]) == ["Mali"]
    assert names(rows[1:4]) == ["Nok"]
    assert names(rows) == ["Mali", "Nok"]
    assert rows.first().user.username == "Mali"
    assert registrations(year=7, statuses=("approved",), order="pk").first() is None


def test_the_sql_is_made_once_for_all_threads_and_values(taught):
    built = []

    def build(year):
        built.append(year)
        return User.objects.filter(year=year).order_by("pk")

    people = Compiled(build, year=models.IntegerField())
    for year in (4, 2, 4):
        assert len(people(year=year)[:10]) == {4: 2, 2: 1}[year]
    assert len(built) == 1


@pytest.mark.django_db(transaction=True)
def test_a_thread_asks_over_its_own_connection(make_user):
    make_user("Mali", year=4)
    people = Compiled(lambda year: User.objects.filter(year=year), year=models.IntegerField())
    assert [user.username for user in people(year=4)] == ["Mali"]
    found = []

    def ask():
        try:
            found.extend(user.username for user in people(year=4))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == ["Mali"]


def test_moments_and_annotations_and_tuples_of_values(taught):
    soon = timezone.now() + timedelta(minutes=1)
    people = Compiled(
        lambda before: (
            User.objects.filter(date_joined__lt=before)
            .annotate(taught=models.Count("registrations"))
            .order_by("username")
            .values_list("username", "taught")
        ),
        before=models.DateTimeField(),
    )
    assert list(people(before=soon))[:3] == [("Creator", 0), ("Mali", 1), ("Nok", 1)]
    assert list(people(before=soon - timedelta(days=1))) == []


def test_constants_are_written_into_the_sql_so_that_partial_indexes_serve(
    taught, django_assert_num_queries
):
    values = {"year": 4, "statuses": ("approved",), "order": "pk"}
    approved = Compiled(
        lambda user: Registration.objects.approved().filter(user=user), user=models.IntegerField()
    )
    with django_assert_num_queries(1) as asked:
        list(approved(user=1))
    assert "'approved'" in asked[0]["sql"]
    assert list(registrations(**values))


def test_a_text_with_signs_of_sql_stays_a_text(topic):
    named = Compiled(lambda name: Topic.objects.filter(name=name), name=models.CharField())
    odd = Topic.objects.create(name="100 % 'of' %s", slug="odd", creator=topic.creator)
    assert list(named(name="100 % 'of' %s")) == [odd]
    constant = Compiled(
        lambda pk: Topic.objects.filter(pk=pk, name="100 % 'of' %s"), pk=models.BigIntegerField()
    )
    assert list(constant(pk=odd.pk)) == [odd]
    assert list(constant(pk=topic.pk)) == []


def test_so_many_shapes_are_kept_and_no_more(db):
    people = Compiled(lambda year: User.objects.filter(year=year), year=models.IntegerField())
    for number in range(SHAPES_KEPT + 5):
        people(year=4)[number : number + 1]
    assert len(people._kept) == 5


def test_a_query_that_comes_again_is_planned_once_by_postgresql(topic):
    found = Compiled(lambda pk: Topic.objects.filter(pk=pk), pk=models.BigIntegerField())
    for _time in range(10):
        assert list(found(pk=topic.pk)) == [topic]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements")
            kept = [row[0] for row in cursor.fetchall()]
        assert any('FROM "topics_topic" WHERE "topics_topic"."id" = ($1)' in each for each in kept)


def test_an_update_changes_the_rows_that_its_queryset_finds(make_user):
    mali, nok = make_user("Mali", year=4), make_user("Nok", year=2)
    move_up = CompiledUpdate(
        lambda pk, years: (User.objects.filter(pk=pk), {"year": models.F("year") + years}),
        pk=models.BigIntegerField(),
        years=models.IntegerField(),
    )
    assert move_up(pk=mali.pk, years=2) == 1
    assert move_up(pk=nok.pk, years=1) == 1
    assert move_up(pk=0, years=1) == 0
    years = dict(User.objects.values_list("username", "year"))
    assert (years["Mali"], years["Nok"]) == (6, 3)
