"""What a runbook changes beside the database: no backup takes it back."""

from collections.abc import Sequence

from actions.history.values import Step, StepStatus

#: Kinds that change something beside the database; a backup that is brought back takes none of it back.
_BESIDE = frozenset({
    "setting", "git_restore", "export", "run", "compose", "restore_volumes", "remove_networks", "person",
})  # fmt: skip


def beside_the_database(steps: Sequence[Step]) -> tuple[str, ...]:
    """Titles of steps of the runbook that are done and stay so, when a backup brings database and release back."""
    return tuple(
        step.title for step in steps if step.parameters.get("kind") in _BESIDE and step.status is StepStatus.DONE
    )
