"""Columns that were made anew, or were not, between two looks at one database. Pure."""

from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Schema


def still_there(before: Schema, after: Schema) -> frozenset[Identity]:
    """Columns of `before`, as they were called then, that are the same ones after it."""
    kept = {column.key for table in after.tables for column in table.columns}
    return frozenset(column.identity for table in before.tables for column in table.columns if column.key in kept)


def made_anew(before: Schema, after: Schema) -> tuple[Identity, ...]:
    """Columns of a table that stays whose name was given to a new one; computed ones have nothing of their own."""
    was = {table.oid: table for table in before.tables}
    found: list[Identity] = []
    for table in after.tables:
        older = was.get(table.oid)
        known = {column.number for column in older.columns} if older else set[int]()
        names = {column.identity.name for column in older.columns} if older else set[str]()
        found += [
            column.identity
            for column in table.columns
            if column.number not in known and column.identity.name in names and not column.generated
        ]
    return tuple(found)
