"""What of a plan only people can see or do: for whoever shows it, on the command line and in Slack."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.history.values import Step, StepStatus

#: In a step's parameters: a person ticks it.
FOR_PERSON = "for_person"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tickable:
    """One line of a list that people tick."""

    step: str
    position: int
    title: str
    #: The run stands still until somebody says something about it.
    waits: bool
    done: bool


def tickables(steps: Sequence[Step]) -> tuple[Tickable, ...]:
    """Everything in a plan that a person has to tick, in order."""
    return tuple(
        Tickable(
            step=step.name, position=step.position, title=step.title, waits=step.status is StepStatus.RUNNING,
            done=step.status is StepStatus.DONE,
        )
        for step in steps if step.parameters.get(FOR_PERSON)
    )  # fmt: skip
