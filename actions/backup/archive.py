"""What lies in pg_dump's custom archive, read from its table of contents while it passes through to the store.

Sequences are no part of a snapshot: only the archive knows with which value it took each. And a superuser's dump says
the options of every user mapping, passwords among them: their definitions are made empty on the way, which pg_restore
passes over. The format is that of PostgreSQL 12 to 18 (archive versions 1.13 to 1.16); see `pg_backup_archiver.c`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from actions.backup.manifest import SequenceValue
from actions.errors import BackoutError

_MAGIC = b"PGDMP"
_CUSTOM = 1
_OLDEST, _NEWEST = (1, 13), (1, 16)
_SETVAL = re.compile(r", (-?\d+), (true|false)\);\s*$")
_USER_MAPPING = "USER MAPPING"
#: More cannot be the length of a name or a statement: the server's own limit for a value.
_LONGEST = 1 << 30


@dataclass(slots=True)
class ArchiveContents:
    """What a table of contents tells."""

    sequences: list[SequenceValue] = field(default_factory=list)
    #: Schema and name of every table that the archive defines, and of those whose rows are in it.
    tables: set[tuple[str, str]] = field(default_factory=set)
    tables_with_rows: set[tuple[str, str]] = field(default_factory=set)
    #: Titles of the user mappings whose definitions were taken out.
    without_definition: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """The parts of an entry that matter here, and those around them as bytes."""

    tag: str
    description: str
    definition: str
    schema_name: str


class ArchiveFilter:
    """`head` yields the table of contents, with the user mappings' definitions taken out; `rest` what follows it."""

    def __init__(self, chunks: Iterable[bytes], *, codec: str) -> None:
        """`codec`: Python's name for the encoding of the archive's text."""
        self._stream = _Stream(chunks)
        self._codec = codec
        self.contents = ArchiveContents()

    def head(self) -> Iterator[bytes]:
        """BackoutError when this is no archive, ends too early, or is of a version that we do not know."""
        version = self._read_header()
        yield self._stream.taken()
        for _ in range(self._stream.integer()):
            yield self._read_entry(version)

    def rest(self) -> Iterator[bytes]:
        return self._stream.rest()

    def _read_header(self) -> tuple[int, int]:
        stream = self._stream
        if stream.take(len(_MAGIC)) != _MAGIC:
            raise BackoutError("pg_dump did not write an archive")
        version = (stream.byte(), stream.byte())
        stream.byte()
        if not _OLDEST <= version <= _NEWEST:
            raise BackoutError(
                f"This pg_dump writes archives of version {version[0]}.{version[1]}, which is not known here",
                next_step="Use client programs of PostgreSQL 12 to 18, or a newer Backout.",
            )
        stream.integer_size = stream.byte()
        stream.offset_size = stream.byte()
        if stream.byte() != _CUSTOM:
            raise BackoutError("pg_dump did not write an archive of the custom format")
        if version >= (1, 15):
            stream.byte()  # compression
        else:
            stream.integer()
        for _ in range(7):  # when it was made
            stream.integer()
        for _ in range(3):  # database, server's version, pg_dump's version
            stream.string()
        return version

    def _read_entry(self, version: tuple[int, int]) -> bytes:
        stream = self._stream
        before = stream.taken()
        stream.integer()  # number
        stream.integer()  # whether it has data
        stream.string()  # oid of the catalog
        stream.string()  # oid
        tag, description = self._text(), self._text()
        stream.integer()  # section
        before += stream.taken()
        definition = self._text()
        stream.string()  # how to drop it
        statements = stream.taken()
        stream.string()  # how to copy into it
        schema_name = self._text()
        for _ in range(2 if version >= (1, 14) else 1):  # tablespace, access method
            stream.string()
        if version >= (1, 16):
            stream.integer()  # kind of relation
        for _ in range(2):  # owner, and a word that is always "false"
            stream.string()
        while stream.string() is not None:  # what it depends on
            pass
        stream.take(1 + stream.offset_size)
        self._note(_Entry(tag=tag, description=description, definition=definition, schema_name=schema_name))
        if description == _USER_MAPPING:
            statements = 2 * stream.integer_bytes(0)
        return before + statements + stream.taken()

    def _text(self) -> str:
        # What a database of no encoding has in its names is kept as it is.
        return (self._stream.string() or b"").decode(self._codec, errors="surrogateescape")

    def _note(self, entry: _Entry) -> None:
        found, place = self.contents, (entry.schema_name, entry.tag)
        match entry.description:
            case "TABLE":
                found.tables.add(place)
            case "TABLE DATA":
                found.tables_with_rows.add(place)
            case "SEQUENCE SET":
                if not (value := _SETVAL.search(entry.definition)):
                    raise BackoutError(f"The archive's value of sequence {'.'.join(place)} cannot be read")
                found.sequences.append(
                    SequenceValue(
                        schema_name=place[0], name=place[1], last_value=int(value[1]), is_called=value[2] == "true"
                    )
                )
            case _ if entry.description == _USER_MAPPING:
                found.without_definition.append(entry.tag)
            case _:
                pass


class _Stream:
    """Numbers and strings as the archive's format has them, from chunks of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = bytearray()
        self._position = 0
        self.integer_size = 4
        self.offset_size = 8

    def take(self, size: int) -> bytes:
        while len(self._buffer) - self._position < size:
            try:
                self._buffer += next(self._chunks)
            except StopIteration:
                raise BackoutError("pg_dump's archive ends in its table of contents") from None
        start, self._position = self._position, self._position + size
        return bytes(self._buffer[start : self._position])

    def byte(self) -> int:
        return self.take(1)[0]

    def integer(self) -> int:
        negative = self.byte()
        value = int.from_bytes(self.take(self.integer_size), "little")
        return -value if negative else value

    def integer_bytes(self, value: int) -> bytes:
        """As `integer` reads it."""
        return bytes([value < 0]) + abs(value).to_bytes(self.integer_size, "little")

    def string(self) -> bytes | None:
        size = self.integer()
        if size > _LONGEST:
            raise BackoutError("pg_dump's archive cannot be read: a text in it has an impossible length")
        return None if size < 0 else self.take(size)

    def taken(self) -> bytes:
        """Everything that was read since the last call."""
        found = bytes(self._buffer[: self._position])
        del self._buffer[: self._position]
        self._position = 0
        return found

    def rest(self) -> Iterator[bytes]:
        """All that was not read."""
        if self._buffer:
            yield bytes(self._buffer)
        yield from self._chunks
