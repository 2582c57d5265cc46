"""How big tables are, from catalogs alone: decides what is counted and what is estimated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql

from actions.assess.probes.session import LiveSession, Refusal
from actions.assess.schema.naming import Identity

#: A query locks each partition and each of its indexes, and the server's room for locks is everybody's.
MOST_CHILDREN = 500

# The size of a table that somebody alters could not be had without waiting for him.
_SIZES = """
WITH RECURSIVE wanted AS (
    SELECT w.place, c.oid FROM unnest({schemas}::text[], {names}::text[]) WITH ORDINALITY AS w (schema, name, place)
    JOIN pg_namespace n ON n.nspname = w.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'f', 'm')
), tree AS (
    SELECT place, oid FROM wanted UNION SELECT t.place, h.inhrelid FROM tree t JOIN pg_inherits h ON h.inhparent = t.oid
), members AS (
    SELECT t.place, c.oid, c.relkind, c.relpages, c.reltuples, CASE
        WHEN c.relkind NOT IN ('r', 'm') THEN 0
        WHEN EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
            AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) THEN NULL
        ELSE pg_relation_size(c.oid) END AS bytes
    FROM tree t JOIN pg_class c ON c.oid = t.oid
)
SELECT place, array_agg(oid::int8), bool_or(relkind = 'f'),
       CASE WHEN count(*) = count(bytes) THEN sum(bytes)::int8 END,
       sum(CASE WHEN reltuples > 0 AND relpages > 0 AND bytes IS NOT NULL
               THEN reltuples / relpages * (bytes / current_setting('block_size')::int8)
           WHEN reltuples > 0 THEN reltuples
           ELSE pg_stat_get_live_tuples(oid) END)::int8
FROM members GROUP BY place"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableSize:
    """A table with its partitions and children."""

    #: Its own, and theirs.
    oids: tuple[int, ...]
    #: A part of it is on another server.
    foreign: bool
    #: None while somebody holds it for altering.
    bytes: int | None
    #: By statistics.
    rows: int

    @property
    def children(self) -> int:
        return len(self.oids) - 1


def sizes(session: LiveSession, tables: Iterable[Identity]) -> Mapping[Identity, TableSize]:
    """Of those that are there. Empty when the catalogs could not be asked."""
    asked = tuple(dict.fromkeys(tables))
    if not asked:
        return {}
    answer = session.ask(
        sql.SQL(_SIZES).format(
            schemas=sql.Literal([table.schema for table in asked]), names=sql.Literal([table.name for table in asked])
        )
    )
    if isinstance(answer, Refusal):
        return {}
    return {
        asked[place - 1]: TableSize(oids=tuple(oids), foreign=foreign, bytes=size, rows=max(0, rows or 0))
        for place, oids, foreign, size, rows in answer
    }
