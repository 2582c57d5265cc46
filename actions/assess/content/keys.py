"""By which columns rows of both sides are told to be the same; pure.

Whatever is chosen, the counts are right: a poor choice only calls a changed row a lost one and a new one. The key
has to be unique on one side only, since the older release may have a looser or a tighter one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from actions.assess.content.outcomes import Matching
from actions.assess.content.pairing import TablePair
from actions.assess.schema.values import Index, Schema, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    matching: Matching
    #: Numbers of its columns in the reference.
    numbers: frozenset[int]
    #: Otherwise it is on the other side.
    unique_before: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    matching: Matching
    numbers: tuple[int, ...]


def choose_key(pair: TablePair, before: Schema, now: Schema) -> Key | None:
    """The reference's primary key if all its columns are on both sides, else a unique key of it, else the other side's
    primary or unique key; None where rows have to be matched as a whole."""
    kept = frozenset(columns.before.number for columns in pair.columns)
    back = {columns.now.number: columns.before.number for columns in pair.columns}
    for candidate in _candidates(pair.before, before):
        if kept.issuperset(candidate.numbers):
            return Key(matching=candidate.matching, numbers=frozenset(candidate.numbers), unique_before=True)
    for candidate in _candidates(pair.now, now):
        if back.keys() >= set(candidate.numbers):
            numbers = frozenset(back[number] for number in candidate.numbers)
            return Key(matching=candidate.matching, numbers=numbers, unique_before=False)
    return None


def _candidates(table: Table, schema: Schema) -> Iterator[_Candidate]:
    required = frozenset(column.number for column in table.columns if not column.nullable)
    constraints = [constraint for constraint in schema.constraints if constraint.table_oid == table.oid]
    for constraint in constraints:
        if constraint.form == "primary key":
            yield _Candidate(matching=Matching.PRIMARY_KEY, numbers=constraint.column_numbers)
    unique = [constraint.column_numbers for constraint in constraints if constraint.form == "unique"]
    unique += [index.column_numbers for index in schema.indexes if index.table_oid == table.oid and _is_plain(index)]
    for numbers in _shortest_first(unique):
        if required.issuperset(numbers):
            yield _Candidate(matching=Matching.UNIQUE_KEY, numbers=numbers)


def _is_plain(index: Index) -> bool:
    """Unique over the whole table by columns alone. Text in it that looks like a condition costs only this key."""
    free_of = (" WHERE " not in index.definition) and (" INCLUDE " not in index.definition)
    return index.unique and index.valid and index.constraint is None and 0 not in index.column_numbers and free_of


def _shortest_first(found: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    return sorted((tuple(numbers) for numbers in found if numbers), key=lambda numbers: (len(numbers), numbers))
