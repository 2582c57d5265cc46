"""What of the older tables the upgrade took over, as far as its own statements prove it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actions.assess.content.verdicts import missing
from actions.assess.findings.evidence import Evidence
from actions.assess.schema.naming import Identity
from actions.assess.seen import Side
from actions.assess.statements.copying import ALL, copied_whole, handed_on
from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Name, Statement
from actions.downgrade.told import Told


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenOver:
    """What the rehearsed upgrade copied whole of the tables that the downgrade leaves."""

    #: Tables with every row, and the columns that were copied.
    tables: Mapping[Identity, frozenset[str]]
    #: Columns with every value.
    columns: frozenset[Identity]


NOTHING = TakenOver(tables={}, columns=frozenset())


def taken_over(evidence: Evidence) -> TakenOver:
    data = evidence.data
    if data is None or data.after is None or data.up is None or not data.up.hears_all:
        return NOTHING
    if any(_may_take_rows(revision.upgrade) for revision in evidence.path.revisions):
        return NOTHING
    copies = copied_whole(_sent_by_upgrade(evidence, data.up))
    named = Counter(table.identity.name for table in data.after.tables)
    tables: dict[Identity, frozenset[str]] = {}
    columns: set[Identity] = set()
    for table in data.after.tables:
        for name, copied in copies.items():
            if not _means(name, table.identity, alone=named[table.identity.name] == 1):
                continue
            taken = {c.identity for c in table.columns if {c.identity.name, ALL} & copied.columns}
            columns |= taken
            if copied.rows:
                tables[table.identity] = frozenset(column.name for column in taken)
    return TakenOver(tables=tables, columns=frozenset(columns))


def nothing_else_possible(evidence: Evidence, column: Identity) -> bool:
    """Whether a column that is made anew cannot have held other values: today it is an enum of one label and full of it, the
    upgrade cast the older column's values to it, which refuses any other, and the downgrade gives the same ones back.
    """
    data = evidence.data
    if data is None or data.content is None or data.up is None or not data.up.hears_all or column.parent is None:
        return False
    table = data.before.table_by_identity.get(column.parent)
    today = table.column(column.name) if table else None
    labels = {enum.oid: enum.labels for enum in data.before.enums}
    if today is None or len(labels.get(today.type_oid, ())) != 1:
        return False
    alone = sum(each.identity.name == column.table for each in data.before.tables) == 1
    changed = {entry.column for entry in missing(data.content)}
    full = any(each.replaced.older == column and each.full for each in data.replaced)
    return (
        full
        and column not in changed
        and any(
            name == column.name and _means(given, column.parent, alone=alone)
            for given, name in handed_on(_sent_by_upgrade(evidence, data.up))
        )
    )


def _sent_by_upgrade(evidence: Evidence, up: Told) -> Iterator[Statement]:
    for statement in up.statements:
        if statement.within_migration:
            yield from statements_in(statement.sql, version_table=evidence.version_table, whole=not statement.cut)


def _may_take_rows(upgrade: Side) -> bool:
    """In its text: what it did in the rehearsal, it did to the rows that were there; older ones may have been others."""
    return upgrade.takes_rows or any(mention.kind == "application" for mention in upgrade.mentions)


def _means(name: Name, table: Identity, *, alone: bool) -> bool:
    return name.name == table.name and (name.schema == table.schema or (name.schema is None and alone))
