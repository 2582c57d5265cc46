"""Back into the very database, where the role may not create another: everything out, everything in, in one transaction.

Until the commit everybody sees the old state (and waits at its tables); after it, the new one. Whoever kills us before
gives the old one back. It is slower than a restore beside, and nothing is kept: the safety backup is the way back.
"""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import errors, sql

from actions.backup.child import Child
from actions.backup.configuration import configuration
from actions.backup.connected import holders_of_locks, named_visitors
from actions.backup.connecting import place_of
from actions.backup.manifest import TableContent
from actions.backup.pipes import Tally, ending
from actions.backup.progress import Stage, Watcher, unwatched
from actions.backup.rows import copy_in, copy_out
from actions.backup.session import connect
from actions.errors import BackoutError, RefusedError
from actions.restore.alone import only_one_restores
from actions.restore.complaining import complained, refused
from actions.restore.differences import configuration_differences
from actions.restore.foreign_dumps import Reader
from actions.restore.foreign_playing import ScriptPlayer
from actions.restore.foreign_reading import Reading
from actions.restore.foreign_script import cut, without_comments_before
from actions.restore.in_place_clearing import clear
from actions.restore.limits import Limits, Meter
from actions.restore.plain_script import script_of
from actions.restore.proving_places import programs_that_read
from actions.restore.restoring import CannotBackUp, FromDump, Safety
from actions.restore.restoring_content import FromBackup, refuse_differences
from actions.restore.rows_in import PIECE, StoredRows, rows_of, title_of
from actions.restore.sections import archive_of, fetched

TITLE = "backout: restoring in place"
_CREATE_SCHEMA = re.compile(rb'CREATE\s+SCHEMA\s+("(?:[^"]|"")+"|[^\s;]+)\s*;', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class InPlace:
    """Which database gets which content back."""

    #: Of the service's database, with a role that owns what is in it.
    url: str = field(repr=False)
    safety: Safety
    limits: Limits
    #: As a restore beside is given it, for both know of each other by a lock in the same place.
    admin_url: str | None = field(default=None, repr=False)
    #: How long to wait for those who use its tables.
    lock_timeout: timedelta = timedelta(seconds=30)
    watch: Watcher = unwatched


@dataclass(frozen=True, kw_only=True, slots=True)
class BackInPlace:
    safety: str | CannotBackUp
    seconds: float
    #: From the moment others had to wait for us.
    outage_seconds: float


def restore_in_place(order: InPlace, source: FromBackup | FromDump) -> BackInPlace:
    """After any error the database is as it was. RefusedError while another restore of it is under way."""
    started = time.monotonic()
    with ExitStack() as stack:
        lock = only_one_restores(order.admin_url or order.url, place_of(order.url)[2], inside=True)
        make_sure = stack.enter_context(lock)
        safety = order.safety()
        # All that can be done before anybody has to wait.
        parts = stack.enter_context(_parts(order, source))
        connection = stack.enter_context(_session(order))
        make_sure()
        began = time.monotonic()
        try:
            kept = _cleared(connection, order)
            parts.play(connection, kept)
            order.limits.check()
            connection.commit()
        except psycopg.Error as error:
            raise refused("The database could not be restored in place; it is as it was", error) from error
        outage = time.monotonic() - began
        _analyse(connection)
    return BackInPlace(safety=safety, seconds=time.monotonic() - started, outage_seconds=outage)


@contextmanager
def _session(order: InPlace) -> Iterator[psycopg.Connection]:
    try:
        connection = connect(order.url, title=TITLE, autocommit=False, lock_timeout=order.lock_timeout)
    except psycopg.Error as error:
        raise refused("The database does not answer", error) from error
    try:
        yield connection
    finally:
        # Without a word to the server first: what is not committed is undone.
        connection.close()


def _cleared(connection: psycopg.Connection, order: InPlace) -> frozenset[str]:
    try:
        return clear(connection)
    except errors.LockNotAvailable as error:
        connection.rollback()
        name = place_of(order.url)[2]
        who = "; ".join(named_visitors(holders_of_locks(connection, name))) or "somebody who has left meanwhile"
        raise RefusedError(
            f"Others use the database's tables: {who}",
            next_step="Stop the writers, then try again. Nothing was changed.",
        ) from error


def _analyse(connection: psycopg.Connection) -> None:
    connection.rollback()
    connection.autocommit = True
    connection.execute("ANALYZE")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """What comes in, in its order."""

    order: InPlace
    source: FromBackup | FromDump
    archive: Path | None

    def play(self, connection: psycopg.Connection, kept: frozenset[str]) -> None:
        source = self.source
        meter = Meter(Stage.RESTORE, watch=self.order.watch, bytes_total=self._size())
        if isinstance(source, FromDump):
            dump = source.dump
            reader = Reader(
                path=dump.path, kind=dump.kind, packing=dump.packing, programs=source.programs, limits=self.order.limits
            )
            with reader.script() as chunks:
                self._run(connection, meter.over(chunks), kept, meter)
            _count(connection, {(each.schema_name, each.name): each.rows for each in dump.tables})
            return
        if self.archive is None:
            text = script_of(source.manifest, source.store, source.keys)
            with ending(text):
                self._run(connection, meter.over(self.order.limits.within(text)), kept, meter)
        else:
            self._section(connection, "pre-data", kept, meter)
            for table in source.manifest.tables:
                self._rows(connection, table, source, meter)
            self._section(connection, "data", kept, meter)
            self._section(connection, "post-data", kept, meter)
        for table in source.manifest.tables:
            self._read_again(connection, table, source.manifest.database.encoding)
        if source.manifest.configuration:
            there = configuration(connection, encoding=source.manifest.database.encoding)
            refuse_differences(tuple(configuration_differences(source.manifest.configuration, there)))

    def _size(self) -> int:
        if isinstance(self.source, FromDump):
            return self.source.dump.bytes
        return sum(table.bytes for table in self.source.manifest.tables)

    def _run(self, connection: psycopg.Connection, chunks: Iterator[bytes], kept: frozenset[str], meter: Meter) -> None:
        def is_there(statement: bytes) -> bool:
            made = _CREATE_SCHEMA.match(without_comments_before(statement))
            return made is not None and made[1].decode(errors="replace").strip('"').replace('""', '"') in kept

        where = self.source.dump.path if isinstance(self.source, FromDump) else Path(self.source.manifest.name)
        ScriptPlayer(connection, Reading(where), meter, leave_out=is_there).play(cut(chunks))

    def _section(self, connection: psycopg.Connection, section: str, kept: frozenset[str], meter: Meter) -> None:
        if not isinstance(self.source, FromBackup):
            raise TypeError("only a backup of ours has sections")
        programs = programs_that_read(self.source.manifest, self.source.found)
        without = ("--no-subscriptions", *(() if self.source.tablespaces else ("--no-tablespaces",)))
        command = [programs.folder / "pg_restore", "--file=-", f"--section={section}", *without, self.archive]
        with Child(command, {"LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE) as child:
            self._run(connection, self.order.limits.within(child.pieces()), kept, meter)
            if child.wait() != 0:
                raise complained("The archive could not be read", child.last_words())

    def _rows(self, connection: psycopg.Connection, table: TableContent, source: FromBackup, meter: Meter) -> None:
        if table.file is None:
            return
        stored = StoredRows(store=source.store, keys=source.keys, encoding=source.manifest.database.encoding)
        tally = Tally()
        text = stored.of(table.file)
        statement = copy_in(rows_of(table), encoding=stored.encoding).encode()
        with ending(text), connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in meter.over(tally.of(self.order.limits.within(text))):
                view = memoryview(piece)
                for start in range(0, len(view), PIECE):
                    copy.write(view[start : start + PIECE])
        _refuse_others(table, tally)
        meter.finish_table()

    def _read_again(self, connection: psycopg.Connection, table: TableContent, encoding: str) -> None:
        """What came in through a file of its own was measured on its way, so counting is enough there."""
        self.order.limits.check()
        if table.file is not None:
            _count(connection, {(table.schema_name, table.name): table.rows})
            return
        tally = Tally()
        statement = copy_out(rows_of(table), encoding=encoding).encode()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in copy:
                tally.add(bytes(row))
        _refuse_others(table, tally)


@contextmanager
def _parts(order: InPlace, source: FromBackup | FromDump) -> Iterator[_Parts]:
    with ExitStack() as stack:
        archive = None
        if isinstance(source, FromBackup) and source.manifest.form == "parallel":
            archive = stack.enter_context(
                fetched(
                    source.store, archive_of(source.manifest), source.keys, folder=source.folder, limits=order.limits
                )
            )
        yield _Parts(order=order, source=source, archive=archive)


def _refuse_others(table: TableContent, tally: Tally) -> None:
    if (tally.rows, tally.bytes, tally.hash) != (table.rows, table.bytes, table.hash):
        raise BackoutError(
            f"The stored rows of {title_of(table)} are not those that were backed up; nothing was changed",
            next_step="Use another backup (`backout backups SERVICE`).",
        )


def _count(connection: psycopg.Connection, expected: Mapping[tuple[str, str], int | None]) -> None:
    for (schema, name), rows in expected.items():
        if rows is None:
            continue  # its rows are INSERT statements, which were not counted
        found = connection.execute(
            sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, name))
        ).fetchone()
        if found is None or found[0] != rows:
            raise BackoutError(
                f"{schema}.{name} came back with {found[0] if found else 0:,} rows instead of {rows:,}; nothing was changed",
                next_step="Use another backup (`backout backups SERVICE`).",
            )
