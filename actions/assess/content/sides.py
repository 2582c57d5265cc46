"""A pair of tables, and how each side of it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.assess.content import queries
from actions.assess.content.forms import Reading, alone, reading
from actions.assess.content.keys import Key
from actions.assess.content.looking import Look
from actions.assess.content.pairing import TablePair
from actions.assess.content.queries import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """One column of one side in two numbers."""

    values: int
    #: Depends on every value; not on their order.
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One side's table: where to read it and what of it."""

    source: Source
    #: Per column that both have: its text form, and its value apart from its form (None: the same).
    expressions: tuple[str, ...]
    meanings: tuple[str | None, ...]
    #: Columns that only this side has.
    extra: tuple[str, ...]
    by_column: bool

    def fingerprint(self, look: Look) -> tuple[int, str]:
        row = queries.row_hash(self.expressions, by_column=self.by_column)
        rows, fingerprint = look.ask(queries.fingerprint(self.source, row))
        return int(rows), str(fingerprint)

    def extra_tallies(self, look: Look) -> list[Tally]:
        return self._tallies(look, self.extra, "0")

    def value_counts(self, look: Look, wanted: Sequence[int]) -> list[int]:
        return self._counts(look, [self.expressions[number] for number in wanted])

    def extra_spread(self, look: Look) -> list[tuple[Tally, int]]:
        """With each, whether there are none (0), one (1) or several (2) different values."""
        found: list[int] = []
        for some in _pieces(self.extra):
            found += look.ask(queries.spread(self.source, some))
        return list(zip(self.extra_tallies(look), found[1::2], strict=True))

    def tallies(self, look: Look, wanted: Sequence[int], seed: str = "0") -> list[Tally]:
        return self._tallies(look, [self.expressions[number] for number in wanted], seed)

    def _tallies(self, look: Look, expressions: Sequence[str], seed: str) -> list[Tally]:
        found: list[Tally] = []
        for some in _pieces(expressions):
            row = look.ask(queries.tallies(self.source, some, seed))
            found += [Tally(values=row[n], fingerprint=row[n + 1]) for n in range(0, len(row), 2)]
        return found

    def key_hash(self, key: Sequence[int]) -> str:
        """By the values apart from their form: the number 1.0 finds the number 1."""
        parts = [self.meanings[number] or self.expressions[number] for number in key]
        return queries.row_hash(parts, by_column=self.by_column)

    def keyed_lines(self, key: Sequence[int], wanted: Sequence[int]) -> str:
        expressions: list[str] = []
        for number in wanted:
            meaning = self.meanings[number]
            expressions += [self.expressions[number]] if meaning is None else [self.expressions[number], meaning]
        return queries.keyed_lines(self.source, self.key_hash(key), expressions)

    def counted_rows(self, wanted: Sequence[int]) -> str:
        expressions = [self.expressions[number] for number in wanted]
        return queries.counted_hashes(self.source, queries.row_hash(expressions, by_column=self.by_column))

    def counted_values(self, number: int, *, by_meaning: bool) -> str:
        meaning = self.meanings[number] if by_meaning else None
        return queries.counted_hashes(self.source, queries.hashed(meaning or self.expressions[number]))

    def _counts(self, look: Look, expressions: Sequence[str]) -> list[int]:
        found: list[int] = []
        for some in _pieces(expressions):
            found += look.ask(queries.counts(self.source, some))
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class TwoSides:
    """Both sides of a pair. Columns are known by their position in `readings`."""

    pair: TablePair
    readings: tuple[Reading, ...]
    before: Side
    now: Side

    def positions(self, key: Key) -> tuple[int, ...]:
        """Where the columns of a key are."""
        numbers = (reading.pair.before.number for reading in self.readings)
        return tuple(position for position, number in enumerate(numbers) if number in key.numbers)


def two_sides(pair: TablePair, before: Look, now: Look, *, careful: bool) -> TwoSides:
    """How to read a pair of tables. `careful`: slower; for JSON that jsonb cannot hold, rows too long for one text."""
    readings = tuple(reading(columns, before.types, now.types, plain_json=careful) for columns in pair.columns)
    return TwoSides(
        pair=pair,
        readings=readings,
        before=Side(
            source=queries.source(pair.before, before.schema, pair.also_before),
            expressions=tuple(found.before for found in readings),
            meanings=tuple(found.meaning_before for found in readings),
            extra=tuple(alone(column, before.types) for column in pair.vanished),
            by_column=careful,
        ),
        now=Side(
            source=queries.source(pair.now, now.schema, pair.also_now),
            expressions=tuple(found.now for found in readings),
            meanings=tuple(found.meaning_now for found in readings),
            extra=tuple(alone(column, now.types) for column in pair.appeared),
            by_column=careful,
        ),
    )


def _pieces(expressions: Sequence[str]) -> list[Sequence[str]]:
    step = queries.COLUMNS_AT_ONCE
    return [expressions[start : start + step] for start in range(0, len(expressions), step)]
