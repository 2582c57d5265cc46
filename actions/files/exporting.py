"""Rows of a table to a tree of files, one for each row.

First every name is looked at, so that what cannot become files is refused before anything is written. Then each file is
written whole beside its place, noted, and given its name; one that says the same already is left alone. Last, files of
earlier exports that no row stands for are removed: only those that still are what we wrote. Interrupted at any moment,
every file is whole, and the next export completes the work. (Files are not forced to the disk one by one, which would take
many times as long: after a power cut, exporting again finds those that did not get there, by their content.)
"""

import os
import time
from dataclasses import dataclass, field

from actions.catalog.exports import Export
from actions.errors import ConfigurationError
from actions.files import reading
from actions.files.content import content_of
from actions.files.folder import Folder, mark_of, opened
from actions.files.listing import Listing, TakenError, listing
from actions.files.names import LONGEST_PATH, OURS, UnusableNameError
from actions.files.order import Exported, ExportOrder, Progress, StoppedError
from actions.files.planning import Plan, plan
from actions.files.reading import Row
from actions.files.record import Journal, Record
from actions.files.session import Connection, snapshot

#: So many strangers are named; the others are counted.
MOST_NAMED = 20
_LOOK_UP_EVERY = 200
#: Which part of the whole each stage is, for whoever watches.
_NAMED, _WRITTEN, _TIDIED = 0.08, 0.95, 1.0


@dataclass(slots=True)
class _Tally:
    """What has been done so far."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    escaped: int = 0
    strangers: list[str] = field(default_factory=list)
    strangers_count: int = 0
    related: dict[str, int] = field(default_factory=dict)

    @property
    def files(self) -> int:
        return self.written + self.unchanged


def export(order: ExportOrder) -> Exported:
    """Every row to its file, from one moment of the database.

    ConfigurationError: the template does not fit the database or its rows, or the folder may not be written; nothing
    has been written unless it says which file. RefusedError: another export is at work there. UnavailableError: the
    database or the disk; export again. StoppedError: `should_stop` said so.
    """
    began = time.monotonic()
    tally = _Tally()
    with snapshot(order.url, where=order.where) as connection, listing() as names:
        _tell(order, 0.0, "Counting the rows")
        planned = plan(connection, order.template, where=order.where)
        counted, counted_related = reading.count_rows(connection, planned, where=order.where)
        _look_at_related(connection, planned, order)
        _look_at_names(connection, planned, order, names, tally, counted)
        tally.related = {relation.key: 0 for relation in planned.relations}
        with opened(
            order.home, order.template.folder, where=order.where, temporary=f"{OURS}{_title(order)}.new", make=True
        ) as folder:
            record = Record(folder, _title(order))
            record.load(names)
            with record.journal() as journal:
                work = _Work(order=order, plan=planned, folder=folder, names=names, tally=tally, counted=counted)
                work.write_all(connection, journal)
            work.tidy()
            record.close(names)
    _tell(order, _TIDIED, f"{tally.files} files, {tally.written} of them new or changed, {tally.removed} removed")
    return Exported(
        folder=order.folder, files=tally.files, written=tally.written, unchanged=tally.unchanged,
        removed=tally.removed, related=tally.related, counted=counted, counted_related=counted_related,
        strangers=tuple(tally.strangers), strangers_count=tally.strangers_count, escaped=tally.escaped,
        named_by=planned.named_by,
        seconds=time.monotonic() - began,
    )  # fmt: skip


def record_title(template: Export) -> str:
    """By which an export's own files in its folder are told from those of other exports there."""
    return template.name or template.table.replace("/", "_")


def _title(order: ExportOrder) -> str:
    return record_title(order.template)


def _look_at_related(connection: Connection, planned: Plan, order: ExportOrder) -> None:
    for relation in planned.relations:
        if not relation.single:
            continue
        if several := reading.count_ambiguous(connection, planned, relation, where=order.where):
            raise ConfigurationError(
                f"`{relation.key}` is `single`, and {several} rows have more than one row of "
                f"`{relation.source.table.title}`",
                where=order.where,
                next_step="Leave `single` out to write a list, or choose by `where`.",
            )


def _look_at_names(
    connection: Connection, planned: Plan, order: ExportOrder, names: Listing, tally: _Tally, counted: int
) -> None:
    longest = LONGEST_PATH - len(os.fsencode(order.folder)) - 1
    for number, values in enumerate(reading.names(connection, planned)):
        try:
            name = planned.names.name(values)
            names.plan(name)
        except UnusableNameError as error:
            raise ConfigurationError(
                f"A row of `{planned.main.table.title}` {error}; nothing was written",
                where=order.where,
                next_step="Name files by columns that every row has, such as the primary key.",
            ) from None
        except TakenError as error:
            raise _taken(name, error.earlier, planned, order) from None
        if len(name.encode()) > longest:
            raise ConfigurationError("A file's path would be too long; nothing was written", where=order.where)
        tally.escaped += name != planned.names.plain_name(values)
        if number % _LOOK_UP_EVERY == 0:
            _look_up(order, _NAMED * number / max(1, counted), "Looking at the names of the files")


def _taken(name: str, earlier: str, planned: Plan, order: ExportOrder) -> ConfigurationError:
    if name == earlier:
        what = f"Two rows of `{planned.main.table.title}` would be written to the same file `{name}`"
    else:
        what = f"The files `{earlier}` and `{name}` differ in case or accents only, and many systems take them for one"
    return ConfigurationError(
        f"{what}; nothing was written",
        where=order.where,
        next_step='Name files by columns that make a row unique (`file: "{project}/{id}.yml"`), or choose by `where`.',
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """The part that touches files."""

    order: ExportOrder
    plan: Plan
    folder: Folder
    names: Listing
    tally: _Tally
    counted: int

    def write_all(self, connection: Connection, journal: Journal) -> None:
        for number, row in enumerate(reading.rows(connection, self.plan)):
            if number % _LOOK_UP_EVERY == 0:
                done = _NAMED + (_WRITTEN - _NAMED) * number / max(1, self.counted)
                _look_up(self.order, done, f"Writing files: {number} of {self.counted}")
            self._write(row, journal)

    def tidy(self) -> None:
        """Removes what is ours and stands for nothing, and names what looks like a row's and is not ours."""
        _look_up(self.order, _WRITTEN, "Looking for files of rows that are gone")
        for name in self.names.forsaken():
            self._let_go(name)
        for number, name in enumerate(self.folder.walk(self.plan.names)):
            if number % _LOOK_UP_EVERY == 0:
                _look_up(self.order, _WRITTEN, "Looking for files of others")
            if not self.names.is_planned(name) and not self._is_other_spelling(name):
                self.tally.strangers_count += 1
                if len(self.tally.strangers) < MOST_NAMED:
                    self.tally.strangers.append(name)

    def _write(self, row: Row, journal: Journal) -> None:
        name = self.plan.names.name(row.names)
        content = content_of(row, self.plan, file=name, where=self.order.where)
        mark = mark_of(content)
        if self.folder.holds(name, content):
            self.tally.unchanged += 1
            # The same, but not by us: it stays theirs.
            is_ours = self.names.wrote(name, mark)
        else:
            journal.note(name, mark)
            self.folder.write(name, content)
            self.tally.written += 1
            is_ours = True
        if is_ours:
            self.names.mark(name, mark)
        for relation, related in zip(self.plan.relations, row.related, strict=True):
            self.tally.related[relation.key] += len(related)

    def _let_go(self, name: str) -> None:
        """Unless somebody has changed it since: then it is theirs."""
        mark = self.folder.mark(name)
        if mark is not None and self.names.wrote(name, mark) and not self._is_other_spelling(name):
            self.folder.remove(name)
            self.tally.removed += 1

    def _is_other_spelling(self, name: str) -> bool:
        """Whether this is a row's file, where the file system does not look at case."""
        planned = self.names.planned_like(name)
        return planned is not None and self.folder.is_same(name, planned)


def _look_up(order: ExportOrder, fraction: float, words: str) -> None:
    if order.should_stop():
        raise StoppedError(
            "The export was stopped", where=order.where, next_step="Every file is whole; export again to complete them."
        )
    _tell(order, fraction, words)


def _tell(order: ExportOrder, fraction: float, words: str) -> None:
    order.watch(Progress(fraction=min(1.0, fraction), words=words))
