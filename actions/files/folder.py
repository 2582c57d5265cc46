"""The one folder that an export writes to, and never outside of it.

Every step of a path is opened from the folder before it and must not be a symbolic link, so nobody can lead the writer
elsewhere, not even while it works. A file appears under its name whole or not at all.
"""

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from actions.errors import BackoutError, ConfigurationError, RefusedError, UnavailableError
from actions.files.names import NamePattern

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK = (errno.ELOOP, errno.ENOTDIR)


class Folder:
    """An export's folder, kept open (and, for a writer, to itself)."""

    def __init__(self, path: Path, number: int, *, where: str, temporary: str) -> None:
        self.path = path
        self._number = number
        self._where = where
        self._temporary = temporary
        #: The folder that was used last: rows of a table mostly go one to a folder, or all to the same.
        self._last: tuple[tuple[str, ...], int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_last()
        os.close(self._number)

    def mark(self, name: str) -> str | None:
        """Of the content of a file; None when there is no plain file of this name."""
        content = self.read(name)
        return None if content is None else mark_of(content)

    def read(self, name: str) -> bytes | None:
        """What is in it; None when there is no plain file of this name."""
        with self._speaking(name):
            found = self._open(name)
            if found is None:
                return None
            with found as file:
                return file.read()

    def lines(self, name: str) -> Iterator[bytes]:
        """Of a file that may be long, or be missing."""
        with self._speaking(name):
            found = self._open(name)
            if found is not None:
                with found as file:
                    yield from file

    def holds(self, name: str, content: bytes) -> bool:
        """Whether the file is there with exactly this content."""
        with self._speaking(name):
            found = self._open(name)
            if found is None:
                return False
            with found as file:
                return os.fstat(file.fileno()).st_size == len(content) and file.read() == content

    def is_same(self, name: str, other: str) -> bool:
        """Whether both names are of one file, as they may be where case does not count."""
        identities = [self._status(each) for each in (name, other)]
        return None not in identities and len({(each.st_dev, each.st_ino) for each in identities if each}) == 1

    def write(self, name: str, content: bytes) -> None:
        """Whole under its name, or not at all; the place of a link is taken, what it leads to is left alone."""
        with self._speaking(name):
            *parents, last = name.split("/")
            parent = self._parent(tuple(parents), make=True)
            with self.temporary() as file:
                if earlier := self._status(name):
                    if stat.S_ISDIR(earlier.st_mode):
                        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                    if stat.S_ISREG(earlier.st_mode):
                        os.fchmod(file.fileno(), stat.S_IMODE(earlier.st_mode))
                file.write(content)
            os.rename(self._temporary, last, src_dir_fd=self._number, dst_dir_fd=parent)

    @contextmanager
    def temporary(self) -> Iterator[BinaryIO]:
        """Our only file that may be seen half-written; one that was left by a crash is overwritten."""
        with suppress(FileNotFoundError):
            os.unlink(self._temporary, dir_fd=self._number)
        try:
            with os.fdopen(os.open(self._temporary, _NEW, 0o666, dir_fd=self._number), "wb") as file:
                yield file
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(self._temporary, dir_fd=self._number)
            raise

    @contextmanager
    def appending(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """A file of ours at the top, which grows; what was written is with the system, and outlives us."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._speaking(name):
            number = os.open(name, flags, 0o666, dir_fd=self._number)

        def append(line: bytes) -> None:
            with self._speaking(name):
                # A full disk takes a part of it before it refuses.
                if os.write(number, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        try:
            yield append
        finally:
            os.close(number)

    def replace(self, name: str, lines: Iterator[bytes]) -> None:
        """A file of ours at the top, written anew and on the disk before it counts."""
        with self._speaking(name):
            with self.temporary() as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            os.rename(self._temporary, name, src_dir_fd=self._number, dst_dir_fd=self._number)
            os.fsync(self._number)

    def remove(self, name: str) -> None:
        """The file, and each folder on its path that is empty without it."""
        with self._speaking(name):
            *parents, last = name.split("/")
            with suppress(FileNotFoundError):
                os.unlink(last, dir_fd=self._parent(tuple(parents), make=False))
            while parents:
                self._forget_last()
                folder = parents.pop()
                try:
                    os.rmdir(folder, dir_fd=self._parent(tuple(parents), make=False))
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, *_LINK):
                        raise
                    return

    def walk(self, pattern: NamePattern) -> Iterator[str]:
        """Every file (or link) that could be a row's, by its name."""
        with self._speaking("."):
            yield from self._walk(pattern, self._number, ())

    def _walk(self, pattern: NamePattern, number: int, above: tuple[str, ...]) -> Iterator[str]:
        is_last = len(above) == pattern.depth - 1
        with os.scandir(number) as entries:
            for entry in entries:
                if not pattern.fits(entry.name, len(above)):
                    continue
                if is_last and not entry.is_dir(follow_symlinks=False):
                    yield "/".join((*above, entry.name))
                elif not is_last and entry.is_dir(follow_symlinks=False):
                    with suppress(FileNotFoundError), _opened(entry.name, number) as below:
                        yield from self._walk(pattern, below, (*above, entry.name))

    def _status(self, name: str) -> os.stat_result | None:
        *parents, last = name.split("/")
        with suppress(FileNotFoundError, NotADirectoryError):
            return os.stat(last, dir_fd=self._parent(tuple(parents), make=False), follow_symlinks=False)
        return None

    def _open(self, name: str) -> BinaryIO | None:
        *parents, last = name.split("/")
        try:
            number = os.open(last, _READ, dir_fd=self._parent(tuple(parents), make=False))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENXIO, *_LINK):
                return None
            raise
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            return None
        return os.fdopen(number, "rb")

    def _parent(self, parts: tuple[str, ...], *, make: bool) -> int:
        if not parts:
            return self._number
        if self._last and self._last[0] == parts:
            return self._last[1]
        self._forget_last()
        number = _descend(os.dup(self._number), parts, make=make)
        self._last = (parts, number)
        return number

    def _forget_last(self) -> None:
        if self._last:
            os.close(self._last[1])
            self._last = None

    @contextmanager
    def _speaking(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise translated(error, self.path / name, where=self._where) from error


@contextmanager
def opened(home: Path, inside: str, *, where: str, temporary: str, make: bool) -> Iterator[Folder]:
    """The folder of that path inside the service's, made when it is not there (for a writer, who has it alone)."""
    parts = tuple(part for part in Path(inside).parts if part != ".")
    path = home / inside
    try:
        number = _descend(os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), parts, make=make)
        if make:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(number)
        raise RefusedError(
            f"Another export is writing to {path}", where=where, next_step="Wait until it is done."
        ) from error
    except OSError as error:
        raise translated(error, path, where=where) from error
    with Folder(path, number, where=where, temporary=temporary) as folder:
        yield folder


def mark_of(content: bytes) -> str:
    """By which we know again what we wrote."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def translated(error: OSError, path: Path, *, where: str) -> BackoutError:
    """What the system's refusal means."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return UnavailableError(
                f"The disk is full: {path} could not be written",
                where=where,
                next_step="Make room and export again; it goes on from here.",
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return ConfigurationError(
                f"{path} may not be read or written ({os.strerror(error.errno)})",
                where=where,
                next_step="Give the user that runs Backout the right to it.",
            )
        case errno.ELOOP | errno.ENOTDIR:
            return ConfigurationError(
                f"On the way to {path} there is a symbolic link or a file where a folder should be",
                where=where,
                next_step="Exports do not follow links out of the service's folder: put a real folder there.",
            )
        case errno.EISDIR:
            return ConfigurationError(f"{path} is a folder; a row's file should be there", where=where)
        case errno.ENOENT:
            return ConfigurationError(f"There is no folder {path}", where=where, next_step="Look at the catalog.")
        case _:
            return BackoutError(f"{path} could not be written ({error.strerror or error.errno})", where=where)


def _descend(number: int, parts: tuple[str, ...], *, make: bool) -> int:
    """The folder so far below; the number that was given is used up."""
    for part in parts:
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=number)
            below = os.open(part, _DIRECTORY, dir_fd=number)
        finally:
            os.close(number)
        number = below
    return number


@contextmanager
def _opened(name: str, above: int) -> Iterator[int]:
    number = os.open(name, _DIRECTORY, dir_fd=above)
    try:
        yield number
    finally:
        os.close(number)
