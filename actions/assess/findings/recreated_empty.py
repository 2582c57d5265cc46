"""RE: what the upgrade had removed comes back as a shell: the column or table is there, its content is not."""

from collections.abc import Iterator

from actions.assess.content.outcomes import AppearedColumn, AppearedTable
from actions.assess.content.verdicts import brings_back_anew, brings_back_empty, missing
from actions.assess.data_rehearsal import DataRehearsal
from actions.assess.findings.data_loss import numbers, said
from actions.assess.findings.evidence import Evidence, display
from actions.assess.findings.taken_over import nothing_else_possible, taken_over
from actions.assess.schema.naming import Identity
from actions.assess.values import Finding
from actions.catalog.risk import Risk

REMEDY = "The data is only in a backup from before the upgrade: restore that instead of going back this way."


def columns(evidence: Evidence) -> Iterator[Finding]:
    """RE101: a column comes back empty, or with its default in every row, which looks right and is not.

    Low while its table has no rows. A computed column has nothing of its own and is not meant.
    """
    effects = evidence.schema.effects if evidence.schema else None
    if effects is None or evidence.settled_by_data:
        return
    empty = {
        (each.table, each.column)
        for each in (evidence.losses.comes_back_in if evidence.losses else ())
        if not each.rows.possible
    }
    for new in effects.columns_new:
        if not new.column.generated:
            yield _finding("RE101", new.column.identity, harmless=(new.table, new.column.identity.name) in empty)


def tables(evidence: Evidence) -> Iterator[Finding]:
    """RE102: a table that the upgrade dropped comes back without its rows."""
    effects = evidence.schema.effects if evidence.schema else None
    if effects is None or evidence.settled_by_data:
        return
    for table in effects.tables_new:
        yield _finding("RE102", table.identity, harmless=False)


def as_rehearsed(evidence: Evidence) -> Iterator[Finding]:
    """RE103: in the rehearsal with the data these came back without anything of their own in them.

    Also what had made way for another one of its name: a column that nobody has filled since, in a table with rows; a table,
    or a partition. And a column that the upgrade left out when it copied a table that is copied back now.
    """
    data = evidence.data
    if data is None or data.content is None or not evidence.settled_by_data:
        return
    nothing_in_it = [
        each.replaced.older
        for each in data.replaced
        if each.replaced.anew and not each.values and (each.rows or each.replaced.older.table is None)
    ]
    for identity in dict.fromkeys((*brings_back_empty(data.content), *nothing_in_it, *_left_out(evidence, data))):
        yield _finding("RE103", identity, harmless=False)


def filled_anew(evidence: Evidence) -> Iterator[Finding]:
    """RE104: in the rehearsal with the data something came back with content that the downgrade made up.

    A state computed from a flag, a mapping that knows only some of the older values, a table with the rows that a script
    knows, a column copied from another one while the upgrade had dropped it. It may be what was there before the upgrade,
    or not: the database cannot tell. Silent where the very values of a table that goes were moved into a column that the
    upgrade keeps or copies whole, those of a column that goes into one that it keeps, and as many rows as a table had that
    goes into one of which it copies every row. A copy with a condition may have left something out.
    """
    data = evidence.data
    if data is None or data.content is None or not evidence.settled_by_data:
        return
    whole = taken_over(evidence)
    for back in brings_back_anew(data.content, data.kept_by_upgrade, {*whole.tables, *whole.columns}):
        name, count, what = _said(back)
        yield Finding(
            code="RE104", severity=Risk.HIGH, object=name,
            message=f"`{name}` comes back with {what}, as the downgrade makes them; what it held before may have been more",
            evidence={"count": count, "exact": True}, remedy=REMEDY,
        )  # fmt: skip


def copied_back(evidence: Evidence) -> Iterator[Finding]:
    """RE105: a column that the upgrade had put in the place of an older one is copied back into a new one of that name; or
    a table's rows are.

    Today's values come along, as the comparison says. But the older column itself went with the upgrade, and with it what
    the upgrade did not take over and what was changed since. Silent in a table without rows, where the upgrade changed the
    column in its place, for a table of which it copies every row, and for an enum of one label, full of it, that it had cast
    the older values to: no other was possible.
    """
    data = evidence.data
    if data is None or not evidence.settled_by_data:
        return
    whole = taken_over(evidence).tables
    gone = {
        Identity(schema=loss.table.schema, table=loss.table.name, name=loss.column): loss.values
        for loss in (evidence.losses.columns if evidence.losses else ())
    } | {loss.table: loss.rows for loss in (evidence.losses.tables if evidence.losses else ())}
    for each in data.replaced:
        older = each.replaced.older
        if not each.replaced.anew or each.replaced.part or not each.values or older in whole:
            continue
        if nothing_else_possible(evidence, older):
            continue
        count, noun = gone.get(older), "values" if older.table else "rows"
        name = display(older)
        yield Finding(
            code="RE105", severity=Risk.HIGH, object=name,
            message=f"`{name}` is made anew from {said(count, noun) if count else f'its {noun}'} of today; what it held before the upgrade went with it",
            evidence=numbers(count) if count else {}, remedy=REMEDY,
        )  # fmt: skip


def left_in_place(evidence: Evidence) -> Iterator[Finding]:
    """RE106: a column or table stays, retyped or renamed, and is not the one that the older release had: the upgrade had
    dropped that one and made another.

    With a data rehearsal silent where the upgrade takes today's values over into what it makes, for then it was a way to
    rebuild it; and for a column where its table has no rows. Not where today's values are computed ones: those are
    always there.
    """
    data = evidence.data if evidence.settled_by_data else None
    if data is not None and data.content_again is not None:
        lost = {entry.column or entry.table for entry in missing(data.content_again)}
        found = [
            each.replaced
            for each in data.replaced
            if not each.replaced.anew
            and (each.rows or each.replaced.older.table is None)
            and (each.replaced.computed or not each.values or each.replaced.today in lost)
        ]
    elif data is None and evidence.schema is not None:
        found = list(evidence.schema.put_in_place)
    else:
        found = []
    for replaced in found:
        name = display(replaced.older)
        yield Finding(
            code="RE106", severity=Risk.HIGH, object=name,
            message=f"`{name}` is not the one from before the upgrade, which dropped that one with what it held",
            remedy=REMEDY if data else f"A data rehearsal (`--data`) tells whether its content was taken over. {REMEDY}",
        )  # fmt: skip


def _left_out(evidence: Evidence, data: DataRehearsal) -> Iterator[Identity]:
    """Columns of a table that is copied back, and that the upgrade left out when it copied the older one."""
    whole = taken_over(evidence).tables
    appeared = {table.table for table in data.content.appeared if table.rows} if data.content else set[Identity]()
    rebuilt = {each.replaced.older for each in data.replaced if each.replaced.anew and each.rows}
    for table in data.after.tables if data.after else ():
        if table.identity in whole and table.identity in appeared | rebuilt:
            for column in table.columns:
                if column.identity.name not in whole[table.identity] and not column.generated:
                    yield column.identity


def _said(back: AppearedColumn | AppearedTable) -> tuple[str, int, str]:
    if isinstance(back, AppearedTable):
        return display(back.table), back.rows, f"{back.rows:,} rows"
    return display(back.column), back.non_null, f"{back.non_null:,} values in {back.rows:,} rows"


def _finding(code: str, identity: Identity, *, harmless: bool) -> Finding:
    name = display(identity)
    return Finding(
        code=code, severity=Risk.LOW if harmless else Risk.HIGH, object=name,
        message=f"`{name}` comes back; its table has no rows" if harmless else f"`{name}` comes back without its old content",
        remedy=None if harmless else REMEDY,
    )  # fmt: skip


FAMILY = (columns, tables, as_rehearsed, filled_anew, copied_back, left_in_place)
