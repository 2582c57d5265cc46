"""Who else lives from this database's changes: standbys, slots, publications, subscriptions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from psycopg import sql

from actions.assess.probes.session import LiveSession, Refusal, Row
from actions.assess.schema.naming import Identity

_REPLICAS = """
SELECT coalesce(application_name, ''), state, sync_state,
       pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::int8, extract(epoch FROM replay_lag)::float8
FROM pg_stat_replication ORDER BY 1"""
_SLOTS = """
SELECT slot_name, slot_type, active, database IS NULL OR database = current_database(),
       pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8
FROM pg_replication_slots ORDER BY 1"""
_PUBLICATIONS = """
SELECT p.pubname, array_agg(ARRAY[p.schemaname::text, p.tablename::text] ORDER BY p.schemaname, p.tablename)
FROM pg_publication_tables p
JOIN unnest({schemas}::text[], {names}::text[]) AS w (schema, name) ON w.schema = p.schemaname AND w.name = p.tablename
GROUP BY 1 ORDER BY 1"""
_SUBSCRIPTIONS = """
SELECT s.subname, s.subenabled FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1"""
_SUBSCRIBED = """
SELECT n.nspname, c.relname FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN unnest({schemas}::text[], {names}::text[]) AS w (schema, name) ON w.schema = n.nspname AND w.name = c.relname
ORDER BY 1, 2"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    name: str
    #: None: not ours to see.
    state: str | None
    sync_state: str | None
    bytes_behind: int | None
    time_behind: timedelta | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    name: str
    #: `physical` or `logical`.
    kind: str
    active: bool
    #: It reads this database (a physical one reads all).
    of_this_database: bool
    #: Log that the server keeps for it.
    bytes_kept: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Replication:
    replicas: tuple[Replica, ...]
    slots: tuple[Slot, ...]
    #: Publication -> the tables asked about that it publishes. Dropped columns and tables break its subscribers.
    publications: tuple[tuple[str, tuple[Identity, ...]], ...]
    #: Names, and whether they are enabled.
    subscriptions: tuple[tuple[str, bool], ...]
    #: The tables asked about that a subscription writes to.
    subscribed: tuple[Identity, ...]
    unknown: tuple[str, ...] = ()


def replication(session: LiveSession, tables: Collection[Identity]) -> Replication:
    """As far as it has to do with these tables, or with the whole database."""
    asked = {
        "schemas": sql.Literal([table.schema for table in tables]),
        "names": sql.Literal([table.name for table in tables]),
    }
    unknown: list[str] = []

    def rows(what: str, query: str) -> list[Row]:
        answer = session.ask(sql.SQL(query).format(**asked))
        if isinstance(answer, Refusal):
            unknown.append(f"{what}: {answer.why}")
            return []
        return answer

    found = Replication(
        replicas=tuple(map(_replica, rows("replicas", _REPLICAS))),
        slots=tuple(
            Slot(name=name, kind=kind, active=active, of_this_database=ours, bytes_kept=kept)
            for name, kind, active, ours, kept in rows("replication slots", _SLOTS)
        ),
        publications=tuple(
            (name, tuple(Identity(schema=schema, name=table) for schema, table in published))
            for name, published in rows("publications", _PUBLICATIONS)
        ),
        subscriptions=tuple((name, enabled) for name, enabled in rows("subscriptions", _SUBSCRIPTIONS)),
        subscribed=tuple(
            Identity(schema=schema, name=table) for schema, table in rows("subscribed tables", _SUBSCRIBED)
        ),
    )
    return found if not unknown else _with_unknown(found, tuple(unknown))


def _with_unknown(found: Replication, unknown: tuple[str, ...]) -> Replication:
    return Replication(
        replicas=found.replicas,
        slots=found.slots,
        publications=found.publications,
        subscriptions=found.subscriptions,
        subscribed=found.subscribed,
        unknown=unknown,
    )


def _replica(row: Row) -> Replica:
    name, state, sync_state, behind, seconds = row
    return Replica(
        name=name,
        state=state,
        sync_state=sync_state,
        bytes_behind=behind,
        time_behind=None if seconds is None else timedelta(seconds=seconds),
    )
