"""What belongs to one rollback besides its row: the steps of its plan, and the voices on it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, text, update

from actions.errors import RefusedError
from actions.history.canonical import JsonObject
from actions.history.record import Entry, append
from actions.history.rollbacks import lock_rollback
from actions.history.rows import approval_from, step_from
from actions.history.tables import approvals, steps
from actions.history.values import Approval, RollbackId, Step, StepStatus, Voice


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One step as the plan has it, before anything was done."""

    name: str
    title: str
    action: str
    parameters: JsonObject = field(default_factory=dict)
    destructive: bool = False
    predicted: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenVoice:
    """What one person says about one plan."""

    person: str
    voice: Voice
    digest: str
    roles: Sequence[str] = ()
    reason: str | None = None
    override: bool = False


def write_plan(
    connection: Connection, rollback: RollbackId, planned: Sequence[PlannedStep], *, actor: str
) -> tuple[Step, ...]:
    """Writes the steps of a plan down, in place of those of an earlier plan that was never begun."""
    lock_rollback(connection, rollback)
    begun = steps.c.status != StepStatus.PENDING
    if connection.scalar(select(steps.c.name).where(steps.c.rollback_id == rollback.number, begun).limit(1)):
        raise RefusedError(f"The plan of {rollback} has begun; it cannot be replaced")
    connection.execute(delete(steps).where(steps.c.rollback_id == rollback.number))
    rows = [
        {**asdict(step), "rollback_id": rollback.number, "position": position, "status": StepStatus.PENDING}
        for position, step in enumerate(planned, start=1)
    ]
    if rows:
        connection.execute(insert(steps), rows)
    names = {"steps": [step.name for step in planned]}
    append(connection, Entry(kind="plan.written", actor=actor, rollback=rollback, details=names))
    return steps_of(connection, rollback)


def give_voice(connection: Connection, rollback: RollbackId, given: GivenVoice) -> Approval:
    """Records what a person decided; RefusedError when that person's voice is counted already."""
    lock_rollback(connection, rollback)
    standing = approvals.c.voided_at.is_(None)
    asked = select(approvals).where(
        approvals.c.rollback_id == rollback.number, approvals.c.person == given.person, standing
    )
    if row := connection.execute(asked).mappings().one_or_none():
        raise RefusedError(f"{given.person} has answered already ({row['voice']}): one voice per person")
    values = {**asdict(given), "rollback_id": rollback.number, "roles": list(given.roles)}
    approval = approval_from(
        connection.execute(insert(approvals).values(**values).returning(approvals)).mappings().one()
    )
    details = {**asdict(given), "roles": list(given.roles)}
    append(
        connection,
        Entry(kind=f"voice.{given.voice}", actor=given.person, rollback=rollback, details=details),
    )
    return approval


def void_voices(connection: Connection, rollback: RollbackId, *, actor: str, because: str) -> int:
    """Voids every standing voice on a rollback, because what they were given for has changed; says how many."""
    lock_rollback(connection, rollback)
    statement = (
        update(approvals)
        .where(approvals.c.rollback_id == rollback.number, approvals.c.voided_at.is_(None))
        .values(voided_at=text("statement_timestamp()"), voided_because=because)
        .returning(approvals.c.person)
    )
    people = sorted(connection.scalars(statement))
    if people:
        details: JsonObject = {"people": people, "because": because}
        append(connection, Entry(kind="voices.voided", actor=actor, rollback=rollback, details=details))
    return len(people)


def steps_of(connection: Connection, rollback: RollbackId) -> tuple[Step, ...]:
    """The steps of a rollback in order."""
    statement = select(steps).where(steps.c.rollback_id == rollback.number).order_by(steps.c.position)
    return tuple(step_from(row) for row in connection.execute(statement).mappings())


def voices_on(connection: Connection, rollback: RollbackId) -> tuple[Approval, ...]:
    """Every voice on a rollback, void ones too, in the order they were given."""
    statement = select(approvals).where(approvals.c.rollback_id == rollback.number).order_by(approvals.c.id)
    return tuple(approval_from(row) for row in connection.execute(statement).mappings())
