"""Which object of one schema is which of another: by id within one database, by name between two."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from actions.assess.schema.naming import HOLDS_CONTENT, Identity, Kind, SchemaObject
from actions.assess.schema.values import Domain, Enum, Schema, UserType

_TYPES = (Enum, Domain, UserType)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Every object of both schemas, once: with its counterpart, or alone."""

    both: tuple[tuple[SchemaObject, SchemaObject], ...]
    only_before: tuple[SchemaObject, ...]
    only_after: tuple[SchemaObject, ...]

    @cached_property
    def _parents(self) -> Mapping[Identity, Identity]:
        kinds = {Kind.TABLE, Kind.VIEW}
        return {before.identity: after.identity for before, after in self.both if before.kind in kinds}

    @cached_property
    def _schemas(self) -> Mapping[str, str]:
        return {before.identity.name: after.identity.name for before, after in self.both if before.kind is Kind.SCHEMA}

    def same_type(self, before: int, after: int) -> bool:
        """Whether these are oids of the same type, be it made anew."""
        return self._types.get(before, before) == after

    @cached_property
    def _types(self) -> Mapping[int, int]:
        counterparts: dict[int, int] = {}
        for was, now in self.both:
            if isinstance(was, _TYPES) and isinstance(now, _TYPES):
                counterparts |= {was.oid: now.oid, was.array_oid: now.array_oid}
        return counterparts

    def carried(self, identity: Identity) -> Identity:
        """What this would be called afterwards if only its table, view or schema had been renamed."""
        if identity.parent is not None:
            parent = self._parents.get(identity.parent, identity.parent)
            return replace(identity, schema=parent.schema, table=parent.name)
        if identity.schema is not None:
            return replace(identity, schema=self._schemas.get(identity.schema, identity.schema))
        return identity

    def renamed(self, before: SchemaObject, after: SchemaObject) -> bool:
        """Whether its own name (or place) changed, not just that of what it belongs to."""
        carried = self.carried(before.identity)
        if carried == after.identity:
            return False
        # A function has the names of its argument types in its own; the stored form has their ids.
        stored = before.stored.get("identity")
        return stored is None or stored != after.stored.get("identity") or carried.schema != after.identity.schema


def pair_by_name(before: Schema, after: Schema) -> Pairs:
    """For two databases, where ids mean nothing."""
    return _pair(before.every(), after.every(), lambda thing: thing.identity)


def pair_by_id(before: Schema, after: Schema) -> Pairs:
    """For one database at two moments. What holds no content of its own and was made anew under its old name counts as
    the same: nothing depends on which of the two it is."""
    by_id = _pair(before.every(), after.every(), lambda thing: thing.key)
    left = _pair(
        (thing for thing in by_id.only_before if thing.kind not in HOLDS_CONTENT),
        (thing for thing in by_id.only_after if thing.kind not in HOLDS_CONTENT),
        lambda thing: thing.identity,
        lambda thing: by_id.carried(thing.identity),
    )
    return Pairs(
        both=by_id.both + left.both,
        only_before=tuple(t for t in by_id.only_before if t.kind in HOLDS_CONTENT) + left.only_before,
        only_after=tuple(t for t in by_id.only_after if t.kind in HOLDS_CONTENT) + left.only_after,
    )


def _pair(
    before: Iterable[SchemaObject],
    after: Iterable[SchemaObject],
    key: Callable[[SchemaObject], object],
    key_before: Callable[[SchemaObject], object] | None = None,
) -> Pairs:
    unmatched = {_full(thing, key): thing for thing in after}
    both: list[tuple[SchemaObject, SchemaObject]] = []
    alone: list[SchemaObject] = []
    for thing in before:
        counterpart = unmatched.pop(_full(thing, key_before or key), None)
        if counterpart is None:
            alone.append(thing)
        else:
            both.append((thing, counterpart))
    return Pairs(both=tuple(both), only_before=tuple(alone), only_after=tuple(unmatched.values()))


def _full(thing: SchemaObject, key: Callable[[SchemaObject], object]) -> tuple[object, ...]:
    # Names are unique within a kind, and among the rarer kinds within a form.
    return (thing.kind, getattr(thing, "form", None) if thing.kind is Kind.OTHER else None, key(thing))
