"""What happens to bytes between a database and a store: generators over pieces, in flat memory.

    rows -> Tally -> compress -> encrypt -> Store.write     `packed` is what stands between the ends
    Store.read -> verify -> decrypt -> decompress -> rows   `read_file` goes to decrypt, `unpacked` all the way

Whoever does not read one of them to its end closes it (`contextlib.closing`), which ends all that is behind it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import xxhash

from actions.backup.encrypting import AGE_BEGINS, WrongKeyError, decrypt, encrypt
from actions.backup.encryption import Keys
from actions.backup.manifest import StoredFile
from actions.backup.packing import GZIP_LEVEL, LEVEL, DamagedError, compress, decompress, gunzip, gzip
from actions.backup.store import Kept, Store
from actions.backup.streams import CHUNK, ending, gathered

__all__ = [
    "CHUNK", "GZIP_LEVEL", "LEVEL", "DamagedError", "Tally", "WrongKeyError", "compress", "decompress", "decrypt",
    "encrypt", "ending", "gathered", "gunzip", "gzip", "packed", "read_as_stored", "read_file", "stored_file", "unpacked",
]  # fmt: skip

_ANOTHER = "Choose another backup, or the copy in another store; `backout backups SERVICE` lists them."


class Tally:
    """Rows, bytes and hash of a text as it passes by. A row is a line, as `COPY` writes them."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self._hash = xxhash.xxh3_128()

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, counted."""
        with ending(chunks):
            for chunk in chunks:
                self.add(chunk)
                yield chunk

    def add(self, chunk: bytes) -> None:
        self.rows += chunk.count(b"\n")
        self.bytes += len(chunk)
        self._hash.update(chunk)

    @property
    def hash(self) -> str:
        """xxh3-128, as a manifest has it."""
        return self._hash.hexdigest()


def packed(chunks: Iterable[bytes], *, recipient: str | None, level: int = LEVEL, threads: int = 0) -> Iterator[bytes]:
    """Compressed, and encrypted where there is a recipient: what a store is given."""
    small = compress(chunks, level=level, threads=threads)
    return small if recipient is None else encrypt(small, recipient)


def stored_file(kept: Kept) -> StoredFile:
    """How a manifest names what a store has kept."""
    return StoredFile(key=kept.key, bytes=kept.bytes, sha256=kept.sha256)


def unpacked(store: Store, file: StoredFile, keys: Keys | None) -> Iterator[bytes]:
    """What `packed` was given; verified as by `read_file`."""
    return _verified(store, file, lambda chunks: decompress(_opened(chunks, keys)))


def read_file(store: Store, file: StoredFile, keys: Keys | None) -> Iterator[bytes]:
    """A stored file as it was before encryption, if it was encrypted; `keys` are looked at only then.

    Its pieces come before its end was seen, so they are proven only when the generator ends by itself: at the latest
    then BackoutError says that the file is missing, cut off, damaged (DamagedError) or not for these keys (WrongKeyError).
    """
    return _verified(store, file, lambda chunks: _opened(chunks, keys))


def read_as_stored(store: Store, file: StoredFile) -> Iterator[bytes]:
    """The very bytes that lie in the store, verified as by `read_file`."""
    return _verified(store, file, iter)


def _verified(store: Store, file: StoredFile, stages: Callable[[Iterable[bytes]], Iterator[bytes]]) -> Iterator[bytes]:
    where = f"{file.key} in {store.title}"
    seal = _Seal(file, where)
    raw = store.read(file.key)
    with ending(raw):
        try:
            yield from stages(seal.of(raw))
        except WrongKeyError as error:
            raise WrongKeyError(error.what, where=where, next_step=error.next_step) from None
        except DamagedError as error:
            # Was it stored like this, or changed since? The checksum of the whole file knows.
            for chunk in raw:
                seal.add(chunk)
            seal.check()
            raise DamagedError(
                f"{error.what}, though it is just as it was stored", where=where, next_step=_ANOTHER
            ) from None


def _opened(chunks: Iterable[bytes], keys: Keys | None) -> Iterator[bytes]:
    pieces = gathered(chunks, len(AGE_BEGINS))
    first = next(pieces, b"")
    whole = chain((first,), pieces)
    if not first.startswith(AGE_BEGINS):
        yield from whole
    elif keys is None:
        raise WrongKeyError(
            "It is encrypted, and there is no key for it",
            next_step="Name the variable with the key as `encryption_key` under the service's `backups`.",
        )
    else:
        yield from decrypt(whole, keys)


class _Seal:
    """Size and checksum of what a store gives, held against the manifest's."""

    def __init__(self, file: StoredFile, where: str) -> None:
        self._file = file
        self._where = where
        self._bytes = 0
        self._sha256 = hashlib.sha256()

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces; DamagedError at their end when they were not the right ones."""
        for chunk in chunks:
            self.add(chunk)
            yield chunk
        self.check()

    def add(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        self._sha256.update(chunk)

    def check(self) -> None:
        if self._bytes != self._file.bytes:
            how = "cut off" if self._bytes < self._file.bytes else "too long"
            raise DamagedError(
                f"The file is {how}: {self._bytes:,} bytes, and {self._file.bytes:,} were written",
                where=self._where, next_step=_ANOTHER,
            )  # fmt: skip
        if self._sha256.hexdigest() != self._file.sha256:
            raise DamagedError(
                "The file is damaged: its checksum is not that of what was written",
                where=self._where,
                next_step=_ANOTHER,
            )
