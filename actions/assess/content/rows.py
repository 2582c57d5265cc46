"""The rows of one pair of tables that are known to differ: which went, which came, which values changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from actions.assess.content.both import Both
from actions.assess.content.keys import Key
from actions.assess.content.lines import Merged, Merging, Surplus, surplus
from actions.assess.content.lines import Tally as Found
from actions.assess.content.looking import Look
from actions.assess.content.outcomes import Matching
from actions.assess.content.queries import COLUMNS_AT_ONCE
from actions.assess.content.sides import Tally, TwoSides


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsFound:
    matched_by: Matching
    rekeyed: bool = False
    lost: int
    new: int
    regrouped: int = 0
    #: By the column's position.
    columns: dict[int, Found] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Number of rows on each side."""

    before: int
    now: int


def examine(sides: TwoSides, key: Key | None, sizes: Sizes, both: Both) -> RowsFound:
    """Row by row under the key; as multisets where there is none, or where not one row of the reference is found by it
    although the rest of some row is there: those rows have new keys."""
    if key is None or not (sizes.before and sizes.now):
        return _as_multisets(sides, sizes, both)
    found = _by_key(sides, key, both)
    if key.matching is Matching.UNIQUE_KEY and found.lost and found.new:
        # Unlike a primary key it may be somebody's data, rewritten in the row that is still there.
        return _as_multisets(sides, sizes, both)
    if found.lost == sizes.before <= sizes.now and _rest_is_there(sides, key, sizes, both):
        return _as_multisets(sides, sizes, both, rekeyed=True)
    return found


def _by_key(sides: TwoSides, key: Key, both: Both) -> RowsFound:
    in_key = sides.positions(key)
    # A key is found by its values apart from their form, so where there are two, the form is still to be compared.
    others = [
        position
        for position, meaning in enumerate(sides.before.meanings)
        if position not in in_key or meaning is not None
    ]
    ours, theirs = both.at_once(
        lambda look: sides.before.tallies(look, others, sides.before.key_hash(in_key)),
        lambda look: sides.now.tallies(look, others, sides.now.key_hash(in_key)),
    )
    differing = [position for position, one, other in zip(others, ours, theirs, strict=True) if one != other]
    merged: Merged | None = None
    columns: dict[int, Found] = {}
    for start in range(0, max(1, len(differing)), COLUMNS_AT_ONCE):
        some = differing[start : start + COLUMNS_AT_ONCE]
        merged = _merge(sides, in_key, some, both, unique_before=key.unique_before)
        columns.update(zip(some, merged.columns, strict=True))
    assert merged is not None  # noqa: S101 -- the loop runs at least once
    return RowsFound(matched_by=key.matching, lost=merged.only_before, new=merged.only_now, columns=columns)


def _merge(sides: TwoSides, in_key: Sequence[int], wanted: Sequence[int], both: Both, *, unique_before: bool) -> Merged:
    def work(before: Look, now: Look) -> Merged:
        merging = Merging([sides.before.meanings[position] is not None for position in wanted])
        with (
            before.lines(sides.before.keyed_lines(in_key, wanted), merging.numbers) as ours,
            now.lines(sides.now.keyed_lines(in_key, wanted), merging.numbers) as theirs,
        ):
            return merging.run(ours, theirs, unique_before=unique_before)

    return both.together(work)


def _rest_is_there(sides: TwoSides, key: Key, sizes: Sizes, both: Both) -> bool:
    rest = [position for position in range(len(sides.readings)) if position not in sides.positions(key)]
    return not rest or _surplus_of_rows(sides, rest, both).before < sizes.before


def _as_multisets(sides: TwoSides, sizes: Sizes, both: Both, *, rekeyed: bool = False) -> RowsFound:
    """Fewer rows are lost rows. Beyond these, a value that occurs less often was lost (at least so many were)."""
    wanted = range(len(sides.readings))
    lost = max(0, sizes.before - sizes.now)
    new = max(0, sizes.now - sizes.before)
    if not (sizes.before and sizes.now):
        return RowsFound(matched_by=Matching.WHOLE_ROWS, lost=lost, new=new)
    ours, theirs = both.at_once(
        lambda look: sides.before.tallies(look, wanted), lambda look: sides.now.tallies(look, wanted)
    )
    if not rekeyed:
        rows = _surplus_of_rows(sides, wanted, both)
        if not (rows.before and rows.now):
            # Rows only went, or only came: no value changed in the others.
            counts = ((position, ours[position].values - theirs[position].values) for position in wanted)
            gone = {position: Found(gone_with_rows=values) for position, values in counts if lost and values}
            return RowsFound(matched_by=Matching.WHOLE_ROWS, lost=lost, new=new, columns=gone)
    columns = {
        position: _column(sides, position, (ours[position], theirs[position]), sizes, both)
        for position in wanted
        if ours[position] != theirs[position]
    }
    regrouped = 0
    if not lost and not any(found.lost for found in columns.values()):
        # A column that was filled here and there, or has another form, says nothing about which row is which.
        telling = [
            position
            for position in wanted
            if position not in columns or (ours[position].values == sizes.before and not columns[position].restated)
        ]
        regrouped = _surplus_of_rows(sides, telling, both).before if telling else 0
    return RowsFound(
        matched_by=Matching.WHOLE_ROWS, rekeyed=rekeyed, lost=lost, new=new, regrouped=regrouped, columns=columns
    )


def _column(sides: TwoSides, position: int, tallies: tuple[Tally, Tally], sizes: Sizes, both: Both) -> Found:
    gone = missing = _missing(sides, position, both, by_meaning=False)
    if missing and sides.before.meanings[position] is not None:
        gone = _missing(sides, position, both, by_meaning=True)
    fewer_rows = max(0, sizes.before - sizes.now)
    lost = max(0, gone - fewer_rows)
    more_nulls = (sizes.now - tallies[1].values) - (sizes.before - tallies[0].values)
    return Found(
        lost=lost,
        became_null=min(lost, max(0, more_nulls)),
        filled=min(max(0, -more_nulls - fewer_rows), sizes.before - tallies[0].values),
        restated=missing - gone,
        gone_with_rows=gone - lost,
    )


def _missing(sides: TwoSides, position: int, both: Both, *, by_meaning: bool) -> int:
    """How many values of the reference have no equal on the other side."""
    ours = sides.before.counted_values(position, by_meaning=by_meaning)
    theirs = sides.now.counted_values(position, by_meaning=by_meaning)
    return _surplus(ours, theirs, both).before


def _surplus_of_rows(sides: TwoSides, wanted: Sequence[int], both: Both) -> Surplus:
    return _surplus(sides.before.counted_rows(wanted), sides.now.counted_rows(wanted), both)


def _surplus(ours: str, theirs: str, both: Both) -> Surplus:
    def work(before: Look, now: Look) -> Surplus:
        with before.lines(ours, 2) as first, now.lines(theirs, 2) as second:
            return surplus(first, second)

    return both.together(work)
