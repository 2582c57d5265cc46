"""Which table and column of one side is which of the other; pure.

Right after the downgrade both sides share object ids, so a rename is no loss. What is gone by its id but is there by
its name was rebuilt, perhaps with its rows, so the names decide then. After the upgrade only names count.

A partitioned table is compared as a whole. Partitions that became tables of their own (or the other way round) are
read together with the rest of it: detaching moves no row.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actions.assess.schema.values import Column, Schema, Table

FOREIGN = "foreign"
PARTITIONED = "partitioned"


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnPair:
    before: Column
    now: Column


@dataclass(frozen=True, kw_only=True, slots=True)
class TablePair:
    before: Table
    now: Table
    #: Another table under the old name.
    rebuilt: bool
    columns: tuple[ColumnPair, ...]
    vanished: tuple[Column, ...]
    appeared: tuple[Column, ...]
    #: To be read with `before`: tables of their own there that are partitions of `now`.
    also_before: tuple[Table, ...] = ()
    #: To be read with `now`: tables of their own there that are partitions of `before`.
    also_now: tuple[Table, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing:
    pairs: tuple[TablePair, ...]
    vanished: tuple[Table, ...]
    appeared: tuple[Table, ...]


def holding_rows(schema: Schema) -> tuple[Table, ...]:
    """Tables to compare: a partition's rows are its parent's, and a foreign table's are not in this database."""
    return tuple(table for table in schema.tables if table.form != FOREIGN and table.partition_bound is None)


def leaves(table: Table, schema: Schema) -> tuple[Table, ...]:
    """The partitions that really hold a partitioned table's rows, to any depth."""
    found: list[Table] = []
    for child in schema.tables:
        if table.oid in child.parent_oids and child.partition_bound is not None:
            found += leaves(child, schema) if child.form == PARTITIONED else (child,)
    return tuple(found)


def pair_by_id(before: Schema, now: Schema) -> Pairing:
    """For one database at two moments."""
    by_oid = {table.oid: table for table in now.tables if table.form != FOREIGN}
    by_name = {table.identity: table for table in now.tables if table.form != FOREIGN}
    return _pair_all(before, now, lambda table: by_oid.get(table.oid) or by_name.get(table.identity))


def pair_by_name(before: Schema, now: Schema) -> Pairing:
    """For two databases that ought to have the same content."""
    by_name = {table.identity: table for table in now.tables if table.form != FOREIGN}
    return _pair_all(before, now, lambda table: by_name.get(table.identity), ids_count=False)


def _pair_all(
    before: Schema, now: Schema, counterpart: Callable[[Table], Table | None], *, ids_count: bool = True
) -> Pairing:
    pairs: list[TablePair] = []
    vanished: list[Table] = []
    for whole in holding_rows(before):
        for table in _pieces(whole, before, counterpart):
            found = counterpart(table)
            if found is None:
                vanished.append(table)
                continue
            by_number = ids_count and table.oid == found.oid
            columns = _columns_by_number(table, found) if by_number else _columns_by_name(table, found)
            pairs.append(_pair(table, found, columns, (before, now)))
    taken = {pair.now.oid for pair in pairs} | {table.oid for pair in pairs for table in pair.also_now}
    appeared = tuple(table for table in holding_rows(now) if table.oid not in taken)
    return Pairing(pairs=tuple(pairs), vanished=tuple(vanished), appeared=appeared)


def _pieces(whole: Table, before: Schema, counterpart: Callable[[Table], Table | None]) -> tuple[Table, ...]:
    """A table; or its partitions where it is gone and some of them are not."""
    if whole.form != PARTITIONED or counterpart(whole) is not None:
        return (whole,)
    parts = tuple(leaf for leaf in leaves(whole, before) if leaf.form != FOREIGN)
    return parts if any(counterpart(part) for part in parts) else (whole,)


def _columns_by_number(before: Table, now: Table) -> tuple[ColumnPair, ...]:
    by_number = {column.number: column for column in now.columns}
    known = {column.number for column in before.columns}
    pairs = []
    for column in before.columns:
        found = by_number.get(column.number)
        if found is None:
            # Made anew under its old name, perhaps with its values.
            again = now.column(column.identity.name)
            found = again if again is not None and again.number not in known else None
        if found is not None:
            pairs.append(ColumnPair(before=column, now=found))
    return tuple(pairs)


def _columns_by_name(before: Table, now: Table) -> tuple[ColumnPair, ...]:
    found = ((column, now.column(column.identity.name)) for column in before.columns)
    return tuple(ColumnPair(before=column, now=other) for column, other in found if other is not None)


def _pair(before: Table, now: Table, columns: tuple[ColumnPair, ...], schemas: tuple[Schema, Schema]) -> TablePair:
    kept = {pair.before.number for pair in columns}
    taken = {pair.now.number for pair in columns}
    return TablePair(
        before=before,
        now=now,
        rebuilt=before.oid != now.oid,
        columns=columns,
        vanished=tuple(column for column in before.columns if column.number not in kept),
        appeared=tuple(column for column in now.columns if column.number not in taken),
        also_before=_alone(now, schemas[1], schemas[0], before),
        also_now=_alone(before, schemas[0], schemas[1], now),
    )


def _alone(whole: Table, here: Schema, there: Schema, like: Table) -> tuple[Table, ...]:
    """Partitions of a table here that are tables of their own there, and have the columns of its counterpart there."""
    if whole.form != PARTITIONED:
        return ()
    by_oid = {table.oid: table for table in holding_rows(there) if table is not like}
    by_name = {table.identity: table for table in holding_rows(there) if table is not like}
    found = (by_oid.get(leaf.oid) or by_name.get(leaf.identity) for leaf in leaves(whole, here))
    return tuple(
        table
        for table in found
        if table is not None and all(table.column(column.identity.name) is not None for column in like.columns)
    )
