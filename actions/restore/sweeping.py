"""Backups whose maker died: called what they are, and their halves removed.

Whoever comes next does it: any verb, and `serve` every minute. It waits for nobody who may still live.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from actions.backup.manifest import FILE, Manifest
from actions.backup.store import Store
from actions.backup.store_copy import stored_manifest
from actions.errors import BackoutError
from actions.history.backups import Learnt, move_backup, note_on_backup
from actions.history.canonical import Json
from actions.history.database import History
from actions.history.liveness import forgotten
from actions.history.values import BackupRecord, BackupState
from actions.restore.listing import There
from actions.restore.summary import summary

log = logging.getLogger(__name__)

INTERRUPTED = "interrupted: the process that made it is gone"
#: The stores of a service, by its name; none for a service that the catalog does not have any more.
StoresOf = Callable[[str], Sequence[Store]]


def sweep(history: History, stores_of: StoresOf, *, actor: str) -> tuple[str, ...]:
    """The names of those that were found dead. A store that is away keeps its half until retention comes by."""
    swept = []
    with forgotten(history) as dead:
        for record in dead:
            _bury(history, record, stores_of(record.service), actor)
            swept.append(record.name)
            log.warning(
                "The making of %s was interrupted", record.name,
                extra={"event": "backup_interrupted", "backup": record.name, "service": record.service},
            )  # fmt: skip
    return tuple(swept)


def _bury(history: History, record: BackupRecord, stores: Sequence[Store], actor: str) -> None:
    halves = {
        title for title, said in record.stores.items() if isinstance(said, dict) and said.get("state") == There.COPYING
    }
    if record.state is BackupState.MAKING and (found := _complete(record.name, halves, stores)) is not None:
        # Its maker died between the last byte and the first word about it.
        store, manifest = found
        learnt = Learnt(
            because=f"not proven: {INTERRUPTED}", revision=",".join(manifest.revisions) or None,
            size_bytes=manifest.stored_bytes, manifest=summary(manifest), stores={store.title: {"state": There.KEPT}},
        )  # fmt: skip
        with history.writing() as connection:
            move_backup(connection, record.name, BackupState.MADE, learnt, actor=actor)
        return
    left = remove_from(stores, record.name, only=halves)
    because = INTERRUPTED if record.state is BackupState.MAKING else "the copy was interrupted"
    noted: dict[str, Json] = {title: said for title, said in record.stores.items() if title not in halves}
    for title in halves:
        if record.state is not BackupState.MAKING or title in left:
            noted[title] = {"state": There.FAILED, "because": left.get(title, because)}
    with history.writing() as connection:
        if record.state is BackupState.MAKING:
            learnt = Learnt(because=INTERRUPTED, stores=noted)
            move_backup(connection, record.name, BackupState.FAILED, learnt, actor=actor)
        else:
            note_on_backup(connection, record.name, Learnt(stores=noted))


def _complete(name: str, titles: set[str], stores: Sequence[Store]) -> tuple[Store, Manifest] | None:
    """A manifest is written last: where there is one, there is all of it."""
    for store in stores:
        if store.title in titles:
            with suppress(BackoutError):
                return store, stored_manifest(store, name)
    return None


def remove_halves(stores: Sequence[Store], name: str) -> dict[str, str]:
    """As `remove_from`, but a whole backup of that name stays: it is not ours to remove."""
    trouble: dict[str, str] = {}
    for store in stores:
        try:
            if not store.list(f"{name}/{FILE}"):
                trouble |= remove_from([store], name)
        except BackoutError as error:
            trouble[store.title] = f"could not be looked at: {error.what}"
    return trouble


def remove_from(stores: Sequence[Store], name: str, *, only: set[str] | None = None) -> dict[str, str]:
    """Removes a backup, or what there is of it; the stores in which that did not work, and why."""
    trouble = {}
    for store in stores:
        if only is None or store.title in only:
            try:
                store.delete(name)
            except BackoutError as error:
                trouble[store.title] = f"could not be removed: {error.what}"
    return trouble
