"""Constraints: rules across rows that the database itself enforces.

PostgreSQL has exclusion constraints and trigger functions, SQLite has triggers. A constraint here is
a named piece of SQL that ``install`` puts in place when it is missing or differs. They live outside
the migrations because SQLite drops a table's triggers whenever Django rebuilds the table.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import sleep
from typing import Any

from django.apps import AppConfig
from django.db import DatabaseError, connections, transaction
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate, pre_migrate

LOOK_AGAIN = 0.3  # seconds between two looks whether a lock is free


@dataclass(frozen=True)
class Constraint:
    """``create`` and ``drop`` are statements; ``name`` is unique in the database.

    ``target`` is what PostgreSQL's COMMENT ON takes, e.g. ``TRIGGER name ON table``.
    """

    name: str
    create: tuple[str, ...]
    drop: tuple[str, ...]
    target: str = ""

    @property
    def version(self) -> str:
        """A fingerprint of the SQL, to see whether the database has this very constraint."""
        return hashlib.sha256("".join(self.create).encode()).hexdigest()[:16]


def pg_exclusion(name: str, table: str, elements: str, where: str = "") -> Constraint:
    """No two rows of ``table`` may agree on all ``elements`` (PostgreSQL EXCLUDE USING gist)."""
    condition = f" WHERE ({where})" if where else ""
    return Constraint(
        name,
        (
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist ({elements}){condition}",
        ),
        (f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",),
        f"CONSTRAINT {name} ON {table}",
    )


def pg_trigger(name: str, table: str, event: str, body: str) -> Constraint:
    """A row trigger with a function of its own; ``body`` is PL/pgSQL without the final RETURN."""
    return Constraint(
        name,
        (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$guard$ BEGIN {body} RETURN NEW; END $guard$",
            f"CREATE TRIGGER {name} {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
        (f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {name}()"),
        f"TRIGGER {name} ON {table}",
    )


def sqlite_trigger(name: str, event: str, body: str) -> Constraint:
    """A row trigger; ``event`` names the table, ``body`` is its statements."""
    return Constraint(
        name,
        (f"CREATE TRIGGER {name} {event} BEGIN {body} END",),
        (f"DROP TRIGGER IF EXISTS {name}",),
    )


def _installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Name -> version of the constraints that the database has."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            return {
                name: hashlib.sha256(sql.encode()).hexdigest()[:16]
                for name, sql in cursor.fetchall()
            }
        cursor.execute(
            "SELECT tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger"
            " WHERE NOT tgisinternal"
            " UNION ALL SELECT conname, obj_description(oid, 'pg_constraint')"
            " FROM pg_constraint WHERE contype = 'x'"
        )
        return {name: version or "" for name, version in cursor.fetchall()}


def install(connection: BaseDatabaseWrapper, constraints: Sequence[Constraint]) -> None:
    """Put every constraint in place that is missing or has another version; idempotent."""
    present = _installed(connection)
    for constraint in constraints:
        if present.get(constraint.name) == constraint.version:
            continue
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            for statement in (*constraint.drop, *constraint.create):
                cursor.execute(statement)
            if constraint.target:  # the version is kept in the object's comment
                cursor.execute(f"COMMENT ON {constraint.target} IS '{constraint.version}'")


@dataclass(frozen=True)
class Constraints:
    """The constraints of one app, for each engine, and the tables that they need."""

    tables: frozenset[str]
    sqlite: Sequence[Constraint] = field(default_factory=list)
    postgresql: Sequence[Constraint] = field(default_factory=list)

    def connect(self, app: AppConfig) -> None:
        """Have them installed after each ``migrate``.

        SQLite loses a table's triggers when a migration rebuilds the table, and refuses to rename a
        table that a trigger elsewhere names: so off before, and on again after.
        """
        pre_migrate.connect(self.before_migrate, sender=app)
        post_migrate.connect(self.after_migrate, sender=app)

    def before_migrate(self, using: str, plan: Any = None, **kwargs: Any) -> None:
        """Take SQLite's triggers off while migrations run."""
        if connections[using].vendor == "sqlite" and plan:
            self.remove(connections[using])

    def after_migrate(self, using: str, **kwargs: Any) -> None:
        """Install whatever is missing or has changed."""
        self.install(connections[using])

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Install every one; does nothing where all are in place."""
        if not set(connection.introspection.table_names()) >= self.tables:
            return  # migrated back to before these tables
        install(connection, self._of(connection))

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        """Take every one off."""
        with connection.cursor() as cursor:
            for constraint in self._of(connection):
                for statement in constraint.drop:
                    cursor.execute(statement)

    def _of(self, connection: BaseDatabaseWrapper) -> Sequence[Constraint]:
        return self.sqlite if connection.vendor == "sqlite" else self.postgresql


# --- Locks that are no rows ---------------------------------------------------------------------


def lock_key(name: str) -> int:
    """The number by which PostgreSQL knows the lock of this name."""
    return int.from_bytes(hashlib.sha256(f"setahub {name}".encode()).digest()[:8], signed=True)


@contextmanager
def alone(
    connection: BaseDatabaseWrapper, name: str, waiting: Callable[[], object]
) -> Iterator[None]:
    """Wait until no other process holds this lock on the database; hold it, outside transactions.

    ``waiting`` is called once where there is somebody to wait for. The lock goes with its holder,
    also when that is killed. SQLite has none of its own that leaves room for transactions: there it
    is a file beside the database.
    """
    take, give_back = _lock_of(connection, name)
    waited = False
    while not take():
        if not waited:
            waiting()
        waited = True
        sleep(LOOK_AGAIN)  # asking again, since waiting in the database has a time limit
    try:
        yield
    finally:
        give_back()


def _lock_of(
    connection: BaseDatabaseWrapper, name: str
) -> tuple[Callable[[], bool], Callable[[], None]]:
    """How to try to take the lock, which says whether that worked, and how to give it back."""
    if connection.vendor == "postgresql":
        key = lock_key(name)

        def ask(function: str) -> bool:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {function}(%s)", [key])
                return bool(cursor.fetchone()[0])

        def give_back() -> None:
            with suppress(DatabaseError):  # the connection has ended, and the lock with it
                ask("pg_advisory_unlock")

        return lambda: ask("pg_try_advisory_lock"), give_back
    path = str(connection.settings_dict["NAME"])
    if ":memory:" in path or "mode=memory" in path:
        return lambda: True, lambda: None
    # Not the database's own file: closing it here would take SQLite's locks away.
    file = Path(f"{path}.{name}").open("w")  # noqa: SIM115  (open as long as the lock is held)

    def take() -> bool:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return take, file.close


def one_at_a_time(name: str) -> None:
    """Wait until no other transaction has this lock, and keep it until this one ends.

    For rules about a whole table, of which there is no row to lock. Taken before any row is. On
    SQLite there is never more than one writing transaction.
    """
    if default_connection.vendor == "postgresql":
        with default_connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(name)])
