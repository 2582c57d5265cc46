"""An assessment as Markdown, for a ticket or a chat that is not ours."""

from collections.abc import Iterator

from actions.assess.result import Assessment
from actions.redaction import redact
from bot.wording.assessed import revisions_named
from bot.wording.markdown import cell, findings, losses, ways


def markdown(assessment: Assessment) -> str:
    return redact("\n".join(_lines(assessment))) + "\n"


def _lines(assessment: Assessment) -> Iterator[str]:
    live, target = revisions_named(assessment.facts.live), revisions_named(assessment.facts.target)
    verdict = assessment.decision.verdict
    yield f"## Going back: {cell(assessment.service)} ({assessment.environment}), `{live}` → `{target}`"
    yield ""
    yield f"**Risk: {assessment.risk}.** Policy: **{verdict.ruling}**, {verdict.approvals} approvals."
    yield ""
    yield from (f"- {cell(reason)}" for reason in verdict.reasons)
    yield ""
    yield from losses(assessment.ledger)
    yield from findings(assessment.findings)
    yield from ways(assessment.decision.strategies)
    yield f"Digest `{assessment.seal.digest}`, {assessment.made_at:%Y-%m-%d %H:%M} UTC."
