"""Streams of bytes as iterables of pieces: how large a piece is, and who ends what is behind a stage."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

#: Big enough that Python's part does not count, small enough that twenty of them are nothing.
CHUNK = 1 << 20


@contextmanager
def ending(chunks: Iterable[bytes]) -> Iterator[None]:
    """Closes a generator when the stage that reads it ends, however it ends: an error's traceback would keep it alive."""
    try:
        yield
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


def gathered(chunks: Iterable[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """The same bytes in pieces of at least `size`, but for the last one; none of them is empty."""
    held: list[bytes] = []
    length = 0
    with ending(chunks):
        for chunk in chunks:
            held.append(chunk)
            length += len(chunk)
            if length >= size:
                yield b"".join(held) if len(held) > 1 else chunk
                held, length = [], 0
        if length:
            yield b"".join(held)
