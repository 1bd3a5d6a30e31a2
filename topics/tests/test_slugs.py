import pytest

from topics.models import Topic, slugs
from topics.services import create_topic


def test_the_reserved_words_are_those_of_the_routes():
    known = {"new", "edit", "delete", "register", "unregister", "star"}
    assert slugs.reserved() == known


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Data Structures", "data-structures"),
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("คณิตศาสตร์ดิสครีต", "khnitsastrdiskhrit"),
        ("Künstliche Intelligenz", "kunstliche-intelligenz"),
        ("2026", "topic-2026"),
        ("New", "topic-new"),
        ("unregister", "topic-unregister"),
        ("???", "topic"),
        ("-_-", "topic"),
    ],
)
def test_the_slug_of_a_name(name, slug):
    assert slugs.base_slug(name) == slug


def test_a_slug_is_ascii_and_short_whatever_the_name():
    slug = slugs.base_slug("การเขียนโปรแกรม" * 20)
    assert slug.isascii()
    assert len(slug) <= 80


def test_a_taken_slug_is_numbered_from_two():
    assert slugs.numbered("c", set()) == "c"
    assert slugs.numbered("c", {"c"}) == "c-2"
    assert slugs.numbered("c", {"c", "c-2", "c-3"}) == "c-4"
    assert slugs.numbered("c", {"c-2"}) == "c"


def test_topics_whose_names_differ_only_in_signs_get_numbered_slugs(creator):
    assert [create_topic(creator, name).slug for name in ("AI", "AI!", "A.I.", "AI?")] == [
        "ai",
        "ai-2",
        "ai-3",
        "ai-4",
    ]


def test_no_topic_takes_the_address_of_a_page(creator, sign_in):
    topic = create_topic(creator, "New")
    client = sign_in(creator)
    assert client.get(topic.get_absolute_url()).context["topic"] == topic
    assert client.get("/topics/new/").templates[0].name == "topics/form.html"


def test_a_topic_saved_without_a_slug_gets_one(db):
    made = [
        Topic.objects.create(name=name).slug for name in ("Graph Theory", "graph-theory", "new")
    ]
    assert made == ["graph-theory", "graph-theory-2", "topic-new"]
