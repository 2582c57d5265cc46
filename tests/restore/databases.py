"""Databases for tests of coming back: one that is live, and others of ours beside it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from actions.backup.connecting import with_database
from actions.backup.marks import Mark, NewMark, marking

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def says(url: str, database: str) -> object:
    return ask(with_database(url, database), "SELECT says FROM marker")


def names(url: str, like: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [like])
        return [str(name) for (name,) in rows]


@contextmanager
def live_database(url: str, *, says: str = "old") -> Iterator[str]:
    """A service's database; it and everything whose name begins with its name are dropped afterwards."""
    name = f"shop{secrets.token_hex(4)}"
    make(url, name, says=says)
    try:
        yield name
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            for found in names(url, name):
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(found)))


def make(url: str, name: str, *, says: str, mark: Mark | None = None) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        if mark:
            connection.execute(marking(mark))
    run(with_database(url, name), f"CREATE TABLE marker AS SELECT '{says}'::text AS says")
    return name


def make_new(url: str, live: str, *, says: str = "new", comment: str | None = None, limit: int = -1) -> str:
    """One of ours, ready to take the place of the live one."""
    name = f"{live}_new_{secrets.token_hex(4)}"
    mark = NewMark(
        says="a test", name=name, database=live, backup="b1", made_at=NOON, comment=comment, connection_limit=limit
    )
    return make(url, name, says=says, mark=mark)
