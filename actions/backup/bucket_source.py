"""What is to be written into a bucket, as the client takes it: counted, hashed, and its first part held back."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from actions.backup.store import Kept
from actions.errors import BackoutError


@dataclass(kw_only=True, slots=True)
class Source:
    """What is to be written, counted as the client takes it. The client's error must not hide the source's own."""

    key: str
    chunks: Iterable[bytes]
    title: str
    most: int
    error: BaseException | None = None
    size: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self.chunks:
                self.sha256.update(chunk)
                self.size += len(chunk)
                if self.size > self.most:
                    raise BackoutError(  # noqa: TRY301
                        f"{self.key} is larger than one object of this storage can be", where=self.title,
                        next_step="Choose a folder as store, for this service.",
                    )  # fmt: skip
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            raise

    @property
    def kept(self) -> Kept:
        return Kept(key=self.key, bytes=self.size, sha256=self.sha256.hexdigest())


def first_part(pieces: Iterator[bytes], size: int) -> deque[bytes]:
    """So many bytes or a little more, as they came; less where there are no more."""
    first: deque[bytes] = deque()
    length = 0
    while length < size and (piece := next(pieces, None)) is not None:
        first.append(piece)
        length += len(piece)
    return first


def drained(first: deque[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    """Both, one after the other; what was taken is not held any longer."""
    while first:
        yield first.popleft()
    yield from rest
