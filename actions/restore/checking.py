"""Is a backup still what was written? Every stored byte of every copy is read and held against its checksum.

This finds what disks and networks do. Whether it can be restored is another question, which a proof answers.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from actions.backup.manifest import Manifest, StoredFile
from actions.backup.progress import Stage, Watcher, unwatched
from actions.backup.store import Store
from actions.backup.store_copy import stored_manifest
from actions.errors import BackoutError, UnavailableError
from actions.restore.limits import Limits, Meter

#: Files read at once: checksums of several are faster than of one, and memory stays small.
AT_ONCE = 4


class Condition(StrEnum):
    """Of one copy."""

    WHOLE = "whole"
    #: Something is missing, cut off or changed.
    DAMAGED = "damaged"
    #: It is not there at all.
    MISSING = "missing"
    #: The store does not answer, so nobody knows.
    AWAY = "away"


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyChecked:
    store: str
    condition: Condition
    #: What is wrong, one sentence each.
    faults: tuple[str, ...] = ()
    manifest: Manifest | None = None
    bytes: int = 0


def check_copies(
    name: str, stores: Sequence[Store], limits: Limits, *, watch: Watcher = unwatched
) -> tuple[CopyChecked, ...]:
    """One answer per store, in their order."""
    return tuple(_check(name, store, limits, watch) for store in stores)


def _check(name: str, store: Store, limits: Limits, watch: Watcher) -> CopyChecked:
    try:
        there = {each.key: each.bytes for each in store.list(f"{name}/")}
        if not there:
            return CopyChecked(store=store.title, condition=Condition.MISSING)
        manifest = stored_manifest(store, name)
        faults = _faults(manifest, there, store, limits, watch)
    except UnavailableError as error:
        limits.check()  # that we were stopped says nothing about the store
        return CopyChecked(store=store.title, condition=Condition.AWAY, faults=(error.what,))
    except BackoutError as error:
        return CopyChecked(store=store.title, condition=Condition.DAMAGED, faults=(error.what,))
    condition = Condition.DAMAGED if faults else Condition.WHOLE
    return CopyChecked(
        store=store.title, condition=condition, faults=faults, manifest=manifest, bytes=manifest.stored_bytes
    )


def _faults(manifest: Manifest, there: dict[str, int], store: Store, limits: Limits, watch: Watcher) -> tuple[str, ...]:
    files = manifest.every_file
    meter = Meter(Stage.CHECK, watch=watch, bytes_total=manifest.stored_bytes)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check") as pool:
        found = pool.map(lambda file: _fault(file, there.get(file.key), store, limits, meter), files)
        return tuple(fault for fault in found if fault is not None)


def _fault(file: StoredFile, size: int | None, store: Store, limits: Limits, meter: Meter) -> str | None:
    name = file.key.partition("/")[2]
    if size is None:
        return f"{name} is missing"
    if size != file.bytes:
        how = "cut off" if size < file.bytes else "too long"
        return f"{name} is {how}: {size:,} of {file.bytes:,} bytes"
    digest = hashlib.sha256()
    for chunk in meter.over(limits.within(store.read(file.key))):
        digest.update(chunk)
    return None if digest.hexdigest() == file.sha256 else f"{name} was changed: its checksum is another"
