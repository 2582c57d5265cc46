"""A rollback, its steps, voices and entries, in words. How they are laid out is the business of each place."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from actions.history.lifecycle import Status
from actions.history.values import Approval, Event, Rollback, Step, StepStatus
from actions.run.names import GLASS_BROKEN

#: A sign beside each word: colour alone tells nothing to a printer or to colour-blind eyes.
SIGNS: Final[Mapping[Status, str]] = {
    Status.ASSESSING: "…", Status.WAITING: "?", Status.APPROVED: "✓", Status.RUNNING: "▶", Status.UNDOING: "↶",
    Status.CHOOSING: "?", Status.HALTED: "■", Status.SUCCEEDED: "✓", Status.FAILED: "✗", Status.STOPPED: "-",
    Status.REFUSED: "✗", Status.REJECTED: "✗", Status.EXPIRED: "-",
}  # fmt: skip
STEP_SIGNS: Final[Mapping[StepStatus, str]] = {
    StepStatus.DONE: "✓", StepStatus.RUNNING: "▶", StepStatus.FAILED: "✗", StepStatus.UNDOING: "↶",
    StepStatus.UNDONE: "↶", StepStatus.SKIPPED: "-", StepStatus.STUCK: "■", StepStatus.PENDING: "·",
}  # fmt: skip
_AFTER_FAILURE: Final = frozenset({StepStatus.UNDONE, StepStatus.UNDOING, StepStatus.SKIPPED, StepStatus.PENDING})


def minute(moment: datetime | None) -> str:
    """In UTC, to the minute: what everybody in a call understands."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"


def revisions(rollback: Rollback) -> str:
    if rollback.from_revision is None and rollback.to_revision is None:
        return f"→ {rollback.target}"
    return f"{(rollback.from_revision or '?')[:12]} → {(rollback.to_revision or '?')[:12]}"


def took(rollback: Rollback) -> timedelta | None:
    """From its start (or, when nothing was begun, from the request) to its end."""
    return rollback.finished_at - (rollback.started_at or rollback.requested_at) if rollback.finished_at else None


def step_took(step: Step) -> timedelta | None:
    """The clock of one that was undone stopped when that was done: that is no time of the step."""
    timed = step.finished_at and step.started_at and step.status is not StepStatus.UNDONE
    return step.finished_at - step.started_at if timed and step.finished_at and step.started_at else None


def step_state(step: Step) -> str:
    """That it failed stays to be seen when it was undone or left out afterwards."""
    return f"failed, {step.status}" if step.error and step.status in _AFTER_FAILURE else str(step.status)


def troubles(step: Step) -> Iterator[str]:
    """What went wrong, where, and what next."""
    error = step.error or {}
    if error.get("what"):
        where = f" ({error['where']})" if error.get("where") else ""
        yield f"{error['what']}{where}"
    if error.get("next_step"):
        yield f"→ {error['next_step']}"


def voice_marks(voice: Approval) -> tuple[str, ...]:
    """What must never be overlooked about it."""
    marks = ("OVERRIDE" if voice.override else "", "BREAK-GLASS" if GLASS_BROKEN in voice.roles else "")
    return tuple(mark for mark in marks if mark)


def voice_note(voice: Approval) -> str:
    void = f"void: {voice.voided_because}" if voice.voided_because else ""
    return ", ".join(part for part in (*voice_marks(voice), voice.reason or "", void) if part)


def about(event: Event) -> str:
    """Which step, person or backup an entry is about, and why, in a few words."""
    details = event.details
    parts = [str(details[name]) for name in ("step", "choice", "way", "backup", "name") if details.get(name)]
    attempt = details.get("attempt")
    if isinstance(attempt, int) and attempt > 1:
        parts.append(f"try {attempt}")
    now = details.get("now")
    if isinstance(now, list):
        parts.append(f"now {', '.join(map(str, now)) or 'base'}")
    if details.get("found_done"):
        parts.append("found done")
    said = ": ".join([" ".join(parts)] if parts else [])
    why = next((str(details[name]) for name in ("because", "why", "reason", "seen") if details.get(name)), "")
    held = details.get("held_by")
    if isinstance(held, list) and held:
        why += f"; held by {'; '.join(map(str, held))}"
    return ": ".join(part for part in (said, why) if part)


def short_actor(actor: str) -> str:
    """A process's name is machine:number:word; who reads this wants people to stand out."""
    return actor if actor.count(":") != 2 else actor.rpartition(":")[0]


def to_be_called(event: Event) -> str:
    """Whom an escalation names, in the order in which to call them."""
    contacts = event.details.get("contacts")
    named = [str(each) for each in contacts] if isinstance(contacts, list) else []
    return "; ".join(named) or "nobody is named under `escalation` in the catalog"
