"""What comes next in a run, from its row and its steps alone. Pure: asked again after any crash, it says the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.history.lifecycle import Status
from actions.history.values import Step, StepStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class DoStep:
    step: Step
    #: It was begun before: ask the world first.
    begun: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class UndoStep:
    step: Step


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """Nothing is left to do; the run ends like this."""

    status: Status


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnBack:
    """Nothing that cannot be undone was done: everything is undone, in reverse."""

    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskPerson:
    """Something was done that only a backup can bring back: a person chooses."""

    because: str


_BEGUN = frozenset({StepStatus.RUNNING, StepStatus.DONE, StepStatus.FAILED, StepStatus.UNDOING, StepStatus.STUCK})
_OVER = frozenset({StepStatus.DONE, StepStatus.SKIPPED, StepStatus.UNDONE})


def point_of_no_return(steps: Sequence[Step]) -> bool:
    """Was a destructive step begun, and not found to have done nothing? One that failed half-way stays one when it was left
    out for another way on."""
    return any(
        step.destructive and (step.status in _BEGUN or (step.status is StepStatus.SKIPPED and step.attempts > 0))
        for step in steps
    )


def next_forward(steps: Sequence[Step], *, stop_by: str | None) -> DoStep | End | TurnBack | AskPerson:
    """While it runs."""
    waiting = [step for step in steps if step.status not in _OVER]
    if stop_by is not None and waiting:
        because = f"{stop_by} asked to stop"
        return AskPerson(because=because) if point_of_no_return(steps) else TurnBack(because=because)
    if not waiting:
        # A step that somebody chose to leave out was not seen to be done: that is no success.
        left_out = any(step.status is StepStatus.SKIPPED for step in steps)
        return End(status=Status.FAILED if left_out else Status.SUCCEEDED)
    step = waiting[0]
    return DoStep(step=step, begun=step.status is not StepStatus.PENDING)


def next_back(steps: Sequence[Step], *, stop_by: str | None) -> UndoStep | End:
    """While it is undone: the last that was begun comes first."""
    begun = [step for step in steps if step.status in _BEGUN]
    if begun:
        return UndoStep(step=begun[-1])
    return End(status=Status.STOPPED if stop_by is not None else Status.FAILED)


def after_failure(steps: Sequence[Step], failed: Step, *, untouched: bool, because: str) -> TurnBack | AskPerson:
    """A step failed. If it is the destructive one and provably did nothing, there is still a way back."""
    behind = [step for step in steps if step.id != failed.id or not untouched]
    return AskPerson(because=because) if point_of_no_return(behind) else TurnBack(because=because)
