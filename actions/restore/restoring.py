"""Brings a service's database back from a backup: a safety backup first, a new database beside, and only then a swap.

Until the swap, nothing of the service is touched; the swap is one transaction. So whoever interrupts us at any moment
finds the old database in its place, or the new one, each whole and open. What was replaced is kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actions.backup.cloning import copy_clone
from actions.backup.connected import maintenance, type_connection
from actions.backup.manifest import DatabaseProperties
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Progress, Stage, Watcher, unwatched
from actions.backup.properties import read_properties
from actions.backup.sealed import unsealed
from actions.errors import ConfigurationError, RefusedError
from actions.restore.alone import only_one_restores
from actions.restore.beside import NewPlace, adopt, beside, is_there, ready, refuse_if_taken, refuse_without_rights
from actions.restore.foreign_dumps import ForeignDump
from actions.restore.foreign_restoring import ForeignFillOrder, compare_counts, fill_from_dump
from actions.restore.limits import Limits
from actions.restore.restoring_content import FromBackup, fill_and_compare, refuse_differences
from actions.restore.swapping import PATIENCE, SwapOrder, move_in, refuse_what_would_not_give_way, swap


@dataclass(frozen=True, kw_only=True, slots=True)
class CannotBackUp:
    """The only reason for which a restore goes on without a safety backup."""

    why: str


#: Takes a backup of the present state: its name, or why the server cannot give one. Raises to stop the restore.
Safety = Callable[[], str | CannotBackUp]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComingBack:
    """What every way back needs to know."""

    admin_url: str = field(repr=False)
    #: The name with which the service connects.
    live: str
    #: For the comment of what is kept: `rollback RB-142`, `backup shop_2026...`.
    because: str
    now: datetime
    safety: Safety
    limits: Limits
    #: The new database gets this name for good, and nothing is swapped.
    as_name: str | None = None
    patience: timedelta = PATIENCE
    slots_may_stay: bool = False
    watch: Watcher = unwatched


@dataclass(frozen=True, kw_only=True, slots=True)
class FromDump:
    """A dump that somebody else made."""

    dump: ForeignDump
    programs: ClientPrograms


@dataclass(frozen=True, kw_only=True, slots=True)
class CameBack:
    """The service has the restored database; or, with `--as`, there is a new one."""

    database: str
    #: Under which name the one before is kept; None where there was none, or nothing was swapped.
    kept_as: str | None
    safety: str | CannotBackUp | None
    seconds: float
    outage_seconds: float = 0.0
    ended_sessions: int = 0
    warnings: tuple[str, ...] = ()


def restore(order: ComingBack, source: FromBackup | FromDump) -> CameBack:
    """After any error the service's database is what it was, unless the error says otherwise. RefusedError while another
    restore of it is under way.
    """
    started = time.monotonic()
    if order.as_name is not None:
        refuse_if_taken(order.admin_url, order.as_name)
        place, _ = _look(order, source)
        new = _make(order, source, place)
        return CameBack(database=new, kept_as=None, safety=None, seconds=time.monotonic() - started)
    with only_one_restores(order.admin_url, order.live) as make_sure:
        place, there = _look(order, source)
        safety = _safety(order) if there else None
        # Of two dumps with the same name nobody knows whether they are the same.
        new = ready(place, reuse=isinstance(source, FromBackup)) or _make(order, source, place)
        make_sure()
        return _took_the_place(order, new, safety, started, there=there)


def restore_clone(order: ComingBack, clone: str, *, keep_clone: bool = False) -> CameBack:
    """In a moment, whatever its size. The clone itself takes the place, unless a copy of it is made first. There is no
    safety backup beyond the database that is kept: it is the present state itself.
    """
    started = time.monotonic()
    if order.as_name is not None:
        raise RefusedError("A clone comes back in its service's place only", next_step="Leave `--as` out.")
    with only_one_restores(order.admin_url, order.live) as make_sure:
        if keep_clone:
            clone = copy_clone(order.admin_url, clone, database=order.live, now=order.now)
        with maintenance(order.admin_url, avoid=(order.live,), purpose="restore") as connection:
            there = is_there(connection, order.live)
        make_sure()
        return _took_the_place(order, clone, None, started, there=there)


def _safety(order: ComingBack) -> str | CannotBackUp:
    """First what would be in the way of the swap: before hours of work and not after them. It is asked again then."""
    with maintenance(order.admin_url, avoid=(order.live,), purpose="restore") as connection:
        refuse_what_would_not_give_way(connection, (order.live,), slots_may_stay=order.slots_may_stay)
    return order.safety()


def _took_the_place(
    order: ComingBack, new: str, safety: str | CannotBackUp | None, started: float, *, there: bool
) -> CameBack:
    order.watch(Progress(stage=Stage.SWAP))
    wanted = SwapOrder(
        admin_url=order.admin_url, live=order.live, other=new, because=order.because, now=order.now,
        patience=order.patience, slots_may_stay=order.slots_may_stay,
    )  # fmt: skip
    if not there:
        move_in(wanted)
        return CameBack(database=order.live, kept_as=None, safety=safety, seconds=time.monotonic() - started)
    swapped = swap(wanted)
    return CameBack(
        database=order.live, kept_as=swapped.kept_as, safety=safety, seconds=time.monotonic() - started,
        outage_seconds=swapped.outage_seconds, ended_sessions=swapped.ended, warnings=swapped.warnings,
    )  # fmt: skip


def _look(order: ComingBack, source: FromBackup | FromDump) -> tuple[NewPlace, bool]:
    with maintenance(order.admin_url, avoid=(order.live,), purpose="restore") as connection:
        there = is_there(connection, order.live)
        _check_version(connection, source)
        if isinstance(source, FromBackup):
            properties = unsealed(source.manifest, source.store, source.keys).model_copy(update={"name": order.live})
            backup = source.manifest.name
        else:
            # A dump says nothing of the database itself: it becomes like the one that it replaces.
            properties = _like_the_present(connection, order, there=there)
            backup = source.dump.path.name
        place = NewPlace(
            admin_url=order.admin_url, live=order.live, properties=properties, backup=backup, now=order.now
        )
        refuse_without_rights(connection, place)
    return place, there


def _like_the_present(connection: type_connection, order: ComingBack, *, there: bool) -> DatabaseProperties:
    if not there:
        raise ConfigurationError(
            f"There is no database {order.live}, and a dump does not say how it has to be made",
            next_step=f"Create it empty first, with its owner, encoding and locale: CREATE DATABASE {order.live} ...",
        )
    return read_properties(connection, order.live)


def _check_version(connection: type_connection, source: FromBackup | FromDump) -> None:
    if isinstance(source, FromBackup):
        backed_up: int | None = source.manifest.server_version // 10000
    else:
        backed_up = source.dump.server_version[0] if source.dump.server_version else None
    server = connection.info.server_version // 10000
    if backed_up is not None and backed_up > server:
        raise ConfigurationError(
            f"The backup is from PostgreSQL {backed_up}; the server is {server}, which may not understand it",
            next_step="Restore it on a server of that version or newer.",
        )


def _make(order: ComingBack, source: FromBackup | FromDump, place: NewPlace) -> str:
    """A new database, filled, compared and named."""
    with beside(place) as new:
        if isinstance(source, FromBackup):
            fill_and_compare(source, new, limits=order.limits, watch=order.watch)
        else:
            fill_from_dump(
                ForeignFillOrder(
                    url=new.url, dump=source.dump, programs=source.programs, limits=order.limits, watch=order.watch
                )
            )
            refuse_differences(compare_counts(source.dump, new.url, limits=order.limits))
        return adopt(new, name=order.as_name)
