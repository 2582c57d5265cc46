"""Opening a rollback and moving it along: each change of its row and the entry about it are one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from actions.errors import ConfigurationError, RefusedError, UnavailableError
from actions.history.canonical import JsonObject, encode
from actions.history.database import History
from actions.history.lifecycle import FINAL, LIVE, Status, sources
from actions.history.record import Entry, RowChange, append
from actions.history.rows import Row, rollback_from, seal
from actions.history.tables import LIVE_SQL, rollbacks
from actions.history.values import Risk, Rollback, RollbackId


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackRequest:
    """What somebody asked for."""

    request_key: str
    service: str
    environment: str
    requester: str
    target: str
    reason: str = ""
    runbook: str = "downgrade"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The rollback that answers a request: a new one, or the one that was there."""

    rollback: Rollback
    created: bool
    #: What it has in common with the request when it is not new.
    existing_because: Literal["request_key", "service"] | None = None


class Facts(TypedDict, total=False):
    """What can be learnt about a rollback after it was asked for."""

    from_revision: str | None
    to_revision: str | None
    strategy: str | None
    runbook: str
    digest: str | None
    risk: Risk | None
    approvals_needed: int | None
    expires_at: datetime | None
    ledger_summary: JsonObject | None
    predicted: JsonObject | None
    actual: JsonObject | None
    outcome: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One step along the life cycle, with what was learnt on the way."""

    to: Status
    actor: str
    #: The status that the decision was made on; the move is refused when it is another by now.
    #: Left out, any status from which the move is legal will do.
    seen: Status | None = None
    facts: Facts = field(default_factory=Facts)
    details: JsonObject = field(default_factory=dict)


def open_rollback(
    history: History, request: RollbackRequest, *, wishes: Callable[[Connection, RollbackId], None] = lambda *_: None
) -> Opened:  # fmt: skip
    """Opens a rollback, or names the one that answers the request already.

    Of any number of processes that ask for one service at the same moment, one opens it and the others get
    that one. A request that is delivered twice gets its own rollback again, even when that one is over. `wishes` are
    written down with a new one: whoever takes it on sees them from the first moment.
    """
    # Refuse what cannot be written down before the number of a rollback is spent on it.
    encode({name: getattr(request, name) for name in RollbackRequest.__slots__})
    for _ in range(20):
        with history.writing() as connection:
            opened = _existing(connection, request) or _insert(connection, request)
            if opened and opened.created:
                wishes(connection, opened.rollback.id)
        if opened:
            return opened
    raise UnavailableError(
        f"Other rollbacks of {request.service} keep opening and ending", next_step="Ask again in a moment."
    )


def move(connection: Connection, rollback: RollbackId, by: Move) -> Rollback:
    """Moves a rollback to another status; RefusedError names the status it has when that is not legal."""
    legal = sources(by.to) & ({by.seen} if by.seen else sources(by.to))
    before = _locked(connection, rollback)
    after = None
    if legal:
        statement = (
            update(rollbacks)
            .where(rollbacks.c.id == rollback.number, rollbacks.c.status == func.any(sorted(legal)))
            .values(**by.facts, status=by.to, updated_at=_NOW, **_times(by.to))
            .returning(rollbacks)
        )
        after = connection.execute(statement).mappings().one_or_none()
    if after is None:
        raise _too_late(rollback, Status(before["status"]), by)
    details = {"from": before["status"], "to": by.to, **by.details}
    return _recorded(connection, before, after, Entry(kind=f"rollback.{by.to}", actor=by.actor, details=details))


def amend(connection: Connection, rollback: RollbackId, facts: Facts, entry: Entry) -> Rollback:
    """Notes what was learnt about an open rollback without moving it. A rollback that is over never changes."""
    before = _locked(connection, rollback)
    if Status(before["status"]) in FINAL:
        raise RefusedError(f"{rollback} is {before['status']}; it is over and stays as it is")
    statement = (
        update(rollbacks)
        .where(rollbacks.c.id == rollback.number, rollbacks.c.status == func.any(sorted(LIVE)))
        .values(**facts, updated_at=_NOW)
        .returning(rollbacks)
    )
    return _recorded(connection, before, connection.execute(statement).mappings().one(), entry)


def lock_rollback(connection: Connection, rollback: RollbackId) -> Rollback:
    """The rollback as it is now, and as it stays until this transaction ends (unless it changes it itself)."""
    return rollback_from(_locked(connection, rollback))


_NOW = text("statement_timestamp()")


def _existing(connection: Connection, request: RollbackRequest) -> Opened | None:
    same = connection.execute(select(rollbacks).where(rollbacks.c.request_key == request.request_key))
    if row := same.mappings().one_or_none():
        return Opened(rollback=rollback_from(row), created=False, existing_because="request_key")
    live = connection.execute(select(rollbacks).where(rollbacks.c.service == request.service, text(LIVE_SQL)))
    if row := live.mappings().one_or_none():
        return Opened(rollback=rollback_from(row), created=False, existing_because="service")
    return None


def _insert(connection: Connection, request: RollbackRequest) -> Opened | None:
    """None when somebody else was faster; the unique indexes decide who."""
    asked = {name: getattr(request, name) for name in RollbackRequest.__slots__}
    statement = insert(rollbacks).values(**asked, status=Status.ASSESSING).on_conflict_do_nothing()
    row = connection.execute(statement.returning(rollbacks)).mappings().one_or_none()
    if row is None:
        return None
    entry = Entry(kind="rollback.requested", actor=request.requester, details=asked)
    return Opened(rollback=_recorded(connection, None, row, entry), created=True)


def _locked(connection: Connection, rollback: RollbackId) -> Row:
    statement = select(rollbacks).where(rollbacks.c.id == rollback.number).with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise no_such(rollback)
    return row


def _recorded(connection: Connection, before: Row | None, after: Row, entry: Entry) -> Rollback:
    """Appends the entry with both seals, so that the audit sees what was changed without an entry."""
    changed = rollback_from(after)
    change = RowChange(before=seal(before) if before else None, after=seal(after), status=changed.status)
    append(
        connection,
        Entry(kind=entry.kind, actor=entry.actor, rollback=changed.id, details=entry.details, change=change),
    )
    return changed


def _times(to: Status) -> Mapping[str, Any]:
    """The times that a move sets. Deciding anew forgets the old decision; starting again does not forget the start."""
    match to:
        case Status.ASSESSING | Status.WAITING:
            return {"decided_at": None}
        case Status.APPROVED:
            return {"decided_at": _NOW}
        case Status.REFUSED | Status.REJECTED | Status.EXPIRED:
            return {"decided_at": _NOW, "finished_at": _NOW}
        case Status.RUNNING:
            return {"started_at": func.coalesce(rollbacks.c.started_at, _NOW)}
        case Status.SUCCEEDED | Status.FAILED | Status.STOPPED:
            return {"finished_at": _NOW}
        case Status.UNDOING | Status.CHOOSING | Status.HALTED:
            return {}


def _too_late(rollback: RollbackId, found: Status, by: Move) -> RefusedError:
    expected = f", not {by.seen} as it was" if by.seen and by.seen is not found else ""
    return RefusedError(
        f"{rollback} is {found}{expected}; it cannot become {by.to}",
        next_step="It is over." if found in FINAL else f"See where it stands: backout show {rollback}",
    )


def no_such(rollback: RollbackId) -> ConfigurationError:
    return ConfigurationError(f"There is no {rollback}", next_step="`backout history` lists those there are.")
