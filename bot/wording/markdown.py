"""An assessment's parts in Markdown, for tickets and post-mortems."""

from collections.abc import Iterator, Sequence

from actions.assess.values import Finding, LedgerEntry, Strategy
from bot.wording.assessed import lost_amount, lost_name


def cell(text: object) -> str:
    """One line, and no table broken by a bar in a name."""
    return " ".join(str(text).split()).replace("|", "\\|")


def losses(ledger: Sequence[LedgerEntry]) -> Iterator[str]:
    yield "### What would be lost"
    yield ""
    lost = [entry for entry in ledger if entry.rows]
    if lost:
        yield "| where | how much | since the deploy |"
        yield "|---|---:|---:|"
    for entry in lost:
        where = lost_name(entry.table, entry.column)
        amount = lost_amount(entry.rows, entry.column, exact=entry.exact)
        since = "" if entry.written_since_deploy is None else f"{entry.written_since_deploy:,}"
        yield f"| `{cell(where)}` | {amount} | {since} |"
    if not lost:
        yield "Nothing that was counted."
    yield ""


def findings(found: Sequence[Finding]) -> Iterator[str]:
    yield "### Findings"
    yield ""
    for finding in found:
        remedy = f" {cell(finding.remedy)}" if finding.remedy else ""
        yield f"- **{finding.severity}** {cell(finding.code)}: {cell(finding.message)}.{remedy}"
    if not found:
        yield "None."
    yield ""


def ways(strategies: Sequence[Strategy]) -> Iterator[str]:
    yield "### Ways out"
    yield ""
    yield "| way | possible | loses | takes | why |"
    yield "|---|---|---|---|---|"
    for strategy in strategies:
        name = f"**{cell(strategy.name)}** (recommended)" if strategy.recommended else cell(strategy.name)
        took = "" if strategy.estimated_seconds is None else f"{strategy.estimated_seconds:.0f} s"
        possible = "yes" if strategy.possible else "no"
        yield f"| {name} | {possible} | {cell(strategy.data_lost)} | {took} | {cell(strategy.why)} |"
    yield ""
