"""Leaves out what another change already says. Each rule has its reason beside it.

A list in which one dropped table shows as forty changes is read by nobody, and one in which the server's own
bookkeeping shows is trusted by nobody.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from actions.assess.schema.changes import Change, Changed, Gone, New, Renamed, Reordered
from actions.assess.schema.naming import Identity, Kind, SchemaObject
from actions.assess.schema.values import Column, Constraint, Index, Schema, Table, Trigger
from actions.assess.schema.values import Sequence as SequenceObject

_Place: TypeAlias = tuple[type, Kind, Identity]


@dataclass(frozen=True, kw_only=True)
class _Context:
    """All changes, to look up what stands beside one."""

    places: frozenset[_Place]
    changed: Mapping[tuple[Kind, Identity], Changed]
    before: Schema
    after: Schema

    def has(self, happening: type, kind: Kind, identity: Identity) -> bool:
        return (happening, kind, identity) in self.places


_Rule: TypeAlias = Callable[[Change, _Context], bool]


def without_implied(changes: Sequence[Change], before: Schema, after: Schema) -> Iterable[Change]:
    """The changes that no other change implies."""
    context = _Context(
        places=frozenset((type(change), change.kind, change.identity) for change in changes),
        changed={(change.kind, change.identity): change for change in changes if isinstance(change, Changed)},
        before=before,
        after=after,
    )
    return [change for change in changes if not any(rule(change, context) for rule in _RULES)]


def _goes_with_its_table(change: Change, context: _Context) -> bool:
    """A table that is gone or new takes along what belongs to it; so does a materialised view with its indexes."""
    if change.identity.parent is None or isinstance(change, Reordered):
        return False
    # Made anew with a dropped table of the same name, a constraint seems merely changed.
    happening = New if isinstance(change, New) else Gone
    return any(context.has(happening, kind, change.identity.parent) for kind in (Kind.TABLE, Kind.VIEW))


def _index_of_its_constraint(change: Change, context: _Context) -> bool:
    """A primary key, unique or exclusion constraint speaks for the index that it keeps and that has its name."""
    thing = _subject(change)
    if not isinstance(thing, Index) or thing.constraint is None:
        return False
    owner = Identity(schema=thing.identity.schema, table=thing.identity.table, name=thing.constraint)
    return context.has(type(change), Kind.CONSTRAINT, owner)


def _sequence_of_its_column(change: Change, context: _Context) -> bool:
    """An owned sequence comes and goes with its column (serial, identity), or with the whole table."""
    thing = _subject(change)
    if not isinstance(thing, SequenceObject) or thing.owner_table_oid is None or isinstance(change, Changed):
        return False
    if isinstance(change, Renamed):
        return _moved_with_its_table(change, thing.owner_table_oid, context)
    schema = context.before if isinstance(change, Gone) else context.after
    table = schema.table_by_oid.get(thing.owner_table_oid)
    column = next((c for c in table.columns if c.number == thing.owner_column), None) if table else None
    if table is None or column is None:
        return False
    if context.has(type(change), Kind.TABLE, table.identity) or context.has(type(change), Kind.COLUMN, column.identity):
        return True
    return thing.internal and any(
        found.attribute("identity_kind") is not None
        and column.identity in (found.before.identity, found.after.identity)
        for found in context.changed.values()
        if found.kind is Kind.COLUMN
    )


def _moved_with_its_table(change: Renamed, table_oid: int, context: _Context) -> bool:
    before, after = context.before.table_by_oid.get(table_oid), context.after.table_by_oid.get(table_oid)
    if before is None or after is None:
        return False
    was, now = change.before.identity, change.after.identity
    schemas = (before.identity.schema, after.identity.schema)
    return was.name == now.name and (was.schema, now.schema) == schemas


def _inherited_from_its_parent(change: Change, context: _Context) -> bool:
    """What a partition or a child has because its parent has it, changes because the parent's does."""
    thing = _subject(change)
    if not isinstance(thing, Column | Constraint | Index | Trigger) or not thing.inherited:
        return False
    schema = context.before if isinstance(change, Gone | Renamed | Changed) else context.after
    table = schema.table_by_identity.get(thing.identity.parent) if thing.identity.parent else None
    parents = [schema.table_by_oid[oid] for oid in table.parent_oids if oid in schema.table_by_oid] if table else []
    return any(_same_in_parent(change, thing, parent, context) for parent in parents)


def _same_in_parent(change: Change, thing: SchemaObject, parent: Table, context: _Context) -> bool:
    twin = Identity(schema=parent.identity.schema, table=parent.identity.name, name=thing.identity.name)
    if isinstance(change, Changed):
        beside = context.changed.get((change.kind, twin))
        return beside is not None and {a.name for a in beside.attributes} >= {a.name for a in change.attributes}
    if isinstance(thing, Index | Constraint):
        # Their names are derived from the partition's; the parent's change is one of the same kind.
        return any(
            happening is type(change) and kind is change.kind and identity.parent == parent.identity
            for happening, kind, identity in context.places
        )
    return context.has(type(change), change.kind, twin)


def _subject(change: Change) -> SchemaObject | None:
    match change:
        case Gone() | Renamed() | Changed():
            return change.before
        case New():
            return change.after
        case Reordered():
            return None


_RULES: tuple[_Rule, ...] = (
    _goes_with_its_table,
    _index_of_its_constraint,
    _sequence_of_its_column,
    _inherited_from_its_parent,
)
