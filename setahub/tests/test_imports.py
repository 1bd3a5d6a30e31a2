"""Imports run one way: setahub.lib ← accounts ← topics ← scheduling ← chat; no two modules
import each other. Inline imports and string foreign keys count."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

APPS = ["accounts", "topics", "scheduling", "chat"]
# Pages stand above all models: they may read and call any app.
PAGE_MODULES = {"views", "forms", "admin", "urls", "tests", "apps", "templatetags"}
ROOT: Path = settings.BASE_DIR


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the project by its dotted name, tests and migrations aside."""
    for folder in [*APPS, "setahub"]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "tests" in parts or "migrations" in parts:
                continue
            yield (
                ".".join(part for part in parts if part != "__init__"),
                ast.parse(path.read_text()),
            )


def imports(tree: ast.Module) -> set[str]:
    """Dotted names of everything that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def string_models(tree: ast.Module) -> set[str]:
    """Apps named by string references such as ``"topics.Topic"``."""
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    names = (
        re.fullmatch(r"([a-z_]+)\.[A-Z]\w+", text) for text in strings if isinstance(text, str)
    )
    return {match[1] for match in names if match}


PROJECT = dict(modules())


@pytest.mark.parametrize("name", [name for name in PROJECT if name.split(".")[0] in APPS])
def test_an_app_knows_only_the_apps_below_it(name):
    app, *rest = name.split(".")
    if rest and rest[0] in PAGE_MODULES:
        allowed = set(APPS)
    else:
        allowed = set(APPS[: APPS.index(app) + 1])
    reached = {used.split(".")[0] for used in imports(PROJECT[name])} | string_models(PROJECT[name])
    assert reached & set(APPS) <= allowed


@pytest.mark.parametrize("name", [name for name in PROJECT if name.split(".")[0] in APPS])
def test_an_app_uses_the_project_only_through_its_library(name):
    used = {used for used in imports(PROJECT[name]) if used.split(".")[0] == "setahub"}
    assert {one for one in used if not (one + ".").startswith(("setahub.lib.", "setahub.lib"))} <= {
        "setahub"
    }


@pytest.mark.parametrize("name", [name for name in PROJECT if name.startswith("setahub.lib")])
def test_the_library_knows_no_app(name):
    used = imports(PROJECT[name])
    assert not {one for one in used if one.split(".")[0] in APPS}
    assert not {one for one in used if one.startswith("setahub") and "setahub.lib" not in one}


def test_no_two_modules_import_each_other():
    graph = {
        name: {used for used in imports(tree) if used in PROJECT and used != name}
        for name, tree in PROJECT.items()
    }
    # A package and its parts are one room: its __init__ only gathers names.
    mutual = {
        frozenset((name, other))
        for name, used in graph.items()
        for other in used
        if name in graph[other]
    }
    assert mutual == set()
