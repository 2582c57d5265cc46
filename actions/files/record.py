"""What exports wrote into a folder, so that a later one knows what is its own to remove.

Two files at the top of the folder: the record of the last whole export, and a journal in which each file is noted before it
gets its name. After a crash both count together; a line that was cut off is not counted.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actions.files.folder import Folder
from actions.files.listing import Listing
from actions.files.names import OURS


class Record:
    """Of one export in one folder."""

    def __init__(self, folder: Folder, export: str) -> None:
        self._folder = folder
        self._export = export
        self._name = f"{OURS}{export}.jsonl"
        self._journal = f"{OURS}{export}.journal"

    def load(self, listing: Listing) -> None:
        """Everything that earlier exports wrote, whole or not."""
        for name in (self._name, self._journal):
            for name_and_mark in self._read(name):
                listing.remember(*name_and_mark)

    def last(self) -> Iterator[tuple[str, str]]:
        """Files of the last whole export, with their marks."""
        return self._read(self._name)

    @contextmanager
    def journal(self) -> Iterator["Journal"]:
        with self._folder.appending(self._journal) as append:
            # A crash may have cut a line off; the next must not continue it.
            append(b"\n")
            yield Journal(append)

    def close(self, listing: Listing) -> None:
        """The export is whole: what was written by it is the record now."""
        self._folder.replace(self._name, self._lines(listing))
        self._folder.remove(self._journal)

    def _lines(self, listing: Listing) -> Iterator[bytes]:
        yield _line({"written_by": "backout", "export": self._export, "about": "do not change or remove this file"})
        for name, mark in listing.marked():
            yield _line([name, mark])

    def _read(self, name: str) -> Iterator[tuple[str, str]]:
        for line in self._folder.lines(name):
            if (found := _name_and_mark(line)) is not None:
                yield found


class Journal:
    """Grows by a line for each file."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append = append

    def note(self, name: str, mark: str) -> None:
        """Before the file gets its name."""
        self._append(_line([name, mark]))


def _line(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()


def _name_and_mark(line: bytes) -> tuple[str, str] | None:
    """Anybody can write into the folder: a name that leads out of it is none."""
    try:
        match json.loads(line):
            case [str(name), str(mark)]:
                parts = name.split("/")
                is_inside = "\0" not in name and not {"", ".", ".."} & set(parts)
                return (name, mark) if is_inside and not name.startswith(OURS) else None
    except (ValueError, RecursionError):
        return None
    return None
