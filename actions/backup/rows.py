"""The rows of tables as text, read fast and always the same way; and what is known of such a text.

A driver in Python sees every single row, which costs more than the server's own work. So psql reads: one process a
session, for as many tables as one likes. Between two tables it writes a line that no row can be: `\\.`, for in
COPY's text a backslash never stands for itself.
"""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from actions.backup.child import Child
from actions.backup.pipes import Tally
from actions.backup.programs import ClientPrograms
from actions.backup.session import FIRST, LOCK_TIMEOUT, prepare, program_environment, program_target
from actions.errors import BackoutError, UnavailableError

_END = b"\\.\n"
_LAST = b"\n" + _END
#: Pipes give a few kilobytes at a time; what comes after is spared the most of these steps.
_ENOUGH = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRows:
    """Which rows: of this table alone, without those of its children; these columns in this order."""

    schema_name: str
    name: str
    columns: tuple[str, ...]

    @property
    def title(self) -> str:
        """As people write it."""
        return f"{self.schema_name}.{self.name}"


def tallied(chunks: Iterable[bytes]) -> Tally:
    """Rows, bytes and hash of a whole text that nobody else needs."""
    tally = Tally()
    for chunk in chunks:
        tally.add(chunk)
    return tally


def identifier(name: str) -> str:
    """Quoted, always."""
    return '"' + name.replace('"', '""') + '"'


def copy_out(table: TableRows, *, encoding: str) -> str:
    """The statement that writes these rows. `encoding` is the database's own: nothing is converted."""
    return f"COPY {_what(table)} TO STDOUT WITH (FORMAT text, ENCODING '{encoding}')"


def copy_in(table: TableRows, *, encoding: str, freeze: bool = False) -> str:
    """The statement that reads them again. `freeze` needs a table made or emptied in the same transaction."""
    extra = ", FREEZE true" if freeze else ""
    return f"COPY {_what(table)} FROM STDIN WITH (FORMAT text, ENCODING '{encoding}'{extra})"


def _what(table: TableRows) -> str:
    # A table may have no columns, and still rows; an empty list is no list to PostgreSQL.
    columns = f" ({', '.join(identifier(name) for name in table.columns)})" if table.columns else ""
    return f"{identifier(table.schema_name)}.{identifier(table.name)}{columns}"


class RowReader:
    """One session that reads tables one after the other, each whole. Use as a context, from one thread."""

    def __init__(
        self, url: str, programs: ClientPrograms, *, encoding: str, snapshot: str | None = None,
        lock_timeout: timedelta = LOCK_TIMEOUT,
    ) -> None:  # fmt: skip
        """`encoding`: that of the text, as the server calls it (`LATIN1`). `snapshot`: one that a session exported
        which stays open; without it, the state at the first read, and the same for all that follow.
        """
        self._encoding = encoding
        self._begin = [FIRST, prepare(lock_timeout=lock_timeout), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
        if snapshot:
            self._begin.append(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        self._command = [
            programs.folder / "psql", "--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only",
            "--set=ON_ERROR_STOP=1", f"--dbname={program_target()}",
        ]  # fmt: skip
        self._environment = program_environment(url, title="backout: reading rows")
        self._child: Child | None = None
        self._busy = False

    def __enter__(self) -> "RowReader":
        self._child = Child(self._command, self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.run(self._begin, what="A session could not be begun")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def run(self, statements: Iterable[str], *, what: str) -> None:
        """Statements whose results nobody needs, in this session. `what` begins the error's sentence."""
        for _ in self._answer("".join(f"{statement};\n" for statement in statements), what):
            pass

    def read(self, table: TableRows) -> Iterator[bytes]:
        """Its rows as COPY writes them, in pieces of some hundred kilobytes, in their physical order. Whoever stops before
        the end cannot use the session any more.
        """
        statement = copy_out(table, encoding=self._encoding)
        return self._answer(f"{statement};\n", f"The rows of {table.title} could not be read")

    def interrupt(self) -> None:
        """From any thread: whatever it is doing fails soon, and the session cannot be used any more."""
        if self._child is not None:
            self._child.interrupt()

    def _answer(self, script: str, what: str) -> Iterator[bytes]:
        child = self._child
        if child is None or self._busy:
            raise BackoutError(f"{what}: the session is not open, or an earlier read was not finished")
        self._busy = True
        try:
            child.stdin.write(script.encode() + b"\\echo '\\\\.'\n")
            child.stdin.flush()
        except BrokenPipeError:
            raise self._failure(child, what) from None
        yield from self._until_the_end(child, what)
        self._busy = False

    def _until_the_end(self, child: Child, what: str) -> Iterator[bytes]:
        parts: list[bytes] = []
        size, tail = 0, b"\n"
        for piece in child.pieces():
            parts.append(piece)
            size += len(piece)
            tail = (tail + piece[-len(_LAST) :])[-len(_LAST) :]
            if size < _ENOUGH and tail != _LAST:
                continue
            text = b"".join(parts)
            # What may be the beginning of the end is kept back until the next piece.
            keep = len(_END) if tail == _LAST else len(_LAST)
            if len(text) > keep:
                yield text[:-keep]
            if tail == _LAST:
                return
            parts = [text[-keep:]]
            size = len(parts[0])
        raise self._failure(child, what)

    def _failure(self, child: Child, what: str) -> BackoutError:
        child.wait()
        return explain(what, child.last_words())


class KeptOutError(UnavailableError):
    """Another session's lock was waited for as long as was allowed."""


def explain(what: str, said: str) -> BackoutError:
    """The server's (or a client program's) words as an error that says what to do next."""
    sentence = f"{what}: {said}" if said else f"{what}: the connection was lost"
    for mark, next_step in _ADVICE:
        if mark in said:
            return (KeptOutError if mark in _MARKS_OF_LOCKS else BackoutError)(sentence, next_step=next_step)
    return UnavailableError(sentence, next_step="Look whether the server is well, then try again.")


_DAMAGED = "The database itself is damaged. Keep its files, look at the server's log and disks, and restore a backup."
_LOCKED = "Another session changes that table (ALTER TABLE?). Try again when it has finished."
#: No other try will read it either.
_MARKS_OF_DAMAGE = (
    "invalid page in block", "could not read block", "could not read blocks", "missing chunk number",
    "unexpected chunk number", "unexpected chunk size", "compressed pglz data is corrupt", "compressed lz4 data is corrupt",
    "could not access status of transaction", "invalid memory alloc request size", "is corrupt", "found xmin",
    "could not open file \"base/", "could not open file \"pg_tblspc/",
)  # fmt: skip
#: Another try finds the table open again. pg_dump limits its wait for locks, and nothing else, with `statement_timeout`;
#: our own sessions set that to 0.
_MARKS_OF_LOCKS = ("lock timeout", "could not obtain lock", "statement timeout")
_ADVICE = (
    *((mark, _LOCKED) for mark in _MARKS_OF_LOCKS),
    ("row-level security", "Use a role that sees all rows: the owner's, a superuser, or one with BYPASSRLS."),
    ("permission denied", "Use a role that may read everything: the owner's, a superuser, or pg_read_all_data."),
    ("server version mismatch", "Install client programs of the server's version or newer."),
    ("out of shared memory", "Raise max_locks_per_transaction on the server: every table needs one."),
    (
        "conflict with recovery",
        "Let the standby wait longer (max_standby_streaming_delay), or set hot_standby_feedback.",
    ),
    *((mark, _DAMAGED) for mark in _MARKS_OF_DAMAGE),
    ("due to user request", "Somebody cancelled it on the server. Try again."),
    ("does not exist", "Something was dropped or changed while the backup was taken. Try again."),
)
