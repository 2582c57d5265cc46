"""The driver's errors, translated once: what happened, where, what next. Nobody else catches them."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from actions.errors import BackoutError, ConfigurationError, RefusedError, UnavailableError

SETTING = "BACKOUT_DATABASE_URL"
AGAIN = "Trying again is safe. If it stays so, look at the database server."

#: The SQLSTATE that our own append-only trigger raises.
APPEND_ONLY = "BO001"

_BY_STATE: tuple[tuple[tuple[str, ...], type[BackoutError], str, str], ...] = (
    ((APPEND_ONLY,), RefusedError, "The database refused to change the record of events", "It is append-only."),
    (
        ("28",),
        ConfigurationError,
        "The history database refuses this role or password",
        f"Check the user and password in {SETTING}.",
    ),
    (
        ("3D",),
        ConfigurationError,
        "The history database does not exist",
        f"Create it, or correct its name in {SETTING}.",
    ),
    (
        ("42501",),
        ConfigurationError,
        "The role may not do this in the history database",
        "Grant it SELECT, INSERT and UPDATE on our tables, or use the role that owns them.",
    ),
    (
        ("42P01", "42703", "42883"),
        ConfigurationError,
        "The history database lacks something that this version needs",
        "Start backout once with a role that may create tables; it upgrades by itself.",
    ),
    (("55P03", "57014"), UnavailableError, "The history database took too long to answer", AGAIN),
    (("40",), UnavailableError, "Somebody else changed the same thing at the same moment", AGAIN),
    (("08", "53", "57", "25006", "25P03"), UnavailableError, "The history database is not available", AGAIN),
)

#: A server that refuses the connection says so in words only; libpq hands over no SQLSTATE for it.
_BY_WORDS: tuple[tuple[str, str], ...] = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ("authentication failed", "28000"),
    ("role ", "28000"),
    ("database ", "3D000"),
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Lets our own errors through and turns the driver's into ours."""
    try:
        yield
    except PoolTimeoutError as exc:
        raise UnavailableError(
            "Every connection to the history database is in use", where=where, next_step=AGAIN
        ) from exc
    except DBAPIError as exc:
        raise translate(exc.orig, where) from exc
    except psycopg.Error as exc:
        raise translate(exc, where) from exc


def translate(error: BaseException | None, where: str) -> BackoutError:
    """Our error for the driver's. Its text is not repeated: it can hold rows."""
    state = _state(error)
    for prefixes, kind, what, next_step in _BY_STATE:
        if state.startswith(prefixes):
            return kind(what, where=where, next_step=next_step)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return UnavailableError(
            "The history database does not answer",
            where=where,
            next_step=f"See that the server runs and can be reached from here, or correct {SETTING}.",
        )
    return BackoutError(
        f"The history database refused a statement (SQLSTATE {state or 'unknown'})",
        where=where,
        next_step="This should not happen; please report it with the number.",
    )


def _state(error: BaseException | None) -> str:
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state
    if not isinstance(error, psycopg.OperationalError):
        return ""
    # "FATAL:  role "x" does not exist", "FATAL:  database "y" does not exist", "fe_sendauth: no password supplied"
    said = str(error)
    fatal = said.partition("FATAL:")[2].lstrip() or said
    return next((code for words, code in _BY_WORDS if _says(fatal, words)), "")


def _says(fatal: str, words: str) -> bool:
    return fatal.startswith(words) and "does not exist" in fatal if words.endswith(" ") else words in fatal


def place(conninfo: str) -> str:
    """The database in words that hold no secret: its name and its host."""
    parts = conninfo_to_dict(conninfo)
    host = str(parts.get("host") or parts.get("hostaddr") or "this machine")
    name = parts.get("dbname") or parts.get("user") or "?"
    return f"history database {name} on {'this machine' if host.startswith(('/', '@')) else host}"
