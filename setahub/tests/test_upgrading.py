"""docs/upgrading.md lists what is used of other packages that is not public, and where."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
FOLDERS = ("accounts", "topics", "scheduling", "chat", "setahub")
DOCUMENTED = {"_meta", "_base_manager", "_default_manager", "_db", "_asdict", "_replace"}
GUIDE = (ROOT / "docs/upgrading.md").read_text()
ROWS = [
    [re.findall(r"`([^`]+\.py)`", cell) for cell in line.split(" | ")[-2:]]
    for line in GUIDE.splitlines()
    if line.startswith("| ") and "tests that fail" not in line
]


def private_uses(tree: ast.Module, ours: set[str]) -> set[str]:
    """Private names imported, or asked of an object that is not of this project."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = {*node.module.split("."), *(alias.name for alias in node.names)}
            of_project = node.module.split(".")[0] in FOLDERS
            found |= {each for each in parts if each == "internal" or is_private(each, ours)}
            found -= parts if of_project else set()
        elif isinstance(node, ast.Attribute) and is_private(node.attr, ours):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"getattr", "hasattr"}:
            name = getattr(node.args[1], "value", "")
            found |= {name} if is_private(str(name), ours) else set()
    return found


def is_private(name: str, ours: set[str]) -> bool:
    return bool(re.match(r"_[a-zA-Z]", name)) and name not in ours | DOCUMENTED


def names_of(tree: ast.Module) -> Iterator[str]:
    """What this module itself defines or sets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and getattr(node.value, "id", "") in {"self", "cls"}
        ):
            yield node.attr


def read(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return private_uses(tree, set(names_of(tree)))


def test_the_guide_names_files_and_tests_that_exist():
    assert ROWS
    for places, tests in ROWS:
        assert tests, places
        missing = [each for each in places + tests if not (ROOT / each).is_file()]
        assert not missing, f"docs/upgrading.md names what is not there: {missing}"


def test_nothing_private_is_used_that_the_guide_does_not_name():
    listed = {place for places, _tests in ROWS for place in places}
    found = {
        str(path.relative_to(ROOT)): uses
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if not {"tests", "migrations"} & set(path.parts)
        if (uses := read(path))
    }
    unlisted = {name: uses for name, uses in found.items() if name not in listed}
    assert not unlisted, f"Private API that docs/upgrading.md does not list: {unlisted}"


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("from allauth.core.internal import ratelimit", {"internal"}),
        ("from allauth.account.views import _secret", {"_secret"}),
        ("request._cached_user", {"_cached_user"}),
        ('getattr(request, "_cached_user", None)', {"_cached_user"}),
        ("from chat.models import _ours", set()),
        ("self._kept = 1\nself._kept", set()),
        ("Topic._meta.label", set()),
    ],
)
def test_a_private_use_is_found(code, uses):
    tree = ast.parse(code)
    assert private_uses(tree, set(names_of(tree))) == uses
