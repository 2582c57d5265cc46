"""What a downgrade does to the data, told from the schema before and after it: the list of what to count.

Names are those of *before*, since counting happens on the live database, which has not gone down yet. For
`compare_by_id` of one database only: tables are followed by oid.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from actions.assess.schema.bonds import Dropped
from actions.assess.schema.changes import Change, Changed, Gone, New
from actions.assess.schema.naming import Identity, Kind
from actions.assess.schema.narrowing import Fit, fit
from actions.assess.schema.type_usage import ColumnOf, columns_using
from actions.assess.schema.values import (
    Column,
    Constraint,
    Domain,
    Enum,
    Extension,
    Index,
    Schema,
    Sequence,
    Table,
    View,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Retyped:
    """A column that stays and gets another type."""

    table: Identity
    before: Column
    after: Column
    fit: Fit


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleBack:
    """A constraint or unique index that comes back, or changes, on a table that stays: existing rows may break it."""

    rule: Constraint | Index
    table: Identity
    #: By the names of before; None for a column that is new, or for an expression.
    columns: tuple[str | None, ...]
    #: The table that a foreign key will point at; None if it points nowhere, or at a table that is new.
    refers_to: Identity | None
    refers_to_columns: tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsGone:
    """Labels that an enum loses (a renamed label is not lost), and every column that may hold one."""

    enum: Identity
    labels: tuple[str, ...]
    columns: tuple[ColumnOf, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainChanged:
    """A domain with other rules, and every column that uses it."""

    change: Changed
    columns: tuple[ColumnOf, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Effects:
    """Everything in a comparison that existing rows have to do with."""

    tables_gone: tuple[Table, ...]
    #: They come back empty.
    tables_new: tuple[Table, ...]
    #: Of tables that stay.
    columns_gone: tuple[ColumnOf, ...]
    #: Of tables that stay; they come back with their default or NULL in every row.
    columns_new: tuple[ColumnOf, ...]
    columns_retyped: tuple[Retyped, ...]
    #: Columns that stay and no longer accept NULL.
    columns_not_null: tuple[ColumnOf, ...]
    #: Columns that stay and are computed from now on: what was written in them is gone.
    columns_generated: tuple[ColumnOf, ...]
    rules_back: tuple[RuleBack, ...]
    labels_gone: tuple[LabelsGone, ...]
    domains_changed: tuple[DomainChanged, ...]
    sequences_gone: tuple[Sequence, ...]
    #: Same relation, new file: every row was written anew, or the table was emptied.
    rewritten: tuple[Identity, ...]
    #: Same index, new file.
    reindexed: tuple[Identity, ...]


def effects_of(before: Schema, after: Schema, changes: Iterable[Change]) -> Effects:
    """The effects of `compare_by_id(before, after)`."""
    changes = tuple(changes)
    gone = [change.before for change in changes if isinstance(change, Gone)]
    new = [change.after for change in changes if isinstance(change, New)]
    names = _Names(before=before, after=after)
    altered = [(c, w, n) for c in changes if isinstance(c, Changed) for w, n in [(c.before, c.after)]]
    columns = [(c, w, n) for c, w, n in altered if isinstance(w, Column) and isinstance(n, Column)]
    return Effects(
        tables_gone=tuple(thing for thing in gone if isinstance(thing, Table)),
        tables_new=tuple(thing for thing in new if isinstance(thing, Table)),
        columns_gone=tuple(names.column(thing) for thing in gone if isinstance(thing, Column)),
        columns_new=tuple(names.column(thing) for thing in new if isinstance(thing, Column)),
        columns_retyped=tuple(
            Retyped(table=names.table(w.oid), before=w, after=n, fit=_fit(w, n))
            for c, w, n in columns
            if c.attribute("type")
        ),
        columns_not_null=tuple(names.column(w) for c, w, n in columns if c.attribute("nullable") and not n.nullable),
        columns_generated=tuple(names.column(w) for c, w, n in columns if c.attribute("generated") and n.generated),
        rules_back=tuple(_rules_back(changes, names)),
        labels_gone=tuple(_labels_gone(before, altered)),
        domains_changed=tuple(_domains_changed(before, altered)),
        sequences_gone=tuple(thing for thing in gone if isinstance(thing, Sequence)),
        rewritten=_new_files([*before.tables, *before.views], [*after.tables, *after.views]),
        reindexed=_new_files(before.indexes, after.indexes),
    )


def _fit(before: Column, after: Column) -> Fit:
    # Two types may have had the same name, one after the other.
    return fit(before.type, after.type) if before.type != after.type else Fit.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class _Names:
    """What things were called before."""

    before: Schema
    after: Schema

    def table(self, oid: int) -> Identity:
        return (self.before.table_by_oid.get(oid) or self.after.table_by_oid[oid]).identity

    def column(self, column: Column) -> ColumnOf:
        return ColumnOf(table=self.table(column.oid), column=column)

    def columns(self, oid: int | None, numbers: Iterable[int]) -> tuple[str | None, ...]:
        table = self.before.table_by_oid.get(oid) if oid is not None else None
        known: Mapping[int, str] = {c.number: c.identity.name for c in table.columns} if table else {}
        return tuple(known.get(number) for number in numbers)


def _rules_back(changes: Iterable[Change], names: _Names) -> Iterator[RuleBack]:
    for change in changes:
        if not isinstance(change, New | Changed):
            continue
        rule = change.after
        if isinstance(rule, Constraint) and rule.form != "trigger":
            binding = {"definition", "validated", "enforced"}
        elif isinstance(rule, Index) and rule.unique and rule.constraint is None:
            binding = {"definition", "unique"}
        else:
            continue
        if isinstance(change, Changed) and not any(change.attribute(name) for name in binding):
            continue
        if rule.table_oid not in names.before.table_by_oid:
            continue
        target = rule.refers_to_oid if isinstance(rule, Constraint) else None
        known = names.before.table_by_oid.get(target) if target is not None else None
        yield RuleBack(
            rule=rule,
            table=names.table(rule.table_oid),
            columns=names.columns(rule.table_oid, rule.column_numbers),
            refers_to=known.identity if known else None,
            refers_to_columns=names.columns(target, rule.refers_to_numbers) if isinstance(rule, Constraint) else (),
        )


def _labels_gone(before: Schema, altered: Iterable[tuple[Changed, object, object]]) -> Iterator[LabelsGone]:
    for change, was, now in altered:
        labels = change.attribute("labels")
        if isinstance(was, Enum) and isinstance(now, Enum) and labels is not None and isinstance(labels.before, tuple):
            lost = tuple(label for label in labels.before if label not in now.labels)
            if lost:
                yield LabelsGone(enum=was.identity, labels=lost, columns=columns_using(before, was.oid))


def _domains_changed(before: Schema, altered: Iterable[tuple[Changed, object, object]]) -> Iterator[DomainChanged]:
    for change, was, _ in altered:
        binding = {"constraints", "nullable", "base"}
        if isinstance(was, Domain) and any(change.attribute(name) for name in binding):
            yield DomainChanged(change=change, columns=columns_using(before, was.oid))


def _new_files(before: Iterable[Table | View | Index], after: Iterable[Table | View | Index]) -> tuple[Identity, ...]:
    # Zero: it has no file of its own (a view, a partitioned table).
    files = {(thing.kind, thing.oid): thing.storage for thing in after}
    return tuple(
        thing.identity
        for thing in before
        if thing.kind in {Kind.TABLE, Kind.VIEW, Kind.INDEX}
        and thing.storage
        and files.get((thing.kind, thing.oid), thing.storage) != thing.storage
    )


def extensions_with_rows(changes: Iterable[Change]) -> Iterator[Extension]:
    """Extensions that go or get another version, and keep rows for their users."""
    for change in changes:
        was = change.before if isinstance(change, Gone | Changed) else None
        if not isinstance(was, Extension) or not was.keeps:
            continue
        if isinstance(change, Gone) or (isinstance(change, Changed) and change.attribute("version")):
            yield was


def dropped_by(changes: Iterable[Change]) -> tuple[Dropped, ...]:
    """What `dependents` has to be asked about: the tables, views and columns that these changes drop."""
    dropped: list[Dropped] = []
    for change in changes:
        if isinstance(change, Gone) and isinstance(change.before, Table | View):
            dropped.append(Dropped(table=change.identity))
        elif isinstance(change, Gone) and isinstance(change.before, Column) and change.identity.parent is not None:
            dropped.append(Dropped(table=change.identity.parent, column=change.identity.name))
    return tuple(dropped)
