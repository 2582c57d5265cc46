"""What people tick off: a check that only they can make, a thing that only they can do. Kept in the chained record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from actions.approve.people import Role
from actions.errors import ConfigurationError, RefusedError
from actions.history.database import History
from actions.history.details import steps_of
from actions.history.leases import wake
from actions.history.lifecycle import Status
from actions.history.record import Entry, append
from actions.history.rollbacks import lock_rollback
from actions.history.tables import events
from actions.history.values import RollbackId, Step
from actions.run.answering import Speaker
from actions.run.runbooks.tickable import FOR_PERSON, Tickable, tickables

TICKED, CROSSED, FAILED = "step.ticked", "step.crossed", "step.failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    person: str
    holds: bool
    said: str


def tick(
    history: History,
    rollback: RollbackId,
    speaker: Speaker,
    steps: Sequence[str],
    *,
    holds: bool = True,
    said: str = "",
) -> tuple[Tickable, ...]:
    """Says of steps (by name, or by their numbers in the plan) that they hold, or that they do not; returns what is left.

    Whoever asked for the rollback may, and whoever has a role for its service. A tick may come before the run gets there.
    What does not hold fails the step, as a check that does not pass; it needs a sentence that says why.
    """
    if not holds and len(said.strip()) < 5:
        raise RefusedError("Say what does not hold, in a sentence", next_step='Add --fails "what you saw".')
    with history.writing() as connection:
        # The row of the run first, as everybody does it.
        wake(connection, rollback)
        current = lock_rollback(connection, rollback)
        if current.status not in (Status.WAITING, Status.APPROVED, Status.RUNNING):
            raise RefusedError(f"{rollback} is {current.status}: there is nothing to tick", where=str(rollback))
        if speaker.name != current.requester and Role.APPROVER not in speaker.roles.held:
            raise RefusedError(
                "Only whoever asked for it, or one of the approvers, may tick it off",
                next_step=f"Ask {current.requester}.",
            )
        planned = steps_of(connection, rollback)
        for wanted in steps:
            step = _found(planned, wanted, rollback)
            details = {"step": step.name, "title": step.title, "said": said.strip()}
            kind = TICKED if holds else CROSSED
            append(connection, Entry(kind=kind, actor=speaker.name, rollback=rollback, details=details))
        ticked = {_found(planned, wanted, rollback).name for wanted in steps}
        return tuple(
            each
            for each in tickables(planned)
            if not each.done and each.step not in ticked and _tick(connection, rollback, each.step) is None
        )


def tick_on(history: History, rollback: RollbackId, step: str) -> Tick | None:
    """What was said last about a step; what did not hold counts once: after the step has failed it is asked anew."""
    with history.reading() as connection:
        return _tick(connection, rollback, step)


def _tick(connection: Connection, rollback: RollbackId, step: str) -> Tick | None:
    statement = (
        select(events.c.body)
        .where(events.c.rollback_id == rollback.number, events.c.kind.in_([TICKED, CROSSED, FAILED]))
        .order_by(events.c.seq.desc())
    )
    for body in connection.scalars(statement):
        entry = json.loads(body)
        details = entry.get("details") or {}
        if details.get("step") != step:
            continue
        if entry["kind"] == FAILED:
            return None
        return Tick(person=str(entry["actor"]), holds=entry["kind"] == TICKED, said=str(details.get("said") or ""))
    return None


def _found(planned: Sequence[Step], wanted: str, rollback: RollbackId) -> Step:
    for step in planned:
        if wanted in (step.name, str(step.position)):
            if not step.parameters.get(FOR_PERSON):
                raise RefusedError(f"{step.name} is done by Backout: nobody ticks it", where=str(rollback))
            return step
    names = ", ".join(f"{each.position} {each.step}" for each in tickables(planned)) or "nothing"
    raise ConfigurationError(f"{rollback} has no step {wanted}", next_step=f"What people tick: {names}.")
