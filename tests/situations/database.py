"""The database that measuring needs: made, wiped, looked after over one connection of its own, and dropped."""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import psycopg
from psycopg import sql

#: How long a session may take to leave after its connection was closed.
LEAVING_SECONDS = 10

ROLES = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'"
ACTIVITY = "SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
TABLES = r"""
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT LIKE 'alembic\_version%'
"""

SCHEMAS = r"""
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
SETTINGS = (
    ("timezone", "UTC"),
    ("statement_timeout", "20s"),
    ("lock_timeout", "5s"),
    ("client_min_messages", "warning"),
)

#: Rows inserted, updated and deleted so far, by the table's oid.
Activity: TypeAlias = Mapping[int, tuple[int, int, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """One database, used again and again: emptying it takes a tenth of the time that a new one would."""

    url: str
    connection: psycopg.Connection
    #: Roles that were on the server before us.
    known_roles: frozenset[str]

    def wipe(self) -> None:
        """As if new: nothing in it, and none of the roles that were made in the meantime."""
        for statement in ("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'", SCHEMAS):
            kind = "EXTENSION" if "extname" in statement else "SCHEMA"
            for (name,) in self.connection.execute(statement).fetchall():
                self.connection.execute(sql.SQL("DROP {} {} CASCADE").format(sql.SQL(kind), sql.Identifier(name)))
        self.connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        self.connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        for role in self.roles() - self.known_roles:
            self.connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    def execute(self, script: str) -> None:
        if script.strip():
            with self.connection.transaction():
                # As bytes it may hold several statements and plain percent signs.
                self.connection.execute(script.encode())

    def empty(self) -> None:
        """Empty every table but Alembic's own."""
        if found := self.connection.execute(TABLES).fetchall():
            tables = sql.SQL(", ").join(sql.Identifier(*names) for names in found)
            self.connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))

    def roles(self) -> frozenset[str]:
        return _roles(self.connection)

    def activity(self) -> Activity:
        """What everybody wrote so far. Waits for all others to leave: a session hands in its counts when it ends."""
        self.connection.execute("SELECT pg_stat_force_next_flush()")
        deadline = time.monotonic() + LEAVING_SECONDS
        while self.connection.execute(OTHERS).fetchone() != (0,):
            if time.monotonic() > deadline:
                raise TimeoutError("a session of the measured project does not leave its database")
            time.sleep(0.002)
        return {
            oid: (inserted, updated, deleted) for oid, inserted, updated, deleted in self.connection.execute(ACTIVITY)
        }


@contextmanager
def measuring_database(server_url: str) -> Iterator[Database]:
    """A database of our own, with settings that make measuring repeatable; dropped afterwards."""
    plain_name = f"situation_{secrets.token_hex(6)}"
    name = sql.Identifier(plain_name)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        try:
            for setting, value in SETTINGS:
                server.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(name, sql.SQL(setting), value))
            url = _beside(server_url, plain_name)
            with psycopg.connect(url, autocommit=True) as connection:
                ours = Database(url=url, connection=connection, known_roles=_roles(connection))
                yield ours
                ours.wipe()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _roles(connection: psycopg.Connection) -> frozenset[str]:
    """Roles belong to the whole server, not to one database."""
    return frozenset(name for (name,) in connection.execute(ROLES))


def _beside(server_url: str, name: str) -> str:
    """The URL of another database on the same server."""
    scheme, _, rest = server_url.partition("://")
    place, question, options = rest.partition("?")
    return f"{scheme}://{place.partition('/')[0]}/{name}{question}{options}"
