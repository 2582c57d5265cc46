"""What a step does. Every action knows how to ask the world whether it is done, to do it, and to undo it.

After a crash the world is asked first. So `do` may be called again only when `ask` said that it is not done, and
`undo` may be called on what was done in part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from actions.history.canonical import JsonObject
from actions.history.values import Rollback, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Untouched:
    """The world is as it was before this step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """All of it is there."""

    result: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Partly:
    """Something was done, in a state that we know: doing it again goes on from there."""

    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsure:
    """We cannot tell, and acting on a guess could destroy something: a person must look."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Nothing is to be done but wait: for a person, or for a moment. No runner is kept meanwhile."""

    what: str
    #: Look again after so long at the latest; whatever is waited for may wake it earlier.
    look_again: timedelta


Answer = Untouched | Done | Partly | Unsure | Waiting


class NotYet(Exception):  # noqa: N818 because it is no error
    """Raised by `do`: it was begun, and the rest of it is waiting."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__(waiting.what)
        self.waiting = waiting


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What an action gets to know, and the ways in which it may speak."""

    rollback: Rollback
    step: Step
    #: The other steps of the plan as they are now, by name: their results are what later ones build on.
    others: Mapping[str, Step]
    #: Asked several times a second by everything long: a stop was asked for, the lease is lost, we are shutting down.
    should_stop: Callable[[], bool]
    #: Whether that is because we go away and another runner carries on: what outlives us is left to it then.
    leaving: Callable[[], bool]
    #: Writes down what was there before, ahead of the change. Raises when we are not the runner any more.
    capture: Callable[[JsonObject], None]
    #: Writes down something that happened on the way: a try that failed, a revision that was reached.
    note: Callable[[str, JsonObject], None]
    #: How far it has come, for whoever watches; cheap, and lost when nobody does.
    progress: Callable[[float | None, str], None]

    def result_of(self, name: str) -> JsonObject:
        """What an earlier step found or made; empty when it was skipped."""
        step = self.others.get(name)
        return (step.result if step else None) or {}


class Action(Protocol):
    """One kind of step."""

    def ask(self, at: Moment) -> Answer:
        """Look at the world; change nothing."""

    def do(self, at: Moment) -> JsonObject:
        """Do it, or go on with it, and say what came of it. Raises a BackoutError when it does not work, and NotYet when
        the rest of it is waiting: then `ask` says when it is over, or that it still waits."""

    def undo(self, at: Moment) -> None:
        """Take back what was done of it, also in part; without effect when nothing was."""


#: By the name that a plan's step has as its `action`.
Actions = Mapping[str, Action]
