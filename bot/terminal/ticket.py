"""An assessment as Markdown, for a ticket or a chat that is not ours."""

from collections.abc import Iterator

from actions.assess.result import Assessment
from actions.redaction import redact


def markdown(assessment: Assessment) -> str:
    return redact("\n".join(_lines(assessment))) + "\n"


def _lines(assessment: Assessment) -> Iterator[str]:
    live = ", ".join(assessment.facts.live or ()) or "base"
    target = ", ".join(assessment.facts.target) or "base"
    verdict = assessment.decision.verdict
    yield f"## Going back: {_text(assessment.service)} ({assessment.environment}), `{live}` → `{target}`"
    yield ""
    yield f"**Risk: {assessment.risk}.** Policy: **{verdict.ruling}**, {verdict.approvals} approvals."
    yield ""
    yield from (f"- {_text(reason)}" for reason in verdict.reasons)
    lost = [entry for entry in assessment.ledger if entry.rows]
    yield ""
    yield "### What would be lost"
    yield ""
    if lost:
        yield "| where | how much | since the deploy |"
        yield "|---|---:|---:|"
    for entry in lost:
        where = f"{entry.table}.{entry.column}" if entry.column else entry.table
        noun = "values" if entry.column else "rows"
        since = "" if entry.written_since_deploy is None else f"{entry.written_since_deploy:,}"
        yield f"| `{_text(where)}` | {'' if entry.exact else 'about '}{entry.rows:,} {noun} | {since} |"
    if not lost:
        yield "Nothing that was counted."
    yield ""
    yield "### Findings"
    yield ""
    for finding in assessment.findings:
        remedy = f" {_text(finding.remedy)}" if finding.remedy else ""
        yield f"- **{finding.severity}** {finding.code}: {_text(finding.message)}.{remedy}"
    yield ""
    yield "### Ways out"
    yield ""
    yield "| way | possible | loses | takes | why |"
    yield "|---|---|---|---|---|"
    for strategy in assessment.decision.strategies:
        name = f"**{strategy.name}** (recommended)" if strategy.recommended else strategy.name
        took = "" if strategy.estimated_seconds is None else f"{strategy.estimated_seconds:.0f} s"
        possible = "yes" if strategy.possible else "no"
        yield f"| {name} | {possible} | {_text(strategy.data_lost)} | {took} | {_text(strategy.why)} |"
    yield ""
    yield f"Digest `{assessment.seal.digest}`, {assessment.made_at:%Y-%m-%d %H:%M} UTC."


def _text(text: str) -> str:
    """One line, and no table broken by a bar in a name."""
    return " ".join(text.split()).replace("|", "\\|")
