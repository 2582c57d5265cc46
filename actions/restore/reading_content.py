"""Is what was stored a backup's content at all? Everything is unpacked and counted, without any server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from actions.backup.encryption import Keys, keys_of
from actions.backup.manifest import Manifest, TableContent
from actions.backup.pipes import Tally, ending, gunzip, read_file, unpacked
from actions.backup.progress import Stage, Watcher
from actions.backup.store import Store
from actions.restore.limits import Limits, Meter
from actions.restore.premises import Premises
from actions.restore.sections import archive_of

AT_ONCE = 2
#: What an archive of pg_dump begins with.
MAGIC = b"PGDMP"
HEAD, END = b"-- PostgreSQL database dump", b"-- PostgreSQL database dump complete"
#: Enough of a script's end to find its last line in.
_TAIL = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentRead:
    tables: int
    rows: int
    #: What the archive is.
    archive: str
    #: One sentence each.
    faults: tuple[str, ...]


def read_content(
    premises: Premises, manifest: Manifest, store: Store, limits: Limits, *, watch: Watcher
) -> ContentRead:
    """Raises when a file is damaged or its key is missing; differences to the manifest are faults."""
    keys = keys_of(premises.rules.encryption_key, premises.environ)
    with_files = [table for table in manifest.tables if table.file is not None]
    meter = Meter(Stage.CHECK, watch=watch, bytes_total=sum(table.bytes for table in with_files))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="content") as pool:
        found = list(pool.map(lambda table: _table(table, store, keys, limits, meter), with_files))
    faults = [fault for fault in found if fault is not None]
    said, more = _archive(manifest, store, keys, limits)
    return ContentRead(tables=len(manifest.tables), rows=manifest.rows, archive=said, faults=(*faults, *more))


def _table(table: TableContent, store: Store, keys: Keys | None, limits: Limits, meter: Meter) -> str | None:
    if table.file is None:
        return None
    tally = Tally()
    pieces = unpacked(store, table.file, keys)
    with ending(pieces):
        for chunk in meter.over(limits.within(pieces)):
            tally.add(chunk)
    name = f"{table.schema_name}.{table.name}"
    if (tally.rows, tally.bytes) != (table.rows, table.bytes):
        return f"{name} has {tally.rows:,} rows in the file, and {table.rows:,} by the manifest"
    return None if tally.hash == table.hash else f"{name} has other rows in the file than by the manifest"


def _archive(manifest: Manifest, store: Store, keys: Keys | None, limits: Limits) -> tuple[str, tuple[str, ...]]:
    if manifest.form == "plain":
        return "a plain script, with its head and its end", tuple(_script_faults(manifest, store, keys, limits))
    size, begins = 0, b""
    pieces = unpacked(store, archive_of(manifest), keys)
    with ending(pieces):
        for chunk in limits.within(pieces):
            begins = begins or chunk[: len(MAGIC)]
            size += len(chunk)
    fault = () if begins == MAGIC else ("the archive is not one of pg_dump",)
    return f"pg_dump's archive of {size / 1000:,.0f} kB", fault


def _script_faults(manifest: Manifest, store: Store, keys: Keys | None, limits: Limits) -> Iterator[str]:
    (file,) = manifest.files
    head, tail = b"", b""
    pieces = gunzip(read_file(store, file, keys))
    with ending(pieces):
        for chunk in limits.within(pieces):
            head = head if len(head) >= _TAIL else head + chunk[:_TAIL]
            tail = (tail + chunk)[-_TAIL:]
    if HEAD not in head:
        yield "the script does not begin as pg_dump's do"
    if END not in tail:
        yield "the script's end is missing"
