"""What an export is asked to do, and what it says of itself afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actions.catalog.exports import Export
from actions.errors import BackoutError


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One moment of it: how far, from 0 to 1, and what is being done."""

    fraction: float
    words: str


#: Called often; must be quick and must not raise.
Watcher = Callable[[Progress], None]


def unwatched(_: Progress) -> None:
    """For those whom nobody watches."""


def never() -> bool:
    """For those whom nobody stops."""
    return False


class StoppedError(BackoutError):
    """Somebody asked for it; what is there is whole, and the next export completes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportOrder:
    """Rows of one table of one database, to files under one folder."""

    service: str
    template: Export
    #: As Backout reaches the database.
    url: str = field(repr=False)
    #: The service's folder; `template.folder` is inside it.
    home: Path
    watch: Watcher = unwatched
    should_stop: Callable[[], bool] = never

    @property
    def folder(self) -> Path:
        return self.home / self.template.folder

    @property
    def where(self) -> str:
        return f"export {self.template.name or self.template.table} of {self.service}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was done, in numbers and in names of files; no values of rows."""

    folder: Path
    #: Files that stand for a row now: those that were written and those that were the same already.
    files: int
    written: int
    unchanged: int
    #: Of an earlier export, whose rows are gone.
    removed: int
    #: Key in the file to the related rows that were written there, over all files.
    related: Mapping[str, int]
    #: Rows as the database counts them, in the snapshot that was exported.
    counted: int
    counted_related: Mapping[str, int]
    #: Files that look like a row's, that no row stands for, and that are not ours to remove (the first of them).
    strangers: tuple[str, ...]
    strangers_count: int
    #: Files whose names are not letter by letter what the columns say, because those cannot be a file's name.
    escaped: int
    #: Column in the file's name to the key under which it stands in the file; empty when names do not follow from files.
    named_by: Mapping[str, str]
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """Whether what lies in the folder is what the database had."""

    #: Files of the folder that look like a row's.
    files: int
    rows: int
    parsed: int
    related: Mapping[str, int]
    counted_related: Mapping[str, int]
    #: In sentences: the first of them.
    faults: tuple[str, ...]
    faults_count: int

    @property
    def passed(self) -> bool:
        return self.faults_count == 0
