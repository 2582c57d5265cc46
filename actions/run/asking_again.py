"""Before anything was done: somebody wants it assessed anew, with the data, or by another way out."""

from sqlalchemy import Connection

from actions.assess.decide.facts import StrategyName
from actions.errors import RefusedError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.details import void_voices
from actions.history.lifecycle import Status
from actions.history.record import Entry, append
from actions.history.rollbacks import Facts, Move, lock_rollback, move
from actions.history.values import Rollback, RollbackId
from actions.history.wishes import want_data
from actions.run.answering import Speaker


def rehearse_with_data(history: History, rollback: RollbackId, speaker: Speaker, *, digest: str | None) -> Rollback:
    """Tried on a copy with the data, too; what comes of it is put before people anew."""
    with history.writing() as connection:
        current = _open_to(connection, rollback, speaker, digest, "have it rehearsed")
        want_data(connection, rollback, actor=speaker.name)
        return _anew(connection, current, speaker, "It is rehearsed with the data", Facts())


def by_another_way(
    history: History, rollback: RollbackId, speaker: Speaker, strategy: StrategyName, *, digest: str | None
) -> Rollback:  # fmt: skip
    """Another strategy is another plan: whoever approved the first has not approved this one."""
    if strategy is StrategyName.ROLL_FORWARD:
        raise RefusedError(
            "Rolling forward is a new migration that people write; Backout has no steps for it",
            where=str(rollback), next_step="Write and deploy it; reject this request.",
        )  # fmt: skip
    with history.writing() as connection:
        current = _open_to(connection, rollback, speaker, digest, "choose another way")
        if current.runbook not in {name.value for name in StrategyName}:
            raise RefusedError(
                f"{rollback} follows the team's runbook {current.runbook}, which has no other way out",
                where=str(rollback), next_step="Reject it, and ask for the other way.",
            )  # fmt: skip
        if current.runbook == strategy.value:
            raise RefusedError(f"{rollback} is to go that way already", next_step="Nothing was changed.")
        because = f"{speaker.name} chose {strategy.value} instead of {current.runbook}"
        return _anew(connection, current, speaker, because, Facts(runbook=strategy.value))


def note_turned_away(history: History, rollback: RollbackId | None, actor: str, what: str, why: str) -> None:
    """Somebody tried what they may not. For the record, also where it is about no rollback at all."""
    with history.writing() as connection:
        append(
            connection, Entry(kind="turned_away", actor=actor, rollback=rollback, details={"what": what, "why": why})
        )


def _open_to(
    connection: Connection, rollback: RollbackId, speaker: Speaker, digest: str | None, what: str
) -> Rollback:  # fmt: skip
    current = lock_rollback(connection, rollback)
    if current.status is not Status.WAITING:
        raise RefusedError(f"{rollback} is {current.status}, and does not wait for a decision", next_step="Look at it.")
    if digest is not None and digest != current.digest:
        raise RefusedError(
            "What you saw is not what would be done now: the plan or the facts have changed",
            where=str(rollback), next_step="Look at it again and decide on what is there now.",
        )  # fmt: skip
    if speaker.name != current.requester and not speaker.roles.held:
        raise RefusedError(
            f"Only whoever asked for it, or somebody with a role for the service, may {what}",
            where=str(rollback), next_step=f"Ask {current.requester}.",
        )  # fmt: skip
    return current


def _anew(connection: Connection, current: Rollback, speaker: Speaker, because: str, facts: Facts) -> Rollback:
    void_voices(connection, current.id, actor=speaker.name, because=because)
    details: JsonObject = {"because": because, "changed": [because]}
    moving = Move(to=Status.ASSESSING, actor=speaker.name, seen=Status.WAITING, facts=facts, details=details)
    return move(connection, current.id, moving)
