"""The steps of a plan as lines: a sign, the state in words, what, and how long. Also what went wrong in one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from actions.history.canonical import JsonObject
from actions.history.values import Step, StepStatus
from bot.render.foreign import foreign, worded
from bot.render.limits import some
from bot.wording.measures import length
from bot.wording.rollbacks import step_state, step_took

#: So many lines of a section; longer plans are folded at the ends that matter least.
MOST: Final = 24

SIGNS: Final[Mapping[StepStatus, str]] = {
    StepStatus.PENDING: "⬜", StepStatus.RUNNING: "▶️", StepStatus.DONE: "✅", StepStatus.SKIPPED: "⏭️",
    StepStatus.FAILED: "❌", StepStatus.UNDOING: "↩️", StepStatus.UNDONE: "↩️", StepStatus.STUCK: "🛑",
}  # fmt: skip
_WORDS: Final[Mapping[StepStatus, str]] = {
    StepStatus.PENDING: "to do", StepStatus.RUNNING: "now", StepStatus.DONE: "done", StepStatus.SKIPPED: "left out",
    StepStatus.FAILED: "failed", StepStatus.UNDOING: "being undone", StepStatus.UNDONE: "undone", StepStatus.STUCK: "stuck",
}  # fmt: skip


def step_lines(steps: Sequence[Step], progress: JsonObject | None, at: datetime, *, over: bool = False) -> str:
    """`over`: what was not done is not to do any more."""
    lines = [_left_undone(step) if over and _untouched(step) else _line(step, progress, at) for step in steps]
    return "\n".join(_folded(steps, lines))


def _untouched(step: Step) -> bool:
    return step.status is StepStatus.PENDING and not step.error


def _left_undone(step: Step) -> str:
    return f"{SIGNS[step.status]} {foreign(step.title, 90)}: not done"


def _folded(steps: Sequence[Step], lines: list[str]) -> list[str]:
    """What is done long ago and what is far ahead give way to what goes on."""
    if len(lines) <= MOST:
        return lines
    now = next(
        (n for n, step in enumerate(steps) if step.status not in (StepStatus.DONE, StepStatus.SKIPPED)), len(steps)
    )
    first = max(0, min(now - 6, len(lines) - (MOST - 2)))
    last = first + MOST - 2
    before = [f"… ({first:,} steps before, {_alike(steps[:first])})"] if first else []
    after = [f"… ({len(lines) - last:,} steps after)"] if last < len(lines) else []
    return [*before, *lines[first:last], *after]


def _alike(steps: Sequence[Step]) -> str:
    return "all done" if all(step.status is StepStatus.DONE for step in steps) else "see the story"


def _line(step: Step, progress: JsonObject | None, at: datetime) -> str:
    sign, word = SIGNS[step.status], _word(step)
    mark = (
        " ⚠️ _no way back from here without the backup_"
        if step.destructive and step.status is StepStatus.PENDING
        else ""
    )
    name = foreign(step.title, 90)
    if step.status in (StepStatus.RUNNING, StepStatus.UNDOING):
        return f"{sign} *{name}: {word}*, {_since(step, at)}{_progress(step, progress)}{_tries(step)}"
    time = _time(step)
    return f"{sign} {name}: {word}{f', {time}' if time else ''}{_tries(step) if step.error else ''}{mark}"


def _word(step: Step) -> str:
    """That it failed stays to be seen when it was undone or left out afterwards."""
    failed = step_state(step).startswith("failed, ")
    return (
        f"failed, then {_WORDS[step.status]}"
        if failed and step.status is not StepStatus.PENDING
        else _WORDS[step.status]
    )


def _since(step: Step, at: datetime) -> str:
    spent = max(at - step.started_at, timedelta(0)) if step.started_at else timedelta(0)
    expected = f" of about {length(step.predicted.total_seconds())}" if step.predicted else ""
    return f"{length(spent.total_seconds())}{expected}"


def _time(step: Step) -> str:
    took = step_took(step)
    if took is not None:
        return length(took.total_seconds())
    if step.status is StepStatus.PENDING and step.predicted:
        return f"about {length(step.predicted.total_seconds())}"
    return ""


def _tries(step: Step) -> str:
    return f", try {step.attempts}" if step.attempts > 1 else ""


def _progress(step: Step, progress: JsonObject | None) -> str:
    if not progress or progress.get("step") != step.name:
        return ""
    words, share = progress.get("words"), progress.get("share")
    said = f": {foreign(words, 120)}" if isinstance(words, str) and words else ""
    if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1:
        return f"{said} {bar(float(share))} {share:.0%}"
    return said


def bar(share: float) -> str:
    full = round(share * 10)
    return "▰" * full + "▱" * (10 - full)


def time_left(steps: Sequence[Step], at: datetime) -> timedelta | None:
    """From what each step is expected to take; None where that is not known for what matters."""
    left, known = timedelta(0), False
    for step in steps:
        if step.status not in (StepStatus.PENDING, StepStatus.RUNNING) or step.predicted is None:
            continue
        known = True
        spent = at - step.started_at if step.status is StepStatus.RUNNING and step.started_at else timedelta(0)
        left += max(step.predicted - spent, timedelta(0))
    return left if known else None


def failed_step(steps: Sequence[Step]) -> Step | None:
    """Whose trouble it is about."""
    states = (StepStatus.STUCK, StepStatus.FAILED)
    found = next((step for state in states for step in steps if step.status is state), None)
    return found or next((step for step in steps if step.error), None)


def trouble_of(step: Step) -> Iterator[str]:
    error = step.error or {}
    yield f"*Failed at step {step.position}: {foreign(step.title, 100)}*{_tries(step)}"
    if what := error.get("what"):
        yield f"What: {worded(what, 700)}"
    if where := error.get("where"):
        yield f"Where: {worded(where, 200)}"
    held = error.get("held_by")
    if isinstance(held, list) and held:
        yield f"Held by: {'; '.join(some(held, 3, 'more', said=lambda each: foreign(each, 120)))}"
    if next_step := error.get("next_step"):
        yield f"→ {worded(next_step, 400)}"
