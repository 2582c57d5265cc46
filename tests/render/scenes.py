"""Rollbacks as people meet them, in every state: what the snapshots are drawn from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from actions.catalog import load_catalog
from actions.catalog.service import Service
from actions.history.canonical import JsonObject
from actions.history.chain import Head
from actions.history.lifecycle import Status
from actions.history.values import Approval, Event, Risk, Rollback, RollbackId, Step, StepStatus, Voice
from bot.render.scene import Scene

AT = datetime(2026, 3, 14, 3, 7, 20, tzinfo=UTC)
DIGEST = "8c1f0a52" + "ab" * 28
MARIA, OMAR, LENA = "U0MARIA11", "U0OMAR222", "U0LENA333"
RB = RollbackId(142)


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


CATALOG = f"""
services:
  orders:
    environment: production
    platform: {{kind: local, folder: /srv/orders}}
    database: ${{ORDERS_DATABASE_URL}}
    approvers: {{group: S0LEADS11, users: [{OMAR}, {LENA}], terminal: [omar]}}
    policy:
      destructive: allow
      after_new_data: allow
      override: {{by: {LENA}}}
      break_glass: {{by: {MARIA}, up_to: critical}}
    escalation:
      contacts:
        - {{title: Database administrator, who: {LENA}, how: pager 4711}}
        - {{title: Head of platform, how: "+49 30 1234"}}
"""


@cache
def service() -> Service:
    with TemporaryDirectory() as folder:
        file = Path(folder, "backout.yml")
        file.write_text(CATALOG, encoding="utf-8")
        return load_catalog(file, {}).service("orders")


def rollback(status: Status, **changes: Any) -> Rollback:
    begun = status not in {
        Status.ASSESSING, Status.WAITING, Status.APPROVED, Status.REFUSED, Status.REJECTED, Status.EXPIRED,
    }  # fmt: skip
    known = status is not Status.ASSESSING
    made = Rollback(
        id=RB, request_key="slack:1", service="orders", environment="production", requester=MARIA,
        reason="checkout fails since 14:02, 500s on /pay", target="-2",
        from_revision="4f1a9c03d2b7" if known else None, to_revision="3b2e77a1c0de" if known else None,
        strategy="downgrade" if known else None, runbook="downgrade", status=status, digest=DIGEST if known else None,
        risk=Risk.HIGH if known else None, approvals_needed=2 if known else None, expires_at=minutes(60) if known else None,
        ledger_summary=None, predicted=None, actual=None, outcome=None, requested_at=AT,
        decided_at=minutes(9) if begun else None, started_at=minutes(10) if begun else None,
        finished_at=None if status in LIVE else minutes(17.5), updated_at=minutes(10),
    )  # fmt: skip
    return replace(made, **changes)


LIVE = {
    Status.ASSESSING, Status.WAITING, Status.APPROVED, Status.RUNNING, Status.UNDOING, Status.CHOOSING, Status.HALTED,
}  # fmt: skip


def shown(**changes: Any) -> dict[str, Any]:
    """An assessment, in the JSON form in which it is kept."""
    made: dict[str, Any] = {
        "service": "orders", "environment": "production", "from": ["4f1a9c03d2b7"], "to": ["3b2e77a1c0de"],
        "path": [
            {"revision": "4f1a9c03d2b7", "message": "Customers have preferences", "hash": "x"},
            {"revision": "9d00ee41aa10", "message": "Refunds get a reason", "hash": "x"},
        ],
        "risk": "high", "strategy": "downgrade",
        "findings": [
            {"code": "DL101", "severity": "high", "object": "preferences", "evidence": {},
             "message": "The table `preferences` has 3,041 rows and would be dropped",
             "remedy": "Restore them from this run's backup after the newer release is back"},
            {"code": "LK201", "severity": "medium", "object": "refunds", "evidence": {},
             "message": "`refunds` is locked against reading while its column is dropped", "remedy": None},
            {"code": "AP301", "severity": "low", "object": "", "evidence": {}, "message": "The older release was not tried", "remedy": None},
        ],
        "ledger": [
            {"table": "preferences", "column": None, "rows": 3041, "exact": True, "written_since_deploy": 3041, "written_source": "column created_at"},
            {"table": "refunds", "column": "reason", "rows": 1204, "exact": True, "written_since_deploy": 318, "written_source": "counters since the sighting"},
            {"table": "refunds", "column": "note", "rows": 90_000, "exact": False, "written_since_deploy": None, "written_source": None},
        ],
        "rehearsal": {
            "kind": "schema", "succeeds": True, "error": None, "seconds": 1.42,
            "locks": [{"relation": "refunds", "mode": "AccessExclusiveLock", "seconds": None}, {"relation": "customers", "mode": "AccessShareLock", "seconds": None}],
        },
        "strategies": [
            {"name": "app-only", "possible": True, "recommended": True, "data_lost": "nothing", "estimated_seconds": 40.0, "estimated_from": "",
             "why": "The older release can work with the newer schema: it finds two more columns and one more table.", "needs": []},
            {"name": "downgrade", "possible": True, "recommended": False, "data_lost": "3,041 rows and about 91,204 values", "estimated_seconds": 412.0,
             "estimated_from": "", "why": "It worked when it was tried on an empty copy of the schema.", "needs": []},
            {"name": "restore", "possible": True, "recommended": False, "data_lost": "everything written since the backup was taken 6 h 12 min ago: 48,201 rows",
             "estimated_seconds": 655.0, "estimated_from": "", "why": "The backup `orders_20260313T205501Z` is of the target revision.", "needs": []},
            {"name": "roll-forward", "possible": True, "recommended": False, "data_lost": "nothing", "estimated_seconds": None, "estimated_from": "",
             "why": "Nobody has said yet whether a new migration can put it right.", "needs": []},
        ],
        "policy": {"verdict": "approve", "approvals": 2, "reasons": ["Data is lost that was written since the deploy. Two people must agree to that."], "override_possible": False},
        "digest": DIGEST, "gaps": [], "made_at": AT.isoformat(), "seconds": 3.1,
    }  # fmt: skip
    return made | changes


PLAN = (
    ("preflight", "preflight", "Look whether everything is as it was approved", 2),
    ("capture", "capture", "Note what is there now", 1),
    ("stop-api", "stop-writer", "Stop api", 12),
    ("stop-worker", "stop-writer", "Stop worker", 30),
    ("prove-quiet", "prove-quiet", "Prove that nobody writes", 10),
    ("back-up", "back-up", "Back up the database", 95),
    ("prove", "prove", "Prove the backup by restoring it, and rehearse the downgrade on the copy", 160),
    ("downgrade", "downgrade", "Downgrade 2 revisions, to 3b2e77a1c0de", 4),
    ("verify", "verify", "Verify the database", None),
    ("release", "take-back-application", "Take the application back (compose)", 40),
    ("resume-api", "resume-writer", "Bring api back", 20),
    ("resume-worker", "resume-writer", "Bring worker back", 20),
    ("health", "health", "See that the service is well", 15),
    ("close", "close", "Write down how it went", 1),
)


def steps(done: int = 0, then: StepStatus | None = None, **changes: Any) -> tuple[Step, ...]:
    """So many are done; the one after them is in the state `then`, with `changes`."""
    made, clock = [], minutes(10)
    for position, (name, action, title, seconds) in enumerate(PLAN, start=1):
        expected = None if seconds is None else timedelta(seconds=seconds)
        status = StepStatus.DONE if position <= done else then if then and position == done + 1 else StepStatus.PENDING
        began = clock if status is not StepStatus.PENDING else None
        clock += (expected or timedelta(seconds=3)) * 0.8
        step = Step(
            id=position, rollback=RB, position=position, name=name, title=title, action=action,
            parameters=_parameters(name, action), destructive=name == "downgrade",
            status=status, attempts=0 if began is None else 1, captured=None,
            result={"backup": "orders_20260314T031201Z", "proof": {"restore_seconds": 118.4}} if name == "prove" and position <= done else None,
            error=None, predicted=expected, started_at=began,
            finished_at=clock if status is not StepStatus.RUNNING and began else None, updated_at=clock,
        )  # fmt: skip
        made.append(replace(step, **changes) if then and position == done + 1 else step)
    return tuple(made)


def _parameters(name: str, action: str) -> dict[str, Any]:
    if "writer" in action:
        return {"writer": name.partition("-")[2]}
    return {"number": 0} if action == "take-back-application" else {}


def approval(person: str, number: int = 1, **changes: Any) -> Approval:
    made = Approval(
        id=number, rollback=RB, person=person, voice=Voice.APPROVE, digest=DIGEST, roles=("approver",), reason=None, override=False,
        given_at=minutes(3 + number), voided_at=None, voided_because=None,
    )  # fmt: skip
    return replace(made, **changes)


def event(kind: str, at: datetime, actor: str = "backout", seq: int = 9, **details: Any) -> Event:
    return Event(seq=seq, at=at, kind=kind, rollback=RB, actor=actor, details=details, hash=b"\x01" * 32)


def scene(status: Status, **changes: Any) -> Scene:
    """Steps, voices and assessment as they belong to the state, unless said otherwise."""
    of_rollback = {
        name.removeprefix("rollback_"): changes.pop(name) for name in list(changes) if name.startswith("rollback_")
    }
    decided = status not in {Status.ASSESSING, Status.WAITING, Status.REFUSED, Status.REJECTED, Status.EXPIRED}
    made = Scene(
        rollback=rollback(status, **of_rollback), service=service(), at=minutes(13),
        steps=() if status is Status.ASSESSING else steps(),
        shown=None if status is Status.ASSESSING else shown(), shown_at=None if status is Status.ASSESSING else minutes(0.1),
        approvals=(approval(OMAR), approval(LENA, 2)) if decided else (),
        events=(event("rollback.requested", AT, MARIA, 1),),
    )  # fmt: skip
    return replace(made, **changes)


HEAD = Head(seq=10482, prefix="9f3c0a6be1d2" + "0" * 52)
LINK = "https://harbour.slack.com/archives/C0INCID11/p1773457640000100"
LOCKED: JsonObject = {
    "class": "UnavailableError", "what": "The lock on refunds was not to be had in 60 s",
    "where": "downgrade of 9d00ee41aa10", "held_by": ["psql of maria, idle in transaction for 40 min"],
    "next_step": "End that session, then retry.",
}  # fmt: skip


def voided(*changed: str) -> tuple[Event, ...]:
    return (
        event("rollback.requested", AT, MARIA, 1),
        event("voices.voided", minutes(5), seq=5, people=[OMAR], because="; ".join(changed)),
        event("rollback.assessing", minutes(5), seq=6, changed=list(changed), because="; ".join(changed)),
    )
