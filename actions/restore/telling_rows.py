"""How two texts of rows differ, as numbers and names of columns: which rows, is nobody's business.

In flat memory, for it can meet a table of any size: first sums over the lines' hashes in buckets, which also tell
whether the rows are the same in another order; then only the lines of buckets that differ are looked at again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import xxhash

BUCKETS = 1 << 14
#: So many lines are told apart at most; beyond, numbers are "at least".
MOST_LINES = 200_000
#: So many bytes of lines are kept, to find the columns in which they differ.
MOST_KEPT = 8 << 20
MOST_PAIRS = 200
_WHOLE = (1 << 128) - 1

Text = Callable[[], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsApart:
    """From the first text to the second."""

    missing: int
    added: int
    #: Rows that are there in both, with other values; counted neither as missing nor as added.
    changed: int
    #: In which those differ, in the table's order.
    columns: tuple[str, ...]
    #: False: there are more than could be told apart.
    is_all: bool

    def __bool__(self) -> bool:
        return bool(self.missing or self.added or self.changed)

    @property
    def sentence(self) -> str:
        parts = [(self.missing, "missing"), (self.added, "more than there were"), (self.changed, "changed")]
        numbers = [f"{_rows(number)} {what}" for number, what in parts if number]
        return f"{'' if self.is_all else 'at least '}{', '.join(numbers)}"


def rows_apart(first: Text, second: Text, columns: Sequence[str]) -> RowsApart:
    """Nothing apart when both have the same rows, in whatever order. Each text is read up to twice."""
    one, other = _Buckets(first()), _Buckets(second())
    differing = [number for number in range(BUCKETS) if one.of(number) != other.of(number)]
    chosen: set[int] = set()
    lines = 0
    for number in differing:
        lines += one.counts[number] + other.counts[number]
        if chosen and lines > MOST_LINES:
            break
        chosen.add(number)
    if not chosen:
        return RowsApart(missing=0, added=0, changed=0, columns=(), is_all=True)
    return _look_closer(first(), second(), chosen, columns, is_all=len(chosen) == len(differing))


def _rows(number: int) -> str:
    return "1 row is" if number == 1 else f"{number:,} rows are"


class _Buckets:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.sums, self.counts = [0] * BUCKETS, [0] * BUCKETS
        for line in lines_of(chunks):
            value = xxhash.xxh3_128_intdigest(line)
            number = value % BUCKETS
            self.sums[number] = (self.sums[number] + value) & _WHOLE
            self.counts[number] += 1

    def of(self, number: int) -> tuple[int, int]:
        return self.sums[number], self.counts[number]


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Without their ends; in COPY's text a line is always a whole row."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        yield from whole
    if held:
        yield held


def _look_closer(
    first: Iterable[bytes], second: Iterable[bytes], chosen: set[int], columns: Sequence[str], *, is_all: bool
) -> RowsApart:
    balance: Counter[int] = Counter()
    kept: dict[int, bytes] = {}
    room = MOST_KEPT
    for text, sign in ((first, 1), (second, -1)):
        for line in lines_of(text):
            value = xxhash.xxh3_128_intdigest(line)
            if value % BUCKETS not in chosen:
                continue
            balance[value] += sign
            if balance[value] == 0:
                del balance[value]
                room += len(kept.pop(value, b""))
            elif value not in kept and len(line) <= room:
                kept[value] = line
                room -= len(line)
    missing = sum(number for number in balance.values() if number > 0)
    added = -sum(number for number in balance.values() if number < 0)
    lost = [kept[value] for value, number in balance.items() if number > 0 and value in kept]
    new = [kept[value] for value, number in balance.items() if number < 0 and value in kept]
    changed, positions = _paired(lost[:MOST_PAIRS], new[:MOST_PAIRS])
    names = tuple(columns[position] for position in sorted(positions) if position < len(columns))
    return RowsApart(
        missing=missing - changed, added=added - changed, changed=changed, columns=names,
        is_all=is_all and len(lost) <= MOST_PAIRS and len(new) <= MOST_PAIRS,
    )  # fmt: skip


def _paired(lost: Sequence[bytes], new: Sequence[bytes]) -> tuple[int, set[int]]:
    """Which of them are the same row: those that share most of their values, and at least one that is not NULL."""
    rows = [line.split(b"\t") for line in new]
    pairs, positions = 0, set[int]()
    for line in lost:
        values = line.split(b"\t")
        best = max(rows, key=lambda row: _alike(values, row), default=None)
        if best is None or _alike(values, best) == 0 or len(best) != len(values):
            continue
        rows.remove(best)
        pairs += 1
        positions |= {place for place, (one, other) in enumerate(zip(values, best, strict=True)) if one != other}
    return pairs, positions


def _alike(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    return sum(1 for mine, yours in zip(one, other, strict=False) if mine == yours != rb"\N")
