"""Where a rollback stands, in a few words: the head of its card, the notification, a line of a list."""

from typing import Final

from actions.assess.values import Ruling
from actions.catalog.runbooks import BUILT_IN
from actions.history.lifecycle import Status
from actions.history.values import Rollback, Step, StepStatus
from bot.render.assessed import Assessed
from bot.render.foreign import foreign, plain, worded
from bot.render.judged import approvals
from bot.render.people import listed, person, with_names
from bot.render.scene import Scene
from bot.wording.assessed import people_count

SIGNS: Final = {
    Status.ASSESSING: "🔎", Status.WAITING: "✋", Status.APPROVED: "👍", Status.RUNNING: "▶️", Status.UNDOING: "↩️",
    Status.CHOOSING: "🚨", Status.HALTED: "🛑", Status.SUCCEEDED: "✅", Status.FAILED: "❌", Status.STOPPED: "⏹️",
    Status.REFUSED: "⛔", Status.REJECTED: "👎", Status.EXPIRED: "⌛",
}  # fmt: skip
_WORDS: Final = {
    Status.ASSESSING: "measuring what going back costs", Status.WAITING: "waiting for approval",
    Status.APPROVED: "approved, about to begin", Status.RUNNING: "running", Status.UNDOING: "being undone",
    Status.CHOOSING: "failed, somebody must choose", Status.HALTED: "halted, somebody must look",
    Status.SUCCEEDED: "went back", Status.FAILED: "failed", Status.STOPPED: "stopped",
    Status.REFUSED: "refused by the policy", Status.REJECTED: "rejected", Status.EXPIRED: "expired",
}  # fmt: skip


def state(status: Status) -> str:
    """`✅ went back`: a sign, and the same in words."""
    return f"{SIGNS[status]} {_WORDS[status]}"


def state_of(scene: Scene, found: Assessed) -> str:
    """With what is known about this one: how many approvals are missing, which step runs. Without markup."""
    rollback = scene.rollback
    match rollback.status:
        case Status.ASSESSING if changed(scene):
            return "measured again, for something has changed"
        case Status.WAITING if found.verdict is not None and found.verdict.ruling is Ruling.REFUSE:
            return "refused by the policy, unless it is overridden"
        case Status.WAITING:
            have, need = len(approvals(scene)), rollback.approvals_needed or 0
            if have:
                return f"{have} of {need} approvals"
            return f"waiting for the approval of {people_count(need)}"
        case Status.RUNNING if at := running(scene.steps):
            return f"running, step {at.position} of {len(scene.steps)}"
        case status:
            return _WORDS[status]


def headline(scene: Scene, found: Assessed) -> str:
    """For a header: plain text."""
    rollback = scene.rollback
    name = plain(rollback.service, 60)
    return f"{_sign(scene, found)} {rollback.id} {name}: {state_of(scene, found)}"


def _sign(scene: Scene, found: Assessed) -> str:
    waits = scene.rollback.status is Status.WAITING
    refused = waits and found.verdict is not None and found.verdict.ruling is Ruling.REFUSE
    return SIGNS[Status.REFUSED if refused else scene.rollback.status]


def spoken_state(scene: Scene, found: Assessed) -> str:
    """For notifications: who decided is said by name."""
    rollback = scene.rollback
    said = state_of(scene, found)
    if rollback.status is Status.APPROVED and (who := approvals(scene)):
        said = f"approved by {listed([person(voice.person) for voice in who], 'and')}"
    if not rollback.live and rollback.outcome:
        said = ended_as(rollback, 240)
    environment = foreign(rollback.environment, 20)
    return f"{rollback.id} {foreign(rollback.service, 60)} ({environment}): {said}"


def ended_as(rollback: Rollback, most: int) -> str:
    """`failed. Back up the database: the disk is full`; a success is said once. In mrkdwn, without the last full stop."""
    outcome = with_names(worded(rollback.outcome, most)).rstrip(".") if rollback.outcome else ""
    word = _WORDS[rollback.status]
    if outcome.casefold().startswith(word):
        return f"{word}{outcome[len(word) :]}"
    return f"{word}. {outcome}" if outcome else word


def changed(scene: Scene) -> tuple[str, ...]:
    """Why what was shown before counts no more, if it was asked again and nothing has begun since."""
    for event in reversed(scene.events):
        if event.kind == "rollback.running":
            return ()
        if event.kind == "rollback.assessing":
            said = event.details.get("changed")
            return tuple(str(each) for each in said) if isinstance(said, list) else ()
    return ()


def running(steps: tuple[Step, ...]) -> Step | None:
    """The step of now: the one that runs, or the next one."""
    under_way = next((step for step in steps if step.status in (StepStatus.RUNNING, StepStatus.UNDOING)), None)
    return under_way or next((step for step in steps if step.status is StepStatus.PENDING), None)


def ended_without_run(rollback: Rollback) -> bool:
    return not rollback.live and rollback.started_at is None


def by_runbook(rollback: Rollback) -> bool:
    """By one that the catalog declares; then its target is a part of that, and no revision."""
    return rollback.runbook not in BUILT_IN


def way_of(rollback: Rollback) -> str:
    return rollback.runbook if by_runbook(rollback) else rollback.strategy or rollback.runbook
