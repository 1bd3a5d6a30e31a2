"""Descriptions that stood before keywords came are searched too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("topics", "0005_kinds_of_hyphens_and_quotes")]
AFTER = [("topics", "0006_keywords")]

pytestmark = pytest.mark.django_db(transaction=True)


def at(states: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(states)
    return executor.loader.project_state(states).apps.get_model("topics", "Topic")


@pytest.fixture
def before() -> Iterator[Any]:
    yield at(BEFORE)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_their_text_is_stored_as_it_is_searched(before):
    before.objects.create(name="A", name_key="a", search_key="a", slug="a", description="Café\nทํา")
    before.objects.create(name="B", name_key="b", search_key="b", slug="b")
    found = at(AFTER).objects.order_by("name").values_list("description", "text_key", "keywords")
    assert list(found) == [("Café\nทํา", "cafe ทำ", ""), ("", "", "")]
    assert at(BEFORE).objects.order_by("name").first().description == "Café\nทํา"
