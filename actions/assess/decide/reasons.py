"""One reason of a verdict: what is the matter, and what to do about it."""

from dataclasses import dataclass
from enum import Enum

from actions.assess.decide.wording import ended


class Weight(Enum):
    #: It cannot work: nobody may override it.
    IMPOSSIBLE = "impossible"
    #: The rules say no.
    AGAINST_RULES = "against_rules"
    #: Worth knowing.
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Two sentences for a tired person."""

    weight: Weight
    what: str
    next_step: str

    @property
    def refuses(self) -> bool:
        return self.weight is not Weight.NOTE

    def __str__(self) -> str:
        return f"{ended(self.what)} {ended(self.next_step)}"


def impossible(what: str, next_step: str) -> Reason:
    return Reason(weight=Weight.IMPOSSIBLE, what=what, next_step=next_step)


def against_rules(what: str, next_step: str) -> Reason:
    return Reason(weight=Weight.AGAINST_RULES, what=what, next_step=next_step)


def note(what: str, next_step: str) -> Reason:
    return Reason(weight=Weight.NOTE, what=what, next_step=next_step)


def refused_or_noted(ruling: str, what: str, next_step: str) -> Reason:
    """A refusal where the policy says `refuse`; where it says `allow`, people shall still know."""
    return (against_rules if ruling == "refuse" else note)(what, next_step)
