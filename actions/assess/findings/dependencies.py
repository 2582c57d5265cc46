"""DP: things that hang on what would be dropped."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence
from actions.assess.values import FailureKind, Finding
from actions.catalog.risk import Risk


def would_block(evidence: Evidence) -> Iterator[Finding]:
    """DP101: the downgrade drops something on which a view, a foreign key or a function depends, and PostgreSQL refuses.

    Said only where the rehearsal failed on it: what a script drops along in the right order blocks nothing.
    """
    failure = evidence.failure
    if failure is None or failure.kind is not FailureKind.DEPENDENCY:
        return
    names = [f"{dependent.kind} {dependent.name}" for dependent in evidence.dependents]
    yield Finding(
        code="DP101",
        severity=Risk.MEDIUM,
        object=", ".join(failure.objects),
        message=f"Something depends on what is to be dropped: {', '.join(names) if names else failure.message}",
        evidence={"dependents": names},
        remedy="Drop the dependent objects first (views, indexes, foreign keys), then try again.",
    )


FAMILY = (would_block,)
