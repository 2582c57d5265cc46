"""Which backups there are, and how far each can be trusted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_unless_there

from actions.errors import ConfigurationError, RefusedError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.record import Entry, append
from actions.history.rows import backup_from
from actions.history.tables import LIVE_SQL, backups
from actions.history.values import BackupRecord, BackupState, RollbackId

#: What may follow what. A proven one can fail a later test of its integrity; a new proof, in full, settles it anew.
NEXT: Mapping[BackupState, frozenset[BackupState]] = {
    BackupState.MAKING: frozenset({BackupState.MADE, BackupState.FAILED}),
    BackupState.MADE: frozenset({BackupState.PROVEN, BackupState.FAILED, BackupState.DELETED}),
    BackupState.PROVEN: frozenset({BackupState.PROVEN, BackupState.FAILED, BackupState.DELETED}),
    BackupState.FAILED: frozenset({BackupState.PROVEN, BackupState.DELETED}),
    BackupState.DELETED: frozenset(),
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
    purpose: str | None = None
    #: See `liveness.this_process`.
    maker: JsonObject | None = None
    #: The moment of its schedule that it answers; each can be answered once by every attempt.
    slot: datetime | None = None
    attempt: int | None = None


class Learnt(TypedDict, total=False):
    """What becomes known about a backup while it is made and proven."""

    because: str | None
    revision: str | None
    size_bytes: int | None
    manifest: JsonObject | None
    proof: JsonObject | None
    stores: JsonObject


def record_backup(connection: Connection, new: NewBackup, *, actor: str) -> BackupRecord:
    """Writes down that a backup is being made. RefusedError when somebody else has taken its slot of the schedule."""
    statement = insert_unless_there(backups).values(**_columns(new), state=BackupState.MAKING)
    if new.slot is not None:
        statement = statement.on_conflict_do_nothing(
            index_elements=["service", "slot", "attempt"], index_where=text("slot IS NOT NULL")
        )
    row = connection.execute(statement.returning(backups)).mappings().one_or_none()
    if row is None:
        raise RefusedError(f"The backup of {new.service} for {new.slot} is being taken by another process")
    made = backup_from(row)
    append(connection, _entry(made, actor))
    return made


def adopt_backup(
    connection: Connection, new: NewBackup, state: BackupState, learnt: Learnt, *, taken_at: datetime, actor: str
) -> BackupRecord:
    """Writes down a backup that lies in a store and that this history did not know."""
    proven = text("statement_timestamp()") if state is BackupState.PROVEN else None
    times = {"started_at": taken_at, "made_at": taken_at, "proven_at": proven}
    statement = insert(backups).values(**{**_columns(new), **learnt, **times}, state=state)
    made = backup_from(connection.execute(statement.returning(backups)).mappings().one())
    append(connection, _entry(made, actor))
    return made


def move_backup(connection: Connection, name: str, to: BackupState, learnt: Learnt, *, actor: str) -> BackupRecord:
    """Moves a backup along; RefusedError names the state it has when that is not legal."""
    legal = sorted(state for state, following in NEXT.items() if to in following)
    now = text("statement_timestamp()")
    times = {
        BackupState.MADE: {"made_at": now},
        BackupState.PROVEN: {"proven_at": now},
        BackupState.DELETED: {"deleted_at": now},
    }.get(to, {})
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


def note_on_backup(connection: Connection, name: str, learnt: Learnt) -> None:
    """Notes what was learnt about a backup that stays in its state. No entry of the record: nothing was decided."""
    now = text("statement_timestamp()")
    connection.execute(update(backups).where(backups.c.name == name).values(**learnt, updated_at=now))


def find_backup(history: History, name: str) -> BackupRecord | None:
    with history.reading() as connection:
        row = connection.execute(select(backups).where(backups.c.name == name)).mappings().one_or_none()
        return backup_from(row) if row else None


def list_backups(
    history: History, *, service: str | None = None, limit: int = 100, deleted: bool = False
) -> tuple[BackupRecord, ...]:
    """The newest backups first; those that are gone only when they are asked for."""
    statement = select(backups).order_by(backups.c.id.desc()).limit(limit)
    if service is not None:
        statement = statement.where(backups.c.service == service)
    if not deleted:
        statement = statement.where(backups.c.state != BackupState.DELETED)
    with history.reading() as connection:
        return tuple(backup_from(row) for row in connection.execute(statement).mappings())


def unfinished_backups(history: History) -> tuple[BackupRecord, ...]:
    """Those that are being made or copied to another store, or were when their maker died."""
    statement = select(backups).where(text(_UNFINISHED)).order_by(backups.c.id)
    with history.reading() as connection:
        return tuple(backup_from(row) for row in connection.execute(statement).mappings())


def last_scheduled(history: History, service: str) -> BackupRecord | None:
    """The latest try for the latest slot of the service's schedule, whatever became of it."""
    statement = (
        select(backups)
        .where(backups.c.service == service, backups.c.slot.is_not(None))
        .order_by(backups.c.slot.desc(), backups.c.attempt.desc())
        .limit(1)
    )
    with history.reading() as connection:
        row = connection.execute(statement).mappings().one_or_none()
        return backup_from(row) if row else None


def needed_by_rollbacks(history: History, service: str) -> Mapping[str, RollbackId]:
    """Backups that an open rollback refers to: taken for it, or named anywhere in its plan and steps."""
    with history.reading() as connection:
        found = connection.execute(text(_NEEDED), {"service": service}).all()
        return {row.name: RollbackId(row.rollback) for row in found}


_UNFINISHED = """
state = 'making' OR (state IN ('made', 'proven') AND jsonb_path_exists(stores, '$.*.state ? (@ == "copying")'))
"""
#: By name in the text of its records, whatever a step calls its parameter: better one kept too long than one missed.
_NEEDED = f"""
WITH open AS (SELECT * FROM rollbacks WHERE {LIVE_SQL}),
said AS (
    SELECT id, concat_ws(' ', target, ledger_summary, predicted, actual) AS words FROM open
    UNION ALL
    SELECT open.id, concat_ws(' ', steps.parameters, steps.captured, steps.result)
    FROM open JOIN steps ON steps.rollback_id = open.id
)
SELECT backups.name, min(said.id) AS rollback
FROM backups JOIN said ON said.id = backups.rollback_id OR position(backups.name IN said.words) > 0
WHERE backups.service = :service AND backups.state <> 'deleted'
GROUP BY backups.name
"""  # noqa: S608 (a constant)


def _columns(new: NewBackup) -> dict[str, object]:
    values = {name: value for name, value in asdict(new).items() if name != "rollback"}
    return {**values, "rollback_id": new.rollback.number if new.rollback else None}


def _entry(backup: BackupRecord, actor: str) -> Entry:
    details = {"backup": backup.name, "service": backup.service, "because": backup.because}
    return Entry(kind=f"backup.{backup.state}", actor=actor, rollback=backup.rollback, details=details)
