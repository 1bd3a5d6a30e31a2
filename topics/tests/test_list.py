from datetime import timedelta

import pytest
from django.test import Client

from setahub.core import clock as when
from topics.models import Registration, Topic
from topics.services import archive_topic, create_topic


def names(response):
    return [topic.name for topic, _free in response.context["tiles"]]


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


def test_a_visitor_signs_in_first(db):
    response = Client().get("/topics/?q=c")
    assert response.status_code == 302
    assert response.url == "/auth/login/?next=/topics/%3Fq%3Dc"


def test_topics_are_listed_by_name_without_regard_to_case(client, creator):
    for name in ("web", "Algorithms", "Databases"):
        create_topic(creator, name)
    response = client.get("/topics/")
    assert response.status_code == 200
    assert names(response) == ["Algorithms", "Databases", "web"]


def test_each_topic_carries_its_slug_and_id(client, topic):
    html = client.get("/topics/").content.decode()
    assert f'data-topic-slug="data-structures" data-topic-id="{topic.pk}"' in html
    assert 'href="/topics/data-structures/"' in html


def test_archived_topics_are_not_listed_nor_found(client, topic, creator):
    archive_topic(topic, creator)
    assert names(client.get("/topics/")) == []
    assert names(client.get("/topics/?q=data")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("data", ["Data Structures"]),
        ("STRUCT", ["Data Structures"]),
        ("structures data", ["Data Structures"]),
        ("  Data   Structures ", ["Data Structures"]),
        ("คณิต", ["คณิตศาสตร์"]),
        ("ตร์", ["คณิตศาสตร์"]),
        ("über", ["ÜBERSETZER"]),
        ("c+", ["C++"]),
        ("%", ["100% Rust"]),
        ("_", []),
        ("nothing of that", []),
        ("", ["100% Rust", "C++", "Data Structures", "ÜBERSETZER", "คณิตศาสตร์"]),
    ],
)
def test_search_finds_parts_of_names_in_any_script_and_case(client, topic, creator, query, found):
    for name in ("คณิตศาสตร์", "ÜBERSETZER", "C++", "100% Rust"):
        create_topic(creator, name)
    response = client.get("/topics/", {"q": query})
    assert sorted(names(response)) == found
    assert response.context["q"] == query.strip()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bezier", ["Bézier"]),
        ("BÉZIER", ["Bézier"]),
        ("kuche", ["Küche"]),
        ("คํา", ["คำนวณ"]),
        ("คำ\u200b", ["คำนวณ"]),
        ("\u00a0ｂezier\u00ad", ["Bézier"]),
        ("คา", []),
        ("\u200b", ["Bézier", "Küche", "คำนวณ"]),
    ],
)
def test_a_search_finds_what_reads_the_same_with_or_without_accents(client, creator, query, found):
    for name in ("Bézier", "Küche", "คำนวณ"):
        create_topic(creator, name)
    assert sorted(names(client.get("/topics/", {"q": query}))) == found


@pytest.mark.parametrize(
    "query",
    [
        {"q": "\0"},
        {"q": "a\0b"},
        {"q": "x" * 5000},
        {"q": "%" * 60_000},
        {"q": "a " * 3000},
        {"page": "0"},
        {"page": "-1"},
        {"page": "abc"},
        {"page": "٢"},
        {"page": "9" * 30},
        {"limit": "0"},
        {"limit": "-5"},
        {"limit": "1e3"},
        {"limit": "9" * 30},
    ],
    ids=lambda query: str(query)[:20],
)
def test_garbage_is_never_an_error(client, topic, query):
    assert client.get("/topics/", query).status_code == 200


def test_a_page_past_the_end_is_not_found(client, topic):
    assert client.get("/topics/?page=2").status_code == 404


def test_twelve_are_on_a_page_and_the_next_is_one_click_away(client, creator):
    for number in range(14):
        Topic.objects.create(name=f"Topic {number:02}", creator=creator)
    first = client.get("/topics/")
    assert names(first) == [f"Topic {number:02}" for number in range(12)]
    assert 'href="?page=2"' in first.content.decode()
    second = client.get("/topics/?page=2")
    assert names(second) == ["Topic 12", "Topic 13"]


@pytest.mark.parametrize(("limit", "shown"), [("5", 5), ("60", 60), ("500", 60), ("abc", 12)])
def test_the_limit_goes_up_to_sixty(client, creator, limit, shown):
    Topic.objects.bulk_create(
        Topic(name=f"T{n:02}", name_key=f"t{n:02}", slug=f"t{n:02}") for n in range(61)
    )
    assert len(names(client.get(f"/topics/?limit={limit}"))) == shown


def test_the_limit_and_the_search_stay_when_one_moves_on(client, creator):
    for number in range(3):
        create_topic(creator, f"Topic {number}")
    html = client.get("/topics/?q=topic&limit=2").content.decode()
    assert 'href="?q=topic&amp;limit=2&amp;page=2"' in html
    assert '<input type="hidden" name="limit" value="2">' in html


def test_tas_and_free_slots_are_counted_and_the_next_time_named(
    clock, client, topic, ta, creator, open_time
):
    other = create_topic(creator, "Web")
    Registration.objects.create(user=ta, topic=other)
    open_time(ta, topic, other)
    open_time(ta, topic, days=3)
    [free, free_other] = [counted.free for _, counted in client.get("/topics/").context["tiles"]]
    assert (free.count, when.soon(free.next_at)) == (8, "tomorrow 13:00")
    assert (free_other.count, when.soon(free_other.next_at)) == (4, "tomorrow 13:00")
    html = client.get("/topics/").content.decode()
    assert "1 TA · 8 free slots" in html
    assert "Next: tomorrow 13:00" in html


def test_pending_and_suspended_tas_and_their_time_are_not_counted(
    clock, client, topic, ta, stranger, open_time
):
    Registration.objects.create(user=stranger, topic=topic, status="pending")
    open_time(ta, topic)
    ta.is_active = False
    ta.save()
    [(_, counted)] = client.get("/topics/").context["tiles"]
    assert counted.tas == 0
    assert counted.free is None
    assert "Nobody teaches it yet" in client.get("/topics/").content.decode()


def test_a_slot_counts_only_for_topics_that_its_ta_still_teaches(
    clock, client, topic, ta, creator, open_time
):
    other = create_topic(creator, "Web")
    registration = Registration.objects.create(user=ta, topic=other)
    open_time(ta, topic, other)
    registration.delete()
    [free, free_other] = [counted.free for _, counted in client.get("/topics/").context["tiles"]]
    assert free.count == 4
    assert free_other is None


def test_one_topic_costs_as_many_queries_as_three(
    clock, client, topic, ta, creator, open_time, django_assert_num_queries
):
    open_time(ta, topic)
    # Session with user, topics, free time and TAs (here in a transaction), unread.
    with django_assert_num_queries(5):
        client.get("/topics/")
    for number, name in enumerate(("Web", "C")):
        more = create_topic(creator, name)
        Registration.objects.create(user=ta, topic=more)
        open_time(ta, more, days=2 + number)
    with django_assert_num_queries(5):
        client.get("/topics/")


def test_htmx_gets_the_list_alone_and_a_browser_the_page(client, topic):
    fragment = client.get("/topics/?q=data", headers={"HX-Request": "true"})
    assert fragment.templates[0].name == "topics/_list.html"
    assert "<html" not in fragment.content.decode()
    assert 'data-topic-slug="data-structures"' in fragment.content.decode()
    assert "HX-Request" in fragment.headers["Vary"]
    restored = client.get(
        "/topics/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in restored.content.decode()


def test_an_empty_list_leads_to_the_one_next_action(client):
    assert 'href="/topics/new/">Create the first topic' in client.get("/topics/").content.decode()
    html = client.get("/topics/?q=<b>x").content.decode()
    assert "Nothing found for “&lt;b&gt;x”" in html
    assert 'href="/topics/">Show all topics' in html


def test_only_reading_is_allowed(client):
    assert client.post("/topics/").status_code == 405


def test_a_slot_of_next_week_is_named_with_its_date(clock, client, topic, ta, open_time):
    open_time(ta, topic, days=4)
    assert when.soon(client.get("/topics/").context["tiles"][0][1].free.next_at) == "Fri 13:00"
    clock.shift(-timedelta(days=5))
    assert (
        when.soon(client.get("/topics/").context["tiles"][0][1].free.next_at) == "Fri 27 Nov 13:00"
    )
