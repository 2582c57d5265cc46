"""A database that refuses connections for a while, and admits them again whatever happens to us.

What it had before is written into its own comment, in the transaction that closes it. So whoever comes next, finding
it closed and nobody at work, can open it again and give the comment back.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from psycopg import errors, sql

from actions.backup.connected import maintenance, not_allowed, type_connection
from actions.backup.doorman import only_one_works
from actions.backup.marks import ClosedMark, commenting, marked_databases, marking
from actions.errors import RefusedError

log = logging.getLogger(__name__)

_ALLOWING = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")


@contextmanager
def closed(connection: type_connection, database: str, *, because: str, now: datetime) -> Iterator[None]:
    """While inside, newcomers are refused at once; those who are in stay. Needs `only_one_works`."""
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database'), datconnlimit, datallowconn FROM pg_database WHERE datname = %s",
        [database],
    ).fetchone()
    if row is None or not row[2]:
        raise RefusedError(
            f"Database {database} is not there, or somebody else has closed it", next_step="Find out who, and why."
        )
    mark = ClosedMark(
        says=f"Closed by Backout since {now:%Y-%m-%d %H:%M:%S}: {because}. `backout backups` opens it if that is over.",
        name=database, database=database, comment=row[0], connection_limit=row[1], since=now, because=because,
    )  # fmt: skip
    try:
        with connection.transaction():
            connection.execute(marking(mark))
            connection.execute(_ALLOWING.format(sql.Identifier(database), sql.SQL("false")))
    except errors.InsufficientPrivilege as error:
        raise not_allowed(error, f"Our role may not close {database}") from error
    try:
        yield
    finally:
        _open(connection, mark)


def reopen_forgotten(admin_url: str, *, database: str) -> bool:
    """Opens it if we closed it and died. False when there is nothing to open, or somebody is still at work."""
    with maintenance(admin_url, avoid=(database,), purpose="opens") as connection:
        try:
            with only_one_works(connection, database):
                return mend(connection, database)
        except RefusedError:
            return False


def mend(connection: type_connection, database: str) -> bool:
    """The same for those who are at work themselves."""
    marks = [mark for mark, _ in marked_databases(connection) if mark.name == database]
    for mark in marks:
        if isinstance(mark, ClosedMark):
            _open(connection, mark)
            log.warning("Opened %s, which was left closed", database, extra={"event": "database_reopened"})
            return True
    return False


def _open(connection: type_connection, mark: ClosedMark) -> None:
    with connection.transaction():
        connection.execute(commenting(mark.name, mark.comment))
        connection.execute(_ALLOWING.format(sql.Identifier(mark.name), sql.SQL("true")))
