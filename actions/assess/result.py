"""The whole assessment, and its JSON form, which others rely on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.assess.data_rehearsal import DataRehearsal
from actions.assess.decide.decision import Decision
from actions.assess.decide.digest import Seal
from actions.assess.decide.facts import Facts
from actions.assess.findings.evidence import Evidence, display
from actions.assess.rehearsal import SchemaRehearsal
from actions.assess.seen import ScriptPath
from actions.assess.values import Failure, Finding, LedgerEntry
from actions.catalog.risk import Risk


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    service: str
    environment: str
    #: What was asked for, as it was written: `-1`, `base`, an id.
    asked: str
    facts: Facts
    #: Everything that was gathered; findings and ledger are drawn from it.
    evidence: Evidence
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]
    decision: Decision
    seal: Seal
    made_at: datetime
    seconds: float
    #: What could not be found out, in sentences; each is also a finding or a fact that counts as bad.
    gaps: tuple[str, ...] = ()

    @property
    def risk(self) -> Risk:
        return self.decision.risk

    @property
    def path(self) -> ScriptPath:
        return self.evidence.path

    @property
    def data(self) -> DataRehearsal | None:
        return self.evidence.data

    @property
    def failure(self) -> Failure | None:
        return self.evidence.failure

    @property
    def rehearsal(self) -> SchemaRehearsal | DataRehearsal | None:
        """The better one."""
        return self.evidence.data or self.evidence.schema


def as_json(assessment: Assessment) -> dict[str, Any]:
    """One object; the keys are a contract."""
    verdict = assessment.decision.verdict
    return {
        "service": assessment.service,
        "environment": assessment.environment,
        "from": list(assessment.facts.live or ()),
        "to": list(assessment.facts.target),
        "path": _path(assessment.path),
        "risk": assessment.risk.value,
        "findings": [_finding(finding) for finding in assessment.findings],
        "ledger": [_entry(entry) for entry in assessment.ledger],
        "rehearsal": _rehearsal(assessment),
        "strategies": [
            {
                "name": strategy.name,
                "possible": strategy.possible,
                "recommended": strategy.recommended,
                "data_lost": strategy.data_lost,
                "estimated_seconds": strategy.estimated_seconds,
                "estimated_from": strategy.estimated_from,
                "why": strategy.why,
                "needs": list(strategy.needs),
            }
            for strategy in assessment.decision.strategies
        ],
        "policy": {
            "verdict": verdict.ruling.value,
            "approvals": verdict.approvals,
            "reasons": list(verdict.reasons),
            "override_possible": verdict.override_possible,
        },
        "digest": assessment.seal.digest,
        "gaps": list(assessment.gaps),
        "made_at": assessment.made_at.isoformat(),
        "seconds": round(assessment.seconds, 3),
    }


def _path(path: ScriptPath) -> list[dict[str, Any]]:
    known = {revision.id: revision for revision in path.graph.revisions}
    return [
        {
            "revision": step.id,
            "message": known[step.id].message if step.id in known else "",
            "hash": known[step.id].sha256 if step.id in known else None,
        }
        for step in path.revisions
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "object": finding.object,
        "message": finding.message,
        "evidence": dict(finding.evidence),
        "remedy": finding.remedy,
    }


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "table": entry.table,
        "column": entry.column,
        "rows": entry.rows,
        "exact": entry.exact,
        "written_since_deploy": entry.written_since_deploy,
        "written_source": entry.written_source,
    }


def _rehearsal(assessment: Assessment) -> Mapping[str, Any] | None:
    rehearsal = assessment.rehearsal
    if rehearsal is None:
        return None
    failure = assessment.failure
    locks = {
        (lock.relation, lock.mode): round(lock.seconds, 3) for commit in rehearsal.down.commits for lock in commit.locks
    }
    return {
        "kind": "data" if assessment.data else "schema",
        "succeeds": rehearsal.succeeds,
        "error": None
        if failure is None
        else {"kind": failure.kind.value, "message": failure.message, "sqlstate": failure.sqlstate, "revision": failure.revision},
        "seconds": round(rehearsal.down.seconds, 3),
        "locks": [
            {"relation": relation, "mode": mode, "seconds": seconds if assessment.data else None}
            for (relation, mode), seconds in sorted(locks.items())
        ],
        "rows": [
            {"table": row.relation, "inserted": row.inserted, "updated": row.updated, "deleted": row.deleted}
            for commit in rehearsal.down.commits
            for row in commit.activity
        ],
        "backup": _source(assessment.data),
        "values_changed": _values_changed(assessment.data),
        "fenced": rehearsal.down.fenced,
        "upgrade_again": None if rehearsal.up is None else rehearsal.up.succeeded,
    }  # fmt: skip


def _source(data: DataRehearsal | None) -> dict[str, str] | None:
    """None: the data was today's, or there was none."""
    if data is None or data.backup is None:
        return None
    return {"name": data.backup.name, "taken_at": data.backup.taken_at.isoformat()}


def _values_changed(data: DataRehearsal | None) -> list[dict[str, Any]] | None:
    """Per column that is still there after the downgrade: how many of its values are others, in rows that stay.

    None: it was not rehearsed with the data, or did not work.
    """
    if data is None or data.content is None:
        return None
    return [
        {
            "table": display(table.table), "column": column.column.name, "values": column.non_null,
            "changed": column.lost, "became_null": column.became_null, "restated": column.restated,
        }
        for table in data.content.tables
        for column in table.columns
        if column.lost or column.restated
    ]  # fmt: skip
