"""From what was found out to the facts that a decision rests on. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from actions.assess.decide.facts import (
    Arrival,
    BackupCopy,
    Blocker,
    Difference,
    DifferenceKind,
    Facts,
    Losses,
    NewData,
    OlderRelease,
    Rehearsed,
    Unmeasured,
)
from actions.assess.differences import differences
from actions.assess.findings.evidence import Evidence
from actions.assess.values import Finding, LedgerEntry, RehearsalKind
from actions.catalog.risk import Risk
from actions.catalog.service import Service

#: Findings on rows that the older schema refuses: the downgrade stops at them.
BLOCKING = ("DF", "DP", "EV101")
#: Findings of losses that no number in the ledger stands for.
BEYOND_COUNTING = (
    "DM",
    "DL106",
    "DL107",
    "DL108",
    "DL109",
    "DL110",
    "DL111",
    "IR105",
    "IR106",
    "OU101",
    "OU103",
    "DF104",
    "EV102",
)
EMPTY_SHELLS = ("RE",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What earlier times tell about a service; nothing by itself."""

    arrival: Arrival = field(default_factory=lambda: Arrival(first_seen=None, not_before=None))
    #: Write counters of the moment when the live revision was first seen.
    counters: Mapping[str, object] | None = None
    backups: tuple[BackupCopy, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """What is known about the service besides the evidence."""

    live: tuple[str, ...]
    now: datetime
    known: Known


def facts_from(
    service: Service,
    evidence: Evidence,
    findings: tuple[Finding, ...],
    ledger: tuple[LedgerEntry, ...] | None,
    background: Background,
) -> Facts:
    grave = [finding for finding in findings if finding.severity.rank >= Risk.HIGH.rank]
    return Facts(
        service=service.name,
        now=background.now,
        live=background.live,
        target=evidence.path.ends_at or (),
        path=tuple(step.id for step in evidence.path.revisions),
        arrival=background.known.arrival,
        findings=findings,
        losses=Losses(
            ledger=ledger,
            beyond_ledger=tuple(
                Unmeasured(object=finding.object, message=finding.message)
                for finding in grave
                if finding.code.startswith(BEYOND_COUNTING)
            ),
            comes_back_empty=tuple(finding.object for finding in grave if finding.code.startswith(EMPTY_SHELLS)),
        ),
        new_data=_new_data(ledger),
        rehearsals=tuple(_rehearsed(evidence)),
        blockers=tuple(
            Blocker(object=finding.object, message=finding.message, remedy=finding.remedy or "Look at it first.")
            for finding in findings
            if finding.code.startswith(BLOCKING)
        ),
        backups=background.known.backups,
        run_proves_backup=True,
        older_release=OlderRelease(
            can_go_back=bool(service.application),
            differences=tuple(_differences(evidence)) if evidence.schema else None,
        ),
        backup_max_age=service.backups.max_age,
        approvers_named=service.approvers is not None,
    )


def _new_data(ledger: tuple[LedgerEntry, ...] | None) -> NewData:
    """Rows in what is new: as many as were written since the deploy where that is known, else as many as there are."""
    if ledger is None:
        return NewData(rows=None)
    if not ledger:
        return NewData(rows=0, source="nothing new holds rows")
    rows = sum(entry.rows if entry.written_since_deploy is None else entry.written_since_deploy for entry in ledger)
    sources = sorted({entry.written_source or "all rows in what is new" for entry in ledger})
    return NewData(rows=rows, source=", ".join(sources))


def _rehearsed(evidence: Evidence) -> Iterator[Rehearsed]:
    if evidence.schema is not None:
        failed = None if evidence.schema.succeeds or evidence.data else evidence.failure
        yield Rehearsed(
            kind=RehearsalKind.SCHEMA, succeeded=evidence.schema.succeeds, failure=failed,
            seconds=evidence.schema.down.seconds,
        )  # fmt: skip
    if evidence.data is not None:
        yield Rehearsed(
            kind=RehearsalKind.DATA, succeeded=evidence.data.succeeds, failure=evidence.failure,
            seconds=evidence.data.down.seconds,
        )  # fmt: skip


def _differences(evidence: Evidence) -> Iterator[Difference]:
    rehearsal = evidence.schema
    yield from differences(rehearsal.changes) if rehearsal else ()
    for step in evidence.path.revisions:
        if any(operation.op == "execute" for operation in step.upgrade.operations) or step.upgrade.opaque:
            yield Difference(kind=DifferenceKind.UNSEEN, object=step.id)
