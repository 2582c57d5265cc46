"""Gets everybody out of a database while another session of ours holds the door: for a rename or a template copy.

Both make newcomers wait (the server locks the database's entry) and give up after five seconds in which somebody is
still inside. So a second session ends those inside, from the moment the door is held and not before.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from zlib import crc32

import psycopg
from psycopg import errors

from actions.backup.connected import (
    end_sessions_once_locked,
    holders,
    in_the_way,
    maintenance,
    named_visitors,
    type_connection,
)
from actions.errors import RefusedError

_LOCK_SPACE = 0x0BAC0072
GLANCE_SECONDS = 0.01
#: One of our sessions that fell silent while it holds the door must not keep it shut.
SILENCE = timedelta(seconds=5)


class Doorman:
    """Ends sessions while on duty, in a thread and a session of its own. Use as a context."""

    def __init__(self, admin_url: str, databases: Sequence[str]) -> None:
        self._admin_url = admin_url
        self._databases = tuple(databases)
        self._stack = ExitStack()
        #: How many sessions were told to go.
        self.ended = 0

    def __enter__(self) -> "Doorman":
        self._connection = self._stack.enter_context(
            maintenance(self._admin_url, avoid=self._databases, purpose="makes room")
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def on_duty(self, holder: int) -> Iterator[None]:
        """Within, whoever is inside while that process holds the door is ended."""
        over = threading.Event()
        worker = threading.Thread(target=self._work, args=(holder, over), name="doorman", daemon=True)
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join()

    def _work(self, holder: int, over: threading.Event) -> None:
        # Should this session die, the one that holds the door gives up after its five seconds and says so.
        with contextlib.suppress(psycopg.OperationalError):
            while not over.wait(GLANCE_SECONDS):
                self.ended += end_sessions_once_locked(self._connection, self._databases, locked_by=holder)


def guard_the_session(connection: type_connection, *, patience: timedelta) -> None:
    """Should we die or hang, the server gives the lock back at once; what it says was done is on its disk."""
    wait = f"{max(100, int(min(patience, SILENCE).total_seconds() * 1000))}ms"
    for name, value in (
        ("lock_timeout", wait), ("idle_in_transaction_session_timeout", f"{SILENCE.seconds}s"),
        ("statement_timeout", "0"), ("synchronous_commit", "on"), ("client_connection_check_interval", "200ms"),
    ):  # fmt: skip
        # The last is missing before PostgreSQL 14 and refused by some systems: there our death is noticed later.
        with contextlib.suppress(errors.UndefinedObject, errors.InvalidParameterValue):
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])


@contextmanager
def only_one_works(connection: type_connection, database: str) -> Iterator[None]:
    """RefusedError while another Backout swaps, copies or drops for the same database."""
    key = [_LOCK_SPACE, _signed(crc32(database.encode()))]
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
    if not row or not row[0]:
        raise RefusedError(f"Another Backout is at work on database {database}", next_step="Wait until it is done.")
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.OperationalError):  # the session's end gives it back as well
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def still_inside(connection: type_connection, databases: Sequence[str]) -> RefusedError:
    """Names who did not leave in time, and who holds a lock on the entry of one of these databases."""
    who = [
        f"{named} in {name}" for name in databases for named in named_visitors(in_the_way(connection, name).visitors)
    ]
    who += [f"{named} holds a lock on its entry" for named in named_visitors(holders(connection, databases))]
    return RefusedError(
        f"Database {databases[0]} did not become quiet in time: {'; '.join(who) or 'whoever it was has left meanwhile'}",
        next_step="Stop what connects again and again or holds the lock, then try again. Nothing was changed.",
    )


def _signed(value: int) -> int:
    """32 bits, signed, as the server wants them."""
    return value - 2**32 if value >= 2**31 else value
