"""Settings read from the environment, strictly.

A value that can't be used stops the start with one line that names the variable and what it takes,
instead of a traceback or, worse, a silent default.
"""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import environ

T = TypeVar("T")

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def stop(name: str, takes: str) -> NoReturn:
    """End the program with one line on standard error: the variable and what it takes."""
    sys.exit(f"setahub: {name} must be {takes}")


def text(name: str, default: str = "") -> str:
    """The variable without surrounding space; an empty one counts as unset."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    """True or False, written as true/false, yes/no, on/off or 1/0 in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value in _TRUE | _FALSE:
        return value in _TRUE
    stop(name, "True or False")


def number(name: str, default: int, *, low: int, high: int, unit: str = "") -> int:
    """A whole number from ``low`` to ``high``."""
    value = text(name)
    if not value:
        return default
    # isascii: int() would also take digits of other scripts, and "1_000".
    # No longer than that, since int() raises for thousands of digits.
    if value.isascii() and value.isdigit() and len(value) < 20 and low <= int(value) <= high:
        return int(value)
    stop(name, f"a whole number{f' of {unit}' if unit else ''} from {low} to {high}")


def choice(name: str, default: str, options: Sequence[str]) -> str:
    """One of ``options``, in any case."""
    value = text(name).lower() or default
    if value in options:
        return value
    stop(name, "one of: " + ", ".join(options))


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """A list separated by commas or spaces."""
    value = text(name)
    return value.replace(",", " ").split() if value else list(default)


def checked(name: str, value: T, valid: Callable[[T], bool], takes: str) -> T:
    """``value`` when ``valid`` says so; otherwise the start ends, saying what ``name`` takes."""
    if not valid(value):
        stop(name, takes)
    return value


def can_parse(parse: Callable[[str], object], value: str) -> bool:
    """Whether ``parse`` takes the value, which it refuses by a ValueError."""
    try:
        parse(value)
    except ValueError:
        return False
    return True


def make_folder(name: str, folder: Path) -> None:
    """Make the folder that the variable ``name`` needs; the start ends where that can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        stop(name, f"in a folder that can be made; {folder} can't")


def database(name: str, default: str) -> dict[str, object]:
    """A database URL as Django's settings dictionary. Source: django-environ."""
    config: dict[str, object] = {}
    with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
        config = environ.Env.db_url_config(text(name, default))
    engine = str(config.get("ENGINE", ""))
    if not engine.endswith((".sqlite3", ".postgresql")) or not config.get("NAME"):
        stop(name, "sqlite:///path/to/file or postgres://user:password@host:port/name")
    return config


def email(name: str, default: str) -> dict[str, object]:
    """An email URL as Django's ``EMAIL_*`` settings. Source: django-environ."""
    config: dict[str, object] = {}
    with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
        config = environ.Env.email_url_config(text(name, default))
    if not config.get("EMAIL_BACKEND"):
        stop(name, "consolemail://, smtp://user:password@host:port or smtp+tls://…")
    return config
