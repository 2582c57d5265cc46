"""The server, the role and the room: what a downgrade, a copy or a backup will meet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from actions.assess.probes.session import LiveSession, Refusal, Row
from actions.assess.schema.naming import Identity
from actions.errors import UnavailableError

_SERVER = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000, current_database(),
       pg_postmaster_start_time(), pg_database_size(current_database())"""
_SETTINGS = """
SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'max_locks_per_transaction',
    'max_prepared_transactions', 'wal_level', 'track_commit_timestamp', 'track_counts', 'lock_timeout',
    'statement_timeout', 'session_replication_role', 'server_encoding') ORDER BY 1"""
# Who may do everything needs no right in particular.
_ROLE = """
SELECT r.rolname, r.rolsuper, r.rolcreatedb OR r.rolsuper, r.rolbypassrls OR r.rolsuper,
       pg_has_role(r.oid, 'pg_read_all_stats', 'usage'), pg_has_role(r.oid, 'pg_signal_backend', 'usage')
FROM pg_roles r WHERE r.rolname = current_user"""
_TABLES = """
SELECT w.place, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'usage'),
       has_table_privilege(c.oid, 'SELECT'), c.relrowsecurity AND (c.relforcerowsecurity OR
           NOT pg_has_role(c.relowner, 'usage')),
       CASE WHEN EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) THEN NULL
       WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(pg_total_relation_size(t.relid)), 0)::int8
           FROM pg_partition_tree(c.oid) t)
       ELSE pg_total_relation_size(c.oid) END
FROM unnest({schemas}::text[], {names}::text[]) WITH ORDINALITY AS w (schema, name, place)
JOIN pg_namespace n ON n.nspname = w.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'f', 'm')
ORDER BY 1"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """Whom we are connected as, and what that allows."""

    name: str
    superuser: bool
    #: May make the copy that a rehearsal needs.
    creates_databases: bool
    #: Row security hides nothing from it.
    bypasses_row_security: bool
    #: Sees other sessions' statements.
    reads_all_statistics: bool
    #: May end other sessions.
    signals_sessions: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFacts:
    table: Identity
    owner: str
    #: Only an owner may alter or drop it.
    ours: bool
    readable: bool
    #: Some rows are hidden from this role, unless it bypasses that.
    rows_hidden: bool
    #: With indexes and TOAST; None while somebody holds it for altering.
    bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    version: str
    major: int
    database: str
    server_started: datetime
    database_bytes: int
    #: A server does not tell how much room its disk has.
    free_bytes: None
    settings: Mapping[str, str]
    role: Role
    #: Those of the tables asked about that are there.
    tables: tuple[TableFacts, ...]
    unknown: tuple[str, ...] = ()

    @property
    def not_ours(self) -> tuple[Identity, ...]:
        """Tables that this role may not alter or drop."""
        return () if self.role.superuser else tuple(one.table for one in self.tables if not one.ours)


def surroundings(session: LiveSession, tables: Collection[Identity]) -> Surroundings:
    """What the server says of itself, the role and these tables."""
    asked = tuple(tables)
    names = {
        "schemas": sql.Literal([table.schema for table in asked]),
        "names": sql.Literal([table.name for table in asked]),
    }
    server, settings, role = (_certain(session, query) for query in (_SERVER, _SETTINGS, _ROLE))
    facts = session.ask(sql.SQL(_TABLES).format(**names))
    version, major, database, started, size = server[0]
    return Surroundings(
        version=str(version).split()[0],
        major=major,
        database=database,
        server_started=started,
        database_bytes=size,
        free_bytes=None,
        settings=dict(settings),
        role=_role(role[0]),
        tables=()
        if isinstance(facts, Refusal)
        else tuple(
            TableFacts(
                table=asked[place - 1], owner=owner, ours=ours, readable=readable, rows_hidden=hidden, bytes=bytes_
            )
            for place, owner, ours, readable, hidden, bytes_ in facts
        ),
        unknown=(f"tables: {facts.why}",) if isinstance(facts, Refusal) else (),
    )


def _certain(session: LiveSession, query: str) -> list[Row]:
    answer = session.ask(sql.SQL(query))
    if isinstance(answer, Refusal):
        raise UnavailableError(
            f"The server does not tell about itself: {answer.why}",
            where=f"database {session.database}",
            next_step="Try again; see that the role may read the catalogs.",
        )
    return answer


def _role(row: Row) -> Role:
    name, superuser, creates, bypasses, statistics, signals = row
    return Role(
        name=name,
        superuser=superuser,
        creates_databases=creates,
        bypasses_row_security=bypasses,
        reads_all_statistics=statistics,
        signals_sessions=signals,
    )
