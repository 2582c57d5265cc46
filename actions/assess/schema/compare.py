"""Two schemas compared. Pure: no database, no clock.

`compare_by_id` is for one database before and after; renames are renames, and what merely mentions a renamed thing has
not changed. `compare_by_name` is for two databases: a round trip, drift.
"""

from collections.abc import Iterable, Iterator, Sequence

from actions.assess.schema.changes import AttributeChange, Change, Changed, Gone, New, Renamed, Reordered
from actions.assess.schema.implied import without_implied
from actions.assess.schema.matching import Pairs, pair_by_id, pair_by_name
from actions.assess.schema.naming import Kind, SchemaObject, attributes
from actions.assess.schema.values import Column, Enum, Schema, Table

#: Who owns and who may; says little between two databases, where roles often differ.
ACCESS = frozenset({"owner", "privileges"})


def compare_by_id(before: Schema, after: Schema, *, access: bool = True) -> tuple[Change, ...]:
    """What happened to a database between two reads of it. `access=False` leaves out owners and privileges."""
    return _changes(before, after, pair_by_id(before, after), access=access, names=False)


def compare_by_name(before: Schema, after: Schema, *, access: bool = True) -> tuple[Change, ...]:
    """How one database differs from another. `access=False` leaves out owners and privileges."""
    return _changes(before, after, pair_by_name(before, after), access=access, names=True)


def _changes(before: Schema, after: Schema, pairs: Pairs, *, access: bool, names: bool) -> tuple[Change, ...]:
    changes: list[Change] = [Gone(before=thing) for thing in pairs.only_before]
    changes += [New(after=thing) for thing in pairs.only_after]
    ignored = frozenset() if access else ACCESS
    for was, now in pairs.both:
        if pairs.renamed(was, now):
            changes.append(Renamed(before=was, after=now))
        differing = [
            name for name in attributes(was) if name not in ignored and getattr(was, name) != getattr(now, name)
        ]
        # One that was made anew is told by its text alone.
        same_object = not names and was.key == now.key
        found = _within_one(was, now, differing, pairs) if same_object else _between_two(was, now, differing)
        if found:
            changes.append(Changed(before=was, after=now, attributes=tuple(found)))
    if names:
        changes += _reordered(pairs)
    return _sorted(without_implied(changes, before, after))


def _between_two(was: SchemaObject, now: SchemaObject, differing: Iterable[str]) -> list[AttributeChange]:
    return [AttributeChange(name=name, before=getattr(was, name), after=getattr(now, name)) for name in differing]


def _within_one(was: SchemaObject, now: SchemaObject, differing: Sequence[str], pairs: Pairs) -> list[AttributeChange]:
    # Where the stored form is the same, only the name of something that it mentions is another.
    touched = [name for name in differing if name not in was.stored or was.stored[name] != now.stored.get(name)]
    if isinstance(was, Column) and isinstance(now, Column) and was.type == now.type:
        # The type's name was given to another one.
        touched += [] if pairs.same_type(was.type_oid, now.type_oid) else ["type"]
    if isinstance(was, Enum) and isinstance(now, Enum) and "labels" in touched:
        touched.remove("labels")
        return [*_label_changes(was, now), *_between_two(was, now, touched)]
    return _between_two(was, now, touched)


def _label_changes(was: Enum, now: Enum) -> Iterator[AttributeChange]:
    """Renamed labels first (rows that have one keep it), then what else is different with the new names."""
    names = dict(zip(now.label_oids, now.labels, strict=True))
    carried = tuple(names.get(oid, label) for oid, label in zip(was.label_oids, was.labels, strict=True))
    renamed = [(old, new) for old, new in zip(was.labels, carried, strict=True) if old != new]
    if renamed:
        old, new = zip(*renamed, strict=True)
        yield AttributeChange(name="label_names", before=old, after=new)
    if carried != now.labels:
        yield AttributeChange(name="labels", before=carried, after=now.labels)


def _reordered(pairs: Pairs) -> Iterator[Reordered]:
    for was, now in pairs.both:
        if not (isinstance(was, Table) and isinstance(now, Table)):
            continue
        before, after = _names(was), _names(now)
        common = set(before) & set(after)
        order_before = tuple(name for name in before if name in common)
        order_after = tuple(name for name in after if name in common)
        if order_before != order_after:
            yield Reordered(identity=was.identity, columns_before=order_before, columns_after=order_after)


def _names(table: Table) -> Sequence[str]:
    return [column.identity.name for column in table.columns]


_KINDS = list(Kind)


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    order = {Gone: 0, Renamed: 1, Changed: 2, Reordered: 3, New: 4}
    return tuple(sorted(changes, key=lambda c: (_KINDS.index(c.kind), c.identity.order, order[type(c)])))
