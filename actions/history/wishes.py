"""What people ask of a rollback besides yes and no."""

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from actions.history.canonical import JsonObject
from actions.history.record import Entry, append
from actions.history.tables import events, runs
from actions.history.values import RollbackId

#: The contacts are called; and the one after, when nobody answers.
CALLED, CALLED_NEXT = "escalated", "escalated.next"


def wants_data(connection: Connection, rollback: RollbackId) -> bool:
    """Is the downgrade to be tried on a copy with the data?"""
    return bool(connection.scalar(select(runs.c.with_data).where(runs.c.rollback_id == rollback.number)))


def want_data(connection: Connection, rollback: RollbackId, *, actor: str) -> None:
    statement = insert(runs).values(rollback_id=rollback.number, with_data=True)
    connection.execute(statement.on_conflict_do_update(index_elements=[runs.c.rollback_id], set_={"with_data": True}))
    append(connection, Entry(kind="data_rehearsal.asked", actor=actor, rollback=rollback))


def wanted_backup(connection: Connection, rollback: RollbackId) -> str | None:
    """The one that was named; None where the newest that fits is meant."""
    return connection.scalar(select(runs.c.backup).where(runs.c.rollback_id == rollback.number))


def want_backup(connection: Connection, rollback: RollbackId, name: str, *, actor: str) -> None:
    statement = insert(runs).values(rollback_id=rollback.number, backup=name)
    connection.execute(statement.on_conflict_do_update(index_elements=[runs.c.rollback_id], set_={"backup": name}))
    append(connection, Entry(kind="backup.named", actor=actor, rollback=rollback, details={"backup": name}))


def forget_stop(connection: Connection, rollback: RollbackId) -> None:
    """Somebody chose how it goes on: an earlier wish to stop is answered by that."""
    connection.execute(
        update(runs)
        .where(runs.c.rollback_id == rollback.number)
        .values(stop_asked_by=None, stop_asked_at=None, wake_at=None)
    )


def note_escalation(connection: Connection, rollback: RollbackId, *, because: str, contacts: tuple[str, ...]) -> bool:
    """Once for each rollback; False when it was done before."""
    connection.execute(insert(runs).values(rollback_id=rollback.number).on_conflict_do_nothing())
    first = connection.execute(
        update(runs)
        .where(runs.c.rollback_id == rollback.number, runs.c.escalated_at.is_(None))
        .values(escalated_at=func.clock_timestamp())
        .returning(runs.c.rollback_id)
    ).one_or_none()
    if first is None:
        return False
    details = {"because": because, "contacts": list(contacts)}
    append(connection, Entry(kind=CALLED, actor="backout", rollback=rollback, details=details))
    return True


def note_next_call(connection: Connection, rollback: RollbackId, *, number: int, because: str, contact: str) -> bool:
    """The contact with that number, counted from 1; False when another process has called it already."""
    connection.execute(select(runs.c.rollback_id).where(runs.c.rollback_id == rollback.number).with_for_update())
    calls = select(func.count()).where(
        events.c.rollback_id == rollback.number, events.c.kind.in_([CALLED, CALLED_NEXT])
    )
    if connection.scalar(calls) != number - 1:
        return False
    details: JsonObject = {"because": because, "number": number, "contact": contact}
    append(connection, Entry(kind=CALLED_NEXT, actor="backout", rollback=rollback, details=details))
    return True
