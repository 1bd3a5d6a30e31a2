"""Querysets whose SQL is made once, for the few queries that every page and every message runs.

Django builds the SQL of a queryset anew each time it is asked, which costs more than running a
short query: of a list page it was a third. Here the queryset is built once with markers in place of
values, and its SQL kept; each call then only fills in the values. Rows come out as Django's own
iterables make them, related objects, converters and all.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row")

SHAPES_KEPT = 200  # of one query; more of them point at an argument that should have a field


class _Marker(Expression):
    """Where a value will stand in the SQL: an argument's, or one of a sequence."""

    def __init__(self, name: str, output_field: "Field[Any, Any]", index: int | None) -> None:
        super().__init__(output_field=output_field)
        self.name = name
        self.index = index

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def value(self, values: Mapping[str, Any], connection: Any) -> Any:
        """What stands there in this call, as the database takes it."""
        value = values[self.name]
        if self.index is not None:
            value = value[self.index]
        return self.output_field.get_db_prep_value(value, connection)


@dataclass(frozen=True)
class _Statement:
    """Finished SQL, and what its placeholders stand for."""

    sql: str
    params: tuple[Any, ...]

    @classmethod
    def of(cls, compiler: Any) -> "_Statement":
        sql, params = compiler.as_sql()
        return cls(*_with_constants(sql, params, compiler.connection))

    def execute(self, cursor: Any, values: Mapping[str, Any], connection: Any) -> None:
        filled = [
            param.value(values, connection) if isinstance(param, _Marker) else param
            for param in self.params
        ]
        cursor.execute(self.sql, filled)


@dataclass(frozen=True)
class _Kept(Generic[Row]):
    """A queryset with the compiler that has made its SQL."""

    queryset: "QuerySet[Any, Row]"
    compiler: Any
    statement: _Statement

    def run(self, values: Mapping[str, Any]) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        with _cursor(connection) as cursor:
            self.statement.execute(cursor, values, connection)
            found = [cursor.fetchall()]
        compiler = copy(self.compiler)
        compiler.connection = connection  # of this thread
        compiler.execute_sql = lambda *args, **options: found
        query = copy(self.queryset.query)
        query.get_compiler = lambda *args, **options: compiler  # type: ignore[method-assign]
        # All that an iterable asks of its queryset; copying a queryset would run it.
        iterable: Any = self.queryset._iterable_class
        asked = SimpleNamespace(
            db=DEFAULT_DB_ALIAS,
            model=self.queryset.model,
            query=query,
            _fields=self.queryset._fields,  # type: ignore[attr-defined]
            _known_related_objects={},
        )
        return list(iterable(asked))


def _cursor(connection: Any) -> Any:
    """One whose statements PostgreSQL plans once and keeps; of SQLite its only kind."""
    prepared = getattr(connection, "prepared_cursor", connection.cursor)
    return prepared()


def _with_constants(
    sql: str, params: Sequence[Any], connection: Any
) -> tuple[str, tuple[Any, ...]]:
    """The SQL with all but the markers written into it.

    A partial index serves a query only where its condition can be read in the query.
    """
    left, kept = iter(params), []

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        param = next(left)
        literal = None if isinstance(param, _Marker) else _literal(param, connection)
        if literal is None:
            kept.append(param)
            return found[0]
        return literal.replace("%", "%%")

    return re.sub("%s|%%", fill, sql), tuple(kept)


def _literal(value: Any, connection: Any) -> str | None:
    """How a constant is written in SQL; None for kinds that are rare enough to be sent along."""
    if isinstance(value, bool | int):
        return str(int(value)) if connection.vendor == "sqlite" else str(value)
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_/ +-]*", value):
        return f"'{value}'"
    return None


class Compiled(Generic[Row]):
    """``Compiled(build, name=Field(), …)``: called with values, the rows of ``build(…)``.

    ``build`` is called with markers. They stand wherever a filter or an annotation takes an
    expression, but are no values: nothing can be computed from them. For a tuple it gets a list of
    markers, which goes with ``booking__id__in`` and not with ``booking__in``; for None, None.
    Arguments without a field are handed on as they are, and each set of them has SQL of its own:
    switches, the name of a tab. All that the queryset depends on must be an argument. Prefetching
    is not done.
    """

    def __init__(
        self, build: Callable[..., "QuerySet[Any, Row]"], **fields: "Field[Any, Any]"
    ) -> None:
        self._build = build
        self._fields = fields
        self._kept: dict[Any, _Kept[Row]] = {}

    def __call__(self, **values: Any) -> "Rows[Row]":
        return Rows(self, values)

    def fetch(self, values: Mapping[str, Any], part: slice | None) -> list[Row]:
        """The rows for these values, or a slice of them. One query."""
        shape = {
            name: _kind(value) if name in self._fields else value for name, value in values.items()
        }
        vendor = connections[DEFAULT_DB_ALIAS].vendor
        key = (vendor, part and (part.start, part.stop), *shape.items())
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= SHAPES_KEPT:
                self._kept.clear()
            kept = self._kept[key] = self._compile(values, part)
        return kept.run(values)

    def _compile(self, values: Mapping[str, Any], part: slice | None) -> _Kept[Row]:
        marked = {
            name: _marked(name, self._fields[name], value) if name in self._fields else value
            for name, value in values.items()
        }
        queryset = self._build(**marked)
        if part is not None:
            queryset = queryset[part]
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        return _Kept(queryset, compiler, _Statement.of(compiler))


class Rows(Generic[Row]):
    """What a compiled queryset finds, asked for anew each time."""

    def __init__(self, compiled: Compiled[Row], values: Mapping[str, Any]) -> None:
        self._compiled = compiled
        self._values = values

    def __iter__(self) -> Iterator[Row]:
        return iter(self._compiled.fetch(self._values, None))

    def __getitem__(self, part: slice) -> list[Row]:
        return self._compiled.fetch(self._values, part)

    def first(self) -> Row | None:
        """The first row, or None."""
        return next(iter(self[:1]), None)

    def get(self) -> Row | None:
        """The row, of a queryset that finds one at most, or None."""
        return next(iter(self), None)


class CompiledUpdate:
    """``CompiledUpdate(build, name=Field(), …)``: an update whose SQL is made once.

    ``build`` gives the queryset and what ``update()`` would be called with. Every argument has a
    field. Calling it gives the number of rows that were changed.
    """

    def __init__(
        self,
        build: Callable[..., "tuple[QuerySet[Any, Any], Mapping[str, Any]]"],
        **fields: "Field[Any, Any]",
    ) -> None:
        self._build = build
        self._fields = fields
        self._kept: dict[str, _Statement] = {}

    def __call__(self, **values: Any) -> int:
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._kept.get(connection.vendor)
        if statement is None:
            statement = self._kept[connection.vendor] = self._compile()
        with _cursor(connection) as cursor:
            statement.execute(cursor, values, connection)
            return cursor.rowcount

    def _compile(self) -> _Statement:
        queryset, changes = self._build(
            **{name: _Marker(name, field, None) for name, field in self._fields.items()}
        )
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return _Statement.of(query.get_compiler(DEFAULT_DB_ALIAS))


def in_steps(ids: list[int]) -> tuple[int, ...]:
    """The ids, the last of them again and again until their number is a multiple of eight.

    Lists of every length would each need SQL of their own.
    """
    return (*ids, *ids[-1:] * (-len(ids) % 8))


def _kind(value: Any) -> Any:
    """What of a value the SQL depends on."""
    return len(value) if isinstance(value, tuple) else value is None


def _marked(name: str, field: "Field[Any, Any]", value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        return [_Marker(name, field, index) for index in range(len(value))]
    return _Marker(name, field, None)
