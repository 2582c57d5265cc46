"""A backup that is a copy on the same server, written down like any other; and the old ones that make room for it."""

import logging
from dataclasses import dataclass
from datetime import datetime

from actions.backup.cloning import Clone, CloneOrder, Guests, drop_clone, list_clones, make_clone
from actions.backup.connecting import place_of
from actions.backup.naming import new_name
from actions.backup.progress import Watcher, unwatched
from actions.errors import BackoutError
from actions.history.backups import (
    Learnt,
    NewBackup,
    list_backups,
    move_backup,
    needed_by_rollbacks,
    record_backup,
)
from actions.history.liveness import claimed, this_process
from actions.history.values import BackupState, RollbackId
from actions.redaction import redact
from actions.restore.listing import MOST, Listing, There, list_all
from actions.restore.loss import live_revisions
from actions.restore.premises import Premises

log = logging.getLogger(__name__)

#: A clone takes as much of the server's disk as the database itself, so there is one of each, not seven.
KEPT_CLONES = 1
NEVER_ALONE = "on the same server, and gone with it"


@dataclass(frozen=True, kw_only=True, slots=True)
class CloneWanted:
    purpose: str = "by hand"
    rollback: RollbackId | None = None
    #: What becomes of those who are connected.
    guests: Guests = Guests.NAMED
    #: The moment of its schedule that it answers.
    slot: datetime | None = None
    attempt: int | None = None
    watch: Watcher = unwatched


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloned:
    name: str
    clone: Clone
    let_go: tuple[str, ...]


def clone_it(premises: Premises, wanted: CloneWanted) -> Cloned:
    """RefusedError names who is in the way; nothing was changed then."""
    name = new_name(premises.service.name, premises.now())
    new = NewBackup(
        name=name, service=premises.service.name, strategy="clone", rollback=wanted.rollback,
        purpose=wanted.purpose, maker=this_process(), slot=wanted.slot, attempt=wanted.attempt if wanted.slot else None,
    )  # fmt: skip
    with premises.history.writing() as connection:
        record_backup(connection, new, actor=premises.actor)
    with claimed(premises.history, name):
        try:
            clone = make_clone(_order(premises, name, wanted), watch=wanted.watch)
        except BaseException as error:
            what = redact(error.what) if isinstance(error, BackoutError) else f"unexpected {type(error).__name__}"
            _move(premises, name, BackupState.FAILED, Learnt(because=what))
            raise
        learnt = Learnt(
            revision=",".join(clone.revisions) or None, size_bytes=clone.database_bytes, because=NEVER_ALONE,
            stores={clone.name: {"state": There.KEPT}},
        )  # fmt: skip
        _move(premises, name, BackupState.MADE, learnt)
    return Cloned(name=name, clone=clone, let_go=let_go_of_clones(premises))


def clones_of(premises: Premises) -> tuple[Clone, ...] | None:
    """None when the server does not answer, or need not be asked: there never was one."""
    records = list_backups(premises.history, service=premises.service.name, limit=MOST)
    if not any(record.strategy == "clone" for record in records):
        return None
    try:
        return list_clones(premises.admin_url, database=place_of(premises.url)[2])
    except BackoutError:
        return None


def list_of(premises: Premises) -> Listing:
    """All of a service's backups: in the stores, on the server, and in the history."""
    clones = clones_of(premises)
    names = None if clones is None else tuple(clone.name for clone in clones)
    return list_all(premises.history, premises.service.name, premises.stores, clones=names)


def let_go_of_clones(premises: Premises) -> tuple[str, ...]:
    """All but the newest, and those that an open rollback refers to; the names of their backups."""
    needed = needed_by_rollbacks(premises.history, premises.service.name)
    known = {
        record.name: record
        for record in list_backups(premises.history, service=premises.service.name, limit=MOST)
        if record.strategy == "clone"
    }
    gone = []
    for clone in (clones_of(premises) or ())[KEPT_CLONES:]:
        if clone.backup not in known or clone.backup in needed:
            continue  # not in our history: somebody else's Backout may need it
        try:
            drop_clone(premises.admin_url, clone.name, database=clone.database)
            _move(premises, clone.backup, BackupState.DELETED, Learnt(because="a newer clone took its place"))
        except BackoutError as error:
            log.warning(
                "Clone %s is left for the next time: %s", clone.name, error.what,
                extra={"event": "clone_left", "service": premises.service.name},
            )  # fmt: skip
        else:
            gone.append(clone.backup)
    return tuple(gone)


def _order(premises: Premises, name: str, wanted: CloneWanted) -> CloneOrder:
    return CloneOrder(
        admin_url=premises.admin_url, database=place_of(premises.url)[2], backup=name, now=premises.now(),
        revisions=live_revisions(premises.url, premises.version_table), guests=wanted.guests,
    )  # fmt: skip


def _move(premises: Premises, name: str, to: BackupState, learnt: Learnt) -> None:
    with premises.history.writing() as connection:
        move_backup(connection, name, to, learnt, actor=premises.actor)
