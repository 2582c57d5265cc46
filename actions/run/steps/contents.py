"""What is in the tables, as far as it can be compared later: rows, and a hash where the columns are the same."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from actions.backup.manifest import TableContent
from actions.backup.programs import ClientPrograms
from actions.backup.rows import RowReader, TableRows, tallied
from actions.errors import UnavailableError
from actions.history.canonical import Json, JsonObject
from actions.redaction import learn_secret
from actions.restore.crew import together
from actions.restore.limits import Limits

_COLUMNS = """
SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%'
  AND n.nspname <> 'information_schema'
GROUP BY 1, 2"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableNow:
    """`hash` is None where its columns are not those that it was backed up with."""

    rows: int
    hash: str | None


def contents(
    url: str, programs: ClientPrograms, tables: Iterable[TableContent], *, encoding: str, limits: Limits,
    jobs: int | None = None,
) -> dict[str, TableNow]:  # fmt: skip
    """By name; tables that are gone are left out. Read by several sessions at once (as many as there are processors):
    only for a database that nobody writes to."""
    learn_secret(url)
    columns = _columns(url)
    found: dict[str, TableNow] = {}

    def work(reader: RowReader, table: TableContent, limits: Limits) -> None:
        name = _name(table)
        rows = TableRows(schema_name=table.schema_name, name=table.name, columns=columns[name])
        tally = tallied(limits.within(reader.read(rows)))
        found[name] = TableNow(rows=tally.rows, hash=tally.hash if rows.columns == table.columns else None)

    # The largest first, so that nobody waits for it at the end.
    there = sorted((each for each in tables if _name(each) in columns), key=lambda each: -each.bytes)
    together(
        there, jobs=jobs or os.cpu_count() or 1, session=lambda: RowReader(url, programs, encoding=encoding), work=work,
        limits=limits,
    )  # fmt: skip
    return found


def _name(table: TableContent) -> str:
    return f"{table.schema_name}.{table.name}"


def as_record(tables: Mapping[str, TableNow]) -> JsonObject:
    return {name: [now.rows, now.hash] for name, now in tables.items()}


def from_record(record: Json) -> dict[str, TableNow]:
    found: dict[str, TableNow] = {}
    for name, value in (record if isinstance(record, Mapping) else {}).items():
        match value:
            case [int(rows), str() | None as hash_]:
                found[name] = TableNow(rows=rows, hash=hash_)
    return found


def unlike(expected: Mapping[str, TableNow], found: Mapping[str, TableNow]) -> list[str]:
    """In sentences, what is not as expected."""
    said = []
    for name, wanted in sorted(expected.items()):
        now = found.get(name)
        if now is None:
            said.append(f"{name} is gone")
        elif now.rows != wanted.rows:
            said.append(f"{name} has {now.rows:,} rows, not {wanted.rows:,}")
        elif wanted.hash is not None and now.hash != wanted.hash:
            said.append(f"{name} has other rows than before")
    return said


def _columns(url: str) -> dict[str, tuple[str, ...]]:
    try:
        with psycopg.connect(url, connect_timeout=5, application_name="backout verify") as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql.SQL(_COLUMNS)).fetchall()
    except psycopg.OperationalError as error:
        raise UnavailableError("The database does not answer") from error
    return {f"{schema}.{name}": tuple(columns or ()) for schema, name, columns in rows}
