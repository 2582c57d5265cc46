"""What a comparison means; pure.

`after` is the comparison with the downgraded copy, `again` the one after the upgrade ran once more on it, or None where
that failed: then nothing comes back by itself.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from actions.assess.content.outcomes import (
    AppearedColumn,
    AppearedTable,
    ColumnOutcome,
    Comparison,
    TableOutcome,
    VanishedColumn,
    VanishedTable,
)
from actions.assess.schema.naming import Identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """Rows of a table (`column` is None), or values of a column, that the reference has and the other side has not."""

    table: Identity
    column: Identity | None
    had: int
    missing: int


def missing(found: Comparison) -> tuple[Missing, ...]:
    """Everything that is not there any more. What is there in another form is there."""
    return tuple(entry for entry in _missing(found) if entry.missing)


def loses_data(after: Comparison, again: Comparison | None) -> bool:
    """Whether something is gone for good: gone after the downgrade, and not brought back by the upgrade.

    What is merely in another form counts where nothing turns it back.
    """
    touched = something_missing(after) or any(column.restated for column in _columns(after))
    if again is None:
        return touched
    return touched and (something_missing(again) or any(_is_stuck(column) for column in _columns(again)))


def something_missing(found: Comparison) -> bool:
    """Whether anything of the reference is not there any more, large objects included."""
    objects = found.large_objects
    return bool(missing(found)) or (objects is not None and bool(objects.lost or objects.changed))


def certain(after: Comparison, again: Comparison | None) -> bool:
    """Whether "loses nothing" may be said: everything that the answer rests on was read."""
    return after.complete and (again is None or again.complete)


def rows_lost(found: Comparison) -> int:
    return sum(gone.rows for gone in found.vanished) + sum(table.rows_lost for table in found.tables)


def values_lost(found: Comparison) -> int:
    """Values of rows that are still there, and of columns that are not."""
    changed = sum(column.lost for column in _columns(found))
    return changed + sum(column.non_null for table in found.tables for column in table.vanished)


def brings_back_empty(after: Comparison) -> tuple[Identity, ...]:
    """Tables and columns that the downgrade made anew without anything of their own in them.

    Whether there ever was something in them, only a backup from before the upgrade can tell.
    """
    tables = tuple(table.table for table in after.appeared if not table.rows)
    columns = tuple(column.column for table in after.tables for column in table.appeared if is_shell(column))
    return tables + columns


def brings_back_anew(
    after: Comparison, kept_by_upgrade: Collection[Identity] = (), taken_over: Collection[Identity] = ()
) -> tuple[AppearedColumn | AppearedTable, ...]:
    """Columns and tables that the downgrade made anew and filled with something of its own.

    A state computed from a flag, a table filled with the rows that a script knows: whether that is what was there before
    the upgrade, only a backup from before it can tell. What was merely moved is not meant: the very values of a table
    that goes, or as many rows as it had, if the upgrade keeps the column or table that comes back (one of
    `kept_by_upgrade`) or copies all that is in it (one of `taken_over`). Nor the very values of a column that goes, if the
    upgrade keeps what comes back and changes it in its place; one that it drops had its content dropped, too, and today's
    values may be others.
    """
    from_tables = frozenset[tuple[int, str]]().union(*(gone.contents for gone in after.vanished))
    from_columns = {(column.non_null, column.content) for table in after.tables for column in table.vanished}
    went = {gone.rows for gone in after.vanished} | {sum(gone.rows for gone in after.vanished)}
    came = sum(table.rows for table in after.appeared)
    moved = {*kept_by_upgrade, *taken_over}
    tables = tuple(
        table
        for table in after.appeared
        if table.rows and (went.isdisjoint({table.rows, came}) or table.table not in moved)
    )
    columns = tuple(
        column
        for table in after.tables
        for column in table.appeared
        if column.non_null
        and not (column.column in moved and (column.non_null, column.content) in from_tables)
        and not (column.column in kept_by_upgrade and (column.non_null, column.content) in from_columns)
        and not column.generated
        and not is_shell(column)
    )
    return tables + columns


def is_shell(column: AppearedColumn) -> bool:
    """All null, or one and the same value in every row, or what its default makes up."""
    if column.generated or not column.rows:
        return False
    uniform = column.non_null == column.rows and column.distinct == 1
    return not column.non_null or uniform or column.by_default


def rows_back(gone: VanishedTable, again: Comparison | None) -> int | None:
    """How many rows of a vanished table the upgrade brought back unchanged. None: that was not read."""
    found = _table_again(gone.table, again)
    if isinstance(found, TableOutcome):
        return gone.rows - found.rows_lost - found.rows_regrouped
    return gone.rows if found is _Again.THE_SAME else _count(found)


def values_back(gone: VanishedColumn, again: Comparison | None) -> int | None:
    """How many values of a vanished column the upgrade brought back unchanged. None: that was not read."""
    found = _table_again(Identity(schema=gone.column.schema, name=gone.column.table or ""), again)
    if not isinstance(found, TableOutcome):
        return gone.non_null if found is _Again.THE_SAME else _count(found)
    if any(column.column == gone.column for column in found.vanished):
        return 0
    changed = (column for column in found.columns if column.column == gone.column)
    return gone.non_null - sum(column.lost + column.gone_with_rows for column in changed)


class _Again(Enum):
    """What there is to say about a table after the upgrade where there is no outcome of it."""

    THE_SAME = auto()
    NOT_THERE = auto()
    NOT_READ = auto()


def _table_again(table: Identity, again: Comparison | None) -> TableOutcome | _Again:
    if again is None or any(gone.table == table for gone in again.vanished):
        return _Again.NOT_THERE
    if any(unread.table == table for unread in again.unread):
        return _Again.NOT_READ
    return next((found for found in again.tables if found.table == table), _Again.THE_SAME)


def _count(found: _Again) -> int | None:
    return 0 if found is _Again.NOT_THERE else None


def _missing(found: Comparison) -> Iterator[Missing]:
    for gone in found.vanished:
        yield Missing(table=gone.table, column=None, had=gone.rows, missing=gone.rows)
    for table in found.tables:
        rows = table.rows_lost + table.rows_regrouped
        yield Missing(table=table.table, column=None, had=table.rows_before, missing=rows)
        for vanished in table.vanished:
            yield Missing(table=table.table, column=vanished.column, had=vanished.non_null, missing=vanished.non_null)
        for column in table.columns:
            yield Missing(table=table.table, column=column.column, had=column.non_null, missing=column.lost)


def _columns(found: Comparison) -> Iterator[ColumnOutcome]:
    for table in found.tables:
        yield from table.columns


def _is_stuck(column: ColumnOutcome) -> bool:
    """Still in another form after the upgrade, since the column has another type. 1.5 for 1.50 is no loss."""
    return bool(column.restated) and column.type_before != column.type_now
