"""Who would make a downgrade wait, or fail: open transactions, held locks, prepared transactions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from psycopg import sql

from actions.assess.probes.session import LiveSession, Refusal, Row
from actions.assess.schema.naming import Identity
from actions.assess.statements.masking import masked

#: An open transaction of this age is worth a word even if it holds nothing of ours.
LONG = timedelta(seconds=30)
LONGEST_TEXT = 300

# Whoever holds any lock on a table, were it by reading it, keeps ACCESS EXCLUSIVE away from it.
_SESSIONS = """
WITH RECURSIVE asked AS (
    SELECT c.oid, n.nspname, c.relname FROM unnest({schemas}::text[], {names}::text[]) AS w (schema, name)
    JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
), tree AS (
    SELECT oid, nspname, relname FROM asked
    UNION SELECT h.inhrelid, t.nspname, t.relname FROM tree t JOIN pg_inherits h ON h.inhparent = t.oid
), held AS (
    SELECT l.pid, array_agg(DISTINCT ARRAY[t.nspname::text, t.relname::text]) AS tables, bool_or(l.granted) AS granted,
           array_agg(DISTINCT l.mode) AS modes
    FROM pg_locks l JOIN tree t ON t.oid = l.relation
    WHERE l.locktype = 'relation' AND l.pid IS NOT NULL
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    GROUP BY l.pid
)
SELECT a.pid, a.usename, a.application_name, a.client_addr::text, a.state, a.backend_type,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8,
       CASE WHEN a.query NOT LIKE '<insufficient privilege>%' THEN a.query END,
       a.wait_event_type = 'Lock', held.tables, coalesce(held.modes, '{{}}')
FROM pg_stat_activity a LEFT JOIN held ON held.pid = a.pid
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name <> 'backout assess'
      AND (held.pid IS NOT NULL OR a.xact_start < clock_timestamp() - {long} * interval '1 second')
ORDER BY a.xact_start NULLS LAST, a.pid"""
_PREPARED = """
SELECT p.gid, p.owner, extract(epoch FROM clock_timestamp() - p.prepared)::float8
FROM pg_prepared_xacts p WHERE p.database = current_database() ORDER BY p.prepared"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenTransaction:
    """A session that a downgrade may have to wait for."""

    pid: int
    user: str | None
    application: str
    #: None: by a local socket, or not ours to see.
    address: str | None
    #: `active`, `idle in transaction`; None: not ours to see.
    state: str | None
    #: `client backend`, `autovacuum worker`, ...
    kind: str | None
    open_for: timedelta | None
    #: Its last statement without values; None: not ours to see.
    query: str | None
    #: It waits for somebody else itself.
    waits: bool
    #: The tables of ours that it has locked.
    tables: tuple[Identity, ...]
    #: As PostgreSQL names them: `AccessShareLock`.
    modes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedTransaction:
    """A two-phase transaction that somebody must end; it keeps its locks for ever, restarts included."""

    name: str
    owner: str
    open_for: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Everyone in the way, the oldest first."""

    transactions: tuple[OpenTransaction, ...]
    prepared: tuple[PreparedTransaction, ...]
    #: What could not be found out, and why.
    unknown: tuple[str, ...] = ()

    @property
    def holding(self) -> tuple[OpenTransaction, ...]:
        """Those that hold locks on the tables asked about."""
        return tuple(one for one in self.transactions if one.tables)


def waiting(session: LiveSession, tables: Collection[Identity], *, long: timedelta = LONG) -> Waiting:
    """Who holds locks on these tables (or their partitions), and whose transactions have been open for long."""
    question = sql.SQL(_SESSIONS).format(
        schemas=sql.Literal([table.schema for table in tables]),
        names=sql.Literal([table.name for table in tables]),
        long=sql.Literal(long.total_seconds()),
    )
    sessions, prepared = session.ask(question), session.ask(sql.SQL(_PREPARED))
    unknown = [
        f"{what}: {answer.why}"
        for what, answer in (("open transactions", sessions), ("prepared transactions", prepared))
        if isinstance(answer, Refusal)
    ]
    return Waiting(
        transactions=() if isinstance(sessions, Refusal) else tuple(map(_transaction, sessions)),
        prepared=() if isinstance(prepared, Refusal) else _prepared(prepared),
        unknown=tuple(unknown),
    )


def _transaction(row: Row) -> OpenTransaction:
    pid, user, application, address, state, kind, seconds, query, waits, tables, modes = row
    return OpenTransaction(
        pid=pid,
        user=user,
        application=application or "",
        address=address,
        state=state,
        kind=kind,
        open_for=None if seconds is None else timedelta(seconds=seconds),
        query=masked(query)[:LONGEST_TEXT] if query else None,
        waits=bool(waits),
        tables=tuple(Identity(schema=schema, name=name) for schema, name in tables or ()),
        modes=tuple(modes),
    )


def _prepared(rows: Sequence[Row]) -> tuple[PreparedTransaction, ...]:
    return tuple(
        PreparedTransaction(name=name, owner=owner, open_for=timedelta(seconds=seconds))
        for name, owner, seconds in rows
    )
