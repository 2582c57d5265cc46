"""How a rollback by a declared runbook ends: what stays although it was undone, and the team's own log."""

import logging
from collections.abc import Sequence

from actions.errors import BackoutError
from actions.history.lifecycle import Status
from actions.history.values import Rollback, Step, StepStatus
from actions.run.runbooks.specs import Words, from_record
from actions.run.steps.declared.base import LEFT_OUT
from actions.run.steps.declared.files import append_line
from actions.run.steps.site import Site

log = logging.getLogger(__name__)

#: Kinds that leave something when they are undone without steps of their own for that.
_STAYS = {"run": "what its command did", "sql": "its statement", "person": "what a person did"}
_ENDS_BADLY = (Status.FAILED, Status.STOPPED)
_KINDS_THAT_LOOK = ("check", "verify", "health")


def is_declared(steps: Sequence[Step]) -> bool:
    return any("kind" in step.parameters for step in steps)


def what_stays(steps: Sequence[Step]) -> tuple[str, ...]:
    """Titles of steps that are undone by name, and left something behind."""
    return tuple(step.title for step in steps if step.status is StepStatus.UNDONE and _leaves_something(step))


def _leaves_something(step: Step) -> bool:
    kind, record = step.parameters.get("kind"), step.parameters.get("step")
    if kind not in _STAYS or not isinstance(record, dict):
        return False
    begun = step.captured is not None or step.result is not None
    return begun and not record.get("undo") and not record.get("again_after_undo")


def outcome_of_success(steps: Sequence[Step]) -> str:
    looked = any(step.parameters.get("kind") in _KINDS_THAT_LOOK or step.action in _KINDS_THAT_LOOK for step in steps)
    said = "Done, and seen to be well" if looked else "Done; nothing looked whether it is well"
    left_out = [
        f"{step.title} ({(step.result or {}).get(LEFT_OUT)})" for step in steps if LEFT_OUT in (step.result or {})
    ]
    return f"{said}. Optional steps that failed: {'; '.join(left_out)}" if left_out else said


def write_logs(site: Site, rollback: Rollback, steps: Sequence[Step], status: Status, outcome: str) -> None:
    """A runbook's own log tells of failures too: its lines after the run are written at the end, whichever it is."""
    if status not in _ENDS_BADLY or not any(step.attempts for step in steps):
        return
    for step in steps:
        if step.parameters.get("kind") != "log" or step.parameters.get("part") != "after" or step.attempts:
            continue
        entry, phases = from_record(step.parameters.get("step")), step.parameters.get("phases")
        words = Words(rollback=rollback, phases=tuple(phases) if isinstance(phases, list | tuple) else ())
        line = words.fill(entry.log, outcome=f"{status}: {outcome}")
        if "{outcome}" not in entry.log:
            line += f" It {'failed' if status is Status.FAILED else 'was stopped'}: {outcome}"
        file = site.house.folder / entry.file
        try:
            if not file.exists() or line.encode() not in file.read_bytes():
                append_line(file, line)
        except (BackoutError, OSError) as error:
            log.warning("The log %s could not be written: %s", entry.file, error, extra={"event": "runbook_log"})
