"""Which tables a database has whose rows a backup must hold, and what our role may see of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from actions.backup.rows import TableRows, identifier

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table of a user's own: a plain one, a partition, a parent of others, or the root of partitions."""

    number: int
    schema_name: str
    name: str
    #: Without those that are generated: they are made again.
    columns: tuple[str, ...]
    #: The root of partitions has no rows itself.
    is_partitioned: bool
    is_unlogged: bool
    #: Heap and TOAST, as they lie on the server's disk.
    bytes: int

    @property
    def title(self) -> str:
        return f"{self.schema_name}.{self.name}"

    @property
    def quoted(self) -> str:
        return f"{identifier(self.schema_name)}.{identifier(self.name)}"

    @property
    def rows(self) -> TableRows:
        return TableRows(schema_name=self.schema_name, name=self.name, columns=self.columns)


#: What pg_dump leaves to others: the system's own, other sessions' temporary ones, and what belongs to an extension.
NOT_OURS = """
n.nspname ~ '^pg_' OR n.nspname = 'information_schema' OR EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
_TABLES = f"""
SELECT c.oid, n.nspname, c.relname, ARRAY(
    SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum),
  c.relkind = 'p', c.relpersistence = 'u',
  CASE WHEN c.relkind = 'r' AND %(measured)s THEN pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0)
  ELSE 0 END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT ({NOT_OURS})
ORDER BY n.nspname, c.relname
"""  # noqa: S608  text of ours alone
_LOCKED_AT_ONCE = 200


def list_tables(connection: Connection, *, measured: bool) -> tuple[Table, ...]:
    """By schema and name. To be `measured`, a table must not be locked by somebody else; without, `bytes` is 0."""
    return tuple(
        Table(
            number=number, schema_name=schema_name, name=name, columns=tuple(columns),
            is_partitioned=is_partitioned, is_unlogged=is_unlogged,
            # A table that was dropped since has no size.
            bytes=size or 0,
        )
        for number, schema_name, name, columns, is_partitioned, is_unlogged, size in connection.execute(
            _TABLES.encode(), {"measured": measured}
        ).fetchall()
    )  # fmt: skip


def lock_statements(tables: Sequence[Table]) -> tuple[str, ...]:
    """Against being dropped, emptied or rewritten; rows may still be read and written."""
    return tuple(
        f"LOCK TABLE {', '.join(f'ONLY {table.quoted}' for table in tables[start : start + _LOCKED_AT_ONCE])} "
        "IN ACCESS SHARE MODE"
        for start in range(0, len(tables), _LOCKED_AT_ONCE)
    )
