"""A database's schema, or all of it, into an empty one: what pg_dump writes, run on another server.

A copy that is not finished is thrown away, so it needs no single transaction, which would run out of locks when there
are thousands of tables, and it does not wait for the disk.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import LiteralString

import psycopg
from psycopg import sql

from actions.backup.complaints import complaint
from actions.backup.connecting import libpq_environment
from actions.backup.filling import fill_at_once
from actions.backup.patience import Patience
from actions.backup.programs import ClientPrograms
from actions.backup.streaming import stream
from actions.errors import BackoutError
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command

#: What pg_dump writes for its own version and an older server does not know.
NEWER_SETTINGS = b"SET transaction_timeout = "
END_OF_HEAD = b"SELECT pg_catalog.set_config('search_path'"
LONGEST_HEAD = 64 * 1024
#: Beyond so many objects one transaction might need more locks than a server has by default.
MOST_AT_ONCE = 2_000
LARGEST_SCRIPT = 512 * 1024 * 1024
#: Whoever looks for writers must know that this is none.
OURS = "backout copy"
SCHEMA_DEADLINE = timedelta(minutes=30)
WHOLE_DEADLINE = timedelta(hours=24)
OPTIONS = (
    "--no-owner", "--no-subscriptions", "--no-security-labels", "--no-tablespaces", "--lock-wait-timeout=5s",
    "--encoding=UTF8",
)  # fmt: skip


def copy_schema(
    source_url: str, target_url: str, programs: ClientPrograms, *, privileges: bool,
    deadline: timedelta = SCHEMA_DEADLINE, should_stop: Callable[[], bool] | None = None,
) -> None:  # fmt: skip
    """Everything but rows. Takes ACCESS SHARE locks on the source for as long as pg_dump reads its catalogs."""
    patience = Patience(until=time.monotonic() + deadline.total_seconds(), should_stop=should_stop)
    options = ("--schema-only", *_options(source_url, target_url, privileges=privileges))
    command = _dump(source_url, programs, options, patience)
    dumped = LocalCommands().run(command, should_stop=should_stop)
    patience.check(dumped.ended)
    _check(dumped.exit_code, dumped.stderr, "The database could not be read")
    if dumped.cut:
        raise BackoutError(f"The schema takes more than {LARGEST_SCRIPT:,} bytes to write down")
    script = Head()(dumped.stdout.encode(), is_last=True)
    if script.count(b"\nCREATE ") <= MOST_AT_ONCE:
        fill_at_once(target_url, script, patience)
    else:
        filled = LocalCommands().run(_fill(target_url, programs, patience, script), should_stop=should_stop)
        patience.check(filled.ended)
        _check(filled.exit_code, filled.stderr, "The copy could not be filled")
    cut_off_foreign_servers(target_url)


def copy_all(
    source_url: str, target_url: str, programs: ClientPrograms, *, privileges: bool,
    deadline: timedelta = WHOLE_DEADLINE, should_stop: Callable[[], bool] | None = None,
) -> None:  # fmt: skip
    """Schema and rows, streamed: nothing is kept on disk in between."""
    patience = Patience(until=time.monotonic() + deadline.total_seconds(), should_stop=should_stop)
    options = _options(source_url, target_url, privileges=privileges)
    done = stream(
        _dump(source_url, programs, options, patience), _fill(target_url, programs, patience), edit=Head(),
        until=patience.until, should_stop=should_stop,
    )  # fmt: skip
    patience.check(done.ended)
    # A dump that was killed because its reader died has nothing to say; the reader knows why.
    _check(done.sink.exit_code, done.sink.said, "The copy could not be filled")
    _check(done.source.exit_code, done.source.said, "The database could not be read")
    cut_off_foreign_servers(target_url)


def cut_off_foreign_servers(url: str) -> None:
    """A copy must not write through to other servers: without user mappings it has no way in there."""
    with psycopg.connect(url, application_name=OURS) as connection:
        for server, user in connection.execute("SELECT srvname, usename FROM pg_user_mappings").fetchall():
            whom = sql.SQL("PUBLIC") if user == "public" else sql.Identifier(user)
            connection.execute(sql.SQL("DROP USER MAPPING FOR {} SERVER {}").format(whom, sql.Identifier(server)))


class Head:
    """Lets a script pass without the settings in its head that an older server does not know."""

    def __init__(self) -> None:
        self._head: bytes | None = b""

    def __call__(self, chunk: bytes, *, is_last: bool) -> bytes:
        if self._head is None:
            return chunk
        head = self._head + chunk
        end = head.find(END_OF_HEAD)
        if end < 0 and len(head) < LONGEST_HEAD and not is_last:
            self._head = head
            return b""
        self._head = None
        end = max(end, 0)
        kept = [line for line in head[:end].splitlines(keepends=True) if not line.startswith(NEWER_SETTINGS)]
        return b"".join(kept) + head[end:]


def _options(source_url: str, target_url: str, *, privileges: bool) -> tuple[str, ...]:
    return (
        *OPTIONS,
        *(() if privileges else ("--no-privileges",)),
        *(() if _may_have_publications(source_url, target_url) else ("--no-publications",)),
    )


def _may_have_publications(source_url: str, target_url: str) -> bool:
    """Without a subscriber they are harmless; but those of all tables, or of a schema, only a superuser may make."""
    with psycopg.connect(target_url, application_name=OURS) as connection:
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        if row and row[0]:
            return True
    with psycopg.connect(source_url, application_name=OURS) as connection:
        connection.read_only = True
        asked = [_OF_ALL_TABLES]
        # Older servers do not have it.
        if connection.execute("SELECT to_regclass('pg_catalog.pg_publication_namespace')").fetchone() != (None,):
            asked.append(_OF_A_SCHEMA)
        return not any(connection.execute(question).fetchone() is not None for question in asked)


_OF_ALL_TABLES: LiteralString = "SELECT FROM pg_publication WHERE puballtables LIMIT 1"
_OF_A_SCHEMA: LiteralString = "SELECT FROM pg_publication_namespace LIMIT 1"


def _dump(url: str, programs: ClientPrograms, options: tuple[str, ...], patience: Patience) -> Command:
    return Command(
        argv=(str(programs.folder / "pg_dump"), *options), env=_environment(url), deadline=patience.left(),
        keep_bytes=LARGEST_SCRIPT,
    )  # fmt: skip


def _fill(url: str, programs: ClientPrograms, patience: Patience, script: bytes = b"") -> Command:
    environment = _environment(url)
    environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} -c synchronous_commit=off".strip()
    return Command(
        argv=(str(programs.folder / "psql"), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"), env=environment,
        stdin=script, deadline=patience.left(),
    )  # fmt: skip


def _environment(url: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **libpq_environment(url), "PGAPPNAME": OURS}


def _check(code: int | None, said: str, what: str) -> None:
    if code != 0:
        raise complaint(what, said)
