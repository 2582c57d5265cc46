"""An assessment on one screen: the verdict first, then what would be lost, what blocks, and the ways out side by side."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from actions.assess.data_rehearsal import DataRehearsal
from actions.assess.result import Assessment
from actions.assess.values import Finding, LedgerEntry, Ruling
from actions.catalog.risk import Risk
from bot.terminal.rollbacks import duration
from bot.wording.assessed import lost_amount, lost_name, revisions_named, ruled, since_deploy

COLOUR = {
    Risk.NONE: "green",
    Risk.LOW: "green",
    Risk.MEDIUM: "yellow",
    Risk.HIGH: "bold red",
    Risk.CRITICAL: "bold red",
}
RULED = {Ruling.ALLOW: "green", Ruling.APPROVE: "yellow", Ruling.REFUSE: "bold red"}
#: What a screen holds; the rest is a `--json` away.
MOST_FINDINGS = 12
MOST_LOSSES = 10


def page(assessment: Assessment) -> Iterator[RenderableType]:
    yield _headline(assessment)
    yield from _verdict(assessment)
    if not assessment.path.revisions:
        return
    yield from _losses(assessment.ledger)
    yield _tried(assessment)
    yield from _findings(assessment.findings)
    yield _strategies(assessment)
    yield Text(
        f"Assessed in {assessment.seconds:.1f} s. Digest {assessment.seal.digest[:12]}. "
        "--json has everything, --sql the statements.",
        style="dim",
    )


def _headline(assessment: Assessment) -> Text:
    live, target = revisions_named(assessment.facts.live), revisions_named(assessment.facts.target)
    count = len(assessment.path.revisions)
    if not count:
        return Text(f"{assessment.service} is at {live} already: there is nothing to go back over.", style="bold")
    steps = "1 revision" if count == 1 else f"{count} revisions"
    return Text.assemble(
        (f"{assessment.service} ({assessment.environment}) from {live} back to {target}, {steps}: ", "bold"),
        (f"{assessment.risk} risk", COLOUR[assessment.risk]),
    )


def _verdict(assessment: Assessment) -> Iterator[RenderableType]:
    verdict = assessment.decision.verdict
    said = ruled(verdict.ruling, verdict.approvals)
    yield Text.assemble("By the policy the downgrade ", (said, RULED[verdict.ruling]), ".")
    for reason in verdict.reasons:
        yield Text(f"  · {reason}")
    if verdict.override_possible:
        yield Text("  · It can be overridden, with a reason, by those whom the policy names.", style="dim")


def _losses(ledger: Sequence[LedgerEntry]) -> Iterator[RenderableType]:
    lost = sorted((entry for entry in ledger if entry.rows), key=lambda entry: -entry.rows)
    yield Text("\nWhat would be lost", style="bold")
    if not lost:
        yield Text("  Nothing that was counted.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    for entry in lost[:MOST_LOSSES]:
        amount = lost_amount(entry.rows, entry.column, exact=entry.exact)
        when = since_deploy(entry.written_since_deploy, entry.written_source)
        table.add_row(Text(f"  {lost_name(entry.table, entry.column)}"), Text(amount), Text(when, style="dim"))
    yield table
    if len(lost) > MOST_LOSSES:
        yield Text(f"  and {len(lost) - MOST_LOSSES} more", style="dim")


def _copy(data: DataRehearsal | None) -> str:
    if data is None:
        return "an empty copy of the schema"
    return "a copy of the data" if data.backup is None else f"backup {data.backup.name}, restored"


def _tried(assessment: Assessment) -> Text:
    rehearsal = assessment.rehearsal
    if rehearsal is None:
        return Text("\n" + " ".join(("Not rehearsed.", *assessment.gaps)), style="yellow")
    copy = _copy(assessment.data)
    took = duration(timedelta(seconds=sum(seconds for _, seconds in rehearsal.down.steps)))
    if rehearsal.succeeds:
        return Text(" ".join((f"\nRehearsed on {copy}: it works, in {took}.", *assessment.gaps)))
    return Text(f"\nRehearsed on {copy}: it fails.", style="bold red")


def _findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    yield Text("\nWhat we found", style="bold")
    if not findings:
        yield Text("  Nothing to worry about.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings[:MOST_FINDINGS]:
        text = Text(finding.message)
        if finding.remedy and finding.severity.rank >= Risk.MEDIUM.rank:
            text.append(f"\n→ {finding.remedy}", style="dim")
        table.add_row(
            Text(f"  {finding.severity}", style=COLOUR[finding.severity]), Text(finding.code, style="dim"), text
        )
    yield table
    if len(findings) > MOST_FINDINGS:
        yield Text(f"  and {len(findings) - MOST_FINDINGS} more (--json)", style="dim")


def _strategies(assessment: Assessment) -> Table:
    table = Table(
        box=None, pad_edge=False, padding=(0, 2), title="\nWays out", title_justify="left", title_style="bold"
    )
    for name in ("", "", "loses", "takes", "why"):
        table.add_column(name, header_style="dim", overflow="fold")
    for strategy in assessment.decision.strategies:
        sign = "★" if strategy.recommended else " " if strategy.possible else "✗"
        style = "bold" if strategy.recommended else "" if strategy.possible else "dim"
        took = "-" if strategy.estimated_seconds is None else duration(timedelta(seconds=strategy.estimated_seconds))
        why = f"recommended: {strategy.why}" if strategy.recommended else strategy.why
        table.add_row(sign, Text(strategy.name, style=style), Text(strategy.data_lost), Text(took), Text(why))
    return table
