"""Somebody else's dump into a new, empty database: all of it or nothing, and the counts compared afterwards.

No psql takes part: its orders within a dump (`\\! ...`) would be carried out on this machine. Statements and rows go to
the server as they are, in one transaction.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from actions.backup.programs import ClientPrograms
from actions.backup.progress import Stage, Watcher, unwatched
from actions.errors import ConfigurationError
from actions.restore.complaining import refused
from actions.restore.differences import Difference, Part
from actions.restore.foreign_dumps import DumpKind, ForeignDump, Reader
from actions.restore.foreign_playing import ScriptPlayer
from actions.restore.foreign_reading import Reading
from actions.restore.foreign_script import cut
from actions.restore.limits import Limits, Meter
from actions.restore.roles_needed import missing_roles


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignFillOrder:
    """Which dump comes into which database."""

    #: Of an empty database, with a role that may make everything in it.
    url: str = field(repr=False)
    dump: ForeignDump
    programs: ClientPrograms
    limits: Limits
    watch: Watcher = unwatched


def fill_from_dump(order: ForeignFillOrder) -> float:
    """The seconds it took. BackoutError in the server's words when it does not work; then nothing is in there."""
    started = time.monotonic()
    dump = order.dump
    if missing := missing_roles(order.url, dump.roles):
        named = ", ".join(f"`{role.name}`" for role in missing)
        raise ConfigurationError(
            f"The dump's objects belong to roles that the server does not have: {named}",
            next_step="Create them first (`CREATE ROLE name NOLOGIN`), then try again.",
        )
    reader = Reader(path=dump.path, kind=dump.kind, packing=dump.packing, programs=order.programs, limits=order.limits)
    meter = Meter(Stage.RESTORE, watch=order.watch, bytes_total=dump.bytes, tables_total=len(dump.tables))
    try:
        with psycopg.connect(order.url, application_name="backout: restoring a dump", connect_timeout=10) as connection:
            connection.execute("SET statement_timeout = 0")
            with reader.script() as chunks:
                ScriptPlayer(connection, Reading(dump.path), meter).play(cut(meter.over(chunks)))
    except psycopg.Error as error:
        raise refused(
            f"The {'archive' if dump.kind is DumpKind.ARCHIVE else 'script'} could not be restored", error
        ) from error
    return time.monotonic() - started


def compare_counts(dump: ForeignDump, url: str, *, limits: Limits) -> tuple[Difference, ...]:
    """Tables whose rows were counted in the dump, against the database that was filled from it."""
    return tuple(_compared(dump, url, limits))


def _compared(dump: ForeignDump, url: str, limits: Limits) -> Iterable[Difference]:
    try:
        with psycopg.connect(url, application_name="backout: counting", connect_timeout=10) as connection:
            for table in dump.tables:
                limits.check()
                if table.rows is None:
                    continue
                name = sql.Identifier(table.schema_name, table.name)
                row = connection.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(name)).fetchone()
                if row is not None and row[0] != table.rows:
                    yield Difference(
                        part=Part.ROWS, name=f"{table.schema_name}.{table.name}",
                        what=f"{table.rows:,} rows in the dump, {row[0]:,} came back",
                        expected=table.rows, found=row[0],
                    )  # fmt: skip
    except psycopg.Error as error:
        raise refused("What came back could not be counted", error) from error
