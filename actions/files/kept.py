"""What files were before they were changed, kept whole until somebody wants them back: content, mode and time.

Kept beside our own data, readable by us alone, because files such as `.env` hold secrets. One archive for each step of a
rollback, made whole before anything is touched.
"""

import os
import shutil
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from actions.errors import BackoutError, HaltedError


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeper:
    """Of the files of one step, below one folder."""

    archive: Path
    folder: Path

    def is_whole(self) -> bool:
        return self.archive.exists()

    def keep(self, paths: Iterable[str], *, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Files (not folders) below the folder; how many there were. Those that are not there are none. An archive that is
        whole already stays: it was made before the first change."""
        if self.is_whole():
            return -1
        self.archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.archive.with_suffix(".part")
        number = 0
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as sink, tarfile.open(fileobj=sink, mode="w:gz", compresslevel=1) as tar:
                for path in sorted(set(paths)):
                    if should_stop():
                        raise BackoutError("It was stopped while it kept the files as they are")
                    place = self.folder / path
                    if place.is_symlink() or place.is_file():
                        tar.add(place, arcname=path, recursive=False)
                        number += 1
            fresh.rename(self.archive)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise BackoutError(
                f"The files could not be kept as they are ({error.strerror or type(error).__name__}), so none was changed",
                next_step="Look at the disk that BACKOUT_HOME is on, and at the rights of the files.",
            ) from error
        return number

    def names(self) -> frozenset[str]:
        with self._opened() as tar:
            return frozenset(tar.getnames())

    def give_back(self, made: Iterable[str] = ()) -> None:
        """Everything as it was; `made`: files that may have come since and go where they were not there before."""
        with self._opened() as tar:
            before = frozenset(tar.getnames())
            for path in made:
                if path not in before:
                    (self.folder / path).unlink(missing_ok=True)
                    _tidy((self.folder / path).parent, self.folder)
            for member in tar.getmembers():
                place = self.folder / member.name
                if place.is_dir() and not place.is_symlink():
                    shutil.rmtree(place)  # a folder stands where a file was
                _clear_way(place.parent, self.folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                tar.extract(member, self.folder, filter="tar")

    def content(self, path: str) -> bytes | None:
        """Of one file as it was; None when it was not there."""
        with self._opened() as tar:
            try:
                found = tar.extractfile(path)
            except KeyError:
                return None
            return found.read() if found else None

    def _opened(self) -> tarfile.TarFile:
        try:
            return tarfile.open(self.archive, mode="r:gz")
        except (OSError, tarfile.TarError) as error:
            raise HaltedError(
                "What the files were before cannot be read any more",
                where=str(self.archive),
                next_step="Take them from a backup or from git by hand, then resume the rollback.",
            ) from error


def _clear_way(folder: Path, top: Path) -> None:
    """A file may stand where a folder was."""
    for above in (folder, *folder.parents):
        if above == top:
            return
        if above.is_symlink() or above.is_file():
            above.unlink()


def _tidy(folder: Path, top: Path) -> None:
    """Folders that are empty now go too; git knows none."""
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
