"""From rows to values, and the seal of a row: the hash that shows when somebody changed it by hand."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from actions.errors import BackoutError
from actions.history.canonical import Json, encode_read
from actions.history.lifecycle import Status
from actions.history.values import (
    Approval,
    BackupRecord,
    BackupState,
    Event,
    Risk,
    Rollback,
    RollbackId,
    Sighting,
    Step,
    StepStatus,
    Voice,
)

Row = Mapping[Any, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

#: The columns of a rollback that its seal covers: plain ones, and records of their own. Empty ones are left out of
#: it, so a column that a later migration adds may join if it is empty in the rows that are there already.
SEALED_PLAIN = (
    "approvals_needed", "decided_at", "digest", "environment", "expires_at", "finished_at", "from_revision", "id",
    "outcome", "reason", "request_key", "requested_at", "requester", "risk", "runbook", "service", "started_at",
    "status", "strategy", "target", "to_revision", "updated_at",
)  # fmt: skip
SEALED_RECORDS = ("actual", "ledger_summary", "predicted")


def seal(row: Row) -> str:
    """The hash of a rollback's row, as the database holds it."""
    return seal_of(encode_read({name: _number(row[name]) for name in SEALED_PLAIN if row[name] is not None}), row)


def seal_of(plain: str, row: Row) -> str:
    """The same from the JSON of the plain columns, which the audit has the database write, and the records."""
    records = encode_read({name: row[name] for name in SEALED_RECORDS if row[name] is not None})
    return sha256(f'{{"plain":{plain},"records":{records}}}'.encode()).hexdigest()


def _number(value: Json | datetime) -> Json:
    """Times as microseconds since 1970: a number has one text in every program."""
    return (value - _EPOCH) // _TICK if isinstance(value, datetime) else value


def moment(at: datetime) -> str:
    """A time as it is written in the record: UTC, always the same length."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def rollback_from(row: Row) -> Rollback:
    return Rollback(
        **_without(row, "id", "status", "risk"),
        id=RollbackId(row["id"]),
        status=Status(row["status"]),
        risk=Risk(row["risk"]) if row["risk"] else None,
    )


def step_from(row: Row) -> Step:
    return Step(
        **_without(row, "rollback_id", "status"),
        rollback=RollbackId(row["rollback_id"]),
        status=StepStatus(row["status"]),
    )


def approval_from(row: Row) -> Approval:
    return Approval(
        **_without(row, "rollback_id", "voice", "roles"),
        rollback=RollbackId(row["rollback_id"]),
        voice=Voice(row["voice"]),
        roles=tuple(row["roles"]),
    )


def event_from(row: Row) -> Event:
    """Reads an entry from its text alone, which is what the chain covers."""
    try:
        body = json.loads(row["body"])
        return Event(
            seq=body["seq"],
            at=datetime.fromisoformat(body["at"]),
            kind=body["kind"],
            rollback=RollbackId(body["rollback"]) if body["rollback"] else None,
            actor=body["actor"],
            details=body["details"],
            hash=bytes(row["hash"]),
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise BackoutError(
            "An entry of the record cannot be read; somebody changed it",
            next_step="`backout audit` names the first one.",
        ) from exc


def backup_from(row: Row) -> BackupRecord:
    return BackupRecord(
        **_without(row, "rollback_id", "state"),
        rollback=RollbackId(row["rollback_id"]) if row["rollback_id"] else None,
        state=BackupState(row["state"]),
    )


def sighting_from(row: Row) -> Sighting:
    return Sighting(**row)


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
