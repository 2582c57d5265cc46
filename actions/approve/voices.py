"""What one voice does to a request that waits. Pure: the ballot and the voice in, the outcome out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from actions.approve.people import Role
from actions.catalog.policy import Policy
from actions.catalog.risk import Risk
from actions.history.lifecycle import Status
from actions.history.values import Approval, Voice


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """A request as it stands at the moment of the voice."""

    requester: str
    status: Status
    #: Of what is shown to the approvers now.
    digest: str | None
    needed: int
    risk: Risk
    #: The policy refuses; only an override can let it go ahead.
    refused: bool
    waiting_since: datetime
    expires_at: datetime | None
    voices: tuple[Approval, ...]
    policy: Policy
    #: Who could approve, as words.
    approvers: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Saying:
    """What a person says, and on what."""

    person: str
    voice: Voice
    #: Of what they were shown.
    digest: str
    roles: frozenset[Role]
    reason: str | None = None
    override: bool = False
    break_glass: bool = False
    #: What could not be read while their roles were looked up.
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """The voice counts."""

    have: int
    need: int
    #: It goes ahead now.
    enough: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """The voice is a no, and one no ends it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnedAway:
    """The voice does not count."""

    why: str
    next_step: str


Outcome = Counted | Rejected | TurnedAway

_NOT_WAITING: Final[Mapping[Status, str]] = {
    Status.ASSESSING: "It is being assessed; there is nothing to decide yet",
    Status.APPROVED: "It is approved already",
    Status.RUNNING: "It runs already",
    Status.UNDOING: "It is being undone",
    Status.CHOOSING: "It has failed and waits for a choice: retry, restore or keep",
    Status.HALTED: "It is halted; a person must look first",
}


def weigh(ballot: Ballot, saying: Saying, now: datetime) -> Outcome:
    """Every refusal says why, and who could or what to do instead."""
    if trouble := _not_open(ballot, now) or _stale(ballot, saying):
        return trouble
    if saying.voice is Voice.REJECT:
        return _may_reject(ballot, saying) or Rejected()
    if saying.break_glass:
        return _break_glass(ballot, saying, now) or Counted(have=ballot.needed, need=ballot.needed, enough=True)
    if trouble := _may_approve(ballot, saying):
        return trouble
    have = 1 + sum(1 for voice in ballot.voices if _counts(voice, ballot))
    return Counted(have=have, need=ballot.needed, enough=have >= ballot.needed)


def _not_open(ballot: Ballot, now: datetime) -> TurnedAway | None:
    if ballot.status is not Status.WAITING:
        return TurnedAway(
            why=_NOT_WAITING.get(ballot.status, f"It is over: {ballot.status}"), next_step="Look at where it stands."
        )
    if ballot.expires_at is not None and now >= ballot.expires_at:
        return TurnedAway(why="The time to decide is over", next_step="Ask for it again; it is assessed anew.")
    return None


def _stale(ballot: Ballot, saying: Saying) -> TurnedAway | None:
    if ballot.digest is None or saying.digest != ballot.digest:
        return TurnedAway(
            why="What you saw is not what would be done now: the plan or the facts have changed",
            next_step="Look at it again and decide on what is there now.",
        )
    return None


def _may_reject(ballot: Ballot, saying: Saying) -> TurnedAway | None:
    if not saying.roles:
        return _no_role(ballot, saying, "reject")
    return None


def _may_approve(ballot: Ballot, saying: Saying) -> TurnedAway | None:
    if saying.person == ballot.requester:
        return TurnedAway(
            why="You asked for it, so your own approval does not count", next_step=f"Ask one of: {ballot.approvers}."
        )
    if any(voice.person == saying.person and voice.voided_at is None for voice in ballot.voices):
        return TurnedAway(why="Your voice is counted already: one voice per person", next_step="Ask somebody else.")
    if ballot.refused:
        return _override(ballot, saying)
    return None if Role.APPROVER in saying.roles else _no_role(ballot, saying, "approve")


def _override(ballot: Ballot, saying: Saying) -> TurnedAway | None:
    override = ballot.policy.override
    if override is None:
        return TurnedAway(why="The policy refuses this, and nobody may override it", next_step="Choose another way.")
    if not saying.override:
        return TurnedAway(
            why="The policy refuses this; only an override lets it go ahead",
            next_step="Whoever may override says so, with a reason. It is marked for ever.",
        )
    if Role.OVERRIDE not in saying.roles:
        return _no_role(ballot, saying, "override the policy")
    return _reason(saying, override.reason_length)


def _break_glass(ballot: Ballot, saying: Saying, now: datetime) -> TurnedAway | None:
    glass = ballot.policy.break_glass
    if glass is None:
        return TurnedAway(why="The policy has no break-glass", next_step=f"Ask one of: {ballot.approvers}.")
    if Role.BREAK_GLASS not in saying.roles:
        return _no_role(ballot, saying, "break the glass")
    if ballot.refused:
        return TurnedAway(
            why="The policy refuses this; break-glass stands in for missing approvers, not for the rules",
            next_step="Choose another way, or ask somebody who may override.",
        )
    if ballot.risk.rank > glass.up_to.rank:
        return TurnedAway(
            why=f"The risk is {ballot.risk}; break-glass goes up to {glass.up_to}",
            next_step=f"Ask one of: {ballot.approvers}.",
        )
    since = now - ballot.waiting_since
    if since < glass.after:
        left = int((glass.after - since).total_seconds())
        return TurnedAway(
            why=f"The approvers have had {int(since.total_seconds())} s; they get {int(glass.after.total_seconds())} s",
            next_step=f"Keep calling them. In {left} s the glass may be broken.",
        )
    return _reason(saying, 1)


def _reason(saying: Saying, length: int) -> TurnedAway | None:
    if len((saying.reason or "").strip()) >= length:
        return None
    return TurnedAway(
        why=f"This needs a reason of at least {length} character{'' if length == 1 else 's'}",
        next_step="Say in a sentence why it cannot wait.",
    )


def _no_role(ballot: Ballot, saying: Saying, what: str) -> TurnedAway:
    unread = f" (could not be read: {'; '.join(saying.unread)})" if saying.unread else ""
    return TurnedAway(why=f"You may not {what} here{unread}", next_step=f"Who could: {ballot.approvers}.")


def _counts(voice: Approval, ballot: Ballot) -> bool:
    return (
        voice.voice is Voice.APPROVE
        and voice.voided_at is None
        and voice.digest == ballot.digest
        and voice.person != ballot.requester
        and (voice.override or not ballot.refused)
    )


def standing(voices: Sequence[Approval], ballot: Ballot) -> int:
    """How many approvals count by now."""
    return sum(1 for voice in voices if _counts(voice, ballot))
