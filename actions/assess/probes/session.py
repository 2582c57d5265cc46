"""A session on the live database that can do no harm, and can be stopped at any moment.

Every question is one message: a transaction of its own, read only, with its own time-outs, over when the answer is
there. So no snapshot and no lock is held between questions, and nothing depends on the session keeping its settings,
which it does not behind a pooler. Nor are settings ever made for the session (they would stay with the pooled server
connection, for the application to find): what is asked for at the start goes into the connection's own options.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeAlias

import psycopg
from psycopg import sql

from actions.assess.connecting import connect_to_read
from actions.assess.probes.limits import Limits
from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.redaction import learn_secret, redact

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5

Row: TypeAlias = tuple[Any, ...]


class StoppedError(BackoutError):
    """Somebody stopped the probes; nothing was changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A question that was not answered. The server's own words may hold values of rows and are not kept."""

    sqlstate: str
    why: str

    @property
    def timed_out(self) -> bool:
        return self.sqlstate == "57014"

    @property
    def locked(self) -> bool:
        return self.sqlstate == "55P03"

    @property
    def about_values(self) -> bool:
        """A value was refused by a cast, a domain or a rule. Casts of NaN are "not supported"."""
        return self.sqlstate[:2] in {"22", "23"} or self.sqlstate == "0A000"


_REASONS = {
    "57014": "it ran out of time",
    "55P03": "another session holds a lock on it",
    "42501": "the role may not read all of it",
    "42P01": "it is not there",
    "3F000": "it is not there",
    "42703": "a column is not there",
    "42704": "a type is not there",
    "42883": "a function or operator is not there",
    "42846": "there is no such cast",
    "25006": "it would write",
    "53200": "the server has no room for more locks",
}


class LiveSession:
    """Use as a context; `stop` from another thread ends it."""

    def __init__(self, connection: psycopg.Connection[Row], limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._stopped = threading.Event()
        self.version = connection.info.server_version // 10000
        self.database = connection.info.dbname

    @classmethod
    def open(cls, url: str, limits: Limits | None = None) -> Self:
        """Connected to a server that can be written to in general, though never by this session."""
        learn_secret(url)
        limits = limits or Limits()
        try:
            connection = _connect(url, limits)
        except (psycopg.Error, UnicodeError) as error:
            raise UnavailableError(
                f"The database does not answer: {_first_line(error)}",
                next_step="Check the URL, the network and the role.",
            ) from error
        session = cls(connection, limits)
        try:
            session._refuse_standby()
        except BaseException:
            connection.close()
            raise
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, question: sql.Composable, *, within: timedelta | None = None) -> list[Row] | Refusal:
        """All rows of the answer. A question to the catalogs may leave out its time."""
        self._refuse_if_stopped()
        given = within or self._limits.catalogs
        message = sql.SQL("{settings}; {question}").format(settings=self._settings(given), question=question)
        try:
            with self._watched(given), self._connection.cursor() as cursor:
                cursor.execute(message, prepare=False)
                while cursor.nextset():
                    pass
                return cursor.fetchall()
        except psycopg.Error as error:
            return self._refusal(error)

    @contextmanager
    def borrowed(self) -> Iterator[psycopg.Connection[Row]]:
        """The connection itself, for reading catalogs; its failures are translated."""
        self._refuse_if_stopped()
        try:
            with self._watched(self._limits.catalogs):
                yield self._connection
        except psycopg.Error as error:
            refusal = self._refusal(error)
            raise UnavailableError(
                f"The catalogs could not be read: {refusal.why}",
                where=f"database {self.database}",
                next_step="Try again; look for a running migration if it stays so.",
            ) from error

    def stop(self) -> None:
        """From any thread, at any time: what runs now is cancelled, nothing more is asked."""
        self._stopped.set()
        with contextlib.suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CONNECT_SECONDS)

    def _settings(self, given: timedelta) -> sql.Composable:
        milliseconds = max(1, round(given.total_seconds() * 1000))
        # A lock that is not to be had is told apart from a long answer only if its time is over earlier.
        lock = max(1, min(round(self._limits.lock.total_seconds() * 1000), milliseconds * 3 // 4))
        return sql.SQL(
            "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {};"
            " SET LOCAL row_security = off; SET LOCAL search_path = pg_catalog; SET LOCAL jit = off"
        ).format(sql.Literal(milliseconds), sql.Literal(lock))

    def _refusal(self, error: psycopg.Error) -> Refusal:
        self._refuse_if_stopped(error)
        if self._connection.closed or self._connection.broken:
            raise UnavailableError(
                "The connection was lost while the live database was being looked at",
                where=f"database {self.database}",
                next_step="See that the server is up, then assess again. Nothing was changed.",
            ) from error
        state = error.sqlstate or ""
        return Refusal(sqlstate=state, why=_REASONS.get(state, f"the server refused it ({type(error).__name__})"))

    def _refuse_if_stopped(self, error: psycopg.Error | None = None) -> None:
        if self._stopped.is_set():
            raise StoppedError(
                "Looking at the live database was stopped", next_step="Nothing was changed; assess again any time."
            ) from error

    def _refuse_standby(self) -> None:
        answer = self.ask(sql.SQL("SELECT pg_is_in_recovery()"))
        if isinstance(answer, Refusal) or answer[0][0]:
            why = answer.why if isinstance(answer, Refusal) else "it is a standby, which only repeats its primary"
            raise RefusedError(
                f"This server cannot be taken back: {why}",
                where=f"database {self.database}",
                next_step="Let the catalog's `database` lead to the primary.",
            )

    @contextmanager
    def _watched(self, given: timedelta) -> Iterator[None]:
        """A server that is gone without a word (a network that swallows packets) must not hold us for ever."""
        timer = threading.Timer((given + self._limits.grace).total_seconds(), self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        log.warning("The live database does not answer; hanging up", extra={"event": "probe_hung_up"})
        with (
            contextlib.suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self._connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)


def _connect(url: str, limits: Limits) -> psycopg.Connection[Row]:
    settings: dict[str, str | int] = {
        "default_transaction_read_only": "on",
        "statement_timeout": round(limits.catalogs.total_seconds() * 1000),
        "lock_timeout": round(limits.lock.total_seconds() * 1000),
        "idle_in_transaction_session_timeout": 10_000,
    }
    # Each question brings its settings along anyway.
    return connect_to_read(url, settings, application_name="backout assess", connect_timeout=CONNECT_SECONDS)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in redact(str(error)).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
