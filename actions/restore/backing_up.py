"""One backup from beginning to end: take it, write it down, copy it to the other stores, prove it, let old ones go.

The history says at every moment how far it is, and never more than is true: a backup is `making` until its manifest
lies in a store, `made` until what was stored has been restored and compared, and only then `proven`. Whoever dies in
between is found by the next one who looks (see `sweeping`).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from actions.backup.manifest import Manifest
from actions.backup.naming import new_name
from actions.backup.progress import Watcher, unwatched
from actions.backup.store import Store
from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.history.backups import Learnt, NewBackup, find_backup, move_backup, note_on_backup, record_backup
from actions.history.canonical import JsonObject
from actions.history.liveness import Claim, claimed, this_process
from actions.history.values import BackupRecord, BackupState, RollbackId
from actions.redaction import redact
from actions.restore.copying_on import copy_on
from actions.restore.letting_go import tidy
from actions.restore.listing import Place, There
from actions.restore.making import facts_of, prove_it, take_it
from actions.restore.premises import Premises
from actions.restore.proving import Proof
from actions.restore.some import some
from actions.restore.summary import summary
from actions.restore.sweeping import remove_halves
from actions.restore.volumes_beside import VolumeBeside, archive_volumes

log = logging.getLogger(__name__)

DRILL = "drill"
#: A backup that is made must be written down: so long we wait for a history that went away meanwhile.
WAIT_FOR_HISTORY_SECONDS = 600.0
_TICK_SECONDS = 1.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupOrder:
    """What is wanted, and who watches."""

    #: For the list of backups: `by hand`, `schedule`, `before a restore`.
    purpose: str = "by hand"
    prove: bool = True
    rollback: RollbackId | None = None
    #: The moment of its schedule that it answers.
    slot: datetime | None = None
    attempt: int | None = None
    #: Whether older ones may go afterwards.
    keep: bool = True
    watch: Watcher = unwatched
    should_stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, kw_only=True, slots=True)
class BackedUp:
    """One that was made, and how far it can be trusted."""

    name: str
    state: BackupState
    #: Why it is not proven, where it is not.
    because: str | None
    manifest: Manifest
    proved: Proof | None
    places: tuple[Place, ...]
    warnings: tuple[str, ...]
    #: Older ones that its retention let go.
    let_go: tuple[str, ...]
    seconds: float
    #: Those that the catalog wants archived with it.
    volumes: tuple[VolumeBeside, ...] = ()

    @property
    def misses_volumes(self) -> bool:
        return any(each.archive is None for each in self.volumes)


class StoppedError(BackoutError):
    """We were asked to stop; the world and the history are as the text says."""


def back_up(premises: Premises, order: BackupOrder) -> BackedUp:
    """Raises when none was made: the history has a failed one then, and nothing of it is left in the stores. One that
    was made and could not be proven is returned as what it is."""
    started = time.monotonic()
    name = new_name(premises.service.name, premises.now())
    new = NewBackup(
        name=name, service=premises.service.name, strategy="dump", rollback=order.rollback, purpose=order.purpose,
        maker=this_process(), slot=order.slot, attempt=order.attempt,
    )  # fmt: skip
    with premises.history.writing() as connection:
        record_backup(connection, new, actor=premises.actor)
    with claimed(premises.history, name) as claim:
        work = _Work(premises=premises, order=order, name=name, claim=claim)
        taken = work.take()
        places = work.copy(taken)
        record, proved = work.prove(taken) if order.prove else (work.leave("not proven yet"), None)
        volumes = work.archive_volumes(places)
    gone = tidy(premises) if order.keep else None
    return BackedUp(
        name=name, state=record.state, because=record.because, manifest=taken.manifest, proved=proved, places=places,
        warnings=taken.warnings, volumes=volumes, let_go=() if gone is None or isinstance(gone, BackoutError) else gone.gone,
        seconds=time.monotonic() - started,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class _InStore:
    """Whole, in the store to which it was written."""

    manifest: Manifest
    warnings: tuple[str, ...]
    first: Store
    #: The other stores; each with what is wrong with it, where it does not answer.
    others: tuple[tuple[Store, str | None], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    premises: Premises
    order: BackupOrder
    name: str
    claim: Claim

    def should_stop(self) -> bool:
        return self.order.should_stop() or self.claim.lost

    def take(self) -> "_InStore":
        """Into the first store that answers; the others get copies."""
        first: Store | None = None
        try:
            first, others = _first_that_answers(self.premises.stores)
            self._note((Place(store=first.title, there=There.COPYING),))
            taken = take_it(self.premises, self.name, first, watch=self.order.watch, should_stop=self.should_stop)
        except BaseException as error:
            self._failed(error, first)
            if isinstance(error, BackoutError) and self.order.should_stop():
                raise StoppedError(
                    "The backup was stopped before it was complete; nothing of it is left in the stores",
                    where=self.name, next_step=f"Take it again: backout backup {self.premises.service.name}",
                ) from error  # fmt: skip
            raise
        manifest = taken.manifest
        learnt = Learnt(
            revision=",".join(manifest.revisions) or None, size_bytes=manifest.stored_bytes,
            manifest=summary(manifest), stores={first.title: {"state": There.KEPT}}, because=None,
        )  # fmt: skip
        self._move(BackupState.MADE, learnt)
        return _InStore(manifest=manifest, warnings=taken.warnings, first=first, others=others)

    def copy(self, taken: "_InStore") -> tuple[Place, ...]:
        """To every other store; one that fails is noted, and costs the first one nothing."""
        places = [Place(store=taken.first.title, there=There.KEPT)]
        for store, away in taken.others:
            trouble = away
            if away is None:
                self._note((*places, Place(store=store.title, there=There.COPYING)))
                trouble = copy_on(self.name, taken.first, store, self.order.watch, self.should_stop)
            there = There.KEPT if trouble is None else There.FAILED
            places.append(Place(store=store.title, there=there, because=trouble))
            self._note(tuple(places))
            if trouble is not None:
                log.warning(
                    "Backup %s has no copy in %s: %s", self.name, store.title, trouble,
                    extra={"event": "backup_not_copied", "backup": self.name, "service": self.premises.service.name},
                )  # fmt: skip
        return tuple(places)

    def prove(self, taken: "_InStore") -> tuple[BackupRecord, Proof | None]:
        """Only a proof that found a difference or damage makes it `failed`; one that could not be carried out says
        nothing about the backup."""
        try:
            proved = prove_it(
                self.premises, taken.manifest, taken.first, watch=self.order.watch, should_stop=self.should_stop
            )
        except BackoutError as error:
            stopped = self.order.should_stop()
            return self.leave("not proven: stopped" if stopped else f"not proven: {redact(error.what)}"), None
        if proved.faults:
            because = f"the proof found differences: {some(proved.faults)}"
            return self._move(BackupState.FAILED, Learnt(because=because, proof=facts_of(proved))), proved
        return self._move(BackupState.PROVEN, Learnt(because=None, proof=facts_of(proved))), proved

    def archive_volumes(self, places: Sequence[Place]) -> tuple[VolumeBeside, ...]:
        """Not for a drill, or before something that does not touch them."""
        if not self.order.keep or self.order.purpose == DRILL or self.should_stop():
            return ()
        kept = {place.store for place in places if place.there is There.KEPT}
        stores = [store for store in self.premises.stores if store.title in kept]
        return archive_volumes(self.premises, self.name, stores, purpose=self.order.purpose)

    def leave(self, because: str) -> BackupRecord:
        """It stays `made`."""
        return self._written_down(lambda: self._noted(because))

    def _noted(self, because: str) -> BackupRecord:
        with self.premises.history.writing() as connection:
            note_on_backup(connection, self.name, Learnt(because=because))
        found = find_backup(self.premises.history, self.name)
        if found is None:
            raise RefusedError(f"The history has lost {self.name}")
        return found

    def _note(self, places: tuple[Place, ...]) -> None:
        def note() -> None:
            with self.premises.history.writing() as connection:
                note_on_backup(connection, self.name, Learnt(stores=stores_json(places)))

        self._written_down(note)

    def _move(self, to: BackupState, learnt: Learnt) -> BackupRecord:
        def move() -> BackupRecord:
            with self.premises.history.writing() as connection:
                return move_backup(connection, self.name, to, learnt, actor=self.premises.actor)

        return self._written_down(move)

    def _failed(self, error: BaseException, first: Store | None) -> None:
        """What could not be removed is told, and left to retention."""
        left = remove_halves([first] if first else [], self.name)
        stopped = self.order.should_stop() or not isinstance(error, Exception)
        what = redact(error.what) if isinstance(error, BackoutError) else f"unexpected {type(error).__name__}"
        learnt = Learnt(
            because="stopped" if stopped else what,
            stores={title: {"state": There.FAILED, "because": because} for title, because in left.items()},
        )
        try:
            self._move(BackupState.FAILED, learnt)
        except (RefusedError, UnavailableError) as more:
            # The sweep will say it, or has said it already.
            log.warning("That %s failed could not be written down: %s", self.name, more.what,
                        extra={"event": "backup_not_recorded", "backup": self.name})  # fmt: skip

    def _written_down(self, write: Callable[[], Answer]) -> Answer:
        """Now, or when a history that went away is back; a backup is not thrown away for that."""
        until = time.monotonic() + WAIT_FOR_HISTORY_SECONDS
        while True:
            try:
                return write()
            except UnavailableError as error:
                if time.monotonic() > until or self.order.should_stop():
                    raise
                log.warning("Waiting for the history: %s", error.what, extra={"event": "history_away"})
                threading.Event().wait(_TICK_SECONDS)


def _first_that_answers(stores: Sequence[Store]) -> tuple[Store, tuple[tuple[Store, str | None], ...]]:
    """The store to write to, and the others with what is wrong with them. Raises the first one's trouble when none
    answers: one store that is away must not cost a night's backup."""
    troubles: list[BackoutError | None] = []
    for store in stores:
        try:
            store.probe()
        except BackoutError as error:
            troubles.append(error)
        else:
            troubles.append(None)
    if all(troubles):
        raise next(trouble for trouble in troubles if trouble is not None)
    at = troubles.index(None)
    others = [(store, trouble.what if trouble else None) for store, trouble in zip(stores, troubles, strict=True)]
    return stores[at], tuple(other for number, other in enumerate(others) if number != at)


def stores_json(places: Sequence[Place]) -> JsonObject:
    return {
        place.store: {"state": place.there, **({"because": place.because} if place.because else {})} for place in places
    }
