"""After a failure behind the point of no return: retry, restore the proven backup, or keep what is there and resume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, select, update

from actions.approve.people import Role
from actions.catalog.service import Service
from actions.errors import RefusedError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.details import PlannedStep, steps_of
from actions.history.lifecycle import Status
from actions.history.record import Entry, append
from actions.history.rollbacks import Move, lock_rollback, move
from actions.history.stepping import replace_rest
from actions.history.tables import events, rollbacks, steps
from actions.history.values import Rollback, RollbackId, Step, StepStatus
from actions.history.wishes import forget_stop, note_escalation
from actions.run.answering import Speaker
from actions.run.plan import DOWNGRADE, RELEASE, RESTORE, RESUME, keep_and_resume, restore_instead
from actions.run.runbooks.ending import beside_the_database
from actions.run.steps.declared.base import action_of

BY_POLICY = "choice.by_policy"


class Choice(StrEnum):
    RETRY = "retry"
    RESTORE = "restore"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One way on, and its cost."""

    choice: Choice
    possible: bool
    what: str
    #: From what was measured in this very run; None where nothing was.
    seconds: float | None = None


def offers(story_steps: Sequence[Step]) -> tuple[Offer, ...]:
    """What can be chosen, with the cost of each. Pure."""
    failed = next((step for step in story_steps if step.status is StepStatus.FAILED), None)
    proof = _result(story_steps, "prove").get("proof")
    backup = _backup(story_steps)
    restore_seconds = proof.get("restore_seconds") if isinstance(proof, Mapping) else None
    title = failed.title if failed else "where it was stopped"
    back = writers_back(story_steps)
    lost = (
        "what was written since the writers came back is lost" if back else "nothing is lost, for the writers are off"
    )
    release = ", take the application back" if _left_to_release(story_steps) else ""
    beside = beside_the_database(story_steps)
    stays = f" What these steps did stays: {', '.join(beside)}." if beside else ""
    resume = " and leave the writers running" if back else " and bring the writers back"
    return (
        Offer(choice=Choice.RETRY, possible=True, what=f"Go on from: {title}. What was done stays done."),
        Offer(
            choice=Choice.RESTORE, possible=backup is not None,
            what=f"Bring back {backup}, taken when the writers had stopped: the database and the release as before; {lost}.{stays}"
            if backup
            else "There is no proven backup of this run.",
            seconds=float(restore_seconds) if isinstance(restore_seconds, int | float) else None,
        ),
        Offer(
            choice=Choice.KEEP, possible=True,
            what=f"Leave the database as it is now{release}{resume}; it ends as failed, with the service in this state.",
        ),
    )  # fmt: skip


def writers_back(planned: Sequence[Step]) -> bool:
    """Some of them were brought back already."""
    resumes = (RESUME, action_of("resume"))
    return any(step.action in resumes and step.status is not StepStatus.PENDING for step in planned)


def where_the_writers_are(planned: Sequence[Step]) -> str:
    """What everybody has to know who chooses; a failed health check leaves them on, for the service has to run to be
    looked at."""
    if writers_back(planned):
        return "The writers are back and write on: what they write from now on is lost if a backup is restored."
    return "The writers are off, so nobody writes."


def choose(history: History, service: Service, rollback: RollbackId, speaker: Speaker, choice: Choice) -> Rollback:
    """Whoever asked, or an approver, may retry or keep; bringing a backup back needs an approver."""
    with history.writing() as connection:
        current = lock_rollback(connection, rollback)
        _may_choose(current, speaker, choice)
        return _go(connection, service, current, choice, actor=speaker.name, kind=None)


def choose_by_policy(history: History, services: Mapping[str, Service]) -> tuple[RollbackId, ...]:
    """What the catalog's `after_failure` says, once for each rollback; after that a person is asked."""
    chosen = []
    for rollback, name in _choosing(history):
        service = services.get(name)
        wanted = service.policy.after_failure if service else "ask"
        if service is None or wanted == "ask":
            continue
        with history.writing() as connection:
            current = lock_rollback(connection, rollback)
            before = select(events.c.seq).where(events.c.rollback_id == rollback.number, events.c.kind == BY_POLICY)
            if current.status is not Status.CHOOSING or connection.scalar(before.limit(1)):
                continue
            choice = Choice(wanted)
            if choice is Choice.RESTORE and _backup(steps_of(connection, rollback)) is None:
                continue
            _go(connection, service, current, choice, actor="backout", kind=BY_POLICY)
            chosen.append(rollback)
    return tuple(chosen)


def escalate_overdue(history: History, services: Mapping[str, Service]) -> tuple[RollbackId, ...]:
    """After so many failed attempts, or so much time without an end, the catalog's contacts are named, once."""
    called = []
    with history.reading() as connection:
        now = connection.scalar(select(func.clock_timestamp()))
        open_ones = connection.execute(
            select(rollbacks.c.id, rollbacks.c.service, rollbacks.c.started_at).where(
                rollbacks.c.status.in_([Status.RUNNING, Status.UNDOING, Status.CHOOSING, Status.HALTED])
            )
        ).all()
        failures = {row.id: _failures(connection, row.id) for row in open_ones}
    for row in open_ones:
        service = services.get(row.service)
        if service is None or now is None:
            continue
        rules = service.escalation
        waited = now - row.started_at if row.started_at else None
        because = (
            f"{failures[row.id]} attempts have failed"
            if failures[row.id] >= rules.after_attempts
            else f"it has no end after {int(waited.total_seconds() // 60)} minutes"
            if waited is not None and waited >= rules.after
            else None
        )
        if because is None:
            continue
        contacts = tuple(f"{contact.title} ({contact.how or 'see the catalog'})" for contact in rules.contacts)
        with history.writing() as connection:
            if note_escalation(connection, RollbackId(row.id), because=because, contacts=contacts):
                called.append(RollbackId(row.id))
    return tuple(called)


def _go(
    connection: Connection, service: Service, current: Rollback, choice: Choice, *, actor: str, kind: str | None
) -> Rollback:  # fmt: skip
    rollback = current.id
    planned = steps_of(connection, rollback)
    if choice is not Choice.RETRY:
        rest = (
            _restoring(service, planned)
            if choice is Choice.RESTORE
            else keep_and_resume(service, left_to_release=_left_to_release(planned))
        )
        _leave_out(connection, rollback)
        replace_rest(connection, rollback, rest, actor=actor, because=f"{choice} was chosen")
    forget_stop(connection, rollback)
    details: JsonObject = {"choice": choice.value}
    if kind is not None:
        append(connection, Entry(kind=kind, actor=actor, rollback=rollback, details=details))
    return move(connection, rollback, Move(to=Status.RUNNING, actor=actor, seen=Status.CHOOSING, details=details))


def _restoring(service: Service, planned: Sequence[Step]) -> tuple[PlannedStep, ...]:
    backup = _backup(planned)
    if backup is None:
        raise RefusedError("There is no proven backup of this run", next_step="Retry, or keep what is there.")
    released = [
        int(str(step.parameters["number"])) for step in planned if step.action == RELEASE and step.captured is not None
    ]
    return restore_instead(service, backup, released=released)


def _left_to_release(planned: Sequence[Step]) -> tuple[int, ...]:
    """What of the application still belongs to the newer schema, when the older one is there."""
    if not any(step.action == DOWNGRADE and step.status is StepStatus.DONE for step in planned):
        return ()
    if any(step.action == RESTORE and step.status is StepStatus.DONE for step in planned):
        return ()
    left = (step for step in planned if step.action == RELEASE and step.status is not StepStatus.DONE)
    return tuple(int(str(step.parameters["number"])) for step in left)


def _leave_out(connection: Connection, rollback: RollbackId) -> None:
    """What failed is not tried again: that it was left out stays to be seen, and the end is no success."""
    connection.execute(
        update(steps)
        .where(
            steps.c.rollback_id == rollback.number,
            steps.c.status.in_([StepStatus.FAILED, StepStatus.RUNNING, StepStatus.STUCK]),
        )
        .values(status=StepStatus.SKIPPED, updated_at=func.statement_timestamp())
    )


def _may_choose(current: Rollback, speaker: Speaker, choice: Choice) -> None:
    if current.status is not Status.CHOOSING:
        raise RefusedError(
            f"{current.id} is {current.status}: there is nothing to choose", next_step=f"backout show {current.id}"
        )
    approver = Role.APPROVER in speaker.roles.held
    if not approver and (choice is Choice.RESTORE or speaker.name != current.requester):
        raise RefusedError(
            f"You may not choose {choice} here: it needs the role {Role.APPROVER}",
            next_step="Ask one of the approvers.",
        )


def _choosing(history: History) -> list[tuple[RollbackId, str]]:
    with history.reading() as connection:
        found = connection.execute(
            select(rollbacks.c.id, rollbacks.c.service).where(rollbacks.c.status == Status.CHOOSING)
        )
        return [(RollbackId(number), name) for number, name in found]


def _failures(connection: Connection, number: int) -> int:
    counted = select(func.count()).where(events.c.rollback_id == number, events.c.kind == "step.failed")
    return int(connection.scalar(counted) or 0)


def _backup(planned: Sequence[Step]) -> str | None:
    """The proven one of this run, if the downgrade came after it."""
    if not any(step.action == DOWNGRADE for step in planned):
        return None
    backup = _result(planned, "prove").get("backup")
    return backup if isinstance(backup, str) else None


def _result(planned: Sequence[Step], name: str) -> JsonObject:
    step = next((each for each in planned if each.name == name), None)
    return (step.result if step else None) or {}
