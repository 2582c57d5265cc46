"""A backup that is a copy on the same server: made by the server itself from the database as a template.

Back in a moment whatever its size, for it needs only to be renamed; gone with the server, so never the only backup.

The server copies only what nobody is connected to, and makes newcomers wait meanwhile. The copy is made under a
working name, admits nobody, and gets its mark and its telling name in one transaction at the end: what is killed before
that is half-made, and is removed by whoever comes next.
"""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import psycopg
from psycopg import errors, sql

from actions.backup.cloning_half_made import copy_as_template, discard, sweep, working_name
from actions.backup.connected import (
    InTheWay,
    first_line,
    in_the_way,
    maintenance,
    named_visitors,
    not_allowed,
    type_connection,
)
from actions.backup.doorman import Doorman, guard_the_session, only_one_works, still_inside
from actions.backup.doors import closed, mend
from actions.backup.marks import CloneMark, marked_databases, marking, telling_name
from actions.backup.progress import Progress, Stage, Watcher, unwatched
from actions.backup.properties import giving, read_properties
from actions.errors import BackoutError, RefusedError, UnavailableError

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=30)
#: A session is there for a moment after its client has gone.
LEAVING = timedelta(seconds=1)


class Guests(StrEnum):
    """What becomes of those who are connected."""

    #: Nobody is ended: they are named, and no clone is made.
    NAMED = "named"
    #: They are ended. Newcomers wait at the door until the copy is made, and nothing is left behind if we are killed.
    WAIT = "wait"
    #: They are ended. Newcomers are refused at once, which the server's own waiting room would not do.
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class CloneOrder:
    """Which database is copied, and as which backup."""

    admin_url: str = field(repr=False)
    database: str
    #: The backup's name.
    backup: str
    now: datetime
    #: What is live in it, for the record.
    revisions: tuple[str, ...] = ()
    guests: Guests = Guests.NAMED
    patience: timedelta = PATIENCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """A copy that is there, whole."""

    #: The copy's own name.
    name: str
    database: str
    backup: str
    taken_at: datetime
    seconds: float
    database_bytes: int
    revisions: tuple[str, ...]


def make_clone(order: CloneOrder, *, watch: Watcher = unwatched) -> Clone:
    """RefusedError names who is in the way; then, as after every other error, all is as it was."""
    with _at_work(order.admin_url, order.database, purpose="clone") as connection, ExitStack() as stack:
        _refuse_guests_that_stay(connection, order)
        if order.guests is Guests.REFUSED:
            because = f"backup {order.backup} is being made"
            stack.enter_context(closed(connection, order.database, because=because, now=order.now))
        started = time.monotonic()
        working = working_name()
        size = _size(connection, order.database)
        watch(Progress(stage=Stage.CLONE, bytes_total=size))
        try:
            _copy_until_quiet(connection, order, working, size)
            mark = _mark(order, connection, seconds=time.monotonic() - started, size=size)
            _finish(connection, order, working, mark)
        except psycopg.Error as error:
            discard(connection, working)
            raise UnavailableError(
                f"Database {order.database} could not be cloned: {first_line(error)}",
                next_step="Look at the server's free space and log. Nothing was changed.",
            ) from error
        except BaseException:
            discard(connection, working)
            raise
        watch(Progress(stage=Stage.CLONE, bytes_done=size, bytes_total=size, seconds=mark.seconds))
        return _clone(mark)


def list_clones(admin_url: str, *, database: str) -> tuple[Clone, ...]:
    """The copies of this database that are there, the newest first."""
    with maintenance(admin_url, avoid=(database,), purpose="lists") as connection:
        marks = [mark for mark, _ in marked_databases(connection) if isinstance(mark, CloneMark)]
    found = [_clone(mark) for mark in marks if mark.database == database]
    return tuple(sorted(found, key=lambda clone: clone.taken_at, reverse=True))


def drop_clone(admin_url: str, name: str, *, database: str) -> None:
    """RefusedError for whatever is not a clone of this database, by its own mark."""
    with _at_work(admin_url, database, purpose="drops a clone") as connection:
        ours = [mark for mark, _ in marked_databases(connection) if isinstance(mark, CloneMark)]
        if not any(mark.name == name and mark.database == database for mark in ours):
            raise RefusedError(
                f"Database {name} is not a clone of {database} made by Backout, so it is not dropped",
                next_step="`backout backups` lists the clones. Drop it yourself if you are sure.",
            )
        try:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except errors.InsufficientPrivilege as error:
            raise not_allowed(error, f"Our role may not drop {name}") from error
        except psycopg.Error as error:
            raise BackoutError(f"Clone {name} could not be dropped: {first_line(error)}") from error


def copy_clone(admin_url: str, name: str, *, database: str, now: datetime) -> str:
    """A second clone from a clone, so that one of them can be swapped in and the other stays; the new one's name."""
    with _at_work(admin_url, database, purpose="clone") as connection:
        ours = [mark for mark, _ in marked_databases(connection) if isinstance(mark, CloneMark)]
        mark = next((mark for mark in ours if mark.name == name and mark.database == database), None)
        if mark is None:
            raise RefusedError(f"Database {name} is not a clone of {database} made by Backout")
        working = working_name()
        order = CloneOrder(admin_url=admin_url, database=name, backup=mark.backup, now=now)
        try:
            copy_as_template(connection, order.database, working, _size(connection, name))
            second = mark.model_copy(update={"name": _name(connection, database, now)})
            _finish(connection, order, working, second)
        except psycopg.Error as error:
            discard(connection, working)
            raise UnavailableError(f"Clone {name} could not be copied: {first_line(error)}") from error
    return second.name


def sweep_half_made(admin_url: str, *, database: str) -> tuple[str, ...]:
    """Drops half-made copies of dead processes and opens the database if one of them left it closed; what it did."""
    with _at_work(admin_url, database, purpose="sweeps", mending=False) as connection:
        done = [database] if mend(connection, database) else []
        return (*done, *sweep(connection))


@contextmanager
def _at_work(admin_url: str, database: str, *, purpose: str, mending: bool = True) -> Iterator[type_connection]:
    with maintenance(admin_url, avoid=(database,), purpose=purpose) as connection, only_one_works(connection, database):
        if mending:
            mend(connection, database)
            sweep(connection)
        yield connection


def _refuse_guests_that_stay(connection: type_connection, order: CloneOrder) -> None:
    deadline = time.monotonic() + LEAVING.total_seconds()
    while lasting := _guests(order, in_the_way(connection, order.database)):
        if time.monotonic() > deadline:
            raise RefusedError(
                f"Database {order.database} must be quiet to be cloned. In the way: {'; '.join(lasting)}",
                next_step="Stop the writers first, or allow their sessions to be ended. Nothing was changed.",
            )
        time.sleep(0.05)


def _guests(order: CloneOrder, found: InTheWay) -> tuple[str, ...]:
    if order.guests is not Guests.NAMED:
        return tuple(found.lasting)
    return (*named_visitors(found.visitors), *(f"the prepared transaction `{name}`" for name in found.prepared))


def _copy_until_quiet(connection: type_connection, order: CloneOrder, working: str, size: int) -> None:
    deadline = time.monotonic() + order.patience.total_seconds()
    guard_the_session(connection, patience=order.patience)
    with ExitStack() as stack:
        doorman = None
        if order.guests is not Guests.NAMED:
            doorman = stack.enter_context(Doorman(order.admin_url, (order.database,)))
        while True:
            with ExitStack() as duty:
                if doorman:
                    duty.enter_context(doorman.on_duty(connection.info.backend_pid))
                try:
                    copy_as_template(connection, order.database, working, size)
                except (errors.ObjectInUse, errors.LockNotAvailable) as error:
                    _refuse_guests_that_stay(connection, order)
                    if time.monotonic() > deadline:
                        raise still_inside(connection, (order.database,)) from error
                except errors.InsufficientPrivilege as error:
                    raise not_allowed(error, f"Our role may not clone {order.database}") from error
                else:
                    return


def _mark(order: CloneOrder, connection: type_connection, *, seconds: float, size: int) -> CloneMark:
    found = read_properties(connection, order.database)
    was = next((mark for mark, _ in marked_databases(connection) if mark.name == order.database), None)
    return CloneMark(
        says=f"Backout's clone of {order.database}, taken {order.now:%Y-%m-%d %H:%M:%S} as backup {order.backup}. "
        "Admits nobody, so that it stays what it is.",
        name=_name(connection, order.database, order.now),
        database=order.database,
        comment=was.comment if was else found.comment,
        connection_limit=found.connection_limit,
        backup=order.backup,
        taken_at=order.now,
        seconds=seconds,
        database_bytes=size,
        revisions=order.revisions,
    )


def _finish(connection: type_connection, order: CloneOrder, working: str, mark: CloneMark) -> None:
    """Grants and settings as the original has them, then name and mark: all at once."""
    properties = read_properties(connection, order.database)
    with connection.transaction():
        for statement in giving(working, properties):
            connection.execute(statement)
        renamed = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(renamed.format(sql.Identifier(working), sql.Identifier(mark.name)))
        connection.execute(marking(mark))


def _name(connection: type_connection, database: str, now: datetime) -> str:
    taken = {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")}
    tries = (telling_name(database, "clone", now, suffix=f"_{secrets.token_hex(2)}") for _ in range(100))
    return next(name for name in tries if name not in taken)


def _size(connection: type_connection, database: str) -> int:
    row = connection.execute("SELECT pg_database_size(%s::name)", [database]).fetchone()
    return int(row[0]) if row else 0


def _clone(mark: CloneMark) -> Clone:
    return Clone(
        name=mark.name, database=mark.database, backup=mark.backup, taken_at=mark.taken_at, seconds=mark.seconds,
        database_bytes=mark.database_bytes, revisions=mark.revisions,
    )  # fmt: skip
