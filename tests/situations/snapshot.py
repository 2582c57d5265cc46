"""What a database holds at one moment: every row by value, and the schema as facts.

Tables and columns keep their oid and attribute number, so that within one database a rename is told from a loss.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psycopg
from psycopg import sql

SCHEMA_FACTS = (Path(__file__).parent / "schema_facts.sql").read_text(encoding="utf-8")

#: Alembic's own table is the only one that is never anybody's data.
TABLES = r"""
SELECT c.oid, s.nspname, c.relname,
       coalesce((SELECT i.indkey::int[] FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), '{}')
FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.oid >= 16384
  AND s.nspname !~ '^pg_(toast|temp)' AND c.relname NOT LIKE 'alembic\_version%'
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
COLUMNS = """
SELECT attrelid, attnum, attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attnum > 0 AND NOT attisdropped AND attrelid = ANY (%s) ORDER BY attrelid, attnum
"""
RELATIONS = r"""
SELECT c.oid, CASE WHEN s.nspname = 'public' THEN c.relname::text ELSE s.nspname || '.' || c.relname END
FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.oid >= 16384 AND s.nspname !~ '^pg_(toast|temp)'
  AND c.relname NOT LIKE 'alembic\_version%'
"""

#: Partitions that hold rows themselves; as rows they are their parent's.
PARTITIONS = "SELECT oid FROM pg_class WHERE relispartition AND relkind = 'r'"

#: Which sequence fills which column, and the number it hands out next.
SEQUENCES = """
SELECT s.oid::regclass::text, coalesce(d.adrelid, o.refobjid), coalesce(d.adnum, o.refobjsubid),
       coalesce(pg_sequence_last_value(s.oid) + q.seqincrement, q.seqstart)
FROM pg_class s JOIN pg_sequence q ON q.seqrelid = s.oid
LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = s.oid AND o.deptype = 'i'
LEFT JOIN (pg_depend u JOIN pg_attrdef d ON u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid)
       ON u.refclassid = 'pg_class'::regclass AND u.refobjid = s.oid
WHERE coalesce(d.adrelid, o.refobjid) IS NOT NULL
"""

#: Attribute number to the value as text.
Row: TypeAlias = Mapping[int, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table with all its rows."""

    oid: int
    name: str
    #: Attribute number to name.
    columns: Mapping[int, str]
    #: Attribute numbers of the primary key; empty without one.
    key: tuple[int, ...]
    rows: tuple[Row, ...]

    def number(self, column: str) -> int | None:
        return next((number for number, name in self.columns.items() if name == column), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    tables: Mapping[str, Table]
    #: Names of tables and views by oid, partitions included.
    relations: Mapping[int, str]
    #: How many rows each partition holds, by oid.
    partitions: Mapping[int, int]
    #: (kind, name) to definition.
    schema: Mapping[tuple[str, str], str]
    revisions: tuple[str, ...]
    #: Sequences whose next number is one that their column has already, or has passed.
    sequences_behind: frozenset[str]

    def by_oid(self, oid: int) -> Table | None:
        return next((table for table in self.tables.values() if table.oid == oid), None)


def take(connection: psycopg.Connection, version_table: str) -> Snapshot:
    with connection.transaction():
        found = connection.execute(TABLES).fetchall()
        columns: dict[int, list[tuple[int, str, str]]] = {oid: [] for oid, *_ in found}
        for oid, number, name, kind in connection.execute(COLUMNS, [list(columns)]):
            columns[oid].append((number, name, kind))
        tables = [
            _table(connection, sql.Identifier(space, name), _called(space, name), oid, tuple(key), columns[oid])
            for oid, space, name, key in found
        ]
        # Planning it takes longer than running it.
        facts = connection.execute(SCHEMA_FACTS, prepare=True).fetchall()
        relations = dict(connection.execute(RELATIONS).fetchall())
        return Snapshot(
            tables={table.name: table for table in tables},
            relations=relations,
            partitions={oid: _rows(connection, relations[oid]) for (oid,) in connection.execute(PARTITIONS).fetchall()},
            schema={(kind, name): definition or "" for kind, name, definition in facts},
            revisions=_revisions(connection, version_table),
            sequences_behind=_behind(connection, tables),
        )


def _rows(connection: psycopg.Connection, name: str) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*name.split(".")))).fetchone()
    assert found is not None
    return int(found[0])


def _called(space: str, name: str) -> str:
    return name if space == "public" else f"{space}.{name}"


def _table(
    connection: psycopg.Connection,
    where: sql.Identifier,
    name: str,
    oid: int,
    key: tuple[int, ...],
    columns: list[tuple[int, str, str]],
) -> Table:
    wanted = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for _, column, _ in columns)
    fetched = connection.execute(sql.SQL("SELECT {} FROM {}").format(wanted, where)).fetchall()
    kinds = {number: kind for number, _, kind in columns}
    rows = tuple(
        {number: _value(text, kinds[number]) for number, text in zip(kinds, values, strict=True)} for values in fetched
    )
    return Table(oid=oid, name=name, columns={number: column for number, column, _ in columns}, key=key, rows=rows)


def _value(text: str | None, kind: str) -> str | None:
    # json keeps its spelling and jsonb does not: the same document is the same value.
    return json.dumps(json.loads(text), sort_keys=True) if text is not None and kind in ("json", "jsonb") else text


def _behind(connection: psycopg.Connection, tables: list[Table]) -> frozenset[str]:
    rows = {table.oid: table.rows for table in tables}
    return frozenset(
        sequence
        for sequence, table, number, following in connection.execute(SEQUENCES)
        if any((value := row[number]) is not None and int(value) >= following for row in rows.get(table, ()))
    )


def _revisions(connection: psycopg.Connection, version_table: str) -> tuple[str, ...]:
    if connection.execute("SELECT to_regclass(%s)", [version_table]).fetchone() == (None,):
        return ()
    query = sql.SQL("SELECT version_num FROM {} ORDER BY 1").format(sql.Identifier(*version_table.split(".")))
    return tuple(revision for (revision,) in connection.execute(query))
