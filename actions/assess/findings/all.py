"""Every family, and drawing all findings from the evidence."""

from collections.abc import Callable, Iterator

from actions.assess.findings import (
    application,
    backup,
    data_loss,
    data_migrations,
    dependencies,
    does_not_fit,
    drift,
    irreversible,
    locks,
    outside,
    policy,
    recreated_empty,
    surroundings,
)
from actions.assess.findings.evidence import Evidence
from actions.assess.values import Finding

Rule = Callable[[Evidence], Iterator[Finding]]

FAMILIES = (
    data_loss, recreated_empty, does_not_fit, data_migrations, irreversible, dependencies, drift, locks, outside,
    surroundings, application, backup, policy,
)  # fmt: skip
RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.FAMILY)


def find(evidence: Evidence) -> tuple[Finding, ...]:
    """All findings, the worst first; among equals in the order of code and object, so that the same facts read the same."""
    found = {(finding.code, finding.object, finding.message): finding for rule in RULES for finding in rule(evidence)}
    return tuple(sorted(found.values(), key=lambda each: (-each.severity.rank, each.code, each.object)))
