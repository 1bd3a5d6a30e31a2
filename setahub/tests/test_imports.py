"""The house stands: imports point down its floors and layers, and never in a circle.

Inline imports and string references to models count. Each rule is also shown to fail on a forged
project that breaks it.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
FLOORS = [
    "setahub.core",
    "accounts",
    "setahub.policy",
    "topics",
    "scheduling",
    "chat",
    "setahub.site",
]
APPS = {"accounts", "topics", "scheduling", "chat"}
# Above all floors: what puts the site together, and what fills it for a look around.
ABOVE = {"setahub.settings", "setahub.urls", "setahub.asgi", "setahub.wsgi", "setahub.demo"}
# Inside an app, from the ground up; what is named nowhere stands beside services.
LAYERS = [
    {"models", "errors", "constraints", "signals", "validators"},
    {"queries"},
    {"services"},
    {"views", "forms", "admin", "urls", "templatetags", "apps"},
]
SERVICES, PAGES = 2, 3
# What a page may use of an app above its own: what is read, and what is called to write.
OPEN_TO_PAGES = {"models", "queries", "services", "errors", "views"}

Project = Mapping[str, set[str]]


def read(folders: list[str]) -> dict[str, set[str]]:
    """What each module of the project uses, by dotted names; tests and migrations aside."""
    trees = dict(_modules(folders))
    return {name: _imports(tree) | _string_models(tree) for name, tree in trees.items()}


def _modules(folders: list[str]) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "tests" not in parts and "migrations" not in parts:
                name = ".".join(part for part in parts if part != "__init__")
                yield name, ast.parse(path.read_text())


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _string_models(tree: ast.Module) -> set[str]:
    """Models named by strings such as ``"topics.Topic"``."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    names = (re.fullmatch(r"([a-z_]+)\.[A-Z]\w+", text) for text in texts if isinstance(text, str))
    return {f"{name[1]}.models" for name in names if name and name[1] in APPS}


# --- The rules ------------------------------------------------------------------------------------


def floor(name: str) -> int | None:
    """The number of the floor that a module stands on; None for what is not of the house."""
    if any(is_in(name, above) for above in ABOVE):
        return len(FLOORS)
    return next((number for number, each in enumerate(FLOORS) if is_in(name, each)), None)


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def layer(name: str) -> int:
    part = name.split(".")[1] if "." in name else ""
    return next((number for number, parts in enumerate(LAYERS) if part in parts), SERVICES)


def wrong_floors(project: Project) -> set[tuple[str, str]]:
    """Pairs of a module and what it uses of a higher floor, the open rooms of apps aside."""
    return {
        (name, used)
        for name in project
        for used in project[name]
        if (own := floor(name)) is not None
        if (other := floor(used)) is not None and other > own
        if not _may_look_up(name, used)
    }


def _may_look_up(name: str, used: str) -> bool:
    app, _dot, rest = used.partition(".")
    is_page = name.split(".")[0] in APPS and layer(name) == PAGES
    # ``from chat import services``: the app itself is named on the way.
    return is_page and app in APPS and (not rest or rest.split(".")[0] in OPEN_TO_PAGES)


def wrong_layers(project: Project) -> set[tuple[str, str]]:
    """Pairs of modules of one app of which the lower one uses the higher one."""
    return {
        (name, used)
        for name in project
        for used in project[name]
        if name.split(".")[0] in APPS and used.split(".")[0] == name.split(".")[0]
        if used in project and layer(used) > layer(name)
    }


def circle(project: Project) -> list[str]:
    """Modules that use each other in a circle, of whatever length; empty where there is none."""
    graph = {name: {used for used in project[name] if used in project} for name in project}
    for name, used in graph.items():
        used.discard(name)
        # A package and its parts are one room: its __init__ only gathers names.
        used -= {each for each in used if is_in(each, name) or is_in(name, each)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


# --- The house ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> dict[str, set[str]]:
    return read([*sorted(APPS), "setahub"])


def test_every_module_stands_on_a_floor(house):
    assert {name for name in house if floor(name) is None} == {"setahub"}


def test_nothing_uses_a_higher_floor(house):
    assert wrong_floors(house) == set()


def test_inside_an_app_models_queries_services_and_pages_stand_on_each_other(house):
    assert wrong_layers(house) == set()


def test_nothing_goes_in_a_circle(house):
    assert circle(house) == []


def test_the_ground_has_no_word_of_an_app():
    """Neither its models nor its addresses nor its policy."""
    words = re.compile(r"\b(?:topics|scheduling|chat)\.|policy\.|reverse\(\"")
    found = {
        str(path.relative_to(ROOT)): words.findall(path.read_text())
        for path in (ROOT / "setahub/core").rglob("*.py")
    }
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("setahub.core.text", "accounts.models"),
        ("accounts.services", "setahub.policy.current"),
        ("setahub.policy.current", "topics.models"),
        ("topics.services", "scheduling.queries.free"),
        ("topics.models", "scheduling.models"),
        ("topics.views", "scheduling.receivers"),
        ("chat.views", "setahub.site.home"),
        ("chat.models", "setahub.settings"),
    ],
)
def test_a_look_up_the_floors_is_found(name, used):
    assert wrong_floors({name: {used}, used: set()}) == {(name, used)}


def test_pages_may_read_and_call_the_apps_above():
    for used in ("chat", "chat.services", "chat.queries.inbox", "chat.views.contexts.inbox"):
        assert wrong_floors({"accounts.views.profile": {used}, used: set()}) == set()


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("topics.models", "topics.queries"),
        ("topics.queries", "topics.services"),
        ("topics.services", "topics.views"),
        ("topics.services", "topics.forms"),
        ("topics.emails", "topics.templatetags.topics"),
    ],
)
def test_a_look_up_the_layers_is_found(name, used):
    assert wrong_layers({name: {used}, used: set()}) == {(name, used)}


def test_a_circle_of_any_length_is_found():
    assert circle({"chat.a": {"chat.b"}, "chat.b": {"chat.a"}})
    assert circle({"chat.a": {"chat.b"}, "chat.b": {"chat.c"}, "chat.c": {"chat.a"}})
    assert not circle({"chat.a": {"chat.b", "chat.c"}, "chat.b": {"chat.c"}, "chat.c": set()})


def test_inline_imports_and_strings_are_read():
    tree = ast.parse('def f():\n    from chat import models\nuser = "topics.Topic"')
    assert _imports(tree) | _string_models(tree) == {"chat", "chat.models", "topics.models"}
