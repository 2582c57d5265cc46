"""One rollback with everything that is drawn from it, read from the history."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select

from actions.catalog.catalog import Catalog
from actions.history.database import History
from actions.history.leases import run_now
from actions.history.queries import Story, chain_head, show
from actions.history.shown import last_shown
from actions.history.values import RollbackId
from bot.render.scene import Scene

#: Enough for any run that people can still follow.
MOST_PAGES = 25


def scene_of(
    history: History, catalog: Catalog, rollback: RollbackId, *, link: str | None = None, with_head: bool = False
) -> Scene:
    story = _whole(lambda after: show(history, rollback, after=after))
    with history.reading() as connection:
        shown = last_shown(connection, rollback)
        now = run_now(connection, rollback)
        at: datetime | None = connection.scalar(select(func.clock_timestamp()))
    assert at is not None  # noqa: S101 because a server always knows the time
    service = catalog.services.get(story.rollback.service)
    scene = Scene.of(story, shown, now, at=at, service=service)
    return replace(scene, head=chain_head(history) if with_head else None, link=link)


def _whole(page: Callable[[int], Story]) -> Story:
    """The entries of all pages; the rest as of the last one."""
    story = page(0)
    events = story.events
    for _ in range(MOST_PAGES):
        if story.more_after is None:
            break
        story = page(story.more_after)
        events += story.events
    return Story(
        rollback=story.rollback,
        steps=story.steps,
        approvals=story.approvals,
        events=events,
        more_after=story.more_after,
    )
