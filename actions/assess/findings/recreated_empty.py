"""RE: what the upgrade had removed comes back as a shell: the column or table is there, its content is not."""

from collections.abc import Iterator

from actions.assess.content.outcomes import AppearedColumn, AppearedTable
from actions.assess.content.verdicts import brings_back_anew, brings_back_empty
from actions.assess.findings.data_loss import numbers, said
from actions.assess.findings.evidence import Evidence, display
from actions.assess.schema.naming import Identity
from actions.assess.schema.remade import made_anew
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
    """RE103: in the rehearsal with the data these came back without anything of their own in them."""
    content = evidence.data.content if evidence.data else None
    if content is None or not evidence.settled_by_data:
        return
    for identity in brings_back_empty(content):
        yield _finding("RE103", identity, harmless=False)


def filled_anew(evidence: Evidence) -> Iterator[Finding]:
    """RE104: in the rehearsal with the data something came back with content that the downgrade made up.

    A state computed from a flag, a mapping that knows only some of the older values, a table with the rows that a script
    knows, a column copied from another one while the upgrade had dropped it. It may be what was there before the upgrade,
    or not: the database cannot tell. Silent where the very values of a table that goes were moved, or those of a column
    that goes into one that the upgrade keeps.
    """
    data = evidence.data
    if data is None or data.content is None or not evidence.settled_by_data:
        return
    for back in brings_back_anew(data.content, data.kept_by_upgrade):
        name, count, what = _said(back)
        yield Finding(
            code="RE104", severity=Risk.HIGH, object=name,
            message=f"`{name}` comes back with {what}, as the downgrade makes them; what it held before may have been more",
            evidence={"count": count, "exact": True}, remedy=REMEDY,
        )  # fmt: skip


def copied_back(evidence: Evidence) -> Iterator[Finding]:
    """RE105: a column that the upgrade had put in the place of an older one is copied back into a new one of that name.

    Today's values come along, as the comparison says. But the older column itself went with the upgrade, and with it what
    the upgrade did not take over and what was changed since. Silent where nothing is in it, and where the upgrade changed
    the column in its place.
    """
    data = evidence.data
    if data is None or data.after is None or not evidence.settled_by_data:
        return
    gone = {
        Identity(schema=loss.table.schema, table=loss.table.name, name=loss.column): loss.values
        for loss in (evidence.losses.columns if evidence.losses else ())
    }
    for column in made_anew(data.before, data.after):
        values = gone.get(column)
        if column in data.kept_by_upgrade or (values is not None and not values.possible):
            continue
        name = display(column)
        yield Finding(
            code="RE105", severity=Risk.HIGH, object=name,
            message=f"`{name}` is made anew from {said(values, 'values') if values else 'its values'} of today; what it held before the upgrade went with it",
            evidence=numbers(values) if values else {}, remedy=REMEDY,
        )  # fmt: skip


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


FAMILY = (columns, tables, as_rehearsed, filled_anew, copied_back)
