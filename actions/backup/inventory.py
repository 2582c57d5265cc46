"""What a database has beside its tables' rows, as a manifest lists it, read in one snapshot.

The proof asks a restored copy the same questions, so each is a function of a session alone.
"""

from collections.abc import Iterator, Sequence

import xxhash
from psycopg import sql

from actions.backup.manifest import Extension, LargeObjects
from actions.backup.tables import NOT_OURS, Connection, Table

#: Large objects are read this many at a time, the first part of each; of bigger ones the rest follows in larger parts.
_OBJECTS_AT_ONCE = 100
_FIRST_PART = 64 * 1024
_NEXT_PART = 4 << 20


def extensions(connection: Connection) -> tuple[Extension, ...]:
    """By name, with the versions that are installed."""
    found = connection.execute(
        """SELECT e.extname::text, e.extversion, n.nspname::text
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1"""
    ).fetchall()
    return tuple(Extension(name=name, version=version, schema_name=schema) for name, version, schema in found)


def large_objects(connection: Connection) -> LargeObjects:
    """How many, and the hash over number and content of each, in the order of their numbers. In flat memory."""
    whole = xxhash.xxh3_128()
    count = 0
    for number, content in _large_objects(connection):
        count += 1
        one = xxhash.xxh3_128()
        for part in content:
            one.update(part)
        whole.update(number.to_bytes(8, "big") + one.digest())
    return LargeObjects(count=count, hash=whole.hexdigest())


def _large_objects(connection: Connection) -> Iterator[tuple[int, Iterator[bytes]]]:
    last = 0
    while True:
        batch = connection.execute(
            """SELECT oid, lo_get(oid, 0, %s) FROM pg_largeobject_metadata WHERE oid > %s::oid
            ORDER BY oid LIMIT %s""",
            [_FIRST_PART, last, _OBJECTS_AT_ONCE],
            binary=True,
        ).fetchall()
        for number, first in batch:
            yield number, _parts(connection, number, first)
            last = number
        if not batch:
            return


def _parts(connection: Connection, number: int, part: bytes) -> Iterator[bytes]:
    yield part
    position, wanted = len(part), _FIRST_PART
    while len(part) == wanted:
        wanted = _NEXT_PART
        (part,) = connection.execute(
            "SELECT lo_get(%s::oid, %s, %s)", [number, position, wanted], binary=True
        ).fetchone() or (b"",)
        position += len(part)
        yield part


_VIEWS = f"""
SELECT n.nspname::text, c.relname::text, format('%I.%I', n.nspname, c.relname), c.relispopulated
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND NOT ({NOT_OURS}) ORDER BY 1, 2
"""  # noqa: S608  text of ours alone


def materialised_views(connection: Connection) -> dict[str, int | None]:
    """By qualified name (quoted where PostgreSQL would), the number of rows; None where not populated."""
    counted: dict[str, int | None] = {}
    for schema, name, title, is_populated in connection.execute(_VIEWS.encode()).fetchall():
        counted[title] = None
        if is_populated:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
            (counted[title],) = connection.execute(query).fetchone() or (None,)
    return counted


def revisions(connection: Connection, tables: Sequence[Table], *, name: str, schema: str | None) -> tuple[str, ...]:
    """Alembic's, from its table of this name; in `public` or the only schema that has one, when none is given."""
    found = [
        table
        for table in tables
        if table.name == name and schema in (None, table.schema_name) and "version_num" in table.columns
    ]
    found.sort(key=lambda table: table.schema_name != "public")
    if not found or (len(found) > 1 and found[0].schema_name != "public"):
        return ()
    query = sql.SQL("SELECT version_num::text FROM {} ORDER BY 1").format(
        sql.Identifier(found[0].schema_name, found[0].name)
    )
    return tuple(revision for (revision,) in connection.execute(query).fetchall())


def database_bytes(connection: Connection) -> int:
    """As the server counts them, indexes included."""
    (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    return int(size)


def large_objects_bytes(connection: Connection) -> int:
    """As they lie on the server's disk."""
    (size,) = connection.execute("SELECT pg_relation_size('pg_largeobject'::regclass)").fetchone() or (0,)
    return int(size)


def what_is_not_in_it(connection: Connection, tables: Sequence[Table], *, is_standby: bool) -> tuple[str, ...]:
    """Sentences for people: what a backup leaves out, and why."""
    found = connection.execute(_ELSEWHERE.encode()).fetchone() or (None, None, None)
    foreign, subscriptions, mappings = found
    said = []
    if foreign:
        said.append(f"Rows of foreign tables lie on other servers and are not in it: {foreign}")
    if subscriptions:
        said.append(f"Subscriptions are left out, for they hold passwords; make them again: {subscriptions}")
    if mappings:
        said.append(f"User mappings are left out, for they hold passwords; make them again: {mappings}")
    unlogged = [table.title for table in tables if table.is_unlogged and not table.is_partitioned]
    if is_standby and unlogged:
        said.append(f"A standby has no rows of unlogged tables, so they are empty in it: {', '.join(unlogged)}")
    return tuple(said)


_ELSEWHERE = f"""
SELECT
  (SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname)
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f' AND NOT ({NOT_OURS})),
  (SELECT string_agg(subname::text, ', ' ORDER BY subname) FROM pg_subscription
   WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())),
  (SELECT string_agg(format('%s on %s', usename, srvname), ', ' ORDER BY srvname, usename) FROM pg_user_mappings)
"""  # noqa: S608  text of ours alone


def has_money(connection: Connection) -> bool:
    """Is there a column of the type `money`, whose text depends on the server's configuration?"""
    (found,) = connection.execute(
        """SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
          WHERE c.relkind IN ('r', 'p', 'm', 'f', 'c') AND NOT a.attisdropped
          AND ('money'::regtype IN (t.oid, t.typbasetype) OR 'money[]'::regtype IN (t.oid, t.typbasetype)))"""
    ).fetchone() or (False,)
    return bool(found)
