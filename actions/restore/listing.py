"""Every backup of a service: what the history knows, held against what really lies in the stores.

Neither is believed alone. A backup that the history knows and a store has lost is called missing there; one that lies
in a store and the history does not know is read from its manifest, so that nothing is lost with the history.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from actions.backup.manifest import FILE
from actions.backup.naming import parse
from actions.backup.store import Store
from actions.backup.store_copy import stored_manifest
from actions.errors import BackoutError
from actions.history.backups import list_backups
from actions.history.database import History
from actions.history.values import BackupRecord, BackupState
from actions.restore.kept import KeptDatabase

MOST = 1000
#: A store was away when its retention let go of it.
LET_GO_BUT_THERE = "let go, but still there"
#: Two renames, whatever the size.
CLONE_SECONDS = 1.0


class There(StrEnum):
    """What we know of one copy."""

    KEPT = "kept"
    #: It was written there once, and is not there now.
    MISSING = "missing"
    #: The store does not answer, so nobody knows.
    AWAY = "away"
    COPYING = "copying"
    #: It could not be copied there.
    FAILED = "failed"
    #: The catalog does not name this store any more.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    store: str
    there: There
    because: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One backup, from both sides."""

    name: str
    service: str
    strategy: str
    taken_at: datetime
    #: None: only its manifest was found, and the history does not know it.
    state: BackupState | None
    why: str | None
    purpose: str | None
    revision: str | None
    size_bytes: int | None
    rows: int | None
    places: tuple[Place, ...]
    #: How long bringing it back takes: as long as its proof took, or (not measured) in proportion to another's.
    restore_seconds: float | None
    restore_measured: bool

    @property
    def restorable(self) -> bool:
        """Complete, and a copy of it is there or may be there."""
        complete = self.why != LET_GO_BUT_THERE and self.state not in (
            BackupState.MAKING,
            BackupState.FAILED,
            BackupState.DELETED,
        )
        return complete and any(place.there in (There.KEPT, There.AWAY, There.UNKNOWN) for place in self.places)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    service: str
    #: Titles of the stores of the catalog, the first one first.
    stores: tuple[str, ...]
    #: Stores that did not answer, and why.
    away: Mapping[str, str]
    #: The newest first.
    backups: tuple[Listed, ...]
    #: Databases that were replaced and are kept on the server, the newest first; empty where nobody asked it.
    kept: tuple[KeptDatabase, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shelf:
    """What one store has of this service."""

    title: str
    store: Store
    bytes: Mapping[str, int]
    away: str | None = None


def list_all(
    history: History | None, service: str, stores: Sequence[Store], *, clones: Sequence[str] | None = None
) -> Listing:
    """Asks every store at once; one that does not answer hides nothing of the others. `clones` are the names of those
    that the server has; None when it was not asked. Without the history: what the stores themselves can tell.
    """
    records = list_backups(history, service=service, limit=MOST) if history else ()
    with ThreadPoolExecutor(max(1, len(stores)), thread_name_prefix="shelf") as pool:
        shelves = tuple(_believable(shelf, records) for shelf in pool.map(lambda store: _look(store, service), stores))
    known = {record.name for record in records}
    listed = [_known(record, shelves, records, clones) for record in records]
    listed += _strangers(service, shelves, known, history)
    return Listing(
        service=service,
        stores=tuple(shelf.title for shelf in shelves),
        away={shelf.title: shelf.away for shelf in shelves if shelf.away},
        backups=tuple(sorted(listed, key=lambda each: (each.taken_at, each.name), reverse=True)),
    )


def estimate(size_bytes: int | None, records: Iterable[BackupRecord]) -> float | None:
    """From the seconds and size of the latest that was proven."""
    for record in records:
        seconds = _proof_seconds(record)
        if seconds is not None and record.size_bytes and size_bytes:
            return seconds * size_bytes / record.size_bytes
    return None


def _look(store: Store, service: str) -> _Shelf:
    try:
        objects = store.list(f"{service}_")
    except BackoutError as error:
        return _Shelf(title=store.title, store=store, bytes={}, away=error.what)
    sizes: dict[str, int] = {}
    for each in objects:
        name = each.key.partition("/")[0]
        sizes[name] = sizes.get(name, 0) + each.bytes
    complete = {each.key.partition("/")[0] for each in objects if each.key.partition("/")[2] == FILE}
    return _Shelf(title=store.title, store=store, bytes={name: sizes[name] for name in complete})


def _believable(shelf: _Shelf, records: Sequence[BackupRecord]) -> _Shelf:
    """A store that has lost everything at once is more likely an unmounted folder or another bucket than a loss: it counts
    as away, so that nothing is let go elsewhere because of it."""
    kept = [record.name for record in records if _is_noted_as_kept(record, shelf.title)]
    if shelf.away or shelf.bytes or not kept:
        return shelf
    number = "a backup" if len(kept) == 1 else f"{len(kept)} backups"
    return replace(shelf, away=f"it is empty, and should have {number}: is it mounted, is it the right one?")


def _is_noted_as_kept(record: BackupRecord, title: str) -> bool:
    said = record.stores.get(title)
    return record.state is not BackupState.DELETED and isinstance(said, dict) and said.get("state") == There.KEPT


def _known(
    record: BackupRecord, shelves: Sequence[_Shelf], records: Sequence[BackupRecord], clones: Sequence[str] | None
) -> Listed:
    places = _on_the_server(record, clones) if record.strategy == "clone" else _places(record, shelves)
    measured = _proof_seconds(record)
    summary = record.manifest or {}
    rows = summary.get("rows")
    return Listed(
        name=record.name, service=record.service, strategy=record.strategy, taken_at=record.started_at,
        state=record.state, why=record.because, purpose=record.purpose, revision=record.revision,
        size_bytes=record.size_bytes, rows=rows if isinstance(rows, int) else None,
        places=tuple(places),
        restore_seconds=_restore_seconds(record, records),
        restore_measured=measured is not None,
    )  # fmt: skip


def _restore_seconds(record: BackupRecord, records: Sequence[BackupRecord]) -> float | None:
    if record.state is BackupState.FAILED:
        return None
    if record.strategy == "clone":
        return CLONE_SECONDS
    dumps = [each for each in records if each.strategy != "clone"]
    return _proof_seconds(record) or estimate(record.size_bytes, dumps)


def _places(record: BackupRecord, shelves: Sequence[_Shelf]) -> Iterator[Place]:
    titles = {shelf.title for shelf in shelves}
    for shelf in shelves:
        said = record.stores.get(shelf.title)
        noted = said if isinstance(said, dict) else {}
        state, because = str(noted.get("state") or ""), str(noted.get("because") or "") or None
        if record.name in shelf.bytes:
            damaged = state == There.FAILED and record.state is not BackupState.MAKING
            yield Place(
                store=shelf.title, there=There.FAILED if damaged else There.KEPT, because=because if damaged else None
            )
        elif shelf.away and (state or not record.stores):
            yield Place(store=shelf.title, there=There.AWAY, because=shelf.away)
        elif state == There.KEPT:
            yield Place(store=shelf.title, there=There.MISSING, because="it was written there, and is gone")
        elif state:
            yield Place(store=shelf.title, there=There(state), because=because)
    for title, said in record.stores.items():
        if title not in titles and isinstance(said, dict) and said.get("state") == There.KEPT:
            gone = "the catalog does not name this store any more"
            yield Place(store=title, there=There.UNKNOWN, because=gone)


def _on_the_server(record: BackupRecord, clones: Sequence[str] | None) -> Iterator[Place]:
    for name in record.stores:
        if clones is None:
            yield Place(store=name, there=There.AWAY)
        elif name in clones:
            yield Place(store=name, there=There.KEPT)
        else:
            yield Place(store=name, there=There.MISSING, because="the server has no such database any more")


def _strangers(service: str, shelves: Sequence[_Shelf], known: set[str], history: History | None) -> Iterator[Listed]:
    names = {name for shelf in shelves for name in shelf.bytes} - known
    if not names:
        return
    # One of which the history says that it was let go may still lie in a store that was away then.
    recorded = list_backups(history, service=service, limit=10 * MOST, deleted=True) if history else ()
    gone = {record.name for record in recorded}
    for name in names:
        having = [shelf for shelf in shelves if name in shelf.bytes]
        try:
            found = stored_manifest(having[0].store, name)
        except BackoutError as error:
            found, trouble = None, error.what
        else:
            trouble = _unknown_because(name in gone, history)
        taken_at = found.taken_at if found else _moment_in(name)
        if taken_at is None or (found is not None and found.service != service):
            continue  # somebody else's: a name that we never gave
        yield Listed(
            name=name, service=service, strategy="dump", taken_at=taken_at, state=None, why=trouble, purpose=None,
            revision=",".join(found.revisions) if found else None,
            size_bytes=found.stored_bytes if found else having[0].bytes[name], rows=found.rows if found else None,
            places=tuple(Place(store=shelf.title, there=There.KEPT) for shelf in having),
            restore_seconds=None, restore_measured=False,
        )  # fmt: skip


def _unknown_because(gone: bool, history: History | None) -> str:  # noqa: FBT001
    if history is None:
        return "the history does not answer, so its state is not known"
    return LET_GO_BUT_THERE if gone else "not in the history"


def _moment_in(name: str) -> datetime | None:
    parsed = parse(name)
    return parsed.taken_at if parsed else None


def _proof_seconds(record: BackupRecord) -> float | None:
    seconds = (record.proof or {}).get("restore_seconds")
    return float(seconds) if isinstance(seconds, int | float) else None


def age(taken_at: datetime, now: datetime) -> timedelta:
    """Never negative: clocks differ a little between machines."""
    return max(now - taken_at, timedelta(0))
