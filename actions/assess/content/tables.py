"""One pair of tables, compared as far as it takes: first two numbers each, and the rows only if these differ."""

import re

import psycopg

from actions.assess.content.both import Both
from actions.assess.content.forms import Reading
from actions.assess.content.keys import choose_key
from actions.assess.content.lines import Tally
from actions.assess.content.outcomes import AppearedColumn, ColumnOutcome, Matching, TableOutcome, VanishedColumn
from actions.assess.content.pairing import TablePair
from actions.assess.content.rows import RowsFound, Sizes, examine
from actions.assess.content.sides import Tally as Content
from actions.assess.content.sides import TwoSides, two_sides
from actions.assess.schema.values import Column

#: What JSON that jsonb cannot hold, or a row that is too long for one text, ends in.
_TOO_MUCH_FOR_THE_QUICK_WAY = (
    psycopg.errors.DataError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.InternalError_,
)

#: Text, and casts such as `::numeric(10,2)`.
_NOT_A_CALL = re.compile(r"""'(?:[^']|'')*'|::[\w ."]+(?:\([\d, ]+\))?""")
_CALL = re.compile(r"""[\w"]\(""")


def compare_tables(pair: TablePair, both: Both) -> TableOutcome | None:
    """What is different, or None."""
    try:
        return _compare(two_sides(pair, both.before, both.now, careful=False), both)
    except _TOO_MUCH_FOR_THE_QUICK_WAY:
        return _compare(two_sides(pair, both.before, both.now, careful=True), both)


def _compare(sides: TwoSides, both: Both) -> TableOutcome | None:
    pair = sides.pair
    ours, theirs = both.at_once(sides.before.fingerprint, sides.now.fingerprint)
    sizes = Sizes(before=ours[0], now=theirs[0])
    rows = RowsFound(matched_by=Matching.IDENTICAL, lost=0, new=0)
    if ours != theirs:
        rows = examine(sides, choose_key(pair, both.before.schema, both.now.schema), sizes, both)
    vanished, appeared = both.at_once(sides.before.extra_tallies, sides.now.extra_spread)
    outcome = TableOutcome(
        table=pair.before.identity,
        now=pair.now.identity,
        rebuilt=pair.rebuilt,
        matched_by=rows.matched_by,
        rekeyed=rows.rekeyed,
        rows_before=sizes.before,
        rows_now=sizes.now,
        rows_lost=rows.lost,
        rows_new=rows.new,
        rows_regrouped=rows.regrouped,
        columns=_columns(sides, rows, both),
        vanished=tuple(
            VanishedColumn(column=column.identity, non_null=content.values, content=content.fingerprint)
            for column, content in zip(pair.vanished, vanished, strict=True)
        ),
        appeared=tuple(
            _appeared(column, sizes.now, content, distinct)
            for column, (content, distinct) in zip(pair.appeared, appeared, strict=True)
        ),
    )
    same = ours == theirs and not (outcome.columns or outcome.vanished or outcome.appeared)
    return None if same else outcome


def _columns(sides: TwoSides, rows: RowsFound, both: Both) -> tuple[ColumnOutcome, ...]:
    told = {position: found for position, found in rows.columns.items() if found != Tally()}
    for position, reading in enumerate(sides.readings):
        if reading.restated:
            told.setdefault(position, Tally())
    if not told:
        return ()
    positions = sorted(told)
    counts, _ = both.at_once(lambda look: sides.before.value_counts(look, positions), lambda _: None)
    outcomes = (
        _outcome(sides.readings[position], told[position], values)
        for position, values in zip(positions, counts, strict=True)
    )
    return tuple(outcome for outcome in outcomes if outcome is not None)


def _outcome(reading: Reading, found: Tally, values: int) -> ColumnOutcome | None:
    restated = values - found.lost - found.gone_with_rows if reading.restated else found.restated
    if not (found.lost or found.filled or restated or found.gone_with_rows):
        return None
    return ColumnOutcome(
        column=reading.pair.before.identity,
        now=reading.pair.now.identity,
        type_before=reading.pair.before.type,
        type_now=reading.pair.now.type,
        non_null=values,
        lost=found.lost,
        became_null=found.became_null,
        filled=found.filled,
        restated=restated,
        gone_with_rows=found.gone_with_rows,
    )


def _appeared(column: Column, rows: int, found: Content, distinct: int) -> AppearedColumn:
    computing = _CALL.search(_NOT_A_CALL.sub("", column.default or "")) is not None
    return AppearedColumn(
        column=column.identity,
        rows=rows,
        non_null=found.values,
        content=found.fingerprint,
        distinct=distinct,
        by_default=column.generated is None and (computing or column.identity_kind is not None),
        generated=column.generated is not None,
    )
