"""Files that should be dumps: what they are, by their content and never by their name, and how each is read as a script.

Told apart are pg_dump's plain script, its custom archive, both also within gzip or zstd, and what only looks like them.
"""

import shlex
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from pathlib import Path

from actions.backup.child import Child
from actions.backup.packing import DamagedError, decompress, gunzip
from actions.backup.programs import ClientPrograms
from actions.backup.streams import ending
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.restore.foreign_troubles import DumpTrouble, unusable
from actions.restore.limits import Limits

CHUNK = 64 * 1024
HEAD = 64 * 1024
GZIP, ZSTD, ARCHIVE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PGDMP"
#: By their first bytes: what they are, and what to do.
_UNPACK = "Unpack it first, then try again with what was in it."
_STRANGERS: tuple[tuple[bytes, str, str], ...] = (
    (b"BZh", "compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed with xz", _UNPACK),
    (b"\x04\x22\x4d\x18", "compressed with lz4", _UNPACK),
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"age-encryption.org/", "encrypted with age", "Decrypt it first (`age --decrypt`)."),
    (b"-----BEGIN ", "encrypted or a key", "Decrypt it first."),
    (b"SQLite format 3", "an SQLite database", "It cannot come back into PostgreSQL as it is."),
    (b"-- MySQL dump", "a dump of MySQL", "It cannot come back into PostgreSQL."),
    (b"-- MariaDB dump", "a dump of MariaDB", "It cannot come back into PostgreSQL."),
    (b"/*!", "a dump of MySQL or MariaDB", "It cannot come back into PostgreSQL."),
)
_CLUSTER = b"-- PostgreSQL database cluster dump"
_DATABASE = b"-- PostgreSQL database dump"


class DumpKind(StrEnum):
    SCRIPT = "plain script"
    ARCHIVE = "custom archive"


class Packing(StrEnum):
    NONE = "not compressed"
    GZIP = "gzip"
    ZSTD = "zstd"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """How a file is read as a script, whatever it is."""

    path: Path
    kind: DumpKind
    packing: Packing
    programs: ClientPrograms = field(repr=False)
    limits: Limits

    @contextmanager
    def script(self) -> Iterator[Iterator[bytes]]:
        """The script's text from its beginning. What is wrong with the file comes up at the latest at its end."""
        if self.kind is DumpKind.SCRIPT:
            chunks = _unpacked(self.path, self.packing)
            with ending(chunks):
                yield self.limits.within(_small(chunks))
        else:
            with self.pg_restore("--file=-") as chunks:
                yield self.limits.within(chunks)

    @contextmanager
    def pg_restore(self, *options: str) -> Iterator[Iterator[bytes]]:
        """What it writes about the archive. A compressed one is unpacked into it on the way."""
        command = [self.programs.folder / "pg_restore", *options]
        plain = self.packing is Packing.NONE
        with Child(
            [*command, self.path] if plain else command, {"LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL if plain else subprocess.PIPE,
        ) as child:  # fmt: skip
            feeder = None if plain else _Feeder(child, _unpacked(self.path, self.packing))
            yield chain(child.pieces(), self._end_of(child, feeder))

    def _end_of(self, child: Child, feeder: "_Feeder | None") -> Iterator[bytes]:
        if feeder is not None:
            feeder.check()
        if child.wait() != 0:
            raise _archive_trouble(self.path, child.last_words(), self.programs)
        yield from ()


class _Feeder:
    """Gives a program its input from a thread."""

    def __init__(self, child: Child, chunks: Iterator[bytes]) -> None:
        self._child, self._chunks = child, chunks
        self._trouble: BackoutError | None = None
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """When the program is over: what was wrong with its input, if anything."""
        self._thread.join()
        if self._trouble is not None:
            raise self._trouble

    def _feed(self) -> None:
        try:
            with ending(self._chunks):
                for chunk in self._chunks:
                    self._child.stdin.write(chunk)
                self._child.stdin.close()
        except BackoutError as error:
            self._trouble = error
            self._child.interrupt()
        except (OSError, ValueError):
            pass  # it was closed, or wants no more: it says itself why


def recognise(path: Path, programs: ClientPrograms, limits: Limits) -> Reader:
    """By its first bytes; BackoutError says what it is instead, and what to do."""
    try:
        with path.open("rb") as stream:
            first = stream.read(8192)
    except IsADirectoryError as error:
        inside = "an archive of pg_dump's directory format" if (path / "toc.dat").exists() else "a folder"
        raise unusable(
            DumpTrouble.NOT_A_DUMP, path, f"is {inside}",
            next_step="Give one file: `pg_restore -f dump.sql FOLDER` makes one of such an archive.",
        ) from error  # fmt: skip
    except (FileNotFoundError, NotADirectoryError) as error:
        there = next(folder for folder in path.absolute().parents if folder.is_dir())
        raise ConfigurationError(
            "There is no such file", where=str(path.absolute()),
            next_step=f"`ls -l {shlex.quote(str(there))}` lists what is there.",
        ) from error  # fmt: skip
    except PermissionError as error:
        raise ConfigurationError(
            "The dump may not be read by whoever runs Backout", where=str(path.absolute()),
            next_step="Run it as somebody who may, or make the file readable.",
        ) from error  # fmt: skip
    except OSError as error:
        raise UnavailableError(
            f"The dump cannot be read: {error.strerror}", where=str(path), next_step="See whether its disk answers."
        ) from error
    packing = Packing.GZIP if first.startswith(GZIP) else Packing.ZSTD if first.startswith(ZSTD) else Packing.NONE
    if packing is not Packing.NONE:
        chunks = _unpacked(path, packing)
        with ending(chunks):
            first = _enough(chunks)
    kind = _kind(path, first)
    return Reader(path=path, kind=kind, packing=packing, programs=programs, limits=limits)


def _kind(path: Path, first: bytes) -> DumpKind:
    if not first.strip(b"\0 \t\r\n"):
        raise unusable(DumpTrouble.TRUNCATED, path, "is empty: whoever made it kept the output of a failed pg_dump")
    if first.startswith(ARCHIVE):
        return DumpKind.ARCHIVE
    if first[257:262] == b"ustar":
        inside = "an archive of pg_dump's tar format" if first.startswith(b"toc.dat\0") else "a tar archive"
        raise unusable(
            DumpTrouble.NOT_A_DUMP, path, f"is {inside}",
            next_step="Unpack it first; `pg_restore -f dump.sql FILE` makes a script of an archive of pg_dump.",
        )  # fmt: skip
    for begins, what, next_step in _STRANGERS:
        if first.startswith(begins):
            raise unusable(DumpTrouble.NOT_A_DUMP, path, f"is {what}", next_step=next_step)
    if _CLUSTER in first[:HEAD]:
        raise unusable(
            DumpTrouble.NOT_A_DUMP, path, "is a dump of a whole server (pg_dumpall), with roles and several databases",
            next_step="Restore it on an empty server, then dump the one database from there.",
        )  # fmt: skip
    if _DATABASE in first[:HEAD]:
        return DumpKind.SCRIPT
    looks = "a web page or an error message of a store" if first.lstrip()[:1] == b"<" else "no dump of PostgreSQL"
    raise unusable(DumpTrouble.NOT_A_DUMP, path, f"is {looks}")


def _unpacked(path: Path, packing: Packing) -> Iterator[bytes]:
    unpack = {Packing.GZIP: gunzip, Packing.ZSTD: decompress}.get(packing)
    chunks = _chunks(path)
    if unpack is None:
        yield from chunks
        return
    try:
        yield from unpack(chunks)
    except DamagedError as error:
        cut_off = "cut off" in error.what
        trouble = DumpTrouble.TRUNCATED if cut_off else DumpTrouble.CORRUPTED
        what = "is cut off" if cut_off else f"is damaged: its {packing} checksum or content is wrong"
        raise unusable(trouble, path, what) from error


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except OSError as error:
        raise UnavailableError(f"The dump cannot be read: {error.strerror}", where=str(path)) from error


def _small(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), CHUNK):
            yield chunk[start : start + CHUNK]


def _enough(chunks: Iterable[bytes]) -> bytes:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= 512:
            break
    return head[:HEAD]


def _archive_trouble(path: Path, said: str, programs: ClientPrograms) -> BackoutError:
    if "unsupported version" in said:
        return unusable(
            DumpTrouble.NEWER, path, f"was made by a pg_dump newer than the client programs here ({programs.version})",
            next_step="Install PostgreSQL's client programs of that version or newer.",
        )  # fmt: skip
    if "end of file" in said or "too short" in said:
        return unusable(DumpTrouble.TRUNCATED, path, "is cut off")
    return unusable(DumpTrouble.CORRUPTED, path, "is damaged: pg_restore cannot read it")
