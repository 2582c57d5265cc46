"""Throw-away databases: made for a rehearsal, dropped afterwards, never confused with somebody else's.

A scratch database is ours only if its name *and* its comment say so. While it is used, its maker holds an advisory
lock; the server gives the lock back when the maker dies, however suddenly. So whoever comes next can tell a
forgotten one (lock free: drop it) from one in use.
"""

import json
import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import psycopg
from psycopg import errors, sql

from actions.backup.connecting import place_of, with_database
from actions.downgrade.order import Fence
from actions.errors import ConfigurationError, UnavailableError
from actions.redaction import learn_secret, redact

log = logging.getLogger(__name__)

PREFIX = "backout_scratch_"
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
_LOCK_SPACE = 0x0BAC0071
CONNECT_SECONDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ScratchDatabase:
    name: str
    url: str = field(repr=False)
    #: What a rehearsal's fence looks for in the database it is connected to.
    token: str

    @property
    def fence(self) -> Fence:
        host, port, database = place_of(self.url)
        return Fence(host=host, port=port, database=database, token=self.token)


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
        except (psycopg.Error, UnicodeError) as error:
            raise UnavailableError(
                f"The server for scratch databases does not answer: {_first_line(error)}",
                next_step="Look at the database's `scratch` and `admin_url` in the catalog.",
            ) from error
        self.sweep()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def database(self, *, template: str | None = None) -> Iterator[ScratchDatabase]:
        """A new one, empty or a copy of another scratch database; dropped at the end, whatever happens."""
        token = secrets.token_hex(8)
        name = PREFIX + token
        self._admin.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_SPACE, _key(name)])
        try:
            self._create(name, template or "template0", token)
            yield ScratchDatabase(name=name, url=with_database(self._url, name), token=token)
        finally:
            self._drop(name)

    def sweep(self) -> tuple[str, ...]:
        """Drop what dead processes left behind; the names of what was dropped."""
        dropped = []
        for name, comment in self._admin.execute(_OURS, [PREFIX]).fetchall():
            if not _is_ours(name, comment, self._maintained_from()):
                continue
            free = self._admin.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, _key(name)]).fetchone()
            if free and free[0]:
                self._drop(name)
                dropped.append(name)
        if dropped:
            log.info("Dropped %d forgotten scratch databases", len(dropped), extra={"event": "scratch_swept"})
        return tuple(dropped)

    def _create(self, name: str, template: str, token: str) -> None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        comment = json.dumps({"backout": "scratch", "token": token, "from": self._maintained_from()})
        try:
            self._admin.execute(statement)
            self._admin.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))
            )
        except errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                "The role may not create databases, so there is nowhere to rehearse",
                next_step="Give it CREATEDB, name an `admin_url`, or set `scratch: embedded` for this database.",
            ) from error
        except psycopg.OperationalError as error:
            raise UnavailableError(f"A scratch database could not be made: {_first_line(error)}") from error

    def _drop(self, name: str) -> None:
        """Ends its sessions first: a rehearsal's child may still be dying. WITH (FORCE) needs the same rights."""
        try:
            self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            self._admin.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, _key(name)])
        except psycopg.Error as error:
            log.warning(
                "Scratch database %s could not be dropped (%s); the next start will", name, _first_line(error),
                extra={"event": "scratch_left"},
            )  # fmt: skip

    def _maintained_from(self) -> str:
        """Advisory locks belong to one database: only those who use the same one may judge each other's."""
        return str(self._admin.info.dbname)


_OURS = """
SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
WHERE starts_with(datname, %s) ORDER BY 1
"""


def _is_ours(name: str, comment: str | None, maintained_from: str) -> bool:
    try:
        said: Any = json.loads(comment or "")
    except ValueError:
        return False
    if not isinstance(said, dict) or not _NAME.fullmatch(name):
        return False
    return (
        said.get("backout") == "scratch"
        and name == PREFIX + str(said.get("token"))
        and said.get("from") == maintained_from
    )


def _key(name: str) -> int:
    """32 bits, signed, as the server wants them."""
    value = crc32(name.encode())
    return value - 2**32 if value >= 2**31 else value


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in redact(str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
