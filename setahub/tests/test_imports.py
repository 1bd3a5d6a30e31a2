"""The house stands: imports point down its floors and layers, and never in a circle.

Inline imports and string references to models count. Each rule is also shown to fail on a forged
project that breaks it.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import get_resolver

from setahub.settings import faculty

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
    {"views", "forms", "adapters", "admin", "urls", "templatetags", "apps"},
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


# Words of the apps. Not "session" and "message", which Django and Channels have too.
WORDS = {
    "appointment", "avatar", "book", "booking", "chat", "conversation", "exam", "faculty",
    "registration", "slot", "student", "ta", "teach", "timeslot", "topic",
}  # fmt: skip
# Where it is not the apps' word.
EXCEPTIONS = {
    "setahub/core/mail.py": {"unsubscribe"},  # of an email's context
    "setahub/core/server/health.py": {"media"},  # Django's
    "setahub/core/text.py": {"TA"},  # of SETAHub, with a Cyrillic letter
}


def words_of_apps(text: str) -> set[str]:
    """Words, names of addresses, beginnings of paths, and policy settings in the text of a module."""
    names, first = _addresses()
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)
    strings = [each for each in _strings(ast.parse(text)) if " " not in each]
    return (
        {part for part in parts if part.lower().removesuffix("s") in WORDS}
        | names.intersection(strings)
        | {each for each in strings if each.startswith("/") and each.split("/")[1] in first}
        | {name for name in vars(faculty) if name.isupper() and name in text}
    )


@cache
def _addresses() -> tuple[set[str], set[str]]:
    """How our own addresses are called, and the first parts of their paths."""
    names, first = set(), set()

    def walk(resolver: Any, space: str = "", prefix: str = "") -> None:
        for each in resolver.url_patterns:
            path = prefix + str(each.pattern)
            if hasattr(each, "url_patterns"):
                walk(each, f"{each.namespace}:" if each.namespace else space, path)
            else:
                names.add(space + (each.name or ""))
                first.add(path.split("/")[0])

    walk(get_resolver())
    return names - {"", "admin:"}, first - {""}


def _strings(tree: ast.Module) -> Iterator[str]:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    yield from (each for each in constants if isinstance(each, str) and each)


def test_the_ground_has_no_word_address_or_policy_of_an_app():
    found = {
        name: hits
        for path in (ROOT / "setahub/core").rglob("*.py")
        if (name := str(path.relative_to(ROOT)))
        if (hits := words_of_apps(path.read_text()) - EXCEPTIONS.get(name, set()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "hits"),
    [
        ("# whose topics these are", {"topics"}),
        ("def free_slots(): ...", {"slots"}),
        ("class BookingList: ...", {"Booking"}),
        ("TA = 1", {"TA"}),
        ('reverse("home")', {"home"}),
        ('reverse("chat:inbox")', {"chat", "chat:inbox"}),
        ('path.startswith("/messages/")', {"/messages/"}),
        ("settings.MESSAGES_PER_MINUTE", {"MESSAGES_PER_MINUTE"}),
        ('messages.error(request, "data about a table at home")', set()),
    ],
)
def test_a_word_of_an_app_is_found(code, hits):
    assert words_of_apps(code) == hits


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
