"""What can go wrong while catalogs are read, said once for all readers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg

from actions.errors import ConfigurationError, UnavailableError


@contextmanager
def translated(connection: psycopg.Connection, patience: timedelta) -> Iterator[None]:
    """Turns the driver's errors into ours. `patience` is how long a lock was waited for."""
    where = f"database {connection.info.dbname}"
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise UnavailableError(
            f"A table is being altered; its definition could not be read within {patience.total_seconds():g} s",
            where=where,
            next_step="Try again when the other session's transaction has ended.",
        ) from error
    except psycopg.errors.InternalError_ as error:
        # Definitions are printed from the newest catalog whatever the snapshot, so one that was dropped meanwhile
        # is an error within the server.
        raise SchemaMovingError(
            "Its schema changed again and again while it was being read",
            where=where,
            next_step="Try again when no migration is running.",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"The role may not read the system catalogs ({error.diag.message_primary})",
            where=where,
            next_step="Grant it SELECT on them, or use another role.",
        ) from error
    except (UnicodeDecodeError, psycopg.errors.CharacterNotInRepertoire) as error:
        raise ConfigurationError(
            "A name or text in its catalogs is not UTF-8, and the database does not say what else it is",
            where=where,
            next_step="Rename it, or move to a database with an encoding other than SQL_ASCII.",
        ) from error
    except psycopg.OperationalError as error:
        raise UnavailableError(
            f"The server stopped answering while the schema was read ({type(error).__name__})",
            where=where,
            next_step="See that the server is up and that statement_timeout allows a few seconds; then try again.",
        ) from error


class SchemaMovingError(UnavailableError):
    """Something was dropped between being found and being looked at; looking again is all it takes."""
