"""The end: what was predicted, and what it took; the numbers feed later estimates."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from actions.history.canonical import Json, JsonObject
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts
from actions.history.values import Rollback, Step, StepStatus
from actions.run.action import Answer, Moment, Untouched
from actions.run.names import DOWNGRADE, RESTORE, SWAP_BACK
from actions.run.runbooks.beside import beside_the_database
from actions.run.runbooks.ending import is_declared, outcome_of_success, what_stays

STEP = "close"


class Close:
    """Everything was seen; what is left to say is said by the end itself."""

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        backup = at.result_of("back-up").get("backup")
        return {"backup": backup} if isinstance(backup, str) else {}

    def undo(self, at: Moment) -> None:
        """Nothing was done."""


def closing(rollback: Rollback, steps: Sequence[Step], status: Status) -> Facts:
    """What is to be remembered of a rollback that ends."""
    return Facts(
        outcome=_outcome(rollback, steps, status), predicted=_times(steps, predicted=True), actual=_actual(steps)
    )


def _outcome(rollback: Rollback, steps: Sequence[Step], status: Status) -> str:
    if status is Status.SUCCEEDED:
        said = outcome_of_success(steps) if is_declared(steps) else "Went back, and was seen to be well"
        return f"{said}{_kept_beside(steps)}"
    failed = [step for step in steps if step.error]
    why = str((failed[0].error or {}).get("what", "")) if failed else ""
    stays = what_stays(steps)
    except_for = f", except for: {', '.join(stays)}" if stays else ""
    if status is Status.STOPPED:
        return f"Stopped by a person; everything that was done is undone{except_for}"
    undone = (
        f"; everything that was done is undone{except_for or ', the service is as it was'}"
        if any(step.status is StepStatus.UNDONE for step in steps)
        else ""
    )
    said = (
        f"{failed[0].title}: {why}" if failed else (rollback.outcome or "It was stopped behind the point of no return")
    )
    return f"{said}{undone or _left(steps)}"


def _left(steps: Sequence[Step]) -> str:
    """What a person chose after a failure, and what it left."""
    brought = _brought(steps)
    if brought is not None and any(step.action == DOWNGRADE for step in steps):
        return f". {brought.parameters.get('backup')} was brought back: {_as_before(steps)}{_kept_beside(steps)}"
    swapped = next((step for step in steps if step.action == SWAP_BACK and step.status is StepStatus.DONE), None)
    if swapped is not None:
        kept = (swapped.result or {}).get("kept_as")
        beside = f"; what had been restored is kept as {kept}" if kept else ""
        return f". The database from before has its place again: {_as_before(steps)}{beside}"
    if any(step.status is StepStatus.SKIPPED for step in steps):
        return ". The database was kept as it is, and the writers are back"
    return ""


def _as_before(steps: Sequence[Step]) -> str:
    stays = beside_the_database(steps)
    if stays:
        return f"database and release are as before, and these steps stay done: {', '.join(stays)}"
    return "the service is as it was before"


def _brought(steps: Sequence[Step]) -> Step | None:
    return next((step for step in steps if step.action == RESTORE and step.status is StepStatus.DONE), None)


def _kept_beside(steps: Sequence[Step]) -> str:
    """It takes room, and somebody may want to look into it."""
    brought = _brought(steps)
    kept = (brought.result or {}).get("kept_as") if brought else None
    return f"; the database as it was then is kept as {kept}" if kept else ""


def _times(steps: Sequence[Step], *, predicted: bool) -> JsonObject:
    times: dict[str, Json] = {}
    for step in steps:
        length: timedelta | None = step.predicted if predicted else None
        if not predicted and step.started_at and step.finished_at:
            length = step.finished_at - step.started_at
        if length is not None:
            times[step.name] = round(length.total_seconds(), 3)
    return {"seconds": times}


def _actual(steps: Sequence[Step]) -> JsonObject:
    facts: dict[str, Json] = dict(_times(steps, predicted=False))
    down = next((step for step in steps if step.action == DOWNGRADE and step.result), None)
    revisions = (down.result or {}).get("revisions") if down else None
    if isinstance(revisions, list):
        facts["rows"] = sum(int(str(each.get("rows", 0))) for each in revisions if isinstance(each, Mapping))
        facts["locks"] = sorted(
            {str(lock) for each in revisions if isinstance(each, Mapping) for lock in _listed(each.get("locks"))}
        )
    return facts


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
