"""One look at the database: everything of an export is read in one snapshot, and nothing can be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel, errors

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.redaction import learn_secret, redact

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_SECONDS = 10
#: Until the end of the transaction, so that a session of a pooler is given back as it was. The same rows are the same
#: text on every server, and a policy that hides rows is an error, never a smaller export.
_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "xmlbinary": "base64",
    "row_security": "off",
    "lock_timeout": "10s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0",
    "jit": "off",
}
_PREPARE = """
SELECT count(set_config(wanted.name, wanted.value, true)) FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)
WHERE EXISTS (SELECT FROM pg_settings AS known WHERE lower(known.name) = wanted.name)
"""


@contextmanager
def snapshot(url: str, *, where: str) -> Iterator[Connection]:
    """A transaction that sees one moment of the database. What goes wrong with it is an error of ours."""
    learn_secret(url)
    try:
        connection = psycopg.connect(
            url, connect_timeout=CONNECT_SECONDS, application_name="backout export", client_encoding="UTF8"
        )
    except psycopg.OperationalError as error:
        raise UnavailableError(
            f"The database does not answer: {_first_line(error)}",
            where=where,
            next_step="Look at its server, and try again.",
        ) from error
    except psycopg.Error:
        # Not "from": libpq quotes the part that it stumbled on, which can be the password.
        raise ConfigurationError("The database's URL cannot be read", where=where) from None
    try:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute(_PREPARE, [list(_SETTINGS), list(_SETTINGS.values())])
        yield connection
    except psycopg.Error as error:
        raise translated(error, where=where) from error
    finally:
        # What was read is read; a rollback that fails tells nothing new.
        connection.close()


def translated(error: psycopg.Error, *, where: str) -> BackoutError:
    """What the server's refusal means for whoever reads it. Its own words may hold values, and are redacted."""
    said = _first_line(error)
    if isinstance(error, errors.InsufficientPrivilege):
        return ConfigurationError(
            f"The database refuses: {said}",
            where=where,
            next_step="Let the role of the database's URL read these tables whole: SELECT, and BYPASSRLS or ownership "
            "where row security is on.",
        )
    if isinstance(error, errors.LockNotAvailable):
        return UnavailableError(
            "Somebody holds a lock on a table for longer than we wait", where=where, next_step="Try again later."
        )
    if isinstance(error, psycopg.OperationalError):
        return UnavailableError(f"The database went away: {said}", where=where, next_step="Export again.")
    code = f" ({type(error).__name__})"
    return BackoutError(f"The database could not answer: {said}{code}", where=where)


def _first_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in redact(error.diag.message_primary or str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
