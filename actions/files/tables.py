"""What a table's columns are: their types, as far as writing them needs to know."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from actions.errors import ConfigurationError
from actions.files.session import Connection
from actions.files.shapes import Bytes, Fields, Items, Number, Plain, Shape

_NUMBERS = frozenset({700, 701, 1700})  # real, double precision, numeric
_BYTEA = 17
_TREES = frozenset({114, 3802})  # json, jsonb
_LIKE_THEIR_TEXT = frozenset({20, 21, 23, 2950, 1082})  # whole numbers, uuid, date
_PADDED = 1042  # char(n): with its spaces in JSON, without them as text
_DEEPEST_TYPE = 20

#: What `parse: json` finds in a column.
Holds = Literal["text", "tree", "other"]

_FIND = "SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
_FIND += "WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
_COLUMNS = """
SELECT a.attname, a.atttypid FROM pg_attribute a WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_KEY = """
SELECT a.attname FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = %s AND i.indisprimary ORDER BY k.place
"""
_TYPE = """
SELECT t.typtype::text, t.typbasetype, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, t.typrelid,
       t.typcategory::text FROM pg_type t WHERE t.oid = %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column."""

    shape: Shape
    holds: Holds
    #: Whether its value in a file is letter by letter its text in the database.
    is_its_text: bool
    #: How the type is written in a query, without its length.
    type_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table or view that can be read."""

    #: As the catalog calls it.
    title: str
    quoted: sql.Composable
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...]

    def require(self, names: Iterable[str], *, where: str) -> None:
        """ConfigurationError for the first column that is not there."""
        for name in names:
            if name not in self.columns:
                near = difflib.get_close_matches(name, self.columns, n=1)
                raise ConfigurationError(
                    f"The table `{self.title}` has no column `{name}`",
                    where=where,
                    next_step=f"Did you mean `{near[0]}`?" if near else "Look at the names in the catalog's `exports`.",
                )


def named(*parts: str) -> sql.Composable:
    """A name in a query that has values: there a percent sign must be doubled, and psycopg leaves that to us."""
    return sql.SQL(sql.Identifier(*parts).as_string(None).replace("%", "%%"))


def describe(connection: Connection, title: str, *, where: str) -> Table:
    """The table of that name, by the role's own search path when it has no schema."""
    path = sql.SQL(".").join(sql.Identifier(part) for part in title.split("."))
    found = connection.execute(_FIND, [path.as_string(connection)]).fetchone()
    if found is None:
        raise ConfigurationError(
            f"There is no table `{title}` in the database, or the role may not see it",
            where=where,
            next_step="Write it with its schema (`app.requirements`), and look at the database's URL.",
        )
    number, schema_name, name = found
    return Table(
        title=title,
        quoted=named(schema_name, name),
        columns={column: _column(connection, kind) for column, kind in connection.execute(_COLUMNS, [number])},
        primary_key=tuple(column for (column,) in connection.execute(_KEY, [number])),
    )


def _column(connection: Connection, kind: int) -> Column:
    base, category = kind, ""
    while True:
        row = connection.execute(_TYPE, [base]).fetchone()
        if row is None or row[0] != "d":
            category = row[4] if row else ""
            break
        base = row[1]
    # With -1, char(n) is `bpchar`: as `character` its values would be cut to one letter.
    named = connection.execute("SELECT format_type(%s, -1)", [base]).fetchone()
    holds: Holds = "tree" if base in _TREES else "text" if category == "S" else "other"
    is_its_text = base in _LIKE_THEIR_TEXT or (category in {"S", "E"} and base != _PADDED)
    return Column(
        shape=_shape(connection, kind),
        holds=holds,
        is_its_text=is_its_text,
        type_name=str(named[0]) if named else "text",
    )


def _shape(connection: Connection, kind: int, depth: int = 0) -> Shape:  # noqa: PLR0911 - one return for each kind
    if kind in _NUMBERS:
        return Number()
    if kind == _BYTEA:
        return Bytes()
    row = connection.execute(_TYPE, [kind]).fetchone()
    if row is None or depth > _DEEPEST_TYPE:
        return Plain()
    typtype, base, element, relation, _ = row
    if typtype == "d":
        return _shape(connection, base, depth + 1)
    if element:
        return Items(_shape(connection, element, depth + 1))
    if relation:
        attributes = connection.execute(_COLUMNS, [relation]).fetchall()
        return Fields({name: _shape(connection, each, depth + 1) for name, each in attributes})
    return Plain()
