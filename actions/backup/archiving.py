"""pg_dump's part of a backup, into the store: the schema, sequences, large objects, and the rows nobody else streams.

Two forms: our archive, compressed by us; or one plain script for any psql, made of such an archive by pg_restore. In
both, what passes is looked through on its way, see `archive.py`.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, groupby
from threading import Thread

from actions.backup.archive import ArchiveContents, ArchiveFilter
from actions.backup.child import Child
from actions.backup.crew import Crew
from actions.backup.manifest import StoredFile
from actions.backup.pipes import encrypt, ending, gathered, gzip, packed, stored_file
from actions.backup.programs import ClientPrograms
from actions.backup.rows import explain, identifier
from actions.backup.schema_text import schema_statements
from actions.backup.session import program_environment, program_target
from actions.backup.snapshot import Snapshot
from actions.backup.store import Store
from actions.backup.tables import Table

ARCHIVE = "archive.pgdump.zst"
SCRIPT = "dump.sql.gz"
#: Far below what a system allows for one argument of a program.
_LONGEST_PATTERN = 30_000
#: The text of `money` depends on it; the other formats pg_dump sets itself.
_MONEY = {"lc_monetary": "C"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveOrder:
    """What to dump, and where to."""

    url: str
    programs: ClientPrograms
    snapshot: Snapshot
    store: Store
    #: The backup's name: the folder of its files.
    name: str
    #: Tables whose rows are read by others.
    streamed: Sequence[Table]
    has_money: bool
    recipient: str | None
    lock_timeout: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Archived:
    file: StoredFile
    contents: ArchiveContents
    schema: tuple[str, ...]


def write_archive(order: ArchiveOrder, crew: Crew) -> Archived:
    """The archive, with the store's key `NAME/archive.pgdump.zst` (and `.age` where it is encrypted)."""
    with _Dump(order, crew, settings=_MONEY if order.has_money else {}) as dump:
        chunks = packed(crew.watched(dump.chunks()), recipient=order.recipient)
        kept = order.store.write(_key(order, ARCHIVE), chunks)
        return Archived(file=stored_file(kept), contents=dump.contents, schema=dump.schema)


def write_script(order: ArchiveOrder, crew: Crew) -> Archived:
    """The plain script, with `--clean --if-exists`, as `NAME/dump.sql.gz`."""
    command = [order.programs.folder / "pg_restore", "--clean", "--if-exists", "--file=-"]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    with (
        _Dump(order, crew, settings={}) as dump,
        Child(command, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as script,
        crew.interruptible(script.interrupt),
        _Feeding(crew.watched(dump.chunks()), script, behind=dump.interrupt) as feeding,
    ):

        def text() -> Iterator[bytes]:
            yield from gathered(script.pieces())
            feeding.finish()
            if script.wait():
                raise explain("The script could not be made of the archive", script.last_words())

        chunks = gzip(crew.watched(text()))
        kept = order.store.write(
            _key(order, SCRIPT), chunks if order.recipient is None else encrypt(chunks, order.recipient)
        )
        return Archived(file=stored_file(kept), contents=dump.contents, schema=dump.schema)


def patterns(tables: Sequence[Table]) -> Iterator[str]:
    """These tables as pg_dump's patterns: each costs it a query, so many names share one."""
    for schema_name, group in groupby(sorted(tables, key=lambda table: table.schema_name), lambda t: t.schema_name):
        names: list[str] = []
        for table in group:
            if sum(map(len, names)) > _LONGEST_PATTERN:
                yield f"{identifier(schema_name)}.({'|'.join(names)})"
                names = []
            names.append(identifier(table.name))
        yield f"{identifier(schema_name)}.({'|'.join(names)})"


def _key(order: ArchiveOrder, file: str) -> str:
    return f"{order.name}/{file}{'.age' if order.recipient else ''}"


class _Dump:
    """A running pg_dump, what it writes, and (once `chunks` has been read to its end) what was in it."""

    def __init__(self, order: ArchiveOrder, crew: Crew, *, settings: dict[str, str]) -> None:
        self._order = order
        self._crew = crew
        self._settings = settings
        self._stack = ExitStack()
        self.contents = ArchiveContents()
        self.schema: tuple[str, ...] = ()

    def __enter__(self) -> "_Dump":
        environment = program_environment(self._order.url, title="backout: pg_dump", settings=self._settings)
        child = self._stack.enter_context(Child(self._command(), environment, stdout=subprocess.PIPE))
        self._stack.enter_context(self._crew.interruptible(child.interrupt))
        self._child = child
        self.interrupt = child.interrupt
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def chunks(self) -> Iterator[bytes]:
        """BackoutError with pg_dump's own words when it fails."""
        archive = ArchiveFilter(self._pieces(), codec=self._order.snapshot.codec)
        head = gathered(archive.head())
        yield from chain(self._read_schema(head), archive.rest())
        self.contents = archive.contents

    def _pieces(self) -> Iterator[bytes]:
        yield from self._child.pieces()
        if self._child.wait():
            raise explain("The database could not be dumped", self._child.last_words())

    def _read_schema(self, head: Iterable[bytes]) -> Iterator[bytes]:
        """Passes the archive's head on, and also to a pg_restore, which makes statements of it."""
        command = [self._order.programs.folder / "pg_restore", "--schema-only", "--file=-"]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        with (
            Child(command, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader,
            self._crew.interruptible(reader.interrupt),
        ):
            for chunk in head:
                with suppress(BrokenPipeError):  # it knows why, and says so below
                    reader.stdin.write(chunk)
                yield chunk
            with suppress(BrokenPipeError):
                reader.stdin.close()
            text = b"".join(reader.pieces())
            if reader.wait():
                raise explain("The archive's schema could not be read", reader.last_words())
        self.schema = schema_statements(text.decode(self._order.snapshot.codec, errors="surrogateescape"))

    def _command(self) -> list[object]:
        order = self._order
        milliseconds = order.lock_timeout // timedelta(milliseconds=1)
        return [
            order.programs.folder / "pg_dump", "--format=custom", "--compress=0", "--no-password", "--no-subscriptions",
            f"--dbname={program_target()}", f"--snapshot={order.snapshot.name}",
            f"--encoding={order.snapshot.encoding}", f"--lock-wait-timeout={milliseconds}",
            # A standby has none, and refuses to be asked for them.
            *(["--no-unlogged-table-data"] if order.snapshot.is_standby else []),
            *(f"--exclude-table-data={pattern}" for pattern in patterns(order.streamed)),
        ]  # fmt: skip


class _Feeding:
    """Gives chunks to a program from a thread of its own, for it writes while it reads."""

    def __init__(self, chunks: Iterable[bytes], child: Child, *, behind: Callable[[], None]) -> None:
        """`behind` interrupts the source of the chunks."""
        self._chunks = chunks
        self._child = child
        self._behind = behind
        self._error: BaseException | None = None
        self._thread = Thread(target=self._feed, name="backout-feeding")

    def __enter__(self) -> "_Feeding":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever leaves early does not want the rest; neither end may keep the thread waiting for ever.
        self._child.interrupt()
        self._behind()
        self._thread.join()

    def finish(self) -> None:
        """When the program has closed its output: what went wrong on the way in is the cause."""
        self._thread.join()
        if self._error is not None and not isinstance(self._error, BrokenPipeError):
            raise self._error

    def _feed(self) -> None:
        try:
            with ending(self._chunks):
                for chunk in self._chunks:
                    self._child.stdin.write(chunk)
            self._child.stdin.close()
        except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
            self._error = error
            self._child.interrupt()
