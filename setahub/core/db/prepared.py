"""``@prepared``: a function that gives a queryset, whose SQL is made once and kept.

Building the SQL of a queryset costs Django more than running a short query: of a list page it was
a third. Under ``@prepared`` the function is called once for each form that its query takes, with
placeholders for its values; each call after that only fills them in. On PostgreSQL the statement is
planned once as well, for any values. Rows come out as Django's own iterables make them, related objects, converters
and all; prefetching is not done.

Taking the decorator off changes nothing but speed. It stands where that was measured to save half a
millisecond of a page.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import lru_cache, update_wrapper
from inspect import Parameter, signature
from itertools import count
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, get_args, get_origin

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    Field,
    Q,
    QuerySet,
    When,
)
from django.db.models.expressions import Expression

P = ParamSpec("P")
Row = TypeVar("Row")

STATEMENTS_KEPT = 200  # of one function; more point at a switch that should be a value
STEP = 8

# The kinds of values, and the field by which each becomes what the database takes.
FIELDS: dict[Any, type["Field[Any, Any]"]] = {
    int: BigIntegerField,
    str: CharField,
    datetime: DateTimeField,
    date: DateField,
}
SWITCHES = (bool, int, str)


def prepared(build: "Callable[P, QuerySet[Any, Row]]") -> "Prepared[P, Row]":
    """Keep the SQL of the queryset that the function gives.

    Its parameters before ``*`` are values: ``int``, ``str``, ``datetime``, ``date``, a ``tuple[…, ...]`` of
    one of those, a frozen dataclass of all these, each or None. The function sees placeholders in
    their place (a list of them for a tuple), which go where a filter or an annotation takes an
    expression and can't be computed with; ``parent__id__in`` takes a list of them, ``parent__in``
    does not. Parameters after ``*`` choose the statement: ``bool``, ``int`` or ``str``. Whatever
    else the queryset depends on must be the same for good. Raises TypeError for other annotations.

    PostgreSQL plans it for any values; see ``unseen``.
    """
    return Prepared(build)


def unseen(condition: Q) -> Q:
    """The same condition, on which PostgreSQL counts nothing when it plans a query.

    For one end of a span in a prepared query: between two unknown moments it supposes next to
    nothing, and would begin there. And for EXISTS, which it turns into a join, and then may read all
    that there ever was.
    """
    return Q(Case(When(condition, then=True), default=False))


class Prepared(Generic[P, Row]):
    """A prepared function; ``build`` is the function itself."""

    all: ClassVar[list["Prepared[..., Any]"]] = []

    def __init__(self, build: "Callable[P, QuerySet[Any, Row]]") -> None:
        update_wrapper(self, build)
        self.build = build
        self._signature = signature(build)
        parameters = self._signature.parameters.values()
        self._values = {
            each.name: _value_type(each) for each in parameters if each.kind != each.KEYWORD_ONLY
        }
        self._parts = {
            name: [each.name for each in fields(kind)] if is_dataclass(kind) else None
            for name, kind in self._values.items()
        }
        self._switches = [each.name for each in parameters if each.kind == each.KEYWORD_ONLY]
        for name in self._switches:
            _check_switch(self._signature.parameters[name])
        self._kept = lru_cache(maxsize=STATEMENTS_KEPT)(self._prepare)
        Prepared.all.append(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> "PreparedQuery[Row]":
        if len(args) == len(self._values) and len(kwargs) == len(self._switches):  # as a rule
            arguments = dict(zip(self._values, args, strict=True)) | kwargs
            if (
                len(arguments) == len(args) + len(kwargs)
                and kwargs.keys() <= self._signature.parameters.keys()
            ):
                return PreparedQuery(self, arguments)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return PreparedQuery(self, bound.arguments)

    def rows(self, arguments: dict[str, Any], part: slice) -> list[Row]:
        """The rows for these arguments, or a slice of them. One query."""
        shape: list[Any] = []
        flat: list[Any] = []  # the single values, in the order in which placeholders are numbered
        for name, parts in self._parts.items():
            value = arguments[name]
            if parts is None or value is None:
                shape.append(_shape(value, flat))
            else:
                shape.append(tuple([_shape(getattr(value, each), flat) for each in parts]))
        switches = tuple([arguments[name] for name in self._switches])
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._kept(connection.vendor, part.start, part.stop, tuple(shape), switches)
        return statement.rows(flat, connection)

    def _prepare(
        self,
        vendor: str,
        start: int | None,
        stop: int | None,
        shape: tuple[Any, ...],
        switches: tuple[Any, ...],
    ) -> "_Statement[Row]":
        numbers = count()
        values: dict[str, Any] = {
            name: _placeholders(kind, form, numbers)
            for (name, kind), form in zip(self._values.items(), shape, strict=True)
        }
        build: Callable[..., QuerySet[Any, Row]] = self.build
        queryset = build(**values, **dict(zip(self._switches, switches, strict=True)))
        return _Statement.of(queryset if start is stop is None else queryset[start:stop])


class PreparedQuery(Generic[Row]):
    """What a call of a prepared function gives: like its queryset, each use is one query."""

    def __init__(self, prepared: Prepared[..., Row], arguments: dict[str, Any]) -> None:
        self._prepared = prepared
        self._arguments = arguments

    def __iter__(self) -> Iterator[Row]:
        return iter(self[:])

    def __getitem__(self, part: slice) -> list[Row]:
        return self._prepared.rows(self._arguments, part)

    def first(self) -> Row | None:
        """The first row, or None."""
        return next(iter(self[:1]), None)


def padded(ids: Sequence[int]) -> tuple[int, ...]:
    """The ids, the last of them again and again until their number is a multiple of eight.

    For ``pk__in``: lists of every length would each need SQL of their own.
    """
    return (*ids, *[ids[-1]] * (-len(ids) % STEP)) if ids else ()


# --- Values and their placeholders --------------------------------------------------------------


class _Placeholder(Expression):
    """Where the value with this number stands in the SQL."""

    def __init__(self, number: int, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def value(self, values: Sequence[Any], connection: Any) -> Any:
        """What stands there in this call, as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.number], connection)


def _value_type(parameter: Parameter) -> Any:
    """The annotation of a value, None aside; raises TypeError for one that has no field."""
    kind = _without_none(parameter.annotation)
    parts = [each.type for each in fields(kind)] if is_dataclass(kind) else [kind]
    for part in map(_without_none, parts):
        if (get_args(part)[0] if get_origin(part) is tuple else part) not in FIELDS:
            raise TypeError(f"{parameter.name}: a prepared query can't take {part!r}")
    return kind


def _check_switch(parameter: Parameter) -> None:
    if _without_none(parameter.annotation) not in SWITCHES:
        raise TypeError(f"{parameter.name}: {parameter.annotation!r} can't choose a statement")


def _without_none(annotation: Any) -> Any:
    if isinstance(annotation, UnionType):
        kinds = [each for each in get_args(annotation) if each is not NoneType]
        return kinds[0] if len(kinds) == 1 else annotation
    return annotation


def _shape(value: Any, flat: list[Any]) -> Any:
    """What of a value the SQL depends on; its single values are added to ``flat``."""
    if value is None:
        return False
    if isinstance(value, tuple):
        flat.extend(value)
        return len(value)
    flat.append(value)
    return True


def _placeholders(kind: Any, shape: Any, numbers: Iterator[int]) -> Any:
    """What the function sees in place of a value of this kind and shape."""
    kind = _without_none(kind)
    if is_dataclass(kind):
        if shape is False:
            return None
        parts = zip(fields(kind), shape, strict=True)
        return kind(*(_placeholders(each.type, form, numbers) for each, form in parts))  # type: ignore[operator]
    if get_origin(kind) is tuple:
        if shape is False:
            return None
        field = FIELDS[get_args(kind)[0]]
        return [_Placeholder(next(numbers), field()) for _each in range(shape)]
    return _Placeholder(next(numbers), FIELDS[kind]()) if shape else None


# --- Statements ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Statement(Generic[Row]):
    """A queryset, the compiler that made its SQL, and the SQL; None where it can find nothing."""

    queryset: "QuerySet[Any, Row]"
    compiler: Any
    sql: str | None
    params: tuple[Any, ...]
    places: tuple[_Placeholder, ...] = ()  # one of each number: many a value stands in several

    @classmethod
    def of(cls, queryset: "QuerySet[Any, Row]") -> "_Statement[Row]":
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return cls(queryset, compiler, None, ())
        # Looked for anew with each use otherwise, column by column.
        converters = compiler.get_converters([each[0] for each in compiler.select])
        compiler.get_converters = lambda expressions: converters
        composite = compiler.has_composite_fields(compiler.select)
        compiler.has_composite_fields = lambda expressions: composite
        sql, params = _with_constants(sql, params, compiler.connection)
        places = {each.number: each for each in params if isinstance(each, _Placeholder)}
        return cls(queryset, compiler, sql, params, tuple(places.values()))

    def rows(self, values: Sequence[Any], connection: Any) -> list[Row]:
        if self.sql is None:
            return []
        taken = {each.number: each.value(values, connection) for each in self.places}
        params = [
            taken[param.number] if isinstance(param, _Placeholder) else param
            for param in self.params
        ]
        with prepared_cursor(connection) as cursor:
            cursor.execute(self.sql, params)
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


def prepared_cursor(connection: Any) -> Any:
    """One whose statements PostgreSQL plans once and keeps; of SQLite its only kind."""
    return getattr(connection, "prepared_cursor", connection.cursor)()


def _with_constants(
    sql: str, params: Sequence[Any], connection: Any
) -> tuple[str, tuple[Any, ...]]:
    """The SQL with all but the placeholders written into it.

    A partial index serves a query only where its condition can be read in the query.
    """
    left, kept = iter(params), []

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        param = next(left)
        literal = None if isinstance(param, _Placeholder) else _literal(param, connection)
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
