"""Which backups there are, and how far each can be trusted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TypedDict

from sqlalchemy import Connection, func, insert, select, text, update

from actions.errors import ConfigurationError, RefusedError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.record import Entry, append
from actions.history.rows import backup_from
from actions.history.tables import backups
from actions.history.values import BackupRecord, BackupState, RollbackId

#: What may follow what. A proven one can fail a later test of its integrity, and be proven again.
NEXT: Mapping[BackupState, frozenset[BackupState]] = {
    BackupState.MAKING: frozenset({BackupState.MADE, BackupState.FAILED}),
    BackupState.MADE: frozenset({BackupState.PROVEN, BackupState.FAILED}),
    BackupState.PROVEN: frozenset({BackupState.PROVEN, BackupState.FAILED}),
    BackupState.FAILED: frozenset(),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class NewBackup:
    """A backup that is about to be made."""

    name: str
    service: str
    strategy: str
    rollback: RollbackId | None = None
    revision: str | None = None
    stores: JsonObject = field(default_factory=dict)


class Learnt(TypedDict, total=False):
    """What becomes known about a backup while it is made and proven."""

    because: str | None
    revision: str | None
    size_bytes: int | None
    manifest: JsonObject | None
    stores: JsonObject


def record_backup(connection: Connection, new: NewBackup, *, actor: str) -> BackupRecord:
    """Writes down that a backup is being made."""
    values = {name: value for name, value in asdict(new).items() if name != "rollback"}
    number = new.rollback.number if new.rollback else None
    statement = insert(backups).values(**values, rollback_id=number, state=BackupState.MAKING)
    made = backup_from(connection.execute(statement.returning(backups)).mappings().one())
    append(connection, _entry(made, actor))
    return made


def move_backup(connection: Connection, name: str, to: BackupState, learnt: Learnt, *, actor: str) -> BackupRecord:
    """Moves a backup along; RefusedError names the state it has when that is not legal."""
    legal = sorted(state for state, following in NEXT.items() if to in following)
    now = text("statement_timestamp()")
    times = {BackupState.MADE: {"made_at": now}, BackupState.PROVEN: {"proven_at": now}}.get(to, {})
    statement = (
        update(backups)
        .where(backups.c.name == name, backups.c.state == func.any(legal))
        .values(**learnt, state=to, updated_at=now, **times)
        .returning(backups)
    )
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        found = connection.scalar(select(backups.c.state).where(backups.c.name == name))
        if found is None:
            raise ConfigurationError(f"There is no backup {name}")
        raise RefusedError(f"Backup {name} is {found}; it cannot become {to}")
    moved = backup_from(row)
    append(connection, _entry(moved, actor))
    return moved


def list_backups(history: History, *, service: str | None = None, limit: int = 100) -> tuple[BackupRecord, ...]:
    """The newest backups first."""
    statement = select(backups).order_by(backups.c.id.desc()).limit(limit)
    if service is not None:
        statement = statement.where(backups.c.service == service)
    with history.reading() as connection:
        return tuple(backup_from(row) for row in connection.execute(statement).mappings())


def _entry(backup: BackupRecord, actor: str) -> Entry:
    details = {"backup": backup.name, "service": backup.service, "because": backup.because}
    return Entry(kind=f"backup.{backup.state}", actor=actor, rollback=backup.rollback, details=details)
