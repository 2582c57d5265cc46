"""The door to our own PostgreSQL: one small pool, short waits, and errors that people understand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from actions.errors import ConfigurationError
from actions.history.failures import SETTING, place, translated

#: What a connection gets unless the URL says otherwise. The keep-alives notice a dead server in 20 seconds.
_DEFAULTS = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
#: Without an encoding the answers of a database in SQL_ASCII are bytes.
_OURS = {"application_name": "backout", "client_encoding": "UTF8"}
#: What can hold everything that people write.
_ENCODINGS = ("UTF8", "SQL_ASCII")
#: A process that was frozen, or cut off, in the middle of a transaction must not keep everybody else from writing.
_LONGEST_SILENCE = "SET idle_in_transaction_session_timeout = '10s'"


class History:
    """Our own database. Every read and every write goes through one of its two transactions."""

    def __init__(self, conninfo: str, *, pooled: bool = True) -> None:
        self.conninfo = conninfo
        self.where = place(conninfo)
        self.engine = _engine(conninfo, pooled=pooled)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that cannot write and sees one moment."""
        with translated(self.where), self.engine.connect() as connection:
            limited = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with limited.begin():
                yield limited

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or nothing."""
        with translated(self.where), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A bare connection, for whoever manages transactions itself."""
        with translated(self.where), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.where}>"


def open_history(url: str, *, migrate: bool = True) -> History:
    """Opens the history for use, and brings its tables up to date first.

    With `migrate=False` (for a role that may not create tables) an older schema is a ConfigurationError
    instead. A schema that this version does not know is one in any case, as is a database of something else.
    """
    from actions.history.schema import State, require_current_schema, state_of, upgrade_history

    history = History(conninfo_of(url))
    try:
        _require_unicode(history)
        if migrate and state_of(history) in {State.EMPTY, State.OLDER}:
            upgrade_history(url)
        require_current_schema(history)
    except BaseException:
        history.close()
        raise
    return history


def _require_unicode(history: History) -> None:
    with history.reading() as connection:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding not in _ENCODINGS:
        raise ConfigurationError(
            f"The history needs a database in UTF8; this one is in {encoding}",
            where=history.where,
            next_step="Give it another: CREATE DATABASE backout ENCODING 'UTF8' TEMPLATE template0.",
        )


def conninfo_of(url: str) -> str:
    """The URL as libpq wants it, with our waits and our name; ConfigurationError without the URL in it."""
    scheme, found, rest = url.partition("://")
    if not found or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ConfigurationError(
            "The history needs a PostgreSQL URL",
            where=SETTING,
            next_step="Write it like postgresql://user:password@host:5432/backout, or leave it empty.",
        )
    try:
        given = conninfo_to_dict(f"postgresql://{rest}")
        return make_conninfo(**cast("dict[str, Any]", _DEFAULTS | given | _OURS))
    except psycopg.ProgrammingError:
        # Not "from exc": libpq quotes the part of the URL that it stumbled on, which can be the password.
        raise ConfigurationError(
            "The URL of the history database cannot be read",
            where=SETTING,
            next_step="Percent-encode special characters in user and password (@ is %40, / is %2F, : is %3A).",
        ) from None


def _engine(conninfo: str, *, pooled: bool) -> Engine:
    def connect() -> DBAPIConnection:
        connection = psycopg.connect(conninfo)
        # Said after the start, not in it: a pooler in between need not know every option.
        connection.execute(_LONGEST_SILENCE)
        connection.commit()
        return cast("DBAPIConnection", connection)

    # The engine never sees the URL, so no repr or error of SQLAlchemy can show it. READ COMMITTED is said aloud
    # because whoever appends to the record must see what was committed while it waited for its turn.
    url, isolation = "postgresql+psycopg://", "READ COMMITTED"
    if not pooled:
        return create_engine(url, creator=connect, isolation_level=isolation, poolclass=NullPool, hide_parameters=True)
    return create_engine(
        url,
        creator=connect,
        isolation_level=isolation,
        pool_size=4,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,
    )
