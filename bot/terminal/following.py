"""Following one rollback until it needs nobody's machine any more: live on a terminal, a line a change otherwise."""

import sys
import time
from collections.abc import Callable

from actions.history.database import History
from actions.history.leases import run_now
from actions.history.lifecycle import FINAL, Status
from actions.history.queries import show
from actions.history.shown import last_shown
from actions.history.values import RollbackId
from bot.terminal.output import say
from bot.terminal.shown import request_page, steps_live

#: In these nothing moves before a person does something.
RESTING = frozenset({*FINAL, Status.WAITING, Status.CHOOSING, Status.HALTED})
EVERY_SECONDS = 0.5
#: How a request ended, for scripts.
CODES = {
    Status.FAILED: 1,
    Status.REFUSED: 3,
    Status.REJECTED: 3,
    Status.EXPIRED: 3,
    Status.STOPPED: 3,
    Status.HALTED: 4,
    Status.CHOOSING: 4,
}


def follow(
    history: History, rollback: RollbackId, *, until: frozenset[Status] = RESTING, stop: Callable[[], bool]
) -> Status:
    """Returns the status at which it rested, or the one it had when we were told to stop."""
    if not sys.stdout.isatty():
        return _follow_in_lines(history, rollback, until, stop)
    from rich.console import Console, Group
    from rich.live import Live

    with Live(console=Console(highlight=False, markup=False, emoji=False), refresh_per_second=4) as screen:
        while True:
            story = show(history, rollback)
            with history.reading() as connection:
                now = run_now(connection, rollback)
            head = f"{rollback} {story.rollback.service}: {story.rollback.status}"
            escalated = ["Its contacts are to be called: see `backout show`."] if now.escalated else []
            screen.update(Group(head, steps_live(story.steps, now.progress), *escalated))
            if story.rollback.status in until or stop():
                return story.rollback.status
            time.sleep(EVERY_SECONDS)


def _follow_in_lines(
    history: History, rollback: RollbackId, until: frozenset[Status], stop: Callable[[], bool]
) -> Status:  # fmt: skip
    seen: dict[str, str] = {}
    status = None
    while True:
        story = show(history, rollback)
        if story.rollback.status is not status:
            status = story.rollback.status
            say(f"{rollback} is {status}")
        for step in story.steps:
            if str(step.status) != seen.get(step.name, "pending"):
                seen[step.name] = str(step.status)
                took = (
                    f" ({(step.finished_at - step.started_at).total_seconds():.1f} s)"
                    if step.finished_at and step.started_at
                    else ""
                )
                error = f": {step.error.get('what')}" if step.error and str(step.status) in ("failed", "stuck") else ""
                say(f"  {step.status}: {step.title}{took}{error}")
        if status in until or stop():
            return status
        time.sleep(EVERY_SECONDS)


def say_request(history: History, rollback: RollbackId) -> None:
    story = show(history, rollback)
    with history.reading() as connection:
        shown = last_shown(connection, rollback)
    say(*request_page(story.rollback, shown.shown if shown else None, story.steps))
