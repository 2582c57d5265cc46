"""What of the older schema is not what it was before the upgrade, told by three looks at one copy. Pure.

What an upgrade drops takes its content along, whatever stands under its name later on: a column that comes back, one that
the upgrade had put in its place, a table with the older one's name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Column, Schema, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Replaced:
    """A table or column of the older schema that took the place of the one from before the upgrade."""

    #: As the downgrade leaves it.
    older: Identity
    #: What it is called before the downgrade; the same for what the downgrade makes anew.
    today: Identity
    #: The downgrade made it; else it is the one that the upgrade had put there, renamed or changed.
    anew: bool
    #: Its values are computed ones today, and nobody wrote them.
    computed: bool = False
    #: A partition of a table that stays.
    part: bool = False


def still_there(before: Schema, after: Schema) -> frozenset[Identity]:
    """Columns and tables of `before`, as they were called then, that are the same ones after it."""
    kept = {column.key for table in after.tables for column in table.columns}
    tables = {table.oid for table in after.tables}
    return frozenset(
        column.identity for table in before.tables for column in table.columns if column.key in kept
    ) | frozenset(table.identity for table in before.tables if table.oid in tables)


def made_anew(before: Schema, after: Schema) -> tuple[Replaced, ...]:
    """What got the name of something else: columns of a table that stays, tables, and partitions whatever their name.

    Computed columns have nothing of their own.
    """
    found: list[Replaced] = []
    names = {table.identity for table in before.tables}
    for table in _local(after):
        older = before.table_by_oid.get(table.oid)
        if older is not None:
            found += [_anew(column.identity) for column in _columns_anew(older, table)]
        elif _is_part_of(table, before):
            found.append(_anew(table.identity, part=True))
        elif table.identity in names:
            found.append(_anew(table.identity))
    return tuple(found)


def put_in_place(before: Schema, after: Schema, again: Schema) -> tuple[Replaced, ...]:
    """What stays through the downgrade, while the upgrade drops what it finds there and makes another one."""
    kept = {column.key for table in again.tables for column in table.columns}
    tables = {table.oid for table in again.tables}
    found: list[Replaced] = []
    for table in _local(after):
        today = before.table_by_oid.get(table.oid)
        if today is None:
            continue
        if table.oid not in tables:
            found.append(Replaced(older=table.identity, today=today.identity, anew=False))
            continue
        were = {column.number: column for column in today.columns}
        found += [
            Replaced(older=column.identity, today=was.identity, anew=False, computed=was.generated is not None)
            for column in table.columns
            if (was := were.get(column.number)) and not column.generated and column.key not in kept
        ]
    return tuple(found)


def _columns_anew(older: Table, now: Table) -> Iterator[Column]:
    known = {column.number for column in older.columns}
    names = {column.identity.name for column in older.columns}
    for column in now.columns:
        if column.number not in known and column.identity.name in names and not column.generated:
            yield column


def _local(schema: Schema) -> Iterator[Table]:
    return (table for table in schema.tables if table.form != "foreign")


def _is_part_of(table: Table, before: Schema) -> bool:
    """A partition of a table that was there. Its rows are its parent's, and so it is missed nowhere else."""
    return table.partition_bound is not None and any(oid in before.table_by_oid for oid in table.parent_oids)


def _anew(identity: Identity, *, part: bool = False) -> Replaced:
    return Replaced(older=identity, today=identity, anew=True, part=part)
