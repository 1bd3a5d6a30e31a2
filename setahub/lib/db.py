"""Guards: rules across rows that the database itself enforces.

PostgreSQL has exclusion constraints and trigger functions, SQLite has triggers. A guard is a named
piece of SQL that ``install`` puts in place when it is missing or differs. Guards live outside the
migrations because SQLite drops a table's triggers whenever Django rebuilds the table.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Guard:
    """``create`` and ``drop`` are statements; ``name`` is unique in the database.

    ``target`` is what PostgreSQL's COMMENT ON takes, e.g. ``TRIGGER name ON table``.
    """

    name: str
    create: tuple[str, ...]
    drop: tuple[str, ...]
    target: str = ""

    @property
    def version(self) -> str:
        """A fingerprint of the SQL, to see whether the database has this very guard."""
        return hashlib.sha256("".join(self.create).encode()).hexdigest()[:16]


def pg_exclusion(name: str, table: str, elements: str, where: str = "") -> Guard:
    """No two rows of ``table`` may agree on all ``elements`` (PostgreSQL EXCLUDE USING gist)."""
    condition = f" WHERE ({where})" if where else ""
    return Guard(
        name,
        (
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist ({elements}){condition}",
        ),
        (f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",),
        f"CONSTRAINT {name} ON {table}",
    )


def pg_trigger(name: str, table: str, event: str, body: str) -> Guard:
    """A row trigger with a function of its own; ``body`` is PL/pgSQL without the final RETURN."""
    return Guard(
        name,
        (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$guard$ BEGIN {body} RETURN NEW; END $guard$",
            f"CREATE TRIGGER {name} {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
        (f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {name}()"),
        f"TRIGGER {name} ON {table}",
    )


def sqlite_trigger(name: str, event: str, body: str) -> Guard:
    """A row trigger; ``event`` names the table, ``body`` is its statements."""
    return Guard(
        name,
        (f"CREATE TRIGGER {name} {event} BEGIN {body} END",),
        (f"DROP TRIGGER IF EXISTS {name}",),
    )


def _installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Name -> version of the guards that the database has."""
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


def install(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> None:
    """Put every guard in place that is missing or has another version; idempotent."""
    present = _installed(connection)
    for guard in guards:
        if present.get(guard.name) == guard.version:
            continue
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            for statement in (*guard.drop, *guard.create):
                cursor.execute(statement)
            if guard.target:  # the version is kept in the object's comment
                cursor.execute(f"COMMENT ON {guard.target} IS '{guard.version}'")


def remove(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> None:
    """Take the guards off."""
    with connection.cursor() as cursor:
        for guard in guards:
            for statement in guard.drop:
                cursor.execute(statement)
