"""One change in each table, chosen at random among many types and shapes, is found: that one, and nothing else."""

import random
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from actions.assess.content.outcomes import TableOutcome

#: Each type with values that all differ from each other; None is NULL.
VALUES: dict[str, tuple[str | None, ...]] = {
    "text": ("", " ", "NULL", "ä\t\n", None),
    "varchar(20)": ("a", "A", "a ", None),
    "char(5)": ("a", "b", None),
    '"char"': ("a", "b"),
    "name": ("a", "b"),
    "smallint": ("0", "1", "-1", None),
    "integer": ("0", "2147483647", None),
    "bigint": ("0", "-9223372036854775808", None),
    "numeric": ("1.5", "1.51", "NaN", "0", None),
    "numeric(8,2)": ("1.50", "0.00", None),
    "real": ("0.1", "0.2", "-Infinity", None),
    "double precision": ("0.1", "0.10000000000000002", "NaN", None),
    "money": ("1.00", "1.01", None),
    "boolean": ("true", "false", None),
    "bytea": ("\\x", "\\x00", "\\x0000", None),
    "date": ("2026-01-01", "infinity", "0001-01-01 BC", None),
    "time": ("00:00", "24:00", None),
    "timetz": ("00:00+00", "01:00+01", None),
    "timestamp": ("2026-01-01", "2026-01-01 00:00:00.000001", None),
    "timestamptz": ("2026-01-01 00:00+00", "2026-01-01 00:00+01", None),
    "interval": ("1 mon", "30 days", "720:00", None),
    "uuid": ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001", None),
    "json": ('{"a": 1, "b": [1.0, null]}', '{"a": 1, "b": [1.0, 0]}', '"null"', "{}", None),
    "jsonb": ('{"a": 1, "b": [1.0, null]}', '{"a": 1}', '"null"', "[]", None),
    "json[]": ('{"{\\"a\\": 1}"}', '{"{\\"a\\": 2}"}', "{}", None),
    "text[]": ("{}", '{""}', "{NULL}", '{"NULL"}', '{"a,b"}', "{a,b}", None),
    "integer[]": ("{{1,2},{3,4}}", "{1,2,3,4}", "[2:3]={1,2}", "{1,2}", None),
    "point": ("(0,0)", "(0,1)", None),
    "path": ("((0,0),(1,1))", "[(0,0),(1,1)]", None),
    "polygon": ("((0,0),(1,1))", "((1,1),(0,0))", None),
    "circle": ("<(0,0),1>", "<(0,0),2>", None),
    "inet": ("10.0.0.1", "10.0.0.1/8", "::1", None),
    "macaddr": ("02:00:00:00:00:01", "02:00:00:00:00:02", None),
    "bit(3)": ("101", "100", None),
    "varbit": ("", "0", "00", None),
    "tsvector": ("'a':1", "'a':2", None),
    "tsquery": ("'a'", "!'a'", None),
    "int4range": ("[1,2)", "[1,3)", "empty", "(,)", None),
    "int4multirange": ("{}", "{[1,2)}", None),
    "jsonpath": ("$.a", "$.b", None),
    "pg_lsn": ("0/0", "0/1", None),
    "mood": ("sad", "Sad", "so so", None),
    "mood[]": ("{sad}", '{sad,"so so"}', None),
    "pair": ('(1,"")', "(1,)", "(,)", None),
    "positive": ("1", "2", None),
}
SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'Sad', 'so so');
CREATE TYPE pair AS (number int, word text);
CREATE DOMAIN positive AS numeric CHECK (value > 0);
CREATE SCHEMA "Other schema";
"""
ROWS = 12
CHANGES = ("change", "change", "change", "remove", "add", "repeat")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A table: its name, what comes after the columns, and what of these makes a row the same row."""

    schema: str = "public"
    name: str
    #: Columns of the key, as `name type`; their values are the row's number.
    key: tuple[str, ...]
    rest: str = ")"
    more: str = ""

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


SHAPES = (
    Shape(name="keyed", key=("id int PRIMARY KEY",)),
    Shape(name="by text", key=('"the ""Key""" text PRIMARY KEY',), schema='Other schema'),
    Shape(name="two columns", key=("a int", "b text"), rest=", PRIMARY KEY (b, a))"),
    Shape(name="unique only", key=("u numeric NOT NULL",), more="CREATE UNIQUE INDEX ON {table} (u)"),
    Shape(name="a % table", key=("id bigint PRIMARY KEY", "t int", "k int"), rest=") WITH (fillfactor = 50)"),
    Shape(name="parts", key=("id int PRIMARY KEY",), rest=") PARTITION BY RANGE (id)",
          more="CREATE TABLE low PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO (5);"
               "CREATE TABLE high PARTITION OF {table} DEFAULT"),
    Shape(name="unlogged", key=("id int PRIMARY KEY",), more="ALTER TABLE {table} SET UNLOGGED"),
    Shape(name="keyless", key=()),
    Shape(name="keyless too", key=(), schema='Other schema'),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Expected:
    lost: int = 0
    new: int = 0
    #: Column -> (lost, became null, filled).
    values: dict[str, tuple[int, int, int]]


Content = list[list[str | None]]


@pytest.mark.parametrize("seed", range(5))
def test_one_change_in_each_table_is_found_and_nothing_else(rehearsal: Any, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- repeatable on purpose
    columns = {shape: chance.sample(sorted(VALUES), 12) for shape in SHAPES}
    content = {shape: _content(columns[shape], chance) for shape in SHAPES}
    rehearsal.fill(SETUP)
    rehearsal.drop()
    with psycopg.connect(rehearsal.reference_url) as connection:
        for shape in SHAPES:
            _create(connection, shape, columns[shape], content[shape])
    rehearsal.copy()
    with psycopg.connect(rehearsal.copy_url) as connection:
        expected = {
            shape: _mutate(connection, shape, columns[shape], content[shape], chance)
            for shape in SHAPES
            if chance.random() < 0.9
        }
    for found in (rehearsal.down(), rehearsal.up()):
        assert found.complete
        assert found.compared == len(SHAPES)
        outcomes = {(outcome.table.schema, outcome.table.name): outcome for outcome in found.tables}
        assert {key: _told(outcome) for key, outcome in outcomes.items()} == {
            (shape.schema, shape.name): wanted for shape, wanted in expected.items()
        }


def _content(columns: list[str], chance: random.Random) -> Content:
    return [[chance.choice(VALUES[column]) for column in columns] for _ in range(ROWS)]


def _create(connection: psycopg.Connection[Any], shape: Shape, columns: list[str], content: Content) -> None:
    defined = ", ".join([*shape.key, *(f"c{number} {column}" for number, column in enumerate(columns))])
    statement = sql.SQL("CREATE TABLE {} (").format(shape.table).as_string(connection) + defined + shape.rest
    connection.execute(statement.encode())
    if shape.more:
        connection.execute(shape.more.format(table=shape.table.as_string(connection)).encode())
    for number, values in enumerate(content):
        _insert(connection, shape, number, values)


def _insert(connection: psycopg.Connection[Any], shape: Shape, number: int, values: list[str | None]) -> None:
    cells = [sql.Literal(str(number))] * len(shape.key) + [sql.Literal(value) for value in values]
    connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(shape.table, sql.SQL(", ").join(cells)))


def _mutate(
    connection: psycopg.Connection[Any], shape: Shape, columns: list[str], content: Content, chance: random.Random
) -> Expected:
    number = chance.randrange(ROWS)
    kind = chance.choice(CHANGES)
    if kind in {"add", "repeat"}:
        values = content[number] if kind == "repeat" else _content(columns, chance)[0]
        _insert(connection, shape, ROWS, values)
        return Expected(new=1, values={})
    row = sql.SQL("ctid = (SELECT ctid FROM {} OFFSET {} LIMIT 1)").format(shape.table, sql.Literal(number))
    if shape.name == "parts":
        row = sql.SQL("id = {}").format(sql.Literal(number))
    if kind == "remove":
        connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(shape.table, row))
        return Expected(lost=1, values={})
    position = chance.randrange(len(columns))
    old = content[number][position]
    new = chance.choice([value for value in VALUES[columns[position]] if value != old])
    column = f"c{position}"
    connection.execute(
        sql.SQL("UPDATE {} SET {} = {} WHERE {}").format(shape.table, sql.Identifier(column), sql.Literal(new), row)
    )
    return Expected(values={column: (int(old is not None), int(old is not None and new is None), int(old is None))})


def _told(outcome: TableOutcome) -> Expected:
    changed = (column for column in outcome.columns if column.lost or column.filled or column.restated)
    assert not outcome.rows_regrouped
    assert not any(column.restated for column in outcome.columns)
    return Expected(
        lost=outcome.rows_lost,
        new=outcome.rows_new,
        values={column.column.name: (column.lost, column.became_null, column.filled) for column in changed},
    )
