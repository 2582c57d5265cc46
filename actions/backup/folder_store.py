"""Backups in a folder of this machine, or of a file system that it has mounted."""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from actions.backup.store import MANIFEST, Kept, Listed, checked, missing
from actions.backup.streams import CHUNK, ending
from actions.errors import UnavailableError

#: What is being written is called `.NAME.RANDOM.part`, and locked by who writes it.
_BEGINS, _ENDS = ".", ".part"
_HALF = re.compile(r"\..+\.[0-9a-f]{12}\.part", re.ASCII)
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderStore:
    """Only its owner can look into it: folders are 0700, files 0600."""

    path: Path

    @property
    def title(self) -> str:
        return str(self.path)

    def probe(self) -> str:
        trial = self.path / f".backout-{secrets.token_hex(4)}"
        with self._failing("written"):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, b"backout")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
                trial.unlink()
            free = shutil.disk_usage(self.path).free
        return f"{self.path} is writable, {free / 1e9:,.0f} GB free"

    def free_bytes(self) -> int | None:
        there = next(folder for folder in (self.path, *self.path.absolute().parents) if folder.exists())
        with self._failing("read"):
            return shutil.disk_usage(there).free

    def write(self, key: str, chunks: Iterable[bytes]) -> Kept:
        target = self.path / checked(key)
        with ending(chunks):
            with self._failing("written"):
                descriptor, half = self._begin(target)
            try:
                kept = self._fill(descriptor, key, chunks)
                with self._failing("written"):
                    half.rename(target)
                    half = target
                    _make_durable(target.parent)
            except BaseException:
                with suppress(OSError):
                    half.unlink(missing_ok=True)
                self._remove_empty(target.parent)
                raise
            finally:
                os.close(descriptor)
        return kept

    def read(self, key: str) -> Iterator[bytes]:
        path = self.path / checked(key)
        with self._failing("read"):
            try:
                file = path.open("rb", buffering=0)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise missing(key, self.title) from None
        with closing(file):
            while True:
                with self._failing("read"):
                    piece = file.read(CHUNK)
                if not piece:
                    return
                yield piece

    def list(self, prefix: str = "") -> tuple[Listed, ...]:
        with self._failing("read"):
            found = [each for each in _under(self.path, "", prefix) if each.key.startswith(prefix)]
        return tuple(sorted(found, key=lambda each: each.key))

    def delete(self, prefix: str) -> None:
        folder = self.path / checked(prefix)
        with self._failing("changed"):
            if not folder.is_dir():
                return
            # Without its manifest it is no backup any more, should we not come to the end.
            (folder / MANIFEST).unlink(missing_ok=True)
            _make_durable(folder)
            shutil.rmtree(folder)
            _make_durable(folder.parent)

    def sweep(self) -> int:
        swept = 0
        with self._failing("changed"):
            for path in sorted(self.path.rglob(f"{_BEGINS}*{_ENDS}")):
                if _HALF.fullmatch(path.name) and _remove_if_dead(path):
                    swept += 1
                    self._remove_empty(path.parent)
        return swept

    def _begin(self, target: Path) -> tuple[int, Path]:
        """A new file beside the target, which is ours for as long as we hold it open."""
        while True:
            half = target.with_name(f"{_BEGINS}{target.name}.{secrets.token_hex(6)}{_ENDS}")
            self._make_folder(target.parent)
            try:
                descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileNotFoundError:
                continue  # somebody found the folder empty, and removed it
            with suppress(OSError):  # where there are no locks, there is no sweeping either
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor, half
            os.close(descriptor)  # it was swept in the moment between the two calls

    def _fill(self, descriptor: int, key: str, chunks: Iterable[bytes]) -> Kept:
        """Errors of the source are its own; only ours are the folder's."""
        sha256 = hashlib.sha256()
        size = 0
        for chunk in chunks:
            sha256.update(chunk)
            size += len(chunk)
            rest = memoryview(chunk)
            with self._failing("written"):
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
        with self._failing("written"):
            os.fsync(descriptor)
        return Kept(key=key, bytes=size, sha256=sha256.hexdigest())

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self.path:
            self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self.path, exist_ok=True)
        _make_durable(folder.parent)

    def _remove_empty(self, folder: Path) -> None:
        """This folder and those above it up to the store's own, as far as nothing is in them."""
        with suppress(OSError):
            while folder != self.path:
                folder.rmdir()
                folder = folder.parent

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._explained(error, what) from error

    def _explained(self, error: OSError, what: str) -> UnavailableError:
        if error.errno in _FULL:
            return UnavailableError(
                f"{self.path} is full", next_step="Free some room there, keep fewer backups, or choose another store."
            )
        next_step = {
            errno.EROFS: "The file system is mounted for reading only; mount it for writing, or choose another store.",
            errno.EIO: "The disk has errors: look at the system's log, and choose another store until it is replaced.",
            errno.ESTALE: "The network file system lost it: mount it again.",
        }.get(error.errno or 0, "Correct the store's path, or give Backout's user the right to read and write there.")
        return UnavailableError(f"{self.path} cannot be {what}: {error.strerror or error}", next_step=next_step)


def _make_durable(folder: Path) -> None:
    """What was made, renamed or removed in it stays so after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot, and need not.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(descriptor)


def _under(root: Path, folder: str, prefix: str) -> Iterator[Listed]:
    """Files whose keys can begin with the prefix; what vanishes meanwhile was not there."""
    try:
        entries = list(os.scandir(root / folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        key = f"{folder}{entry.name}"
        if entry.name.startswith(_BEGINS):
            continue
        if entry.is_dir():
            if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                yield from _under(root, f"{key}/", prefix)
        elif entry.is_file():
            with suppress(FileNotFoundError):
                yield Listed(key=key, bytes=entry.stat().st_size)


def _remove_if_dead(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except (BlockingIOError, FileNotFoundError):  # somebody writes it, or has just come to its end
        return False
    finally:
        os.close(descriptor)
    return True
