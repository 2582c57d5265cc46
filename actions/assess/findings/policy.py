"""PO: what the rules of the service will ask for, or cannot get. The verdict itself stands apart, with its reasons."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence
from actions.assess.values import Finding
from actions.catalog.risk import Risk


def nobody_may_approve(evidence: Evidence) -> Iterator[Finding]:
    """PO101: the policy asks for approvals, and the catalog names nobody who could give one."""
    rules = evidence.rules
    if rules is not None and not rules.approvers_named and any(rules.policy.quorum.at(risk) for risk in Risk):
        yield Finding(
            code="PO101", severity=Risk.LOW, object="approvers",
            message="The policy asks for approvals, and nobody is named who may give them",
            remedy="Name a Slack user group or people under `approvers` in the catalog.",
        )  # fmt: skip


def wants_a_data_rehearsal(evidence: Evidence) -> Iterator[Finding]:
    """PO102: the policy wants the downgrade rehearsed on a copy of the data, and it was not."""
    rules = evidence.rules
    if rules is not None and rules.policy.rehearsal == "data" and evidence.data is None and evidence.path.revisions:
        yield Finding(
            code="PO102", severity=Risk.LOW, object="rehearsal",
            message="The policy wants a rehearsal on a copy of the data, and there was none",
            remedy="Assess again with `--data`.",
        )  # fmt: skip


FAMILY = (nobody_may_approve, wants_a_data_rehearsal)
