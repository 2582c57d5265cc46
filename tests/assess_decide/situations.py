"""A deploy of a moment ago on production, in which everything is as seed 002 wants it; tests change one thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from actions.assess.decide.facts import (
    Arrival,
    BackupCopy,
    Difference,
    DifferenceKind,
    Facts,
    Losses,
    NewData,
    OlderRelease,
    Pace,
    Rehearsed,
    Trouble,
)
from actions.assess.values import Failure, FailureKind, Finding, LedgerEntry, RehearsalKind
from actions.catalog.policy import Policy
from actions.catalog.risk import Environment, Risk
from actions.history.values import BackupState

NOW = datetime(2026, 7, 29, 3, 0, tzinfo=UTC)
PRODUCTION = Policy().for_environment(Environment.PRODUCTION)
STAGING = Policy().for_environment(Environment.STAGING)
DEVELOPMENT = Policy().for_environment(Environment.DEVELOPMENT)

NOTHING_LOST = Losses(
    ledger=(LedgerEntry(table="users", column="preferences", rows=0, exact=True),),
    beyond_ledger=(),
    comes_back_empty=(),
)


def seen(ago: timedelta, *, gap: timedelta | None = timedelta(seconds=30)) -> Arrival:
    first = NOW - ago
    return Arrival(first_seen=first, not_before=None if gap is None else first - gap, source="a sighting")


def entry(rows: int, column: str | None = "preferences", **more: Any) -> LedgerEntry:
    return LedgerEntry(**{"table": "users", "column": column, "rows": rows, "exact": True, **more})


def losing(*entries: LedgerEntry) -> Losses:
    return replace(NOTHING_LOST, ledger=entries)


def finding(severity: Risk, code: str = "XX101", thing: str = "users.preferences") -> Finding:
    return Finding(code=code, severity=severity, object=thing, message="Something is there.")


def trial(kind: RehearsalKind = RehearsalKind.SCHEMA, failed: FailureKind | None = None, **more: Any) -> Rehearsed:
    failure = None if failed is None else Failure(kind=failed, message="ERROR: it did not work", revision="0005")
    return Rehearsed(**{"kind": kind, "succeeded": failed is None, "failure": failure, "seconds": 0.4, **more})


def copy(**changes: Any) -> BackupCopy:
    usual = {
        "name": "content-api_20260729_020000",
        "taken_at": NOW - timedelta(hours=1),
        "state": BackupState.PROVEN,
        "revisions": ("0004",),
        "rows_written_since": 0,
    }
    return BackupCopy(**{**usual, **changes})


def differences(*kinds: DifferenceKind) -> tuple[Difference, ...]:
    return tuple(Difference(kind=kind, object=f"{kind.value}_thing") for kind in kinds)


def older(*kinds: DifferenceKind, **changes: Any) -> OlderRelease:
    return OlderRelease(**{"can_go_back": True, "differences": differences(*kinds), **changes})


NO_OLDER_RELEASE = older(DifferenceKind.ADDED_COLUMN, can_go_back=False)

_GOOD: dict[str, Any] = {
    "service": "content-api",
    "now": NOW,
    "live": ("0005",),
    "target": ("0004",),
    "path": ("0005",),
    "arrival": seen(timedelta(minutes=2)),
    "findings": (),
    "losses": NOTHING_LOST,
    "new_data": NewData(rows=0, source="counters since the sighting"),
    "rehearsals": (trial(),),
    "blockers": (),
    "backups": (),
    "run_proves_backup": True,
    "older_release": NO_OLDER_RELEASE,
    "pace": Pace(),
    "trouble": Trouble(),
}


def situation(**changes: Any) -> Facts:
    return Facts(**{**_GOOD, **changes})
