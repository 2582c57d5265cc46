"""What the history holds, as plain values."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from actions.errors import ConfigurationError
from actions.history.canonical import JsonObject
from actions.history.lifecycle import LIVE, Status

_ROLLBACK_ID = re.compile(r"(?:rb-?)?(?P<number>[0-9]{1,18})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class RollbackId:
    """The number that people call a rollback by: `RB-142`."""

    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `RB-142`, `rb-142`, `RB142` and `142`."""
        found = _ROLLBACK_ID.fullmatch(text.strip())
        if not found or int(found["number"]) < 1:
            raise ConfigurationError(
                f"{text[:80]!r} is not the number of a rollback", next_step="Write it like RB-142 or 142."
            )
        return cls(int(found["number"]))

    def __str__(self) -> str:
        return f"RB-{self.number}"


class Risk(StrEnum):
    """How much going back can hurt."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """One request to take one service back; one row of the incident history."""

    id: RollbackId
    #: Names the request, so that one that is delivered twice is the same rollback.
    request_key: str
    service: str
    environment: str
    requester: str
    reason: str
    #: What was asked for, in the asker's words: a revision, `-2`, `previous`.
    target: str
    #: Where the service was, and where it goes; known once it was assessed.
    from_revision: str | None
    to_revision: str | None
    strategy: str | None
    runbook: str
    status: Status
    #: What an approval is bound to: plan, revision, scripts, ledger and policy.
    digest: str | None
    risk: Risk | None
    approvals_needed: int | None
    #: An approval must come before this moment.
    expires_at: datetime | None
    ledger_summary: JsonObject | None
    predicted: JsonObject | None
    actual: JsonObject | None
    #: How it ended, in a sentence.
    outcome: str | None
    requested_at: datetime
    decided_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime

    @property
    def live(self) -> bool:
        """Is it still open?"""
        return self.status in LIVE


class StepStatus(StrEnum):
    """Where one step of a plan is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    #: Its undo failed as well: nobody knows what is there now.
    STUCK = "stuck"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a rollback's plan, and how it went."""

    id: int
    rollback: RollbackId
    #: From 1, in the order of doing.
    position: int
    #: Unique in its plan; names of remote work are made from it.
    name: str
    title: str
    action: str
    parameters: JsonObject
    #: From here on, going back needs a backup.
    destructive: bool
    status: StepStatus
    attempts: int
    #: What was there before, for undo: replicas, schedules, settings.
    captured: JsonObject | None
    result: JsonObject | None
    #: Class and text of what went wrong, never an exception.
    error: JsonObject | None
    predicted: timedelta | None
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


class Voice(StrEnum):
    """What a person said."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One person's voice on exactly one plan."""

    id: int
    rollback: RollbackId
    person: str
    voice: Voice
    digest: str
    #: The roles as they were read at the moment of the decision.
    roles: tuple[str, ...]
    reason: str | None
    #: The policy was set aside; marked for ever.
    override: bool
    given_at: datetime
    voided_at: datetime | None
    voided_because: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One entry of the record."""

    seq: int
    at: datetime
    kind: str
    rollback: RollbackId | None
    actor: str
    details: JsonObject
    hash: bytes


class BackupState(StrEnum):
    """How far a backup can be trusted."""

    MAKING = "making"
    #: Complete, but nobody has restored it.
    MADE = "made"
    #: Restored and compared.
    PROVEN = "proven"
    FAILED = "failed"
    #: It was there; its retention let go of it.
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupRecord:
    """One backup, as the history knows it."""

    id: int
    name: str
    service: str
    #: The rollback that it was taken for, if any.
    rollback: RollbackId | None
    strategy: str
    state: BackupState
    #: Why it is in that state, when that needs saying.
    because: str | None
    revision: str | None
    size_bytes: int | None
    manifest: JsonObject | None
    #: Where its copies are, by store.
    stores: JsonObject
    started_at: datetime
    made_at: datetime | None
    proven_at: datetime | None
    updated_at: datetime
    #: What it was taken for, in words: `by hand`, `schedule`, `before a restore`.
    purpose: str | None
    #: The process that makes it: machine, number and start.
    maker: JsonObject | None
    #: How its proof went; its `seconds` are the estimate for an emergency.
    proof: JsonObject | None
    #: The moment of its schedule that it answers, and the how manieth try that is.
    slot: datetime | None
    attempt: int | None
    deleted_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A time during which we saw one revision live on a service."""

    id: int
    service: str
    revision: str
    #: The write counters at the moment of the first look.
    counters: JsonObject
    source: str
    first_seen: datetime
    last_seen: datetime
