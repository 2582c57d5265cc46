"""RE: what the upgrade had removed comes back as a shell: the column or table is there, its content is not."""

from collections.abc import Iterator

from actions.assess.content.verdicts import brings_back_empty, brings_back_partly
from actions.assess.findings.evidence import Evidence, display
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
    """RE103: in the rehearsal with the data these came back without anything of their own in them."""
    content = evidence.data.content if evidence.data else None
    if content is None or not evidence.settled_by_data:
        return
    for identity in brings_back_empty(content):
        yield _finding("RE103", identity, harmless=False)


def partly_as_rehearsed(evidence: Evidence) -> Iterator[Finding]:
    """RE104: in the rehearsal with the data a column came back with values in some rows and nothing in the others.

    A mapping that knows only some of the older values leaves the others out, and they are gone. If those rows really
    had nothing there before the upgrade, nothing is missing; the database cannot tell.
    """
    content = evidence.data.content if evidence.data else None
    if content is None or not evidence.settled_by_data:
        return
    for column in brings_back_partly(content):
        name = display(column.column)
        yield Finding(
            code="RE104", severity=Risk.HIGH, object=name,
            message=f"`{name}` comes back with {column.non_null:,} values in {column.rows:,} rows; the others have none",
            evidence={"count": column.rows - column.non_null, "of": column.rows, "exact": True}, remedy=REMEDY,
        )  # fmt: skip


def _finding(code: str, identity: Identity, *, harmless: bool) -> Finding:
    name = display(identity)
    return Finding(
        code=code, severity=Risk.LOW if harmless else Risk.HIGH, object=name,
        message=f"`{name}` comes back; its table has no rows" if harmless else f"`{name}` comes back without its old content",
        remedy=None if harmless else REMEDY,
    )  # fmt: skip


FAMILY = (columns, tables, as_rehearsed, partly_as_rehearsed)
