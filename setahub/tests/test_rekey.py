"""Stored keys made anew: what reads the same by now gets a number, and the names stay."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("accounts", "0007_sent_forms"), ("topics", "0003_decisions")]
AFTER = [
    ("accounts", "0008_names_that_read_the_same"),
    ("topics", "0004_names_that_read_the_same"),
]

pytestmark = pytest.mark.django_db(transaction=True)


def at(states: list[tuple[str, str]]) -> Any:
    """The database as it was after these migrations; gives the models of then."""
    executor = MigrationExecutor(connection)
    executor.migrate(states)
    return executor.loader.project_state(states).apps


@pytest.fixture
def before() -> Iterator[Any]:
    yield at(BEFORE)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def keys(model: Any, name: str, key: str) -> list[tuple[str, str]]:
    return list(model.objects.order_by("pk").values_list(name, key))


def test_people_whose_names_read_the_same_keep_them_and_get_numbers(before):
    User = before.get_model("accounts", "User")
    for number, (name, key) in enumerate(
        [("คํา", "คํา"), ("คำ", "คำ"), ("Ａda", "ａda"), ("Ada", "ada"), ("Zoë", "zoë")]
    ):
        User.objects.create(
            username=name, username_key=key, email=f"{number}@a.example", email_key=f"{number}@a"
        )

    User = at(AFTER).get_model("accounts", "User")

    assert keys(User, "username", "username_key") == [
        ("คํา", "คำ"),
        ("คำ", "คำ  2"),
        ("Ａda", "ada"),
        ("Ada", "ada  2"),
        ("Zoë", "zoë"),
    ]
    assert keys(User, "username", "search_key")[3:] == [("Ada", "ada"), ("Zoë", "zoe")]

    User = at(BEFORE).get_model("accounts", "User")
    assert keys(User, "username", "username_key") == [
        ("คํา", "คํา"),
        ("คำ", "คำ"),
        ("Ａda", "ａda"),
        ("Ada", "ada"),
        ("Zoë", "zoë"),
    ]


def test_a_deleted_account_keeps_a_key_that_no_name_can_have(before):
    before.get_model("accounts", "User").objects.create(
        username="Deleted user",
        username_key="deleted #7",
        email="7@a",
        email_key="7@a",
        deleted_at="2026-11-01T00:00Z",
    )

    User = at(AFTER).get_model("accounts", "User")

    assert keys(User, "username_key", "search_key") == [("deleted #7", "")]


def test_topics_that_read_the_same_keep_their_names_and_get_numbers(before):
    Topic = before.get_model("topics", "Topic")
    for name in ["เเคลคูลัส", "แคลคูลัส", "C\u200b++", "C++", "\ufdfa"]:
        Topic.objects.create(name=name, name_key=name.casefold(), slug=f"t{len(name)}{name[0:2]}")

    Topic = at(AFTER).get_model("topics", "Topic")

    assert keys(Topic, "name", "name_key") == [
        ("เเคลคูลัส", "แคลคูลัส"),
        ("แคลคูลัส", "แคลคูลัส  2"),
        ("C\u200b++", "c++"),
        ("C++", "c++  2"),
        ("\ufdfa", "صلى الله عليه وسلم"),
    ]

    Topic = at(BEFORE).get_model("topics", "Topic")
    assert keys(Topic, "name", "name_key")[0] == ("เเคลคูลัส", "เเคลคูลัส")
