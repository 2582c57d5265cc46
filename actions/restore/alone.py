"""Only one restore of a database at a time: two would each drop what the other has just made ready.

The lock is the server's own, so it also keeps apart those who do not share a history, and it ends with its session.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from zlib import crc32

import psycopg

from actions.backup.connected import first_line, maintenance, type_connection
from actions.backup.session import connect
from actions.errors import RefusedError, UnavailableError
from actions.redaction import redact

log = logging.getLogger(__name__)

TITLE = "backout restores"
_LOCK_SPACE = 0x0BAC0073
_HOLDER = """
SELECT a.application_name, a.backend_start, coalesce(host(a.client_addr), 'the server itself'), a.pid
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = %s::bigint::oid AND l.objid = %s::bigint::oid AND l.granted
"""


@contextmanager
def only_one_restores(admin_url: str, database: str, *, inside: bool = False) -> Iterator[Callable[[], None]]:
    """RefusedError while another one is under way. What is given answers for the last step: it takes a lock that was
    lost on the way again, and raises when somebody else has it by now.

    `inside`: where no other database lets us in, the lock is the database's own.
    """
    with ExitStack() as stack:
        held = stack.enter_context(ExitStack())
        connection = held.enter_context(_locked(admin_url, database, inside=inside))

        def make_sure() -> None:
            nonlocal connection
            try:
                connection.execute("SELECT")
            except psycopg.Error:
                log.info("The lock of the restore was lost and is taken again", extra={"event": "restore_lock_lost"})
                with suppress(psycopg.Error):
                    held.close()
                connection = held.enter_context(_locked(admin_url, database, inside=inside))

        yield make_sure


@contextmanager
def _locked(admin_url: str, database: str, *, inside: bool) -> Iterator[type_connection]:
    with _session(admin_url, database, inside=inside) as connection:
        # An idle session must outlive a restore of hours.
        with suppress(psycopg.errors.UndefinedObject):
            connection.execute("SET idle_session_timeout = 0")
        key = crc32(database.encode())
        row = connection.execute(
            "SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, key - 2**32 if key >= 2**31 else key]
        ).fetchone()
        if not row or not row[0]:
            raise RefusedError(
                f"Another restore of {database} is under way{_whose(connection, key)}",
                next_step="Wait until it is done, or stop it where it was begun. Nothing was changed by this one.",
            )
        yield connection


@contextmanager
def _session(admin_url: str, database: str, *, inside: bool) -> Iterator[type_connection]:
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(maintenance(admin_url, avoid=(database,), purpose="restores"))
        except UnavailableError:
            if not inside:
                raise
            try:
                connection = stack.enter_context(closing(connect(admin_url, title=TITLE)))
            except psycopg.Error as error:
                raise UnavailableError(f"The database does not answer: {first_line(error)}") from error
        yield connection


def _whose(connection: type_connection, key: int) -> str:
    row = connection.execute(_HOLDER, [_LOCK_SPACE, key]).fetchone()
    if row is None:
        return ""
    _, since, address, pid = row
    return redact(f", since {since:%Y-%m-%d %H:%M:%S %Z}, from {address} (process {pid} of the server)")
