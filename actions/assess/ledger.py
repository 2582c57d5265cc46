"""What would be lost, per table and column: counted on the live database, or as the data rehearsal really lost it."""

from collections.abc import Iterator

from actions.assess.content.verdicts import loses_data
from actions.assess.findings.data_loss import lost_for_good
from actions.assess.findings.evidence import Evidence, display
from actions.assess.probes.values import Losses, Tally, Written
from actions.assess.values import LedgerEntry


def ledger_from(evidence: Evidence) -> tuple[LedgerEntry, ...] | None:
    """None: it was not counted. Entries without rows say what was counted and found empty."""
    if evidence.settled_by_data:
        return tuple(sorted(_rehearsed(evidence), key=_place))
    if not evidence.path.revisions:
        return ()
    return tuple(sorted(_counted(evidence.losses), key=_place)) if evidence.losses is not None else None


def _rehearsed(evidence: Evidence) -> Iterator[LedgerEntry]:
    data = evidence.data
    if data is None or data.content is None or not loses_data(data.content, data.content_again):
        return
    written = _written(evidence.losses)
    for entry in lost_for_good(data.content, data.content_again):
        table, column = display(entry.table), entry.column.name if entry.column else None
        since = written.get((table, column))
        yield LedgerEntry(
            table=table, column=column, rows=entry.missing, exact=True,
            written_since_deploy=since.rows if since else None, written_source=since.source if since else None,
        )  # fmt: skip


def _counted(losses: Losses) -> Iterator[LedgerEntry]:
    for table in losses.tables:
        yield _entry(display(table.table), None, table.rows, table.written)
    for column in losses.columns:
        yield _entry(display(column.table), column.column, column.values, column.written)
    for retype in losses.retypes:
        if retype.values.possible and (retype.opaque or retype.changes.possible):
            tally = retype.values if retype.opaque else retype.changes
            yield _entry(display(retype.table), retype.column, tally, None)


def _entry(table: str, column: str | None, tally: Tally, written: Written | None) -> LedgerEntry:
    """A number that nobody knows is at least one: never nothing."""
    rows = tally.rows if tally.rows is not None else int(tally.possible)
    since = written.rows if written else None
    if since is not None and tally.exact and 0 < rows < since:
        # Counted a moment later, while somebody writes: not more than all of them.
        since = rows
    return LedgerEntry(
        table=table, column=column, rows=max(rows, 1) if tally.possible else 0, exact=tally.exact,
        written_since_deploy=since, written_source=written.source if written else None,
    )  # fmt: skip


def _written(losses: Losses | None) -> dict[tuple[str, str | None], Written]:
    found: dict[tuple[str, str | None], Written] = {}
    for table in losses.tables if losses else ():
        if table.written:
            found[display(table.table), None] = table.written
    for column in losses.columns if losses else ():
        if column.written:
            found[display(column.table), column.column] = column.written
    return found


def _place(entry: LedgerEntry) -> tuple[str, str]:
    return entry.table, entry.column or ""
