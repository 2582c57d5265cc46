"""Dumps that somebody else made: whether one is whole, and what it says of itself.

A file is read to its end before anybody relies on it: a dump is as good as its last line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actions.backup.programs import ClientPrograms
from actions.backup.progress import Stage, Watcher, unwatched
from actions.restore.foreign_files import HEAD, DumpKind, Packing, Reader, recognise
from actions.restore.foreign_reading import Reading
from actions.restore.foreign_script import CutOffError, cut
from actions.restore.foreign_troubles import DumpTrouble, unusable
from actions.restore.limits import Limits, Meter
from actions.restore.roles_needed import NeededRole

__all__ = ["DumpKind", "DumpedTable", "ForeignDump", "Packing", "Reader", "by_title", "inspect", "recognise"]

COMPLETE = re.compile(rb"^-- PostgreSQL database dump complete\s*$", re.MULTILINE)
_VERSION = re.compile(rb"^(?:--|;) +Dumped (from database|by pg_dump) version:? +(\d+)(?:\.(\d+))?", re.MULTILINE)
_DATABASE_NAME = re.compile(rb"^; +dbname: (.+)$", re.MULTILINE)
_ARCHIVED_AT = re.compile(rb"^; Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)
_IN_NAME = re.compile(r"(?<!\d)(20\d{6})[_T-]?(\d{6})(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class DumpedTable:
    schema_name: str
    name: str
    #: None where rows come as INSERT statements, which are not counted.
    rows: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignDump:
    """A dump that is whole, and what it says of itself."""

    path: Path
    kind: DumpKind
    packing: Packing
    #: Major and minor, of the server that was dumped and of the pg_dump that did it.
    server_version: tuple[int, int] | None
    tool_version: tuple[int, int] | None
    #: Where the dump says it: archives, and scripts made with --create.
    database: str | None
    taken_at: datetime
    #: How that moment is known: `the archive says so`, `by the file's name`, `by the file's date`.
    taken_at_from: str
    tables: tuple[DumpedTable, ...]
    #: Alembic's, where its table is in it.
    revisions: tuple[str, ...]
    extensions: tuple[str, ...]
    #: Owners, and whom something is granted to.
    roles: tuple[NeededRole, ...]
    #: It drops what is there before it makes it: `--clean`.
    cleans: bool
    #: Of the script, unpacked.
    bytes: int

    @property
    def rows(self) -> int:
        return sum(table.rows or 0 for table in self.tables)


def inspect(path: Path, programs: ClientPrograms, limits: Limits, *, watch: Watcher = unwatched) -> ForeignDump:
    """Reads all of it. BackoutError when it is damaged, cut off, no dump, or has orders for psql in it."""
    reader = recognise(path, programs, limits)
    said = _archive_says(reader) if reader.kind is DumpKind.ARCHIVE else b""
    reading = Reading(path)
    meter = Meter(Stage.CHECK, watch=watch)
    tail = _Tail()
    try:
        with reader.script() as chunks:
            for piece in cut(tail.of(meter.over(chunks))):
                reading.take(piece)
    except CutOffError as error:
        raise unusable(DumpTrouble.TRUNCATED, path, f"is cut off: {_lowered(error.what)}") from error
    if not COMPLETE.search(tail.last) or reading.is_open:
        raise unusable(DumpTrouble.TRUNCATED, path, "is cut off: pg_dump's last line is missing")
    versions = {match[1]: (int(match[2]), int(match[3] or 0)) for match in _VERSION.finditer(said or tail.first)}
    name = _DATABASE_NAME.search(said)
    taken_at, how = _taken_at(path, said)
    return ForeignDump(
        path=path, kind=reader.kind, packing=reader.packing, server_version=versions.get(b"from database"),
        tool_version=versions.get(b"by pg_dump"), database=name[1].decode(errors="replace").strip() if name else reading.database,
        taken_at=taken_at, taken_at_from=how,
        tables=tuple(
            DumpedTable(schema_name=schema, name=table, rows=rows) for (schema, table), rows in reading.tables.items()
        ),
        revisions=tuple(reading.revisions), extensions=tuple(reading.extensions), roles=reading.roles,
        cleans=reading.cleans, bytes=tail.bytes,
    )  # fmt: skip


class _Tail:
    """Remembers the first and the last of what passes."""

    def __init__(self) -> None:
        self.first = self.last = b""
        self.bytes = 0

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.bytes += len(chunk)
            if len(self.first) < HEAD:
                self.first += chunk[:HEAD]
            self.last = (self.last + chunk)[-4096:]
            yield chunk


def _archive_says(reader: Reader) -> bytes:
    with reader.pg_restore("--list") as chunks:
        return b"".join(chunks)


def _taken_at(path: Path, said: bytes) -> tuple[datetime, str]:
    """Without a zone: as the clock of the machine stood that made it; near enough to tell whether it is too old."""
    if archived := _ARCHIVED_AT.search(said):
        return datetime.fromisoformat(archived[1].decode()).replace(tzinfo=UTC), "the archive says so"
    if named := _IN_NAME.search(path.name):
        try:
            return datetime.strptime(named[1] + named[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC), "by the file's name"
        except ValueError:
            pass
    return datetime.fromtimestamp(path.stat().st_mtime, UTC), "by the file's date"


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def by_title(tables: Iterable[DumpedTable]) -> Mapping[str, int | None]:
    return {f"{table.schema_name}.{table.name}": table.rows for table in tables}
