"""docs/upgrading.md lists what is used of other packages that is not public, and where.

What is put in place of something of theirs counts as not public, whatever its name.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
FOLDERS = ("accounts", "topics", "scheduling", "chat", "setahub")
FILES = ("conftest.py", "gunicorn.conf.py")
DOCUMENTED = {"_meta", "_base_manager", "_default_manager", "_db", "_asdict", "_replace", "_save"}
PUBLIC = {"admin.site.login"}  # documented by allauth
# Modules, and names in them, that their packages do not document for others to use.
UNDOCUMENTED = (
    "allauth.account.authentication", "allauth.account.utils", "allauth.mfa.admin",
    "allauth.mfa.base.forms.BaseAuthenticateForm", "allauth.mfa.base.views",
    "allauth.mfa.recovery_codes.views", "allauth.mfa.totp.views", "allauth.mfa.webauthn.views",
    "daphne.", "django.contrib.admin.exceptions", "django.contrib.admin.options",
    "django.contrib.admin.views", "django.contrib.messages.storage.", "django.core.cache.backends",
    "django.core.handlers", "django.core.management.color", "django.db.backends.postgresql",
    "django.forms.utils.flatatt", "django.http.request", "django.template.defaulttags",
    "django.utils.cache.get_conditional_response", "django.utils.dates",
    "django.utils.functional.SimpleLazyObject", "django.utils.http.quote_etag",
    "django_tasks_db.apps", "gunicorn.workers", "redis.connection", "twisted.",
)  # fmt: skip
GUIDE = (ROOT / "docs/upgrading.md").read_text()
ROWS = [
    [re.findall(r"`([^`]+\.py)`", cell) for cell in line.split(" | ")[-2:]]
    for line in GUIDE.splitlines()
    if line.startswith("| ") and "tests that fail" not in line
]


def private_uses(tree: ast.Module, ours: set[str]) -> set[str]:
    """Private or undocumented names imported, or asked of an object that is not of this project."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = {*node.module.split("."), *(alias.name for alias in node.names)}
            found |= {each for each in parts if each == "internal" or is_private(each, ours)}
            found -= parts if is_of_project(node.module) else set()
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name.startswith(UNDOCUMENTED)}
        elif isinstance(node, ast.Attribute) and is_private(node.attr, ours):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"getattr", "hasattr"}:
            name = getattr(node.args[1], "value", "")
            found |= {name} if is_private(str(name), ours) else set()
    return found


def patches(tree: ast.Module) -> set[str]:
    """What this module puts in place of something of another package, by assignment or setattr."""
    foreign = foreign_names(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            found |= {ast.unparse(node)} if root(node.value) in foreign else set()
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"setattr", "delattr"} and (target := patched(node.args, foreign)):
                found.add(target)
    return found


def patched(args: list[ast.expr], foreign: set[str]) -> str:
    """What setattr is called for, when it is another package's: ``object.name``, else ""."""
    if isinstance(args[0], ast.Constant):  # pytest takes a dotted path too
        return "" if is_of_project(str(args[0].value)) else str(args[0].value)
    if root(args[0]) not in foreign:
        return ""
    name = args[1] if len(args) > 1 else ast.Constant("")
    return f"{ast.unparse(args[0])}.{getattr(name, 'value', ast.unparse(name))}"


def foreign_names(tree: ast.Module) -> set[str]:
    """The names by which this module knows modules, classes and objects of other packages."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            theirs = [alias for alias in node.names if not is_of_project(alias.name)]
            names |= {alias.asname or alias.name.split(".")[0] for alias in theirs}
        elif isinstance(node, ast.ImportFrom) and node.module and not is_of_project(node.module):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def root(node: ast.expr) -> str:
    """``a`` of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", "")


def is_of_project(module: str) -> bool:
    return module.split(".")[0] in FOLDERS


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
    return private_uses(tree, set(names_of(tree))) | (patches(tree) - PUBLIC)


def test_the_guide_names_files_and_tests_that_exist():
    assert ROWS
    for places, tests in ROWS:
        assert tests, places
        missing = [each for each in places + tests if not (ROOT / each).is_file()]
        assert not missing, f"docs/upgrading.md names what is not there: {missing}"


def test_nothing_private_is_used_that_the_guide_does_not_name():
    listed = {place for places, _tests in ROWS for place in places}
    paths = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        paths += (ROOT / folder).rglob("*.py")
    found = {
        str(path.relative_to(ROOT)): uses
        for path in paths
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
        ("from twisted.web import http", {"twisted.web.http"}),
        ("from django.utils.http import quote_etag", {"django.utils.http.quote_etag"}),
        ("from django.utils.http import urlencode", set()),
        ("self._kept = 1\nself._kept", set()),
        ("Topic._meta.label", set()),
    ],
)
def test_a_private_use_is_found(code, uses):
    tree = ast.parse(code)
    assert private_uses(tree, set(names_of(tree))) == uses


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import daphne.server\ndaphne.server.Server.run = f", {"daphne.server.Server.run"}),
        ("from daphne import server as s\ns.Server.run = f", {"s.Server.run"}),
        ("from daphne.server import Server\nsetattr(Server, 'run', f)", {"Server.run"}),
        ("from daphne.server import Server\npatch.setattr(Server, 'run', f)", {"Server.run"}),
        ("monkeypatch.setattr('daphne.server.Server.run', f)", {"daphne.server.Server.run"}),
        ("from daphne.server import Server\ndel Server.run", {"Server.run"}),
        ("from chat import protocol\nprotocol.read = f", set()),
        ("monkeypatch.setattr('chat.protocol.read', f)", set()),
        ("self.run = f\nsetattr(row, 'run', f)", set()),
    ],
)
def test_what_is_put_in_place_of_anothers_is_found(code, names):
    assert patches(ast.parse(code)) == names
