"""Everything that a message about one rollback is drawn from, as of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.catalog.service import Service
from actions.history.canonical import JsonObject
from actions.history.chain import Head
from actions.history.leases import RunNow
from actions.history.queries import Story
from actions.history.shown import ShownAssessment
from actions.history.values import Approval, Event, Rollback, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    rollback: Rollback
    steps: tuple[Step, ...] = ()
    approvals: tuple[Approval, ...] = ()
    #: Oldest first.
    events: tuple[Event, ...] = ()
    #: The assessment in its JSON form, as it was last put before people.
    shown: Mapping[str, Any] | None = None
    shown_at: datetime | None = None
    #: None: the catalog does not have it any more.
    service: Service | None = None
    #: How far the step of now is.
    progress: JsonObject | None = None
    stop_by: str | None = None
    escalated: bool = False
    #: Now.
    at: datetime
    #: Where the record ends.
    head: Head | None = None
    #: Permanent link of the card.
    link: str | None = None

    @classmethod
    def of(
        cls, story: Story, shown: ShownAssessment | None, now: RunNow, *, at: datetime, service: Service | None = None
    ) -> "Scene":  # fmt: skip
        return cls(
            rollback=story.rollback, steps=story.steps, approvals=story.approvals, events=story.events,
            shown=shown.shown if shown else None, shown_at=shown.made_at if shown else None, service=service,
            progress=now.progress, stop_by=now.stop_by, escalated=now.escalated, at=at,
        )  # fmt: skip
