"""Compression as generators over pieces: zstd for ourselves, gzip for what any psql can be fed with."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from actions.backup.streams import ending, gathered
from actions.errors import BackoutError

#: Of 1 to 22. Measured on prose, JSON, small rows, hashes and bytea: always smaller than gzip's default and five to
#: thirty times faster; higher levels take up to eight times as long and gain a tenth on prose, nothing on the rest.
LEVEL = 1
GZIP_LEVEL = 6
#: Compressed bytes unpacked at once: the same row over and over unpacks to ten thousand times its size.
_SLICE = 4 << 10


class DamagedError(BackoutError):
    """The bytes are not those that were written."""


def compress(chunks: Iterable[bytes], *, level: int = LEVEL, threads: int = 0) -> Iterator[bytes]:
    """One zstd frame with a checksum of its content. `threads`, beside the caller's own, are for a single big stream."""
    from zstandard import ZstdCompressor

    packer = ZstdCompressor(level=level, threads=threads, write_checksum=True).compressobj()
    return gathered(_packed(chunks, packer))


def decompress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What `compress` was given. DamagedError when it is cut off, damaged, or no zstd at all."""
    from zstandard import ZstdDecompressor, ZstdError

    return gathered(_unpacked(chunks, ZstdDecompressor().decompressobj, ZstdError))


def gzip(chunks: Iterable[bytes], *, level: int = GZIP_LEVEL) -> Iterator[bytes]:
    """As `gzip` writes it, without name and time: the same text makes the same file."""
    return gathered(_packed(chunks, zlib.compressobj(level, wbits=31)))


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What `gzip` was given, also where several files follow each other. DamagedError as of `decompress`."""
    return gathered(_unpacked(chunks, lambda: zlib.decompressobj(wbits=31), zlib.error))


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, /) -> bytes: ...


def _packed(chunks: Iterable[bytes], packer: _Packer) -> Iterator[bytes]:
    with ending(chunks):
        for chunk in chunks:
            yield packer.compress(chunk)
        yield packer.flush()


def _unpacked(chunks: Iterable[bytes], new: Callable[[], _Unpacker], damage: type[Exception]) -> Iterator[bytes]:
    unpacker = new()
    with ending(chunks):
        for piece in _sliced(chunks):
            rest = piece
            while rest:
                if unpacker.eof:
                    # Zeros behind the end are padding, as tapes and some block stores leave it.
                    rest = memoryview(bytes(rest).lstrip(b"\0"))
                    if not rest:
                        break
                    unpacker = new()
                try:
                    yield unpacker.decompress(rest)
                except damage as error:
                    raise DamagedError(f"The compressed content is damaged ({error})") from None
                rest = memoryview(unpacker.unused_data if unpacker.eof else b"")
    if not unpacker.eof:
        raise DamagedError("The compressed content ends too early: it is cut off")


def _sliced(chunks: Iterable[bytes]) -> Iterator[memoryview]:
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), _SLICE):
            yield view[start : start + _SLICE]
