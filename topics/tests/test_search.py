"""Searching topics by names, keywords, descriptions and TAs, and TAs by their names."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from topics.models import Registration, Topic
from topics.services import archive_topic, create_topic


@pytest.fixture
def client(student, sign_in):
    return sign_in(student)


@pytest.fixture
def databases(creator):
    return create_topic(creator, "Database Systems", "Normal forms, indexes", keywords="SQL, joins")


@pytest.fixture
def statistics(creator):
    """Has the word of the one above in its description alone."""
    return create_topic(
        creator, "ความน่าจะเป็นและสถิติ", "R, a little SQL, Café data", keywords="p-value"
    )


@pytest.fixture
def sql(creator):
    return create_topic(creator, "Advanced SQL")


def found(client, query):
    response = client.get("/topics/", {"q": query})
    assert response.status_code == 200
    return [topic.name for topic, _counts in response.context["tiles"]]


def people(client, query):
    return [person.username for person in client.get("/topics/", {"q": query}).context["people"]]


# --- Topics


def test_names_weigh_more_than_keywords_and_these_more_than_the_rest(
    client, databases, statistics, sql
):
    assert found(client, "sql") == ["Advanced SQL", "Database Systems", "ความน่าจะเป็นและสถิติ"]


def test_among_equals_the_order_is_that_of_names(client, creator):
    for name in ("Zeta", "Alpha"):
        create_topic(creator, name, keywords="graphs")
    assert found(client, "graph") == ["Alpha", "Zeta"]


@pytest.mark.parametrize(
    "query",
    ["joins", "JOIN", "sql normal", "database joins", "indexes systems", "ＳＱＬ", "sql sql SQL"],
)
def test_every_word_is_somewhere(client, databases, query):
    assert found(client, query) == ["Database Systems"]


@pytest.mark.parametrize("query", ["sql trees", "joins missing", "%", "_", "\\", "sql\0x"])
def test_a_word_that_is_nowhere_leaves_it_out(client, databases, query):
    assert found(client, query) == []


def test_it_is_folded_as_names_are(client, statistics):
    assert found(client, "cafe") == ["ความน่าจะเป็นและสถิติ"]
    Topic.objects.get().delete()
    create_topic(statistics.creator, "X", "ทําซ้ำ", keywords="เเผนภูมิ")
    assert found(client, "ทำ") == ["X"]
    assert found(client, "แผนภูมิ") == ["X"]


def test_a_name_of_a_ta_finds_their_topics_with_other_words_too(client, topic, databases, ta):
    Registration.objects.create(user=ta, topic=databases)
    assert found(client, "น้ำฝน") == ["Data Structures", "Database Systems"]
    assert found(client, "น้ำฝน sql") == ["Database Systems"]


def test_what_is_archived_is_not_found(client, databases, creator):
    archive_topic(databases, creator)
    assert found(client, "joins") == []


def test_more_words_than_anything_has_find_nothing(client, databases):
    assert found(client, " ".join(f"s{n}" for n in range(13))) == []
    assert found(client, "s " * 40) == ["Database Systems"]


def test_twelve_are_on_a_page_and_at_most_sixty(client, creator):
    for number in range(14):
        Topic.objects.create(name=f"Topic {number:02}", keywords="graphs", creator=creator)
    assert len(found(client, "graphs")) == 12
    page = client.get("/topics/?q=graphs&page=2")
    assert [topic.name for topic, _counts in page.context["tiles"]] == ["Topic 12", "Topic 13"]
    assert len(client.get("/topics/?q=graphs&limit=60").context["tiles"]) == 14


# --- People


def test_tas_are_found_by_name_in_a_group_of_their_own(client, ta, topic):
    assert people(client, "น้ำ") == ["น้ำฝน"]
    html = client.get("/topics/?q=น้ำ").content.decode()
    assert 'id="people"' in html
    assert f'href="/users/{ta.pk}/timeslots/"' in html
    assert html.index('id="people"') < html.index('data-topic-slug="data-structures"')


def test_all_words_are_in_the_name(client, make_user, topic):
    for name in ("Mali Charoen", "Mali Siri"):
        Registration.objects.create(user=make_user(name), topic=topic)
    assert people(client, "mali") == ["Mali Charoen", "Mali Siri"]
    assert people(client, "siri mali") == ["Mali Siri"]


@pytest.mark.parametrize("why", ["pending", "suspended", "archived", "no ta"])
def test_who_is_no_ta_is_never_found(client, make_user, topic, creator, why):
    user = make_user("Malee")
    if why != "no ta":
        status = "pending" if why == "pending" else "approved"
        Registration.objects.create(user=user, topic=topic, status=status)
    if why == "suspended":
        user.is_active = False
        user.save()
    if why == "archived":
        archive_topic(topic, creator)
    assert people(client, "malee") == []
    assert found(client, "malee") == []
    assert "Malee" not in client.get("/topics/?q=malee").content.decode().replace("“malee”", "")


def test_nobody_stands_there_without_a_search_or_on_a_later_page(client, ta, topic, creator):
    assert people(client, "") == []
    for number in range(3):
        other = Topic.objects.create(name=f"Topic {number}", creator=creator)
        Registration.objects.create(user=ta, topic=other)
    assert client.get("/topics/?q=น้ำฝน&limit=2&page=2").context["people"] == []


def test_neither_email_nor_student_id_finds_anybody(client, make_user, topic):
    user = make_user("Malee", email="secret@example.com", student_id="65010123")
    Registration.objects.create(user=user, topic=topic)
    for query in ("secret", "65010123"):
        assert people(client, query) == []
        assert found(client, query) == []


def test_htmx_gets_both_groups_and_hears_how_many(client, ta, topic):
    html = client.get("/topics/?q=น้ำ", headers={"HX-Request": "true"}).content.decode()
    heard = " ".join(html[: html.index("</p>")].split())
    assert heard.endswith("1 topic 1 TA")
    assert 'id="people"' in html


def test_many_cost_as_many_queries_as_one(client, ta, topic, make_user, creator):
    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get("/topics/?q=น้ำ structures")
            client.get("/topics/?q=น้ำ")
        return len(caught)

    count()
    one = count()
    for number in range(3):
        other = Topic.objects.create(name=f"Structures {number}", creator=creator)
        Registration.objects.create(user=make_user(f"น้ำ {number}"), topic=other)
        Registration.objects.create(user=ta, topic=other)
    assert count() == one


# --- Keywords


def test_keywords_are_kept_with_single_commas(client, student):
    response = client.post(
        "/topics/new/", {"name": "Trees", "keywords": " AVL ,, heaps;avl, b  tree,"}
    )
    assert response.status_code == 302
    assert Topic.objects.get().keywords == "AVL, heaps, b tree"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (", ".join(f"w{n}" for n in range(13)), "At most 12 words; these are 13."),
        ("x" * 41, f"“{'x' * 40}…” is too long: at most 40 characters, with commas between words."),
        ("a\u202eb", "These words have characters that can't be shown."),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_keywords_is_refused_in_words(client, typed, error):
    response = client.post("/topics/new/", {"name": "Trees", "keywords": typed})
    assert response.status_code == 422
    assert response.context["form"].errors["keywords"] == [error]
    assert not Topic.objects.exists()


def test_twelve_words_in_any_script_are_taken(client):
    words = ", ".join(f"คำที่ {n}" for n in range(12))
    assert client.post("/topics/new/", {"name": "Trees", "keywords": words}).status_code == 302
    assert Topic.objects.get().keywords == words


def test_they_are_edited_searched_and_shown(sign_in, creator, databases):
    client = sign_in(creator)
    path = f"/topics/{databases.slug}/edit/"
    assert 'value="SQL, joins"' in client.get(path).content.decode()
    sent = {"name": databases.name, "description": "", "keywords": "NoSQL"}
    assert client.post(path, sent).status_code == 302
    assert found(client, "nosql") == ["Database Systems"]
    assert found(client, "joins") == []
    assert found(client, "indexes") == []
    assert "Also found by: NoSQL" in client.get(f"/topics/{databases.slug}/").content.decode()


def test_staff_rename_without_touching_them(databases, staff):
    from topics.services import update_topic

    update_topic(databases, staff, name="Databases", description=databases.description)
    databases.refresh_from_db()
    assert (databases.keywords, databases.keywords_key) == ("SQL, joins", "sql, joins")


def test_two_tabs_keep_what_each_changed(sign_in, creator, databases, open_tab):
    client, path = sign_in(creator), f"/topics/{databases.slug}/edit/"
    one, two = open_tab(client, path), open_tab(client, path)
    assert one(keywords="SQL, joins, views").status_code == 302
    assert two(description="New words").status_code == 302
    databases.refresh_from_db()
    assert (databases.keywords, databases.description) == ("SQL, joins, views", "New words")
