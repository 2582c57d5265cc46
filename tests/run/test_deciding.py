"""What comes next, from the steps alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from actions.history.values import RollbackId, Step, StepStatus
from actions.run.deciding import AskPerson, TurnBack, after_failure, next_forward


def a_step(position: int, name: str, status: StepStatus, *, destructive: bool = False) -> Step:
    return Step(
        id=position, rollback=RollbackId(1), position=position, name=name, title=name, action=name, parameters={},
        destructive=destructive, status=status, attempts=0 if status is StepStatus.PENDING else 1, captured=None, result=None,
        error=None, predicted=None, started_at=None, finished_at=None, updated_at=datetime.now(UTC),
    )  # fmt: skip


@pytest.mark.parametrize("before", [StepStatus.DONE, StepStatus.SKIPPED])
def test_whatever_fails_after_another_way_was_chosen_is_not_undone_as_if_nothing_had_been_destroyed(
    before: StepStatus,
) -> None:
    """A downgrade that stopped half-way was left out, and the backup is to be brought back: a writer does not stop."""
    down = a_step(1, "downgrade", before, destructive=True)
    stop = a_step(2, "stop-web", StepStatus.FAILED)
    restore = a_step(3, "restore", StepStatus.PENDING, destructive=True)
    steps = (down, stop, restore)
    assert isinstance(after_failure(steps, stop, untouched=True, because="it does not end"), AskPerson)
    assert isinstance(next_forward(steps, stop_by="ann"), AskPerson)


def test_a_destructive_step_that_was_left_out_before_it_began_destroyed_nothing() -> None:
    down = replace(a_step(1, "downgrade", StepStatus.SKIPPED, destructive=True), attempts=0)
    stop = a_step(2, "stop-web", StepStatus.FAILED)
    assert isinstance(after_failure((down, stop), stop, untouched=True, because="it does not end"), TurnBack)
