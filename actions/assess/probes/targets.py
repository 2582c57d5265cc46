"""What a column's new type takes. The live database does not have the types that the downgrade makes, so enums and
domains are told by their labels and rules rather than by their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from actions.assess.schema.naming import SchemaObject
from actions.assess.schema.values import Column, Domain, Enum, Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A type that the live database has, the same."""

    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """An enum, or an array of one."""

    labels: tuple[str, ...]
    array: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruled:
    """A domain over a type that the live database has."""

    base: str
    #: As the server prints them.
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlike:
    """A type that the live database has not, or has otherwise."""

    why: str


Target: TypeAlias = Known | Labels | Ruled | Unlike


def target_of(column: Column, before: Schema, after: Schema) -> Target:
    """The type of a column of `after`, for a database that is like `before`."""
    oid = column.type_oid
    for enum in after.enums:
        if oid in {enum.oid, enum.array_oid}:
            return Labels(labels=enum.labels, array=oid == enum.array_oid)
    for domain in after.domains:
        if oid == domain.oid:
            return _ruled(domain, before, after)
        if oid == domain.array_oid:
            return _if_same(domain, column.type, before)
    for made in after.types:
        if oid in {made.oid, made.array_oid, made.multirange_oid}:
            return _if_same(made, column.type, before)
    return Known(type=column.type)


def _ruled(domain: Domain, before: Schema, after: Schema) -> Target:
    own = {each.oid for each in (*after.enums, *after.domains, *after.types)}
    if domain.base_oid in own:
        return _if_same(domain, domain.identity.name, before)
    return Ruled(base=domain.base, checks=tuple(map(check_of_domain, domain.constraints)))


def _if_same(made: SchemaObject, written: str, before: Schema) -> Target:
    there: Mapping[object, SchemaObject] = {
        each.identity: each for group in (before.enums, before.domains, before.types) for each in group
    }
    if there.get(made.identity) == made:
        return Known(type=written)
    return Unlike(why=f"the live database has no such type {made.identity.name}")


def check_of_domain(constraint: str) -> str:
    """`name: CHECK (...)` without the name."""
    return constraint.partition(": ")[2]


def part_of_enum(schema: Schema, enum: Enum, type_oid: int) -> str | None:
    """How a column of this type holds labels of the enum: as a "value", in an "array", or in something else (None)."""
    bases = {domain.oid: domain.base_oid for domain in schema.domains}
    while type_oid in bases:
        type_oid = bases[type_oid]
    return {enum.oid: "value", enum.array_oid: "array"}.get(type_oid)
