"""What bringing a backup back would lose: the database as it is now, held against what the backup says of itself.

Rows are counted within a few seconds; beyond that the server's own statistics stand in, and are marked as estimates.
Looking only, with the weakest of locks.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import errors, sql

from actions.errors import UnavailableError
from actions.redaction import learn_secret, redact

COUNT_WITHIN = timedelta(seconds=5)
CONNECT_SECONDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionTable:
    schema: str | None = None
    name: str = "alembic_version"


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveNow:
    """The database at this moment."""

    #: By qualified name.
    rows: Mapping[str, int]
    #: Those whose number is the server's estimate.
    estimated: frozenset[str]
    revisions: tuple[str, ...]
    database_bytes: int
    #: Sessions besides ours; they are ended for the swap.
    sessions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Then:
    """The database as the backup has it."""

    #: By qualified name; None where nobody could count them.
    rows: Mapping[str, int] | None
    taken_at: datetime
    revisions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableChange:
    table: str
    #: None: it was not there then, or is not there now.
    then: int | None
    now: int | None
    exact: bool

    @property
    def difference(self) -> int:
        """How many more rows there are now."""
        return (self.now or 0) - (self.then or 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """What somebody should know before going back to a backup."""

    taken_at: datetime
    age: timedelta
    too_old: bool
    revision_then: tuple[str, ...]
    revision_now: tuple[str, ...]
    rows_then: int
    rows_now: int
    exact: bool
    #: Tables with another number of rows, those that lose most first. Rows that were changed since are not in it.
    changed: tuple[TableChange, ...]
    sessions: int
    #: Whether the backup's rows are known at all: a clone admits nobody who could count them.
    counted: bool = True

    @property
    def rows_lost(self) -> int:
        """At least so many: what one table has got since does not make up for what comes back in another."""
        return sum(max(0, each.difference) for each in self.changed)


def look_at_live(url: str, version_table: VersionTable, *, within: timedelta = COUNT_WITHIN) -> LiveNow:
    """UnavailableError when it does not answer: it may be just what the restore is to repair."""
    learn_secret(url)
    try:
        with psycopg.connect(
            url, connect_timeout=CONNECT_SECONDS, autocommit=True, application_name="backout restore",
            options="-c default_transaction_read_only=on -c lock_timeout=1s -c statement_timeout=5s",
        ) as connection:  # fmt: skip
            return _look(connection, version_table, time.monotonic() + within.total_seconds())
    except (psycopg.Error, UnicodeError) as error:
        primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        lines = redact(primary or str(error)).strip().splitlines() or [type(error).__name__]
        raise UnavailableError(f"The database cannot be looked at: {lines[0][:300]}") from error


def live_revisions(url: str, version_table: VersionTable) -> tuple[str, ...]:
    """Empty where it cannot be told."""
    try:
        return look_at_live(url, version_table, within=timedelta(0)).revisions
    except UnavailableError:
        return ()


def compare(then: Then, live: LiveNow, *, now: datetime, max_age: timedelta) -> Loss:
    """Pure: what the two say together."""
    rows = live.rows if then.rows is None else then.rows
    changed = [
        TableChange(table=table, then=rows.get(table), now=live.rows.get(table), exact=table not in live.estimated)
        for table in {*rows, *live.rows}
        if rows.get(table) != live.rows.get(table)
    ]
    age = now - then.taken_at
    return Loss(
        taken_at=then.taken_at, age=max(age, timedelta(0)), too_old=age > max_age, counted=then.rows is not None,
        revision_then=then.revisions, revision_now=live.revisions,
        rows_then=sum(rows.values()), rows_now=sum(live.rows.values()), exact=not live.estimated,
        changed=tuple(sorted(changed, key=lambda each: (-each.difference, each.table))), sessions=live.sessions,
    )  # fmt: skip


def _look(connection: psycopg.Connection[Any], version_table: VersionTable, until: float) -> LiveNow:
    rows: dict[str, int] = {}
    estimated: set[str] = set()
    for schema, table, guess in connection.execute(_TABLES).fetchall():
        name = f"{schema}.{table}"
        counted = _count(connection, schema, table, until)
        rows[name] = guess if counted is None else counted
        if counted is None:
            estimated.add(name)
    size, sessions = connection.execute(_ABOUT).fetchone() or (0, 0)
    return LiveNow(
        rows=rows, estimated=frozenset(estimated), revisions=_revisions(connection, version_table),
        database_bytes=size, sessions=sessions,
    )  # fmt: skip


def _count(connection: psycopg.Connection[Any], schema: str, table: str, until: float) -> int | None:
    left = until - time.monotonic()
    if left <= 0.01:
        return None
    try:
        connection.execute(f"SET statement_timeout = {max(10, int(left * 1000))}")
        counting = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
        row = connection.execute(counting).fetchone()
    except (errors.QueryCanceled, errors.LockNotAvailable, errors.InsufficientPrivilege, errors.UndefinedTable):
        return None
    return int(row[0]) if row else None


def _revisions(connection: psycopg.Connection[Any], table: VersionTable) -> tuple[str, ...]:
    identifier = sql.Identifier(table.schema, table.name) if table.schema else sql.Identifier(table.name)
    try:
        connection.execute("SET statement_timeout = '5s'")
        found = connection.execute(sql.SQL("SELECT version_num FROM {} ORDER BY 1").format(identifier)).fetchall()
    except errors.UndefinedTable:
        return ()
    return tuple(str(row[0]) for row in found)


#: Small ones first: as many as possible are counted exactly before the time is up. As in a manifest: ordinary tables,
#: each by itself, none of an extension.
_TABLES = """
SELECT n.nspname, c.relname, greatest(c.reltuples, 0)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY pg_relation_size(c.oid), 1, 2
"""
_ABOUT = """
SELECT pg_database_size(current_database()),
       (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')
"""
