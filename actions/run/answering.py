"""What people say to a rollback: approve, reject, stop, choose after a failure, look after a halt.

Each is one transaction under the row's lock: of two people in the same millisecond, the second sees what the first did.
What is turned away is written down as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from sqlalchemy import Connection, func, select

from actions.approve.people import Identity, Role, Roles, people_named
from actions.approve.voices import Ballot, Counted, Outcome, Rejected, Saying, TurnedAway, weigh
from actions.catalog.risk import Risk
from actions.catalog.service import Service
from actions.errors import RefusedError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.details import GivenVoice, give_voice, voices_on
from actions.history.leases import ask_to_stop
from actions.history.lifecycle import FINAL, Status
from actions.history.record import Entry, append
from actions.history.rollbacks import Facts, Move, lock_rollback, move, no_such
from actions.history.shown import ShownAssessment, last_shown
from actions.history.tables import rollbacks
from actions.history.values import Rollback, RollbackId, Voice
from actions.run.names import GLASS_BROKEN

#: Among the roles of a voice: it stands for approvers who could not be reached.


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """Who speaks, and what they may do for this service at this moment."""

    identity: Identity
    roles: Roles

    @property
    def name(self) -> str:
        return str(self.identity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    voice: Voice
    #: Of what they saw; None takes what is shown now, for those who see it in the same breath.
    digest: str | None
    reason: str | None = None
    override: bool = False
    break_glass: bool = False


class Way(StrEnum):
    """What can be done after a halt, by somebody who looked."""

    ONWARD = "onward"
    BACK = "back"
    GIVE_UP = "give-up"


def vote(history: History, service: Service, rollback: RollbackId, speaker: Speaker, said: Vote) -> Outcome:
    """Counts a voice, or says why not. What it changes is done when this returns."""
    with history.writing() as connection:
        current = lock_rollback(connection, rollback)
        shown = last_shown(connection, rollback)
        saying = Saying(
            person=speaker.name, voice=said.voice, digest=said.digest or current.digest or "", roles=speaker.roles.held,
            reason=said.reason, override=said.override, break_glass=said.break_glass, unread=speaker.roles.unread,
        )  # fmt: skip
        now = connection.scalar(select(func.clock_timestamp()))
        assert now is not None  # noqa: S101 -- a server always knows the time
        outcome = weigh(_ballot(connection, current, shown, service), saying, now)
        _carry(connection, current, saying, outcome)
    return outcome


def stop(history: History, rollback: RollbackId, speaker: Speaker) -> Rollback:
    """Ends it where it is; what runs is told so, and undoes what can be undone."""
    with history.writing() as connection:
        _must_exist(connection, rollback)
        # The row of the run first, as everybody does it.
        ask_to_stop(connection, rollback, by=speaker.name)
        current = lock_rollback(connection, rollback)
        _may_stop(current, speaker)
        match current.status:
            case Status.ASSESSING | Status.WAITING | Status.APPROVED:
                facts = Facts(outcome=f"Stopped by {speaker.name} before anything was done")
                return move(connection, rollback, Move(to=Status.STOPPED, actor=speaker.name, facts=facts))
            case Status.RUNNING | Status.UNDOING:
                append(connection, Entry(kind="stop.asked", actor=speaker.name, rollback=rollback))
                return current
            case _:
                raise RefusedError(
                    _CANNOT_STOP.get(current.status, f"{rollback} is {current.status} already"),
                    next_step=f"backout show {rollback}",
                )


_CANNOT_STOP: Final[Mapping[Status, str]] = {
    Status.CHOOSING: "It has failed behind the point of no return: choose retry, restore or keep",
    Status.HALTED: "It is halted: a person must look, then resume it",
}


def look_after_halt(history: History, rollback: RollbackId, speaker: Speaker, way: Way, *, seen: str) -> Rollback:
    """Somebody looked, and says how it goes on."""
    if len(seen.strip()) < 10:
        raise RefusedError("Say what you saw, in a sentence", next_step='Add --seen "what you found there".')
    with history.writing() as connection:
        current = lock_rollback(connection, rollback)
        if current.status is not Status.HALTED:
            raise RefusedError(f"{rollback} is {current.status}, not halted", next_step=f"backout show {rollback}")
        _need(speaker, Role.APPROVER, "resume a halted rollback")
        to = {Way.ONWARD: Status.RUNNING, Way.BACK: Status.UNDOING, Way.GIVE_UP: Status.FAILED}[way]
        facts = (
            Facts(outcome=f"Given up by {speaker.name} after a halt: {seen}")
            if way is Way.GIVE_UP
            else Facts(outcome=None)
        )
        return move(
            connection, rollback, Move(to=to, actor=speaker.name, facts=facts, details={"seen": seen, "way": way})
        )


def expire_overdue(history: History) -> tuple[RollbackId, ...]:
    """Nobody decided in time; and what was approved and not begun in time is not what was approved any more."""
    overdue = select(rollbacks.c.id).where(
        rollbacks.c.status.in_([Status.WAITING, Status.APPROVED]), rollbacks.c.expires_at < func.clock_timestamp()
    )
    with history.reading() as connection:
        numbers = tuple(connection.scalars(overdue))
    expired = []
    for number in numbers:
        rollback = RollbackId(number)
        with history.writing() as connection:
            current = lock_rollback(connection, rollback)
            if current.status not in {Status.WAITING, Status.APPROVED}:
                continue
            facts = Facts(
                outcome="Nobody decided in time" if current.status is Status.WAITING else "It was not begun in time"
            )
            move(connection, rollback, Move(to=Status.EXPIRED, actor="backout", seen=current.status, facts=facts))
            expired.append(rollback)
    return tuple(expired)


def _must_exist(connection: Connection, rollback: RollbackId) -> None:
    if connection.scalar(select(rollbacks.c.id).where(rollbacks.c.id == rollback.number)) is None:
        raise no_such(rollback)


def _ballot(connection: Connection, current: Rollback, shown: ShownAssessment | None, service: Service) -> Ballot:
    verdict = shown.shown.get("policy") if shown else None
    ruling = verdict.get("verdict") if isinstance(verdict, Mapping) else None
    return Ballot(
        requester=current.requester, status=current.status, digest=current.digest, needed=current.approvals_needed or 0,
        risk=Risk(current.risk.value) if current.risk else Risk.CRITICAL, refused=ruling == "refuse",
        waiting_since=shown.made_at if shown else current.requested_at, expires_at=current.expires_at,
        voices=voices_on(connection, current.id), policy=service.policy, approvers=people_named(service.approvers),
    )  # fmt: skip


def _carry(connection: Connection, current: Rollback, saying: Saying, outcome: Outcome) -> None:
    rollback = current.id
    match outcome:
        case TurnedAway(why=why):
            details: JsonObject = {"voice": saying.voice, "why": why, "digest": saying.digest}
            append(connection, Entry(kind="voice.turned_away", actor=saying.person, rollback=rollback, details=details))
            return
        case Counted() | Rejected():
            kinds = [GLASS_BROKEN] if saying.break_glass else []
            given = GivenVoice(
                person=saying.person, voice=saying.voice, digest=saying.digest, reason=saying.reason,
                roles=[*sorted(saying.roles), *kinds], override=saying.override,
            )  # fmt: skip
            give_voice(connection, rollback, given)
        case _:
            assert_never(outcome)
    if isinstance(outcome, Rejected):
        facts = Facts(outcome=f"Rejected by {saying.person}" + (f": {saying.reason}" if saying.reason else ""))
        move(connection, rollback, Move(to=Status.REJECTED, actor=saying.person, seen=Status.WAITING, facts=facts))
    elif outcome.enough:
        details = {"break_glass": saying.break_glass, "override": saying.override}
        move(connection, rollback, Move(to=Status.APPROVED, actor=saying.person, seen=Status.WAITING, details=details))


def _may_stop(current: Rollback, speaker: Speaker) -> None:
    if current.status in FINAL:
        raise RefusedError(f"{current.id} is over: {current.status}")
    if speaker.name != current.requester and not speaker.roles.held:
        raise RefusedError(
            "Only whoever asked for it, or somebody with a role for the service, may stop it",
            next_step=f"Ask {current.requester}.",
        )


def _need(speaker: Speaker, role: Role, what: str) -> None:
    if role not in speaker.roles.held:
        raise RefusedError(f"You may not {what}: it needs the role {role}", next_step="Ask one of the approvers.")
