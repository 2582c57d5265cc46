"""All tables of a database, read by several sessions at once: counted, hashed, and the big ones written to the store."""

import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from actions.backup.crew import Crew
from actions.backup.manifest import StoredFile, TableContent
from actions.backup.pipes import Tally, packed, stored_file
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Progress, Stage, Watcher
from actions.backup.rows import RowReader, tallied
from actions.backup.snapshot import Snapshot
from actions.backup.store import Store
from actions.backup.streams import ending
from actions.backup.tables import Table, lock_statements

#: Smaller tables stay in the archive: a thousand small objects are slow to write, and slower to fetch.
SMALL_TABLE = 128 * 1024
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


def to_be_streamed(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Those that get a file of their own."""
    return tuple(table for table in tables if table.bytes > SMALL_TABLE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingOrder:
    """Which tables, and where to."""

    url: str
    programs: ClientPrograms
    snapshot: Snapshot
    store: Store
    name: str
    #: With rows of their own.
    tables: Sequence[Table]
    #: Those of them that get a file of their own.
    streamed: Sequence[Table]
    recipient: str | None
    lock_timeout: timedelta


class TableReading:
    """Shared by the threads that do it: each runs `work`, until no table is left. Biggest first, so that none of the
    big ones begins last and all wait for it.
    """

    def __init__(self, order: ReadingOrder, crew: Crew, watch: Watcher, *, sessions: int) -> None:
        self._order = order
        self._crew = crew
        self._queue = deque(sorted(order.tables, key=lambda table: (-table.bytes, table.title)))
        self._streamed = {table.number for table in order.streamed}
        self._pace = _Pace(order.tables, watch)
        # A session that asks for its locks only when it comes to a table would wait behind an ALTER TABLE that
        # waits for us; but on a server with little room, locks in all sessions would leave none for others.
        self._lock_first = sessions * len(order.tables) <= order.snapshot.lock_room // 4
        self.contents: list[TableContent] = []

    def work(self) -> None:
        order = self._order
        with (
            RowReader(
                order.url, order.programs, encoding=order.snapshot.encoding, snapshot=order.snapshot.name,
                lock_timeout=order.lock_timeout,
            ) as reader,
            self._crew.interruptible(reader.interrupt),
        ):  # fmt: skip
            if self._lock_first:
                reader.run(lock_statements(order.tables), what="The tables could not be locked")
            with suppress(IndexError):
                while True:
                    self._read(self._queue.popleft(), reader)

    def _read(self, table: Table, reader: RowReader) -> None:
        tally = Tally()
        text = self._pace.watched(table, self._crew.watched(reader.read(table.rows)))
        file: StoredFile | None = None
        if table.number in self._streamed:
            chunks = packed(tally.of(text), recipient=self._order.recipient)
            file = stored_file(self._order.store.write(self._key(table), chunks))
        else:
            tally = tallied(text)
        self._pace.finish(table)
        self.contents.append(
            TableContent(
                schema_name=table.schema_name, name=table.name, columns=table.columns,
                rows=tally.rows, bytes=tally.bytes, hash=tally.hash, file=file,
            )
        )  # fmt: skip

    def _key(self, table: Table) -> str:
        # The number makes it unique, the name is for people who look into the folder.
        readable = _UNFIT.sub("-", table.title)[:80]
        return f"{self._order.name}/rows/{table.number}-{readable}.zst{'.age' if self._order.recipient else ''}"


class _Pace:
    """How far all of them are, in bytes as the tables lie on the server's disk: the text may be longer or shorter."""

    def __init__(self, tables: Sequence[Table], watch: Watcher) -> None:
        self._watch = watch
        self._lock = Lock()
        self._started = time.monotonic()
        self._total = sum(table.bytes for table in tables)
        self._tables_total = len(tables)
        self._done: dict[int, int] = {}
        self._bytes_done = 0
        self._tables_done = 0

    def watched(self, table: Table, chunks: Iterable[bytes]) -> Iterator[bytes]:
        with ending(chunks):
            for chunk in chunks:
                self._advance(table, len(chunk))
                yield chunk

    def finish(self, table: Table) -> None:
        with self._lock:
            self._tables_done += 1
        self._advance(table, table.bytes)

    def _advance(self, table: Table, more: int) -> None:
        with self._lock:
            before = self._done.get(table.number, 0)
            self._done[table.number] = min(before + more, table.bytes)
            self._bytes_done += self._done[table.number] - before
            progress = Progress(
                stage=Stage.DUMP, bytes_done=self._bytes_done, bytes_total=self._total,
                tables_done=self._tables_done, tables_total=self._tables_total,
                seconds=time.monotonic() - self._started,
            )  # fmt: skip
        self._watch(progress)
