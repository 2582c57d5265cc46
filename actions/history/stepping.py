"""Moving the steps of a plan along: each change and the entry about it are one transaction under the runner's fence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, func, insert, text, update

from actions.errors import RefusedError
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep, steps_of
from actions.history.leases import Lease, hold
from actions.history.record import Entry, append
from actions.history.rows import step_from
from actions.history.tables import steps
from actions.history.values import RollbackId, Step, StepStatus

#: What may follow what; nothing else decides it.
NEXT_STEP: Mapping[StepStatus, frozenset[StepStatus]] = {
    StepStatus.PENDING: frozenset({StepStatus.RUNNING, StepStatus.SKIPPED}),
    # Running again: after a crash, or a further try.
    StepStatus.RUNNING: frozenset(
        {StepStatus.RUNNING, StepStatus.DONE, StepStatus.FAILED, StepStatus.UNDOING, StepStatus.SKIPPED}
    ),
    StepStatus.DONE: frozenset({StepStatus.UNDOING}),
    StepStatus.FAILED: frozenset({StepStatus.RUNNING, StepStatus.UNDOING, StepStatus.SKIPPED}),
    StepStatus.UNDOING: frozenset({StepStatus.UNDOING, StepStatus.UNDONE, StepStatus.STUCK}),
    StepStatus.STUCK: frozenset({StepStatus.UNDOING, StepStatus.RUNNING, StepStatus.SKIPPED}),
    StepStatus.SKIPPED: frozenset(),
    StepStatus.UNDONE: frozenset(),
}

_NOW = text("statement_timestamp()")


def move_step(
    connection: Connection, lease: Lease, step: Step, to: StepStatus, *, learnt: Mapping[str, Any] | None = None,
    details: JsonObject | None = None,
) -> Step:  # fmt: skip
    """Moves a step; LostLeaseError when we are not the runner any more, RefusedError when it is not legal."""
    hold(connection, lease)
    legal = [status for status, following in NEXT_STEP.items() if to in following]
    values = {**(learnt or {}), **_times(to), "status": to, "updated_at": _NOW}
    row = (
        connection.execute(
            update(steps)
            .where(steps.c.id == step.id, steps.c.rollback_id == lease.rollback.number, steps.c.status.in_(legal))
            .values(**values)
            .returning(steps)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise RefusedError(f"Step {step.name} of {lease.rollback} cannot become {to} now")
    moved = step_from(row)
    said: dict[str, Any] = {"step": step.name, "attempt": moved.attempts, **(details or {})}
    append(connection, Entry(kind=f"step.{to}", actor=lease.owner, rollback=lease.rollback, details=said))
    return moved


def note_captured(connection: Connection, lease: Lease, step: Step, captured: JsonObject) -> Step:
    """Writes down what was there before, ahead of the change: our crash in between loses nothing."""
    hold(connection, lease)
    row = (
        connection.execute(
            update(steps).where(steps.c.id == step.id).values(captured=captured, updated_at=_NOW).returning(steps)
        )
        .mappings()
        .one()
    )
    append(
        connection,
        Entry(
            kind="step.captured",
            actor=lease.owner,
            rollback=lease.rollback,
            details={"step": step.name, "captured": captured},
        ),
    )
    return step_from(row)


def note_about_step(connection: Connection, lease: Lease, step: Step, kind: str, details: JsonObject) -> None:
    """An entry about something that happened within a step: a try that failed, a revision that was reached."""
    hold(connection, lease)
    append(
        connection,
        Entry(kind=f"step.{kind}", actor=lease.owner, rollback=lease.rollback, details={"step": step.name, **details}),
    )


def replace_rest(
    connection: Connection, rollback: RollbackId, planned: Sequence[PlannedStep], *, actor: str, because: str
) -> tuple[Step, ...]:
    """Another plan from here on: what was not begun is taken out and these steps are put in its place.

    Names are unique in a rollback: a step that is there a second time gets a number (`verify-2`).
    """
    present = steps_of(connection, rollback)
    kept = [step for step in present if step.status is not StepStatus.PENDING]
    connection.execute(
        delete(steps).where(steps.c.rollback_id == rollback.number, steps.c.status == StepStatus.PENDING)
    )
    taken = {step.name for step in kept}
    start = max((step.position for step in kept), default=0) + 1
    rows = []
    for position, step in enumerate(planned, start=start):
        name = _free_name(step.name, taken)
        taken.add(name)
        rows.append(
            {
                **asdict(step),
                "name": name,
                "rollback_id": rollback.number,
                "position": position,
                "status": StepStatus.PENDING,
            }
        )
    if rows:
        connection.execute(insert(steps), rows)
    details = {"because": because, "steps": [row["name"] for row in rows]}
    append(connection, Entry(kind="plan.changed", actor=actor, rollback=rollback, details=details))
    return steps_of(connection, rollback)


def count_attempt() -> Mapping[str, Any]:
    """What beginning a step anew changes besides its status."""
    return {"attempts": steps.c.attempts + 1, "error": None}


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _times(to: StepStatus) -> Mapping[str, Any]:
    match to:
        case StepStatus.RUNNING:
            return {"started_at": func.coalesce(steps.c.started_at, _NOW), "finished_at": None}
        case StepStatus.DONE | StepStatus.FAILED | StepStatus.SKIPPED | StepStatus.UNDONE | StepStatus.STUCK:
            return {"finished_at": _NOW}
        case StepStatus.PENDING | StepStatus.UNDOING:
            return {}
