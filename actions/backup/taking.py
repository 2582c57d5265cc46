"""Taking a backup: one moment of a database, whole, into a store.

The manifest is written last. Until then nothing in the store is a backup, and on any error what was written is removed.
"""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version

import psycopg

from actions.backup import inventory
from actions.backup.archiving import Archived, ArchiveOrder, write_archive, write_script
from actions.backup.configuration import configuration
from actions.backup.crew import Crew
from actions.backup.manifest import FILE, Form, LargeObjects, Manifest, TableContent
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Watcher, unwatched
from actions.backup.properties import read_properties
from actions.backup.reading import ReadingOrder, TableReading, to_be_streamed
from actions.backup.rows import KeptOutError, explain
from actions.backup.schema_text import schema_hash
from actions.backup.sealed import seal
from actions.backup.session import LOCK_TIMEOUT
from actions.backup.snapshot import Snapshot, first_line, hold_snapshot
from actions.backup.store import Store
from actions.backup.tables import Table
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.redaction import learn_secret

log = logging.getLogger(__name__)

#: More sessions than these are a burden to a server that has other work; a catalog may ask for more.
_MOST_SESSIONS = 4
#: How often changes of tables may get in our way at the beginning, and until when it is one.
_BEGINNINGS = 4
_BEGINNING_SECONDS = 60
#: What the snapshot's session has locked nobody else has: who has to wait for it all the same waits behind a change that
#: waits for us.
_FOLLOWERS_WAIT = timedelta(seconds=1)
#: For schema, manifest and the rest of small things.
_ROOM_BESIDE_ROWS = 32 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeOrder:
    """What to back up, how, and where to."""

    service_name: str
    #: Of the backup; see `naming.new_name`.
    name: str
    url: str = field(repr=False)
    programs: ClientPrograms
    store: Store
    form: Form = "parallel"
    #: How many tables at once; None for what the machine can bear.
    jobs: int | None = None
    #: The public key for which every file but the manifest is encrypted.
    recipient: str | None = None
    #: Where Alembic keeps the revision; without a schema it is looked for.
    version_table: str = "alembic_version"
    version_schema: str | None = None
    lock_timeout: timedelta = LOCK_TIMEOUT
    watch: Watcher = unwatched
    should_stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A backup that is whole in its store."""

    manifest: Manifest
    #: Sentences about what is not in it.
    warnings: tuple[str, ...]


def take(order: TakeOrder) -> Taken:
    """Whole, or an error and nothing in the store. RefusedError when the role does not see everything or the store has
    no room; ConfigurationError when the client programs are too old; else BackoutError or UnavailableError.

    A change of a table (ALTER TABLE, TRUNCATE) that comes just when the snapshot is held waits for us, and whoever of us
    begins after it would wait behind it, with every user of that table. It is let through, and we begin again.
    """
    learn_secret(order.url)
    for _ in range(_BEGINNINGS - 1):
        started = time.monotonic()
        try:
            return _take(order)
        except KeptOutError as error:
            if time.monotonic() - started > _BEGINNING_SECONDS:
                raise
            log.info("Begun again: %s", error.what, extra={"event": "backup_begun_again", "backup": order.name})
    return _take(order)


def _take(order: TakeOrder) -> Taken:
    started = time.monotonic()
    with hold_snapshot(order.url, lock_timeout=order.lock_timeout) as snapshot:
        _check_programs(order.programs, snapshot.server_version)
        _check_name(order)
        try:
            _check_room(order.store, snapshot)
            taken = _Taking(order, snapshot).run(started)
            order.store.write(f"{order.name}/{FILE}", [taken.manifest.model_dump_json(indent=1).encode()])
        except psycopg.Error as error:
            _remove(order)
            raise explain("The database could not be read", first_line(error)) from error
        except BaseException:
            _remove(order)
            raise
    log.info("Backup %s was taken", order.name, extra={"event": "backup_taken", "backup": order.name})
    return taken


class _Taking:
    """One backup under way: three kinds of work at once, on the same snapshot."""

    def __init__(self, order: TakeOrder, snapshot: Snapshot) -> None:
        self._order = order
        self._snapshot = snapshot
        self._crew = Crew(should_stop=order.should_stop, stopped="The backup was stopped; nothing of it is kept")
        self._tables = [table for table in snapshot.tables if _has_rows(table, snapshot)]
        self._streamed = to_be_streamed(self._tables) if order.form == "parallel" else ()
        self._archived: Archived | None = None
        self._large_objects = LargeObjects(count=0, hash="")
        self._views: dict[str, int | None] = {}
        self._configuration: tuple[TableContent, ...] = ()

    def run(self, started: float) -> Taken:
        order, snapshot = self._order, self._snapshot
        connection = snapshot.connection
        warnings = inventory.what_is_not_in_it(connection, snapshot.tables, is_standby=snapshot.is_standby)
        archive = self._archive_order()
        sessions = _sessions(order.jobs, len(self._tables))
        reading = TableReading(self._reading_order(), self._crew, order.watch, sessions=sessions)
        self._crew.run([lambda: self._archive(archive), self._look_around, *[reading.work] * sessions])
        # Had the session that held everything still been lost, a table could have been emptied under the others.
        connection.execute("SELECT")
        archived = self._checked(self._archived)
        return Taken(manifest=self._manifest(archived, reading, warnings, started), warnings=warnings)

    def _archive(self, archive: ArchiveOrder) -> None:
        write = write_archive if self._order.form == "parallel" else write_script
        self._archived = write(archive, self._crew)

    def _look_around(self) -> None:
        connection = self._snapshot.connection

        def cancel() -> None:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=2)

        with self._crew.interruptible(cancel):
            self._large_objects = inventory.large_objects(connection)
            self._crew.check()
            self._views = inventory.materialised_views(connection)
            self._crew.check()
            self._configuration = configuration(
                connection, encoding=self._snapshot.encoding, is_standby=self._snapshot.is_standby
            )

    def _checked(self, archived: Archived | None) -> Archived:
        """Every table in it, and no table's rows twice or not at all: pg_dump has its own idea of what is a table."""
        if archived is None:
            raise BackoutError("The archive was not written")
        found, streamed = archived.contents, {_place(table) for table in self._streamed}
        mine = {_place(table) for table in self._tables}
        wrong = (mine - found.tables) | (found.tables_with_rows & streamed) | (mine - streamed - found.tables_with_rows)
        wrong |= {(table.schema_name, table.name) for table in self._configuration} - found.tables_with_rows
        if wrong:
            names = ", ".join(".".join(place) for place in sorted(wrong)[:5])
            raise BackoutError(f"pg_dump and we do not agree whose rows are in the archive: {names}")
        return archived

    def _archive_order(self) -> ArchiveOrder:
        order = self._order
        return ArchiveOrder(
            url=order.url, programs=order.programs, snapshot=self._snapshot, store=order.store, name=order.name,
            streamed=self._streamed, has_money=inventory.has_money(self._snapshot.connection),
            recipient=order.recipient, lock_timeout=min(order.lock_timeout, _FOLLOWERS_WAIT),
        )  # fmt: skip

    def _reading_order(self) -> ReadingOrder:
        order = self._order
        return ReadingOrder(
            url=order.url, programs=order.programs, snapshot=self._snapshot, store=order.store, name=order.name,
            tables=self._tables, streamed=self._streamed, recipient=order.recipient, lock_timeout=min(order.lock_timeout, _FOLLOWERS_WAIT),
        )  # fmt: skip

    def _manifest(
        self, archived: Archived, reading: TableReading, warnings: tuple[str, ...], started: float
    ) -> Manifest:
        order, snapshot = self._order, self._snapshot
        connection = snapshot.connection
        properties, sealed = seal(
            read_properties(connection, snapshot.database), order.store, order.name, recipient=order.recipient
        )
        return Manifest(
            name=order.name, service=order.service_name, form=order.form,
            revisions=inventory.revisions(
                connection, snapshot.tables, name=order.version_table, schema=order.version_schema
            ),
            taken_at=snapshot.taken_at,
            server_version=snapshot.server_version,
            tool_version=f"pg_dump {order.programs.version}",
            backout_version=version("backout"),
            database=properties, sealed=sealed,
            extensions=inventory.extensions(connection),
            schema_hash=schema_hash(archived.schema),
            tables=tuple(sorted(reading.contents, key=lambda table: (table.schema_name, table.name))),
            sequences=tuple(sorted(archived.contents.sequences, key=lambda each: (each.schema_name, each.name))),
            large_objects=self._large_objects, materialised_views=self._views, configuration=self._configuration,
            files=(archived.file,), encrypted_for=order.recipient,
            left_out=warnings,
            database_bytes=inventory.database_bytes(connection),
            seconds=round(time.monotonic() - started, 3),
        )  # fmt: skip


def _has_rows(table: Table, snapshot: Snapshot) -> bool:
    return not table.is_partitioned and not (table.is_unlogged and snapshot.is_standby)


def _place(table: Table) -> tuple[str, str]:
    return table.schema_name, table.name


def _sessions(jobs: int | None, tables: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(jobs or min(_MOST_SESSIONS, max(2, cores)), tables))


def _check_programs(programs: ClientPrograms, server_version: int) -> None:
    if programs.major < server_version // 10000:
        raise ConfigurationError(
            f"The server is PostgreSQL {server_version // 10000}, and the client programs are {programs.version}",
            where=str(programs.folder),
            next_step=f"Install postgresql-client-{server_version // 10000} (pg_dump, pg_restore, psql).",
        )


def _check_name(order: TakeOrder) -> None:
    """Of what is there already, nothing may be overwritten, and on an error nothing removed."""
    if order.store.list(f"{order.name}/"):
        raise RefusedError(
            f"{order.store.title} has a backup {order.name} already", next_step="Take it with a new name."
        )


def _check_room(store: Store, snapshot: Snapshot) -> None:
    """Before anything is written: rows get smaller by compression, so their size on the server is what may be needed."""
    free = store.free_bytes()
    rows = sum(table.bytes for table in snapshot.tables) + inventory.large_objects_bytes(snapshot.connection)
    needed = rows + _ROOM_BESIDE_ROWS
    if free is not None and free < needed:
        raise RefusedError(
            f"The backup may need {needed / 1e6:,.0f} MB, and {store.title} has {free / 1e6:,.0f} MB free",
            next_step="Make room there, or name another store under the service's `backups`.",
        )


def _remove(order: TakeOrder) -> None:
    """What is left all the same is no backup, for it has no manifest; the next cleaning finds it."""
    try:
        order.store.delete(order.name)
    except BackoutError as error:
        log.warning(
            "What was written of backup %s could not be removed: %s", order.name, error.what,
            extra={"event": "backup_left", "backup": order.name},
        )  # fmt: skip
