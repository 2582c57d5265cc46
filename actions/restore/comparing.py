"""Holds what came back against what the manifest says was backed up, down to the hash of every table's rows."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from actions.backup import inventory
from actions.backup.configuration import configuration
from actions.backup.manifest import Manifest, SequenceValue, TableContent
from actions.backup.pipes import Tally
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Stage, Watcher, unwatched
from actions.backup.rows import RowReader, tallied
from actions.backup.schema_text import schema_hash
from actions.backup.session import connect
from actions.errors import BackoutError
from actions.restore.complaining import refused
from actions.restore.crew import together
from actions.restore.differences import (
    Difference,
    Part,
    configuration_differences,
    extension_differences,
    large_object_differences,
    schema_differences,
    sequence_differences,
    view_differences,
)
from actions.restore.limits import Limits, Meter
from actions.restore.rows_in import StoredRows, rows_of, title_of
from actions.restore.sections import dumped_schema
from actions.restore.telling_rows import rows_apart

Connection = psycopg.Connection[tuple[Any, ...]]
SEQUENCES_AT_ONCE = 200
#: pg_restore counts it to the schema; pg_dump, asked for the schema alone, does not.
FILLS_A_VIEW = "REFRESH MATERIALIZED VIEW "
#: Servers patched since late 2026 keep a column's version (a position in their log) among its options. It is nobody's
#: choice and differs in every copy; pg_dump of that version leaves it out, a newer one does not know it.
_SERVERS_MARK = re.compile(r"\A(?P<head>ALTER [A-Z ]*TABLE .* ALTER COLUMN .* SET )\((?P<options>.*\bpg_attver=.*)\)\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedSchema:
    """What the stored backup makes."""

    #: Its own statements.
    statements: tuple[str, ...]
    #: What PostgreSQL writes of an empty database in which they were run. It does not always repeat itself: of
    #: `kind IN ('a', 'b')` it writes other words after the second time than after the first.
    remade: Callable[[], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is compared with what."""

    #: What came back. Nobody writes in it.
    url: str = field(repr=False)
    manifest: Manifest
    #: pg_dump and psql, of the version that made the backup.
    programs: ClientPrograms
    codec: str
    stored: StoredRows
    #: What was put into tables from files of their own, by schema and name.
    filled: Mapping[tuple[str, str], Tally]
    schema: ExpectedSchema
    limits: Limits
    jobs: int
    watch: Watcher = unwatched


def compare(order: Comparison) -> tuple[Difference, ...]:
    """Empty when everything is as it was backed up. Whatever cannot be looked at is an error, never left out."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        rest = beside.submit(lambda: (*_schema(order), *_rest(order)))
        rows = _rows(order)
        return (*rest.result(), *rows)


def _without_mark(column: re.Match[str]) -> str:
    kept = [option for option in column["options"].split(", ") if not option.startswith("pg_attver=")]
    return f"{column['head']}({', '.join(kept)})"


def codec_of(url: str, encoding: str) -> str:
    """Python's name for an encoding of the server."""
    if encoding == "SQL_ASCII":
        return "utf-8"  # as whoever takes a backup has it
    with _session(url) as connection:
        try:
            connection.execute(sql.SQL("SET client_encoding = {}").format(sql.Literal(encoding)))
        except psycopg.Error as error:
            raise refused(f"The server does not know the encoding {encoding}", error) from error
        try:
            return connection.info.encoding
        except psycopg.NotSupportedError:
            return "utf-8"


def _schema(order: Comparison) -> Iterator[Difference]:
    manifest, expected = order.manifest, order.schema
    found = dumped_schema(
        order.url, order.programs, encoding=manifest.database.encoding, codec=order.codec, limits=order.limits
    )
    if schema_hash(found) == manifest.schema_hash:
        return
    if schema_hash(expected.statements) != manifest.schema_hash:
        yield Difference(
            part=Part.SCHEMA, name="of the stored backup", what="it is not the schema that the manifest was made with"
        )
    made, found = comparable(expected.statements), comparable(found)
    if Counter(found) != Counter(made):
        yield from schema_differences(comparable(expected.remade()), found)


def comparable(statements: Iterable[str]) -> tuple[str, ...]:
    """Without what is no part of a schema, though it stands among its statements."""
    kept = (_SERVERS_MARK.sub(_without_mark, statement) for statement in statements)
    return tuple(
        statement for statement in kept if not statement.startswith(FILLS_A_VIEW) and not statement.endswith(" SET ()")
    )


def _rest(order: Comparison) -> Iterator[Difference]:
    manifest = order.manifest
    with _session(order.url) as connection:
        yield from extension_differences(manifest.extensions, inventory.extensions(connection))
        yield from sequence_differences(manifest.sequences, _sequences(connection, manifest.sequences))
        order.limits.check()
        yield from large_object_differences(manifest.large_objects, inventory.large_objects(connection))
        order.limits.check()
        yield from view_differences(manifest.materialised_views, inventory.materialised_views(connection))
        order.limits.check()
        there = configuration(connection, encoding=manifest.database.encoding) if manifest.configuration else ()
        yield from configuration_differences(manifest.configuration, there)


def _sequences(connection: Connection, wanted: Sequence[SequenceValue]) -> tuple[SequenceValue, ...]:
    """Those of them that are there, with their values."""
    there = {
        (str(schema), str(name))
        for schema, name in connection.execute("SELECT schemaname, sequencename FROM pg_sequences")
    }
    wanted = [each for each in wanted if (each.schema_name, each.name) in there]
    found: list[SequenceValue] = []
    for start in range(0, len(wanted), SEQUENCES_AT_ONCE):
        group = wanted[start : start + SEQUENCES_AT_ONCE]
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}::int, last_value, is_called FROM {}").format(
                sql.Literal(number), sql.Identifier(each.schema_name, each.name)
            )
            for number, each in enumerate(group)
        )
        for number, value, is_called in connection.execute(asked):
            each = group[number]
            found.append(each.model_copy(update={"last_value": value, "is_called": is_called}))
    return tuple(found)


def _rows(order: Comparison) -> tuple[Difference, ...]:
    tables = sorted(order.manifest.tables, key=lambda table: -table.bytes)
    meter = Meter(
        Stage.COMPARE, watch=order.watch, bytes_total=sum(table.bytes for table in tables), tables_total=len(tables)
    )
    there = _tables_there(order.url)
    found = [
        Difference(
            part=Part.ROWS, name=title_of(table), what="the table is missing in what came back", expected=table.rows
        )
        for table in tables
        if (table.schema_name, table.name) not in there
    ]
    tables = [table for table in tables if (table.schema_name, table.name) in there]
    looked_at: list[TableContent] = []

    def work(reader: RowReader, table: TableContent, limits: Limits) -> None:
        found.extend(_table(order, reader, table, limits, meter))
        looked_at.append(table)
        meter.finish_table()

    together(tables, jobs=order.jobs, session=lambda: _reader(order), work=work, limits=order.limits)
    if len(looked_at) != len(tables):
        raise BackoutError("Not every table was compared")
    return tuple(sorted(found, key=lambda difference: difference.name))


def _tables_there(url: str) -> set[tuple[str, str]]:
    with _session(url) as connection:
        rows = connection.execute(
            "SELECT nspname::text, relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind = 'r'"
        )
        return {(schema, name) for schema, name in rows}


@contextmanager
def _reader(order: Comparison) -> Iterator[RowReader]:
    with RowReader(order.url, order.programs, encoding=order.manifest.database.encoding) as reader:
        yield reader


def _table(
    order: Comparison, reader: RowReader, table: TableContent, limits: Limits, meter: Meter
) -> Iterator[Difference]:
    expected = (table.rows, table.bytes, table.hash)
    put_in = order.filled.get((table.schema_name, table.name))
    stored_as_read = put_in is None or (put_in.rows, put_in.bytes, put_in.hash) == expected
    if not stored_as_read and put_in is not None:
        yield _other_rows(table, put_in, "the stored file has")
    found = tallied(meter.over(limits.within(reader.read(rows_of(table)))))
    if (found.rows, found.bytes, found.hash) == expected:
        return
    if table.file is None:
        yield _other_rows(table, found, "what came back has")
        return
    file = table.file
    apart = rows_apart(
        lambda: limits.within(order.stored.of(file)), lambda: limits.within(reader.read(rows_of(table))), table.columns
    )
    if apart:
        yield Difference(
            part=Part.ROWS, name=title_of(table), what=apart.sentence, columns=apart.columns,
            expected=table.rows, found=found.rows,
        )  # fmt: skip


def _other_rows(table: TableContent, found: Tally, who: str) -> Difference:
    if found.rows != table.rows:
        what = f"{table.rows:,} rows were counted when the backup was taken, {who} {found.rows:,}"
    else:
        what = f"{who} {found.rows:,} rows, as many as were backed up, but with other values"
    return Difference(part=Part.ROWS, name=title_of(table), what=what, expected=table.rows, found=found.rows)


@contextmanager
def _session(url: str) -> Iterator[Connection]:
    try:
        connection = connect(url, title="backout: comparing")
    except psycopg.Error as error:
        raise refused("What came back does not answer", error) from error
    try:
        yield connection
    except psycopg.Error as error:
        raise refused("What came back could not be looked at", error) from error
    finally:
        connection.close()
