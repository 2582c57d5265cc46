"""Two ordered streams of hashes, merged; pure, and flat in memory however long they are."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_HEADER = b"PGCOPY\n\xff\r\n\x00"
_HEADER_LENGTH = 19
_TRAILER = b"\xff\xff"
_KEY = slice(6, 14)


def line_length(numbers: int) -> int:
    """Of a line in the server's binary format: a count, and for each number its length (always 8) and itself."""
    return 2 + 12 * numbers


def whole_lines(blocks: Iterator[bytes], numbers: int) -> Iterator[bytes]:
    """Lines of so many numbers, however the driver cut them."""
    length = line_length(numbers)
    rest, begun = b"", False
    for block in blocks:
        if len(block) == length and not rest and begun:
            yield bytes(block)
            continue
        rest += block
        if not begun:
            if len(rest) < _HEADER_LENGTH:
                continue
            if not rest.startswith(_HEADER):
                raise ValueError("The server sent something else than lines in its binary format")
            rest, begun = rest[_HEADER_LENGTH:], True
        while len(rest) >= length:
            yield rest[:length]
            rest = rest[length:]
    if rest not in (b"", _TRAILER):
        raise ValueError(f"The server sent lines of another length than {length}")


@dataclass(slots=True)
class Tally:
    """What is found out about one column while merging."""

    lost: int = 0
    became_null: int = 0
    filled: int = 0
    restated: int = 0
    gone_with_rows: int = 0


@dataclass(slots=True)
class Merged:
    """What is found out about a table's rows."""

    matched: int = 0
    only_before: int = 0
    only_now: int = 0
    columns: list[Tally] = field(default_factory=list)


class Merging:
    """Merges keyed lines. `meanings` says for each column whether a second number follows: its value apart from its
    form. Zero stands for null."""

    def __init__(self, meanings: Sequence[bool]) -> None:
        self.numbers = 1 + len(meanings) + sum(meanings)
        self._line = struct.Struct(">2x" + "4xq" * self.numbers)
        self.found = Merged(columns=[Tally() for _ in meanings])
        # Per column: where its value is, and where its value apart from its form.
        self._places: list[tuple[Tally, int, int | None]] = []
        place = 1
        for tally, has_meaning in zip(self.found.columns, meanings, strict=True):
            self._places.append((tally, place, place + 1 if has_meaning else None))
            place += 1 + has_meaning

    def run(self, before: Iterator[bytes], now: Iterator[bytes], *, unique_before: bool) -> Merged:
        """Of rows under one key (there may be several on the side that does not keep it unique) equal ones belong
        together first, then whichever come first."""
        found = self.found
        ours, theirs = next(before, None), next(now, None)
        while ours is not None and theirs is not None:
            if ours == theirs:
                found.matched += 1
                ours, theirs = next(before, None), next(now, None)
                continue
            key, other = _key(ours), _key(theirs)
            if key < other:
                self._lost(ours)
                ours = next(before, None)
            elif key > other:
                found.only_now += 1
                theirs = next(now, None)
            elif unique_before:
                few, ours = _group(ours, before, key)
                theirs = self._under_one_key(few, theirs, now, few_are_ours=True)
            else:
                few, theirs = _group(theirs, now, key)
                ours = self._under_one_key(few, ours, before, few_are_ours=False)
        while ours is not None:
            self._lost(ours)
            ours = next(before, None)
        while theirs is not None:
            found.only_now += 1
            theirs = next(now, None)
        return found

    def _under_one_key(
        self, few: list[bytes], first: bytes, rest: Iterator[bytes], *, few_are_ours: bool
    ) -> bytes | None:
        """`few` from the side where the key is unique; the others may be any number. Gives the line after them."""
        key = _key(first)
        spare: list[bytes] = []
        line: bytes | None = first
        while line is not None and _key(line) == key:
            if line in few:
                few.remove(line)
                self.found.matched += 1
            elif len(spare) < len(few):
                spare.append(line)
            else:
                self._alone(line, ours=not few_are_ours)
            line = next(rest, None)
        while few and spare:
            one, other = few.pop(0), spare.pop(0)
            self._changed(*((one, other) if few_are_ours else (other, one)))
        for left in few:
            self._alone(left, ours=few_are_ours)
        for left in spare:
            self._alone(left, ours=not few_are_ours)
        return line

    def _alone(self, line: bytes, *, ours: bool) -> None:
        if ours:
            self._lost(line)
        else:
            self.found.only_now += 1

    def _lost(self, line: bytes) -> None:
        self.found.only_before += 1
        numbers = self._line.unpack(line)
        for tally, place, _ in self._places:
            if numbers[place]:
                tally.gone_with_rows += 1

    def _changed(self, ours: bytes, theirs: bytes) -> None:
        self.found.matched += 1
        was, is_now = self._line.unpack(ours), self._line.unpack(theirs)
        for tally, place, meaning in self._places:
            value, other = was[place], is_now[place]
            if value == other:
                continue
            if not value:
                tally.filled += 1
            elif meaning is not None and was[meaning] == is_now[meaning]:
                tally.restated += 1
            else:
                tally.lost += 1
                tally.became_null += not other


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """How many of the reference's entries have no equal on the other side, and the other way round."""

    before: int
    now: int


def surplus(before: Iterator[bytes], now: Iterator[bytes]) -> Surplus:
    """Of two multisets, each as (hash, how often) in the order of the hashes."""
    line = struct.Struct(">2x4xq4xq")
    ours, theirs = next(before, None), next(now, None)
    only_ours = only_theirs = 0
    while ours is not None or theirs is not None:
        if ours == theirs:
            ours, theirs = next(before, None), next(now, None)
            continue
        key, count = line.unpack(ours) if ours is not None else (None, 0)
        other, other_count = line.unpack(theirs) if theirs is not None else (None, 0)
        take_ours = other is None or (key is not None and key <= other)
        take_theirs = key is None or (other is not None and other <= key)
        difference = count * take_ours - other_count * take_theirs
        only_ours += max(0, difference)
        only_theirs += max(0, -difference)
        ours = next(before, None) if take_ours else ours
        theirs = next(now, None) if take_theirs else theirs
    return Surplus(before=only_ours, now=only_theirs)


def _key(line: bytes) -> int:
    return int.from_bytes(line[_KEY], "big", signed=True)


def _group(first: bytes, rest: Iterator[bytes], key: int) -> tuple[list[bytes], bytes | None]:
    """All lines with this key from the side where it is unique (or its hash nearly so), and the line after them."""
    found = [first]
    for line in rest:
        if _key(line) != key:
            return found, line
        found.append(line)
    return found, None
