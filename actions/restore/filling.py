"""Fills an empty database from a stored backup: definitions, rows, the archive's own data, then indexes and the rest.

Several tables at once, the biggest first. Nothing is trusted: every stored file is verified while it is read, and
what was put into each table is measured. After any error the database is to be thrown away; it is never half used.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from actions.backup.encryption import Keys
from actions.backup.manifest import Manifest, TableContent
from actions.backup.pipes import Tally
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Stage, Watcher, unwatched
from actions.backup.session import connect
from actions.backup.store import Store
from actions.restore.complaining import refused
from actions.restore.crew import together
from actions.restore.extensions import prepare_extensions
from actions.restore.limits import Limits, Meter
from actions.restore.plain_script import run_plain_script
from actions.restore.rows_in import StoredRows, fill_table
from actions.restore.sections import Target, archive_of, count_indexes, fetched, restore_section

#: What several index builds at once may take together, where the server's own setting is smaller.
SORTING_MEMORY = 512 << 20
TITLE = "backout: restoring"


@dataclass(frozen=True, kw_only=True, slots=True)
class FillOrder:
    """What comes from where into which database."""

    #: An empty database (made from template0), and a role that may make everything in it.
    url: str = field(repr=False)
    manifest: Manifest
    store: Store
    #: pg_restore and psql, of the version that wrote the backup or newer: see `programs_that_read`.
    programs: ClientPrograms
    limits: Limits
    #: Where the archive may be put while it is read.
    folder: Path
    keys: Keys | None = field(default=None, repr=False)
    jobs: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))
    #: What is not to come back, as pg_restore calls it: `--no-tablespaces`, `--no-subscriptions`.
    without: tuple[str, ...] = ()
    #: Statistics for the planner: for a database that is to be used.
    analyse: bool = False
    watch: Watcher = unwatched


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What was put in."""

    #: By schema and name, for tables with a file of their own.
    rows: Mapping[tuple[str, str], Tally]
    seconds: float
    #: Of these, for indexes, constraints and all that comes after the rows.
    index_seconds: float


def fill(order: FillOrder, *, archive: Path | None = None) -> Filled:
    """BackoutError when the backup is not whole; UnavailableError and ConfigurationError say nothing against it.

    `archive`: where it lies already, if somebody else has fetched it.
    """
    started = time.monotonic()
    prepare_extensions(order.url, order.manifest)
    if order.manifest.form == "plain":
        run_plain_script(
            target_of(order), order.manifest, order.store, order.keys, limits=order.limits, watch=order.watch
        )
        filled: dict[tuple[str, str], Tally] = {}
        index_seconds = 0.0
    else:
        with ExitStack() as stack:
            if archive is None:
                archive = stack.enter_context(fetched_archive(order))
            filled, index_seconds = _fill_from_archive(order, archive)
    if order.analyse:
        _analyse(order)
    return Filled(rows=filled, seconds=time.monotonic() - started, index_seconds=index_seconds)


def fetched_archive(order: FillOrder) -> AbstractContextManager[Path]:
    return fetched(order.store, archive_of(order.manifest), order.keys, folder=order.folder, limits=order.limits)


def _fill_from_archive(order: FillOrder, archive: Path) -> tuple[dict[tuple[str, str], Tally], float]:
    limits, target = order.limits, target_of(order)
    restore_section(archive, "pre-data", target, limits=limits)
    with ThreadPoolExecutor(max_workers=1) as beside:
        # Sequences and large objects touch no table that we fill ourselves.
        rest = beside.submit(restore_section, archive, "data", target, limits=limits)
        filled = _fill_tables(order)
        rest.result()
    started = time.monotonic()
    with _watched_indexes(order, count_indexes(archive, order.programs, limits=limits)) as glance:
        restore_section(archive, "post-data", target, limits=limits, jobs=order.jobs, glance=glance)
    return filled, time.monotonic() - started


def target_of(order: FillOrder) -> Target:
    """Index builds sort in memory: as much as the server gives, or our share where that is more."""
    share = SORTING_MEMORY // max(1, order.jobs)
    with _session(order.url) as connection:
        row = connection.execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem'))").fetchone()
        major = connection.info.server_version // 10000
    enough = row is not None and int(row[0]) >= share
    return Target(
        url=order.url, server_major=major, programs=order.programs, without=order.without,
        settings=() if enough else (("maintenance_work_mem", f"{share // 1024}kB"),),
    )  # fmt: skip


def _fill_tables(order: FillOrder) -> dict[tuple[str, str], Tally]:
    manifest = order.manifest
    stored = StoredRows(store=order.store, keys=order.keys, encoding=manifest.database.encoding)
    tables = sorted((table for table in manifest.tables if table.file), key=lambda table: -table.bytes)
    meter = Meter(
        Stage.RESTORE, watch=order.watch, bytes_total=sum(table.bytes for table in tables), tables_total=len(tables)
    )
    filled: dict[tuple[str, str], Tally] = {}

    def work(connection: psycopg.Connection, table: TableContent, limits: Limits) -> None:
        key = (table.schema_name, table.name)
        filled[key] = fill_table(connection, table, stored, limits=limits, meter=meter)

    together(tables, jobs=order.jobs, session=lambda: _session(order.url), work=work, limits=order.limits)
    return filled


@contextmanager
def _session(url: str) -> Iterator[psycopg.Connection]:
    try:
        connection = connect(url, title=TITLE)
        connection.execute("SET synchronous_commit = off")
    except psycopg.Error as error:
        raise refused("The database to be filled does not answer", error) from error
    # Not psycopg's own context: after an error its farewell to a dead server would hide what happened.
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _watched_indexes(order: FillOrder, total: int) -> Iterator[Callable[[], None]]:
    """pg_restore does not tell how far it is; the catalog does."""
    meter = Meter(Stage.INDEX, watch=order.watch, tables_total=total)
    with _session(order.url) as connection:

        def glance() -> None:
            try:
                row = connection.execute(_INDEXES).fetchone()
            except psycopg.Error:
                return  # whoever does the work will say what is wrong
            meter.reach(int(row[0]) if row else 0)

        yield glance
    meter.reach(total)


_INDEXES = "SELECT count(*) FROM pg_catalog.pg_index WHERE indrelid >= 16384 AND indisvalid"


def _analyse(order: FillOrder) -> None:
    tables = sorted(order.manifest.tables, key=lambda table: -table.bytes)

    def work(connection: psycopg.Connection, table: TableContent, limits: Limits) -> None:
        limits.check()
        name = sql.Identifier(table.schema_name, table.name)
        try:
            connection.execute(sql.SQL("ANALYZE {}").format(name))
        except psycopg.Error as error:
            raise refused("Statistics could not be taken", error) from error

    together(tables, jobs=order.jobs, session=lambda: _session(order.url), work=work, limits=order.limits)
