"""Backups that somebody reads: what is being restored or proven is not let go meanwhile.

Readers share a lock of the history database, which gives it back when they die; whoever wants to delete needs it alone.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from zlib import crc32

from sqlalchemy import Connection, text

from actions.errors import BackoutError
from actions.history.database import History

_LOCK_SPACE = 0x0BAC0074


@contextmanager
def in_use(history: History, name: str) -> Iterator[None]:
    """Until the end of the block, or of the process. UnavailableError when the history does not answer at its beginning;
    that it goes away meanwhile is nobody's trouble.
    """
    with _session(history) as connection:
        # It waits for nobody but a deletion, after which the backup is gone.
        _ask(connection, "SELECT pg_advisory_lock_shared(:s, :k)", name)
        yield


@contextmanager
def unless_in_use(history: History, name: str) -> Iterator[bool]:
    """Whether nobody reads it; then nobody begins to before the end of the block."""
    with _session(history) as connection:
        yield bool(_ask(connection, "SELECT pg_try_advisory_lock(:s, :k)", name))


@contextmanager
def _session(history: History) -> Iterator[Connection]:
    with History(history.conninfo, pooled=False) as own, ExitStack() as held:
        opened = held.enter_context(own.session())
        try:
            yield opened.execution_options(isolation_level="AUTOCOMMIT")
        finally:
            with suppress(BackoutError):  # a session that is gone has given its lock back
                held.close()


def _ask(connection: Connection, question: str, name: str) -> object:
    key = crc32(name.encode())
    return connection.scalar(text(question), {"s": _LOCK_SPACE, "k": key - 2**32 if key >= 2**31 else key})
