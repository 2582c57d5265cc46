"""Throw-away databases: made for a rehearsal, dropped afterwards, never confused with somebody else's.

A scratch database is ours only if its name says so, down to a sum over the database that it was made from, and its
comment does not say otherwise. It has none for the moment between its making and its marking, and whoever was killed
then must be cleaned up after too. While it is used, its maker holds an advisory lock; the server gives the lock back
when the maker dies, however suddenly. So whoever comes next can tell a forgotten one (lock free: drop it) from one in
use.
"""

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import psycopg
from psycopg import errors, sql

from actions.backup.connecting import with_database
from actions.errors import ConfigurationError, UnavailableError
from actions.redaction import learn_secret, redact

log = logging.getLogger(__name__)

PREFIX = "backout_scratch_"
_NAME = re.compile(rf"{PREFIX}(?P<place>[0-9a-f]{{12}})_(?P<token>[0-9a-f]{{16}})")
_LOCK_SPACE = 0x0BAC0071
CONNECT_SECONDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ScratchDatabase:
    name: str
    url: str = field(repr=False)
    #: What a rehearsal's fence looks for in the database it is connected to.
    token: str


class ScratchServer:
    """A server on which we may make and drop databases. Use as a context."""

    def __init__(self, admin_url: str) -> None:
        learn_secret(admin_url)
        self._url = admin_url
        self._stack = ExitStack()

    def __enter__(self) -> "ScratchServer":
        try:
            self._admin = self._stack.enter_context(
                psycopg.connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="backout scratch"
                )
            )
            self._begin()
            self.sweep()
        except (psycopg.Error, UnicodeError) as error:
            self._stack.close()
            raise UnavailableError(
                f"The server for scratch databases does not answer as it should: {_first_line(error)}",
                next_step="Look at the database's `scratch` and `admin_url` in the catalog.",
            ) from error
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def version(self) -> int:
        """As PostgreSQL numbers it: 180004."""
        return self._admin.info.server_version

    @property
    def role(self) -> str:
        """With which we are here: it owns what we make."""
        return self._admin.info.user

    @contextmanager
    def database(
        self, *, template: str | None = None, making: Callable[[str], sql.Composed] | None = None
    ) -> Iterator[ScratchDatabase]:
        """A new one, empty or a copy of another scratch database; dropped at the end, whatever happens. `making` gives
        the statement that makes a database of that name, where it needs an encoding or a locale of its own.
        """
        token = secrets.token_hex(8)
        name = f"{PREFIX}{self._place}_{token}"
        with _said_clearly():
            self._admin.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_SPACE, _key(name)])
        try:
            with _said_clearly():
                self._create(name, making(name) if making else _copying(name, template or "template0"), token)
            yield ScratchDatabase(name=name, url=with_database(self._url, name), token=token)
        finally:
            self._drop(name)

    def sweep(self) -> tuple[str, ...]:
        """Drop what dead processes left behind; the names of what was dropped."""
        dropped = []
        for name, comment in self._admin.execute(_OURS, [PREFIX]).fetchall():
            if not _is_ours(name, comment, self._maintained_from(), self._place):
                continue
            free = self._admin.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, _key(name)]).fetchone()
            if free and free[0]:
                self._drop(name)
                dropped.append(name)
        if dropped:
            log.info("Dropped %d forgotten scratch databases", len(dropped), extra={"event": "scratch_swept"})
        return tuple(dropped)

    def _begin(self) -> None:
        """The sum that our names carry; and that a long statement of ours ends soon after we were killed."""
        row = self._admin.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        self._place = place_sum(self._maintained_from(), int(row[0]) if row else 0)
        if self._admin.info.server_version >= 140000:
            with suppress(psycopg.Error):
                # Not every system can see that a client has gone.
                self._admin.execute("SET client_connection_check_interval = '1s'")

    def _create(self, name: str, statement: sql.Composed, token: str) -> None:
        comment = json.dumps({"backout": "scratch", "token": token, "from": self._maintained_from()})
        self._admin.execute(statement)
        self._admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment)))

    def _drop(self, name: str) -> None:
        """Ends its sessions first: a rehearsal's child may still be dying. WITH (FORCE) needs the same rights."""
        try:
            self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        except psycopg.Error as error:
            log.warning(
                "Scratch database %s could not be dropped (%s); the next start will", name, _first_line(error),
                extra={"event": "scratch_left"},
            )  # fmt: skip
        with suppress(psycopg.Error):
            # Whether it went or not, nobody uses it any more.
            self._admin.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, _key(name)])

    def _maintained_from(self) -> str:
        """Advisory locks belong to one database: only those who use the same one may judge each other's."""
        return str(self._admin.info.dbname)


_OURS = """
SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
WHERE starts_with(datname, %s) ORDER BY 1
"""


def place_sum(name: str, oid: int) -> str:
    """Of the database that scratch databases are made from: part of their names."""
    return hashlib.sha256(f"backout scratch {oid} {name}".encode()).hexdigest()[:12]


def _copying(name: str, template: str) -> sql.Composed:
    return sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))


def _is_ours(name: str, comment: str | None, maintained_from: str, place: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None or found["place"] != place:
        return False
    if comment is None:
        return True
    try:
        said: Any = json.loads(comment)
    except ValueError:
        return False
    return (
        isinstance(said, dict)
        and said.get("backout") == "scratch"
        and said.get("token") == found["token"]
        and said.get("from") == maintained_from
    )


@contextmanager
def _said_clearly() -> Iterator[None]:
    """What the driver says while a scratch database is made, in our words."""
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            "The role may not create databases, so there is nowhere to rehearse",
            next_step="Give it CREATEDB, name an `admin_url`, or set `scratch: embedded` for this database.",
        ) from error
    except psycopg.Error as error:
        raise UnavailableError(f"A scratch database could not be made: {_first_line(error)}") from error


def _key(name: str) -> int:
    """32 bits, signed, as the server wants them."""
    value = crc32(name.encode())
    return value - 2**32 if value >= 2**31 else value


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in redact(str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
