"""One moment of a database, held still while many sessions read it.

A snapshot does not protect from TRUNCATE or a rewriting ALTER TABLE, which show through it. So first every table is
locked (as mildly as a SELECT does), and only then is the snapshot taken: locking needs none.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import errors

from actions.backup.privileges import look_for_unreadable, refuse_what_is_partial
from actions.backup.rows import explain
from actions.backup.session import LOCK_TIMEOUT, connect
from actions.backup.tables import Connection, Table, list_tables, lock_statements
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.redaction import redact

#: How often tables may be made or dropped between our looking and our locking before we give up.
_TRIES = 5
_OLDEST_SERVER = 120000


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The session that holds it, and what other sessions need to see the same."""

    connection: Connection
    name: str
    taken_at: datetime
    tables: tuple[Table, ...]
    server_version: int
    database: str
    #: As the server calls it, and as Python does.
    encoding: str
    codec: str
    is_standby: bool
    #: How many locks on tables the server has room for, in all of its sessions together.
    lock_room: int


@contextmanager
def hold_snapshot(url: str, *, lock_timeout: timedelta = LOCK_TIMEOUT) -> Iterator[Snapshot]:
    """RefusedError when the role does not see everything; UnavailableError when a table stays locked by somebody."""
    try:
        connection = connect(url, title="backout: holding a snapshot", lock_timeout=lock_timeout)
    except (psycopg.Error, UnicodeError) as error:
        raise UnavailableError(
            f"The database does not answer: {first_line(error)}", next_step="Look at its URL and whether it is up."
        ) from error
    with closing(connection):
        try:
            snapshot = _take(connection)
        except psycopg.Error as error:
            raise explain("The database could not be read", first_line(error)) from error
        yield snapshot


def first_line(error: BaseException) -> str:
    """What a driver's error says first, without secrets and row data."""
    lines = [line.strip() for line in redact(str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


def _take(connection: Connection) -> Snapshot:
    if connection.info.server_version < _OLDEST_SERVER:
        raise ConfigurationError(
            f"The server is PostgreSQL {connection.info.server_version // 10000}; backups need at least 12"
        )
    refuse_what_is_partial(look_for_unreadable(connection))
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    for _ in range(_TRIES):
        wanted = list_tables(connection, measured=False)
        connection.autocommit = False
        try:
            _lock(connection, wanted)
            name, taken_at = _row(connection, "SELECT pg_export_snapshot(), transaction_timestamp()")
            tables = list_tables(connection, measured=True)
            if {table.number for table in tables} == {table.number for table in wanted}:
                return _describe(connection, name, taken_at, tables)
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            pass  # dropped between our looking and our locking: look again
        connection.rollback()
        connection.autocommit = True
    raise BackoutError(
        "Tables are made and dropped faster than they can be locked", next_step="Try again at a quieter time."
    )


def _lock(connection: Connection, tables: Sequence[Table]) -> None:
    try:
        for statement in lock_statements(tables):
            connection.execute(statement.encode())
    except errors.LockNotAvailable as error:
        connection.rollback()
        holders = _holders(connection, tables)
        raise UnavailableError(
            f"A table is locked by another session: {holders or first_line(error)}",
            next_step="Somebody changes it (ALTER TABLE, VACUUM FULL, TRUNCATE?). Try again when that has finished.",
        ) from error


def _holders(connection: Connection, tables: Sequence[Table]) -> str:
    """Who keeps us out, if they still do; by process and application, for what they run is nobody's business."""
    names = {table.number: table.title for table in tables}
    rows = connection.execute(
        """SELECT DISTINCT l.relation::bigint, l.pid, a.application_name FROM pg_locks l
        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    ).fetchall()
    connection.rollback()
    return redact(
        "; ".join(
            f"{names[table]} by process {pid}" + (f" ({application})" if application else "")
            for table, pid, application in rows
            if table in names
        )
    )


def _describe(connection: Connection, name: str, taken_at: datetime, tables: tuple[Table, ...]) -> Snapshot:
    database, encoding, is_standby, lock_room = _row(
        connection,
        """SELECT datname::text, pg_encoding_to_char(encoding)::text, pg_is_in_recovery(),
          current_setting('max_locks_per_transaction')::int
            * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)
        FROM pg_database WHERE datname = current_database()""",
    )
    return Snapshot(
        connection=connection, name=name, taken_at=taken_at, tables=tables,
        server_version=connection.info.server_version,
        database=database, encoding=encoding, codec=_codec(connection, encoding), is_standby=is_standby, lock_room=lock_room,
    )  # fmt: skip


def _codec(connection: Connection, encoding: str) -> str:
    """The driver knows what Python calls PostgreSQL's encodings; it tells that of its own session."""
    if encoding == "SQL_ASCII":
        return "utf-8"  # most likely; what is none is kept as it is
    connection.execute(f"SET LOCAL client_encoding = '{encoding}'".encode())
    try:
        return connection.info.encoding
    except psycopg.NotSupportedError:
        return "utf-8"
    finally:
        connection.execute("SET LOCAL client_encoding = 'UTF8'")


def _row(connection: Connection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise BackoutError("The server answered nothing where it always does")
    return row
