"""What came of it: predicted against actual, the backup, and where the database is."""

from collections.abc import Iterator
from datetime import timedelta

from actions.history.values import StepStatus
from actions.run.names import DOWNGRADE, RESTORE, SWAP_BACK
from bot.render.foreign import code, foreign
from bot.render.limits import some
from bot.render.scene import Scene
from bot.wording.assessed import revisions_named
from bot.wording.measures import length
from bot.wording.rollbacks import step_took

MOST = 6


def figures(scene: Scene) -> str | None:
    """Expected and real, for the longest of those that had an estimate; rows and locks of the downgrade; the backup that is kept."""
    lines = [*_times(scene), *_facts(scene)]
    return "\n".join(["*Expected and actual*", *lines]) if lines else None


def _times(scene: Scene) -> Iterator[str]:
    timed = [
        (step, took, step.predicted)
        for step in scene.steps
        if (took := step_took(step)) is not None and step.predicted is not None and step.status is StepStatus.DONE
    ]
    if len(timed) > 1:
        expected = sum((guess for _, _, guess in timed), timedelta(0))
        actual = sum((took for _, took, _ in timed), timedelta(0))
        yield f"Steps that had an estimate: about {_said(expected)} expected, *{_said(actual)}* taken"
    for step, took, guess in sorted(timed, key=lambda each: each[1], reverse=True)[:MOST]:
        yield f"• {foreign(step.title, 80)}: about {_said(guess)} expected, *{_said(took)}* taken"


def _facts(scene: Scene) -> Iterator[str]:
    actual = scene.rollback.actual or {}
    rows, locks = actual.get("rows"), actual.get("locks")
    if isinstance(rows, int):
        yield f"Rows written by the downgrade: {rows:,}"
    if isinstance(locks, list) and locks:
        yield f"Locks it took: {', '.join(some(locks, 4, 'more', said=lambda lock: code(lock, 60)))}"
    if backup := backup_of(scene):
        yield f"Backup of this run, proven by restoring it: {code(backup)}"


def _said(took: timedelta) -> str:
    return length(took.total_seconds())


def backup_of(scene: Scene) -> str | None:
    for name in ("prove", "back-up"):
        step = next((each for each in scene.steps if each.name == name), None)
        found = (step.result or {}).get("backup") if step else None
        if isinstance(found, str):
            return found
    return None


def where_the_database_is(scene: Scene) -> str:
    """As far as the steps say it."""
    rollback = scene.rollback
    moving = [step for step in scene.steps if step.action in (DOWNGRADE, RESTORE)]
    # One that was left out may have been tried before.
    begun = [step for step in moving if step.status not in (StepStatus.PENDING, StepStatus.UNDONE) and step.started_at]
    restored = next((step for step in begun if step.action == RESTORE and step.status is StepStatus.DONE), None)
    if any(step.action == SWAP_BACK and step.status is StepStatus.DONE for step in scene.steps):
        return f"The database is the one from before, at {code(rollback.from_revision, 60)}."
    if restored is not None:
        return f"The database is as in the backup {code(restored.parameters.get('backup'))}."
    down = next((step for step in begun if step.action == DOWNGRADE), None)
    if down is not None and down.status is StepStatus.DONE:
        return f"The database is at {code(rollback.to_revision, 60)}, where it was to go."
    if down is None and not begun:
        return f"The database is at {code(rollback.from_revision, 60)}, as before."
    now = _last_seen(scene)
    if now is not None:
        return f"The database was last seen at {code(now, 60)}, between {code(rollback.from_revision, 60)} and {code(rollback.to_revision, 60)}."
    return f"The database is somewhere between {code(rollback.from_revision, 60)} and {code(rollback.to_revision, 60)}; `alembic current` says where."


def _last_seen(scene: Scene) -> str | None:
    for event in reversed(scene.events):
        now = event.details.get("now")
        if isinstance(now, list):
            return revisions_named(map(str, now))
    return None
