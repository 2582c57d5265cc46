"""Rows, streamed out of the snapshot: a cursor on the server for the table, and for each batch of its rows one query
for each kind of related rows, read in the same order. Memory holds a batch, however many rows there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import sql

from actions.errors import ConfigurationError
from actions.files.planning import Plan, Relation, Source, condition
from actions.files.session import Connection
from actions.files.tables import named

#: A batch is as many rows as have about so many letters, but not more than so many.
_BATCH_LETTERS = 2_000_000
_BATCH_ROWS = 2_000
_FIRST_BATCH = 50
_NAMES_AT_ONCE = 5_000
_numbers = count()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row, as the server wrote it down."""

    names: dict[str, str | None]
    #: A JSON object: `f0`, `f1`, ... in the order of what is written.
    text: str
    #: For each relation of the plan, in order.
    related: tuple[tuple[str, ...], ...]


def count_rows(connection: Connection, plan: Plan, *, where: str) -> tuple[int, dict[str, int]]:
    """As the database counts: rows, and related rows by their key in the file."""
    clause, values = condition(plan.main, "t")
    query = sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(plan.main.table.quoted, clause)
    rows = _number(connection, query, values, where=where)
    related: dict[str, int] = {}
    for relation in plan.relations:
        other, more = condition(relation.source, "r")
        joined = sql.SQL("SELECT count(*) FROM {} AS t JOIN {} AS r ON {} WHERE {} AND {}").format(
            plan.main.table.quoted, relation.source.table.quoted, _matching(relation), clause, other
        )
        related[relation.key] = _number(connection, joined, [*values, *more], where=where)
    return rows, related


def count_ambiguous(connection: Connection, plan: Plan, relation: Relation, *, where: str) -> int:
    """How many values of `match` that are in use have more than one related row."""
    clause, values = condition(plan.main, "t")
    other, more = condition(relation.source, "r")
    query = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM {} AS r WHERE {} AND EXISTS (SELECT FROM {} AS t WHERE {} AND {}) "
        "GROUP BY {} HAVING count(*) > 1) AS several"
    ).format(
        relation.source.table.quoted, other, plan.main.table.quoted, _matching(relation), clause,
        sql.SQL(", ").join(named("r", theirs) for theirs, _ in relation.match),
    )  # fmt: skip
    return _number(connection, query, [*more, *values], where=where)


def names(connection: Connection, plan: Plan) -> Iterator[dict[str, str | None]]:
    """What names each row's file."""
    clause, values = condition(plan.main, "t")
    columns = plan.names.columns
    query = sql.SQL("SELECT {} FROM {} AS t WHERE {}").format(_texts(columns), plan.main.table.quoted, clause)
    with _cursor(connection) as cursor:
        cursor.execute(query, values)
        while batch := cursor.fetchmany(_NAMES_AT_ONCE):
            for row in batch:
                yield dict(zip(columns, row, strict=True))


def rows(connection: Connection, plan: Plan) -> Iterator[Row]:
    """Every row with what belongs to it."""
    clause, values = condition(plan.main, "t")
    columns = (*plan.names.columns, *plan.keys)
    query = sql.SQL("SELECT {}, {} FROM {} AS t WHERE {}").format(
        _object(plan.main, "t"), _texts(columns), plan.main.table.quoted, clause
    )
    wanted, width = _FIRST_BATCH, len(plan.names.columns)
    with _cursor(connection) as cursor:
        cursor.execute(query, values)
        while batch := cursor.fetchmany(wanted):
            keys = [dict(zip(plan.keys, row[1 + width :], strict=True)) for row in batch]
            streams = [_Related(connection, relation, keys) for relation in plan.relations]
            for number, row in enumerate(batch, 1):
                yield Row(
                    names=dict(zip(plan.names.columns, row[1 : 1 + width], strict=True)),
                    text=row[0],
                    related=tuple(tuple(stream.of(number)) for stream in streams),
                )
            for stream in streams:
                stream.close()
            letters = sum(len(row[0]) for row in batch)
            wanted = min(_BATCH_ROWS, 2 * wanted, max(1, _BATCH_LETTERS * len(batch) // max(1, letters)))


class _Related:
    """Related rows of a batch, in the order of its rows."""

    def __init__(self, connection: Connection, relation: Relation, keys: list[dict[str, str | None]]) -> None:
        self._cursor = _cursor(connection)
        self._cursor.itersize = _BATCH_ROWS // 4
        own = [column for _, column in relation.match]
        self._cursor.execute(_related_query(relation), [
            *([key[column] for key in keys] for column in own), *relation.source.where.values(),
        ])  # fmt: skip
        self._rows = iter(self._cursor)
        self._next = next(self._rows, None)

    def of(self, number: int) -> Iterator[str]:
        while self._next is not None and self._next[0] == number:
            yield self._next[1]
            self._next = next(self._rows, None)

    def close(self) -> None:
        self._cursor.close()


def _related_query(relation: Relation) -> sql.Composed:
    keys = [f"c{number}" for number, _ in enumerate(relation.match)]
    arrays = [sql.SQL("%s::text[]::" + type_name.replace("%", "%%") + "[]") for type_name in relation.key_types]
    matched = [
        sql.SQL("{} = {}").format(named("r", theirs), named("k", key))
        for (theirs, _), key in zip(relation.match, keys, strict=True)
    ]
    return sql.SQL(
        "SELECT k.place, {} FROM unnest({}) WITH ORDINALITY AS k ({}, place) JOIN {} AS r ON {} WHERE {} ORDER BY k.place, {}"
    ).format(
        _object(relation.source, "r"), sql.SQL(", ").join(arrays), sql.SQL(", ").join(map(named, keys)),
        relation.source.table.quoted, sql.SQL(" AND ").join(matched), condition(relation.source, "r")[0], _order(relation),
    )  # fmt: skip


def _order(relation: Relation) -> sql.Composable:
    """Always the same for the same rows: what the catalog says, then the primary key, or else the row's own text."""
    columns = dict.fromkeys((*relation.order_by, *relation.source.table.primary_key))
    parts: list[sql.Composable] = [named("r", column) for column in columns]
    if not relation.source.table.primary_key:
        parts.append(sql.SQL('(r.*)::text COLLATE "C"'))
    return sql.SQL(", ").join(parts)


def _object(source: Source, alias: str) -> sql.Composable:
    """A JSON object of what is written. (A function with an argument for each would end at a hundred columns.)"""
    columns = [
        sql.SQL("{} AS {}").format(named(alias, each.column), named(f"f{number}"))
        for number, each in enumerate(source.written)
    ]
    return sql.SQL("(SELECT row_to_json(o)::text FROM (SELECT {}) AS o)").format(sql.SQL(", ").join(columns))


def _texts(columns: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL("{}::text").format(named("t", column)) for column in columns)


def _matching(relation: Relation) -> sql.Composable:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(named("r", theirs), named("t", own)) for theirs, own in relation.match
    )


def _number(connection: Connection, query: sql.Composed, values: list[str], *, where: str) -> int:
    """A count; and the first query in which the catalog's values and columns meet the database's types."""
    try:
        row = connection.execute(query, values).fetchone()
    except (psycopg.errors.UndefinedFunction, psycopg.errors.AmbiguousFunction) as error:
        raise ConfigurationError(
            "Columns of `match` or `where` are of types that cannot be compared",
            where=where,
            next_step="Let both columns of a match be of one type.",
        ) from error
    except psycopg.errors.DataError as error:
        raise ConfigurationError("A value of `where` is not of its column's type", where=where) from error
    return int(row[0]) if row else 0


def _cursor(connection: Connection) -> psycopg.ServerCursor[tuple[Any, ...]]:
    return connection.cursor(name=f"backout_export_{next(_numbers)}")
