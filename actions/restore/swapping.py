"""Puts another database in the place of the service's, by two renames in one transaction.

The first rename takes the lock on the service's database: from then on newcomers wait at the door, and whoever is
inside is ended. The second gives the other one its name. Whoever waited is told once that the database does not exist
(its name means another one now), and gets in at the next try. A transaction is either there or not, so whoever kills
us, or the server, at any moment finds the old database in its place or the new one, each whole and open.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from psycopg import errors, sql

from actions.backup.connected import first_line, in_the_way, maintenance, not_allowed, type_connection
from actions.backup.doorman import Doorman, guard_the_session, only_one_works, still_inside
from actions.backup.marks import (
    ClosedMark,
    KeptMark,
    Mark,
    commenting,
    marked_databases,
    marking,
    read_mark,
    telling_name,
)
from actions.errors import BackoutError, RefusedError, UnavailableError

PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class SwapOrder:
    """Which database comes in the place of which."""

    admin_url: str = field(repr=False)
    #: The name with which the service connects.
    live: str
    #: What takes its place: one of ours, made for this database.
    other: str
    #: Why, for the comment of the one that is kept: `rollback RB-142`, `backup shop_2026...`.
    because: str
    now: datetime
    #: How long we try to get everybody out.
    patience: timedelta = PATIENCE
    #: Logical replication slots stay with the old database; without this word they are a reason to refuse.
    slots_may_stay: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Swapped:
    """The other one is live."""

    #: The name under which the old one is kept until told otherwise.
    kept_as: str
    #: How many sessions were ended.
    ended: int
    #: From the moment newcomers had to wait to the moment they got in again.
    outage_seconds: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Side:
    oid: int
    comment: str | None
    connection_limit: int
    mark: Mark | None


def swap(order: SwapOrder) -> Swapped:
    """RefusedError names who or what is in the way, and nothing was changed then; so it is after any other error.

    The same order a second time, after a crash or a lost answer, finds that it was carried out.
    """
    with (
        maintenance(order.admin_url, avoid=(order.live, order.other), purpose="swap") as connection,
        only_one_works(connection, order.live),
    ):
        if (kept_as := _done_before(connection, order)) is not None:
            return Swapped(kept_as=kept_as, ended=0, outage_seconds=0.0)
        live, other = _look(connection, order.live), _ours(connection, order)
        warnings = _refuse_lasting(connection, order)
        kept_as = free_name(connection, order.live, "before", order.now)
        return _until_quiet(connection, _Renames(order=order, live=live, other=other, kept_as=kept_as), warnings)


def move_in(order: SwapOrder) -> None:
    """Where the service's database is gone, the other one gets its name; RefusedError when it is there after all."""
    with (
        maintenance(order.admin_url, avoid=(order.live, order.other), purpose="swap") as connection,
        only_one_works(connection, order.live),
        Doorman(order.admin_url, (order.other,)) as doorman,
    ):
        other = _ours(connection, order)
        guard_the_session(connection, patience=order.patience)
        renames = _Renames(order=order, live=other, other=other, kept_as="")
        try:
            with doorman.on_duty(connection.info.backend_pid), connection.transaction():
                renames.prepare(connection)
                connection.execute(_RENAMED.format(sql.Identifier(renames.coming), sql.Identifier(order.live)))
        except errors.DuplicateDatabase as error:
            raise RefusedError(f"Database {order.live} is there again", next_step="Look who made it.") from error
        except (errors.ObjectInUse, errors.LockNotAvailable) as error:
            raise still_inside(connection, (order.other,)) from error
        except errors.InsufficientPrivilege as error:
            raise not_allowed(error, f"Our role may not rename {order.other}") from error
        except psycopg.Error as error:
            raise _interrupted(order, error) from error


def swap_back(order: SwapOrder) -> Swapped:
    """Undoes a swap: `other` is the one that was kept. The one that is live now is kept in its turn."""
    return swap(order)


def free_name(connection: type_connection, database: str, what: str, now: datetime) -> str:
    """A telling name that no database has yet."""
    taken = {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")}
    tries = (
        telling_name(database, what, now, suffix=f"_{number}" if number else "") for number in range(len(taken) + 1)
    )
    return next(name for name in tries if name not in taken)


_RENAMED = sql.SQL("ALTER DATABASE {} RENAME TO {}")
_OPENED = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT {}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Renames:
    """The transaction, as it will be."""

    order: SwapOrder
    live: _Side
    other: _Side
    kept_as: str

    def prepare(self, connection: type_connection) -> None:
        """All that needs no lock on the live one, which is to be locked for moments only: the other one is emptied of
        the curious first, and kept empty.
        """
        mark, name = self.other.mark, self.order.other
        comment, limit = (mark.comment, mark.connection_limit) if mark else (None, -1)
        connection.execute(_RENAMED.format(sql.Identifier(name), sql.Identifier(self.coming)))
        connection.execute(_OPENED.format(sql.Identifier(self.coming), sql.Literal(limit)))
        connection.execute(commenting(self.coming, comment))

    def rename(self, connection: type_connection) -> None:
        """The first statement takes the lock, and waits up to five seconds until nobody is inside."""
        connection.execute(_RENAMED.format(sql.Identifier(self.order.live), sql.Identifier(self.kept_as)))
        connection.execute(marking(self._kept_mark()))
        if isinstance(self.live.mark, ClosedMark):
            connection.execute(
                _OPENED.format(sql.Identifier(self.kept_as), sql.Literal(self.live.mark.connection_limit))
            )
        connection.execute(_RENAMED.format(sql.Identifier(self.coming), sql.Identifier(self.order.live)))
        self._make_sure(connection)

    @property
    def coming(self) -> str:
        """Only within the transaction."""
        return f"backout_coming_{self.other.oid}"

    def _kept_mark(self) -> KeptMark:
        closed = self.live.mark if isinstance(self.live.mark, ClosedMark) else None
        order = self.order
        return KeptMark(
            says=f"{order.live} as it was until {order.now:%Y-%m-%d %H:%M:%S}, replaced because of {order.because}. "
            "Kept until it is dropped on request.",
            name=self.kept_as,
            database=order.live,
            comment=closed.comment if closed else self.live.comment,
            connection_limit=closed.connection_limit if closed else self.live.connection_limit,
            until=order.now,
            because=order.because,
        )

    def _make_sure(self, connection: type_connection) -> None:
        """Names are not identities: somebody else may have renamed meanwhile. Undone with the transaction if so."""
        found: dict[str, int] = dict(connection.execute("SELECT datname, oid FROM pg_database").fetchall())
        if (found.get(self.order.live), found.get(self.kept_as)) != (self.other.oid, self.live.oid):
            raise RefusedError(
                f"Somebody else renamed databases while {self.order.live} was swapped; nothing was changed",
                next_step="Find out who, then try again.",
            )


def _until_quiet(connection: type_connection, renames: _Renames, warnings: tuple[str, ...]) -> Swapped:
    """Again and again: the server itself gives up after five seconds in which somebody stayed inside."""
    order = renames.order
    deadline = time.monotonic() + order.patience.total_seconds()
    guard_the_session(connection, patience=order.patience)
    with Doorman(order.admin_url, (order.live, order.other)) as doorman:
        while True:
            try:
                outage = _try(connection, renames, doorman)
            except (errors.ObjectInUse, errors.LockNotAvailable) as error:
                _refuse_lasting(connection, order)
                if time.monotonic() > deadline:
                    raise still_inside(connection, (order.live, order.other)) from error
            except errors.InsufficientPrivilege as error:
                raise not_allowed(error, f"Our role may not rename {order.live}") from error
            except psycopg.Error as error:
                raise _interrupted(order, error) from error
            else:
                return Swapped(kept_as=renames.kept_as, ended=doorman.ended, outage_seconds=outage, warnings=warnings)


def _try(connection: type_connection, renames: _Renames, doorman: Doorman) -> float:
    """The seconds in which newcomers had to wait."""
    with doorman.on_duty(connection.info.backend_pid):
        with connection.transaction():
            renames.prepare(connection)
            started = time.monotonic()
            renames.rename(connection)
        return time.monotonic() - started


def _done_before(connection: type_connection, order: SwapOrder) -> str | None:
    marks = [mark for mark, _ in marked_databases(connection)]
    if any(mark.name == order.other for mark in marks):
        return None
    same = (order.live, order.now, order.because)
    kept = [mark for mark in marks if isinstance(mark, KeptMark)]
    return next((mark.name for mark in kept if (mark.database, mark.until, mark.because) == same), None)


def _ours(connection: type_connection, order: SwapOrder) -> _Side:
    other = _look(connection, order.other)
    if other.mark is None or other.mark.database != order.live or isinstance(other.mark, ClosedMark):
        raise RefusedError(
            f"Database {order.other} was not made by Backout for {order.live}",
            next_step="Restore the backup again; it makes a database of its own.",
        )
    return other


def _look(connection: type_connection, name: str) -> _Side:
    row = connection.execute(
        "SELECT oid, shobj_description(oid, 'pg_database'), datconnlimit FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if row is None:
        raise BackoutError(f"There is no database {name} on this server", next_step="Look at the catalog's `url`.")
    oid, comment, limit = row
    return _Side(oid=oid, comment=comment, connection_limit=limit, mark=read_mark(name, comment))


def refuse_what_would_not_give_way(
    connection: type_connection, databases: Sequence[str], *, slots_may_stay: bool = False
) -> tuple[str, ...]:
    """Warnings; RefusedError names everything that ending sessions would not remove. The first is the live database."""
    found = [in_the_way(connection, name) for name in databases]
    lasting = [sentence for each in found for sentence in each.lasting]
    slots = [f"the logical replication slot `{name}`" for name in found[0].slots]
    if not slots_may_stay:
        lasting += slots
    if lasting:
        raise RefusedError(
            f"Database {databases[0]} cannot be swapped: {'; '.join(lasting)}",
            next_step="End the session or the prepared transaction (COMMIT or ROLLBACK PREPARED), drop the slot or "
            "allow it to stay with the old database; then try again. Nothing was changed.",
        )
    return tuple(f"{slot} stays with the old database; whoever reads it must be set up anew" for slot in slots)


def _refuse_lasting(connection: type_connection, order: SwapOrder) -> tuple[str, ...]:
    return refuse_what_would_not_give_way(connection, (order.live, order.other), slots_may_stay=order.slots_may_stay)


def _interrupted(order: SwapOrder, error: psycopg.Error) -> BackoutError:
    """A connection that broke at the very commit leaves us without its answer; either way nothing is half done."""
    return UnavailableError(
        f"The swap of {order.live} was interrupted: {first_line(error)}",
        next_step="The old database or the new one is in its place, whole. Look with `backout backups`, and try again.",
    )
