"""What every place for backups can do. A folder and S3-compatible storage are such places; see `stores.py`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from actions.backup.manifest import FILE as MANIFEST
from actions.errors import BackoutError

__all__ = ["MANIFEST", "Kept", "Listed", "Store", "checked", "missing"]

#: Parts of a key: what every file system and every object store takes as it is. A dot in front is for the stores' own.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=+-]{0,199}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One object that was written completely."""

    key: str
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One object as a listing shows it."""

    key: str
    bytes: int


class Store(Protocol):
    """Keys are `BACKUP/FILE`, always with forward slashes. Every call may raise UnavailableError, with a next step."""

    @property
    def title(self) -> str:
        """How people know it: the folder, or `bucket/prefix`. No secrets."""

    def probe(self) -> str:
        """Write and remove something small; says in a sentence what was seen."""

    def free_bytes(self) -> int | None:
        """Room that is left; None where nobody knows."""

    def write(self, key: str, chunks: Iterable[bytes]) -> Kept:
        """Writes a new object from a stream, in flat memory. It appears under its key only when all of it is there, durably;
        when `chunks` raises, nothing appears and what was written is removed. The store's own checksum is verified.
        `chunks` is closed at the end, whatever the end is."""

    def read(self, key: str) -> Iterator[bytes]:
        """The object from its beginning, in pieces. BackoutError when there is none."""

    def list(self, prefix: str = "") -> tuple[Listed, ...]:
        """Everything that begins with this, in the order of the keys; half-written things are not among it."""

    def delete(self, prefix: str) -> None:
        """Everything under `prefix/`, its manifest first, and half-written things under it; nothing there is fine."""

    def sweep(self) -> int:
        """Removes what writers that no longer live have left half-written, and says how many things that were."""


def checked(key: str) -> str:
    """The same key. BackoutError when it could be a path to somewhere else, or mean different things to two stores."""
    if not all(_PART.fullmatch(part) for part in key.split("/")):
        raise BackoutError(f"{key[:100]!r} is not the name of something in a store")
    return key


def missing(key: str, title: str) -> BackoutError:
    """What is said of an object that is not there."""
    return BackoutError(f"There is no {key}", where=title, next_step="`backout backups SERVICE` lists what is there.")
