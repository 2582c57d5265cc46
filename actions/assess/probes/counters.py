"""The server's own counters of written rows: taken when a revision is first seen, compared when it is assessed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from actions.assess.probes.session import LiveSession, Refusal
from actions.errors import UnavailableError

_COUNTERS = """
SELECT c.oid::int8, n.nspname, c.relname, coalesce(pg_stat_get_tuples_inserted(c.oid), 0),
       coalesce(pg_stat_get_tuples_updated(c.oid), 0), coalesce(pg_stat_get_tuples_deleted(c.oid), 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%'
      AND n.nspname <> 'information_schema' ORDER BY 2, 3"""
_EPOCH = """
SELECT statement_timestamp(), pg_postmaster_start_time(), d.stats_reset, d.xact_commit
FROM pg_stat_database d WHERE d.datname = current_database()"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counters:
    """Rows written to one table since its counters began."""

    schema: str
    table: str
    inserted: int
    updated: int
    deleted: int

    @property
    def left_behind(self) -> int:
        """Writes that leave a row."""
        return self.inserted + self.updated


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteCounters:
    """All tables' counters at one moment, and what tells whether they can be compared with those of another."""

    taken_at: datetime
    server_started: datetime
    #: None: never since the database was made.
    reset_at: datetime | None
    #: Transactions ended in this database; less than before means that the counters began anew.
    transactions: int
    #: By oid: a table that was dropped and made anew is another one.
    tables: Mapping[int, Counters]

    def as_json(self) -> dict[str, Any]:
        """For a sighting."""
        return {
            "taken_at": self.taken_at.isoformat(),
            "server_started": self.server_started.isoformat(),
            "reset_at": self.reset_at.isoformat() if self.reset_at else None,
            "transactions": self.transactions,
            "tables": [
                [oid, one.schema, one.table, one.inserted, one.updated, one.deleted] for oid, one in self.tables.items()
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "WriteCounters | None":
        """What a sighting kept; None if it kept none, or in a form that we do not know."""
        try:
            reset_at = stored["reset_at"]
            return cls(
                taken_at=datetime.fromisoformat(stored["taken_at"]),
                server_started=datetime.fromisoformat(stored["server_started"]),
                reset_at=datetime.fromisoformat(reset_at) if reset_at else None,
                transactions=int(stored["transactions"]),
                tables={
                    int(oid): Counters(
                        schema=str(schema), table=str(table), inserted=int(ins), updated=int(upd), deleted=int(gone)
                    )
                    for oid, schema, table, ins, upd, gone in stored["tables"]
                },
            )
        except (KeyError, TypeError, ValueError):
            return None


def write_counters(session: LiveSession) -> WriteCounters:
    """The counters of now. Writes of the last second may not be among them."""
    epoch = session.ask(sql.SQL(_EPOCH))
    rows = session.ask(sql.SQL(_COUNTERS))
    if isinstance(epoch, Refusal) or isinstance(rows, Refusal) or not epoch:
        why = epoch.why if isinstance(epoch, Refusal) else rows.why if isinstance(rows, Refusal) else "none are kept"
        raise UnavailableError(
            f"The server's write counters could not be read: {why}",
            where=f"database {session.database}",
            next_step="Try again; what was written since the deploy stays unknown without them.",
        )
    taken_at, started, reset_at, transactions = epoch[0]
    return WriteCounters(
        taken_at=taken_at,
        server_started=started,
        reset_at=reset_at,
        transactions=transactions,
        tables={
            oid: Counters(schema=schema, table=table, inserted=inserted, updated=updated, deleted=deleted)
            for oid, schema, table, inserted, updated, deleted in rows
        },
    )


def rows_written(then: WriteCounters, now: WriteCounters, oids: Iterable[int]) -> int | None:
    """Writes between two moments that left a row in these tables: at most so many rows were written. None when the
    counters do not belong together: they were reset, lost in a crash, or the server was started anew."""
    if (then.server_started, then.reset_at) != (now.server_started, now.reset_at):
        return None
    if now.transactions < then.transactions:
        return None
    written = 0
    for oid in oids:
        after, before = now.tables.get(oid), then.tables.get(oid)
        if after is None:
            # Partitioned tables have no rows of their own; whatever else it is, we do not know.
            continue
        more = after.left_behind - (before.left_behind if before else 0)
        if more < 0:
            return None
        written += more
    return written
