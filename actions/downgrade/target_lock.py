"""One at a time on a database: whoever changes it holds this lock, and the server gives it back when they die."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import psycopg

from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.redaction import learn_secret, redact

_KEY = 0x0BAC0072
_TICK_SECONDS = 0.25
_LOCK = "SELECT pg_try_advisory_lock(%s)"


class TargetLock:
    """Held. `check` says whether it still is: a server that was restarted has forgotten it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def check(self) -> None:
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise UnavailableError("The service's database went away, and our lock on it with it") from error


@contextmanager
def target_lock(
    url: str, *, within: timedelta, should_stop: Callable[[], bool], application: str = "backout lock"
) -> Iterator[TargetLock]:  # fmt: skip
    """RefusedError when another runner keeps it for longer than `within`."""
    learn_secret(url)
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5, application_name=application)
    except psycopg.Error as error:
        lines = redact(str(error)).strip().splitlines() or [type(error).__name__]
        raise UnavailableError(f"The database does not answer: {lines[0][:200]}") from error
    with connection:
        until = monotonic() + within.total_seconds()
        while not _got(connection):
            if should_stop():
                raise BackoutError("It was stopped while it waited for another runner to let go of the database")
            if monotonic() > until:
                raise RefusedError(
                    "Another runner still works on this database",
                    next_step="It lets go when it has noticed that it lost its turn.",
                )
            sleep(_TICK_SECONDS)
        yield TargetLock(connection)


def _got(connection: psycopg.Connection[Any]) -> bool:
    try:
        row = connection.execute(_LOCK, [_KEY]).fetchone()
    except psycopg.Error as error:
        raise UnavailableError("The service's database went away") from error
    return bool(row and row[0])
