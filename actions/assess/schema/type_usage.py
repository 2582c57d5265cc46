"""Which columns hold values of a type, also through arrays, domains, composites and ranges over it."""

from collections.abc import Iterator
from dataclasses import dataclass

from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Column, Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnOf:
    """A column, and the table it is in."""

    table: Identity
    column: Column


def columns_using(schema: Schema, type_oid: int) -> tuple[ColumnOf, ...]:
    """Every table column that may hold a value of this type."""
    containing = types_containing(schema, type_oid)
    return tuple(
        ColumnOf(table=table.identity, column=column)
        for table in schema.tables
        for column in table.columns
        if column.type_oid in containing
    )


def types_containing(schema: Schema, type_oid: int) -> frozenset[int]:
    """The type itself, its array, and whatever is made of these, to any depth."""
    found = {type_oid}
    parts = list(_wholes_and_parts(schema))
    while True:
        more = {whole for whole, inside in parts if whole and inside & found} - found
        if not more:
            return frozenset(found)
        found |= more


def _wholes_and_parts(schema: Schema) -> Iterator[tuple[int, frozenset[int]]]:
    for enum in schema.enums:
        yield enum.array_oid, frozenset({enum.oid})
    for domain in schema.domains:
        yield domain.oid, frozenset({domain.base_oid})
        yield domain.array_oid, frozenset({domain.oid})
    for made in schema.types:
        yield made.oid, frozenset(made.part_oids)
        yield made.array_oid, frozenset({made.oid})
        yield made.multirange_oid, frozenset({made.oid})
