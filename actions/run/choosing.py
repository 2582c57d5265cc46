"""After a failure behind the point of no return: retry, restore the proven backup, or keep what is there and resume."""

from collections.abc import Mapping, Sequence

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
from actions.history.wishes import forget_stop
from actions.run.answering import Speaker
from actions.run.offering import Choice, backup_of_this_run, left_to_release, offers, released, replaced_by_restore
from actions.run.plan import keep_and_resume, restore_instead, swap_back_instead

BY_POLICY = "choice.by_policy"


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
            if not _is_possible(choice, steps_of(connection, rollback)):
                continue
            _go(connection, service, current, choice, actor="backout", kind=BY_POLICY)
            chosen.append(rollback)
    return tuple(chosen)


def _go(
    connection: Connection, service: Service, current: Rollback, choice: Choice, *, actor: str, kind: str | None
) -> Rollback:  # fmt: skip
    rollback = current.id
    planned = steps_of(connection, rollback)
    if choice is not Choice.RETRY:
        rest = (
            _restoring(service, planned)
            if choice is Choice.RESTORE
            else keep_and_resume(service, left_to_release=left_to_release(planned))
        )
        _leave_out(connection, planned)
        replace_rest(connection, rollback, rest, actor=actor, because=f"{choice} was chosen")
    forget_stop(connection, rollback)
    details: JsonObject = {"choice": choice.value}
    if kind is not None:
        append(connection, Entry(kind=kind, actor=actor, rollback=rollback, details=details))
    return move(connection, rollback, Move(to=Status.RUNNING, actor=actor, seen=Status.CHOOSING, details=details))


def _restoring(service: Service, planned: Sequence[Step]) -> tuple[PlannedStep, ...]:
    if (backup := backup_of_this_run(planned)) is not None:
        return restore_instead(service, backup, released=released(planned))
    if (replaced := replaced_by_restore(planned)) is not None:
        return swap_back_instead(service, replaced.kept_as, replaced.revision, released=released(planned))
    raise RefusedError(
        "There is neither a proven backup of this run nor a database that was replaced by it",
        next_step="Retry, or keep what is there.",
    )


def _is_possible(choice: Choice, planned: Sequence[Step]) -> bool:
    return any(offer.choice is choice and offer.possible for offer in offers(planned))


def _leave_out(connection: Connection, planned: Sequence[Step]) -> None:
    """What failed is not tried again: that it was left out stays to be seen, and the end is no success. Where nothing
    failed, because somebody stopped it between two steps, it is the next one that is left out."""
    unfinished = {StepStatus.FAILED, StepStatus.RUNNING, StepStatus.STUCK}
    left = [step for step in planned if step.status in unfinished] or [
        step for step in planned if step.status is StepStatus.PENDING
    ][:1]
    connection.execute(
        update(steps)
        .where(steps.c.id.in_([step.id for step in left]))
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
