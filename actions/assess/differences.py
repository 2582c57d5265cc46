"""What the older release would find otherwise in the newer schema: the downgrade's changes, read backwards. Pure."""

from collections.abc import Iterable, Iterator

from actions.assess.decide.facts import Difference, DifferenceKind
from actions.assess.schema.changes import Change, Changed, Gone, New, Renamed, Reordered
from actions.assess.schema.naming import Kind, SchemaObject
from actions.assess.schema.narrowing import Fit, fit
from actions.assess.schema.values import Column
from actions.assess.schema.wording import title

#: What the downgrade removes, the upgrade had added.
ADDED = {
    Kind.TABLE: DifferenceKind.ADDED_TABLE,
    Kind.INDEX: DifferenceKind.ADDED_INDEX,
    Kind.CONSTRAINT: DifferenceKind.ADDED_RULE,
    Kind.TRIGGER: DifferenceKind.ADDED_TRIGGER,
    Kind.POLICY: DifferenceKind.ADDED_TRIGGER,
    Kind.RULE: DifferenceKind.ADDED_TRIGGER,
}
#: What the downgrade brings back, the upgrade had removed.
REMOVED = {
    Kind.TABLE: DifferenceKind.REMOVED_TABLE,
    Kind.COLUMN: DifferenceKind.REMOVED_COLUMN,
    Kind.INDEX: DifferenceKind.REMOVED_INDEX,
    Kind.CONSTRAINT: DifferenceKind.REMOVED_RULE,
}
HARMLESS = frozenset({"comment", "owner", "privileges", "statistics_target", "storage", "compression", "options"})


def differences(changes: Iterable[Change]) -> tuple[Difference, ...]:
    """From the changes that the rehearsed downgrade made, newer to older."""
    return tuple(difference for change in changes for difference in _of(change))


def _of(change: Change) -> Iterator[Difference]:
    match change:
        case Gone(before=Column() as column):
            filled = column.nullable or column.default is not None or column.generated or column.identity_kind
            kind = DifferenceKind.ADDED_COLUMN if filled else DifferenceKind.ADDED_REQUIRED_COLUMN
            yield _difference(kind, column)
        case Gone(before=thing):
            yield _difference(ADDED.get(thing.kind, DifferenceKind.ADDED_OTHER), thing)
        case New(after=thing):
            yield _difference(REMOVED.get(thing.kind, DifferenceKind.REMOVED_OTHER), thing)
        case Renamed(before=thing):
            if thing.kind in (Kind.TABLE, Kind.COLUMN, Kind.ENUM, Kind.TYPE, Kind.VIEW, Kind.FUNCTION, Kind.SCHEMA):
                yield _difference(DifferenceKind.RENAMED, thing)
        case Changed():
            yield from _of_attributes(change)
        case Reordered():
            return


def _of_attributes(change: Changed) -> Iterator[Difference]:
    thing = change.before
    for attribute in change.attributes:
        if attribute.name in HARMLESS:
            continue
        match thing.kind, attribute.name:
            case Kind.COLUMN, "type":
                # Backwards: from the older type to the newer one.
                keeps = fit(str(attribute.after), str(attribute.before)) is Fit.KEEPS
                yield _difference(DifferenceKind.WIDENED_TYPE if keeps else DifferenceKind.CHANGED_TYPE, thing)
            case Kind.COLUMN, "nullable":
                rule = DifferenceKind.REMOVED_RULE if attribute.before else DifferenceKind.ADDED_RULE
                yield _difference(rule, thing)
            case Kind.COLUMN, "default":
                yield _difference(DifferenceKind.CHANGED_DEFAULT, thing)
            case Kind.ENUM, "labels":
                yield _difference(_labels(attribute.before, attribute.after), thing)
            case _:
                yield _difference(DifferenceKind.CHANGED_OTHER, thing)


def _labels(newer: object, older: object) -> DifferenceKind:
    was, now = set(_names(older)), set(_names(newer))
    return DifferenceKind.ADDED_LABEL if was <= now else DifferenceKind.CHANGED_OTHER


def _names(labels: object) -> Iterator[str]:
    yield from (str(label) for label in labels) if isinstance(labels, tuple | list) else ()


def _difference(kind: DifferenceKind, thing: SchemaObject) -> Difference:
    return Difference(kind=kind, object=title(thing))
