"""Which schema the history database has, and the way to the one that this version needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from actions.errors import ConfigurationError
from actions.history.database import History, conninfo_of

if TYPE_CHECKING:  # loaded when it is used: nearly always the schema is the right one already
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
#: Not `alembic_version`: that one belongs to an application, even when it shares the database by mistake.
VERSION_TABLE = "backout_version"

#: "backout" as a number: whoever upgrades holds this lock, so that two that start together do not collide.
UPGRADE_LOCK = int.from_bytes(b"backout", "big")
LONGEST_WAIT_FOR_ANOTHER_UPGRADE = "5min"


class State(Enum):
    """What is in the database that we were given."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    #: A revision that no script of this version knows: a newer version was here.
    UNKNOWN = "unknown"
    #: Tables, but not ours.
    FOREIGN = "foreign"


def upgrade_history(url: str, to: str = "head") -> None:
    """Brings the schema up; safe to call from several processes at once."""
    from alembic import command

    with _alone(url) as (history, connection):
        _refuse_strangers(history, state_on(connection))
        connection.rollback()
        command.upgrade(_config(connection), to)


def downgrade_history(url: str, to: str = "base") -> None:
    """Takes the schema down again, and with it what the removed tables hold."""
    from alembic import command

    with _alone(url) as (history, connection):
        _refuse_strangers(history, state_on(connection))
        connection.rollback()
        command.downgrade(_config(connection), to)


def history_revision(url: str) -> str | None:
    """The revision that the database is at; None when it was never set up."""
    with History(conninfo_of(url), pooled=False) as history, history.reading() as connection:
        return _revision(connection)


def newest_revision() -> str:
    """The revision that this version of the code needs."""
    known = _known_revisions()
    if not known:  # a broken installation: the migrations were left out
        raise ConfigurationError("This installation lacks its migrations", next_step="Install backout again.")
    return known[-1]


def _known_revisions() -> list[str]:
    """Oldest first; each file is named after its revision, so that Alembic need not be loaded to ask."""
    return sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def state_of(history: History) -> State:
    """What is there, compared with what this version needs."""
    with history.reading() as connection:
        return state_on(connection)


def require_current_schema(history: History) -> None:
    """Raises ConfigurationError, with what to do, unless the schema is exactly the one that we need."""
    with history.reading() as connection:
        state, revision = state_on(connection), _revision(connection)
    _refuse_strangers(history, state)
    if state is not State.CURRENT:
        found = f"at schema {revision}" if revision else "not set up"
        raise ConfigurationError(
            f"The history database is {found}; this version needs schema {newest_revision()}",
            where=history.where,
            next_step="Start backout once with a role that may create tables; it upgrades by itself.",
        )


def state_on(connection: Connection) -> State:
    """`state_of` on a connection that is open already."""
    revision = _revision(connection)
    if revision is None:
        return State.FOREIGN if _holds_tables(connection) else State.EMPTY
    known = _known_revisions()
    if revision not in known:
        return State.UNKNOWN
    return State.CURRENT if revision == known[-1] else State.OLDER


def _refuse_strangers(history: History, state: State) -> None:
    if state is State.UNKNOWN:
        raise ConfigurationError(
            f"A newer version of backout has set up this history; this one knows schema {newest_revision()}",
            where=history.where,
            next_step="Install that newer version here as well. Nothing was changed.",
        )
    if state is State.FOREIGN:
        raise ConfigurationError(
            "This database holds tables that are not ours",
            where=history.where,
            next_step="Give backout a database of its own. Nothing was changed.",
        )


def _revision(connection: Connection) -> str | None:
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": VERSION_TABLE}) is None:
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 (a constant)
    return found


def _holds_tables(connection: Connection) -> bool:
    """Are there tables besides our empty version table and those that extensions brought?"""
    question = text("""
        SELECT EXISTS (
            SELECT FROM pg_class c
            WHERE c.relnamespace = current_schema()::text::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND c.relname <> :ours
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                              AND d.objid = c.oid AND d.deptype = 'e'))
    """)
    return bool(connection.scalar(question, {"ours": VERSION_TABLE}))


@contextmanager
def _alone(url: str) -> Iterator[tuple[History, Connection]]:
    """A connection of its own that holds the upgrade lock until it is closed, however this ends."""
    with History(conninfo_of(url), pooled=False) as history, history.session() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT_FOR_ANOTHER_UPGRADE}'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
        connection.commit()
        yield history, connection


def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
