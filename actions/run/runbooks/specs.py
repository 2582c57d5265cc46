"""A step of a runbook as it is kept in a plan: what was approved is what is run, whatever the catalog says by then."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from actions.catalog.steps import KEYS, Step
from actions.errors import ConfigurationError
from actions.history.canonical import JsonObject
from actions.history.values import Rollback

_STEPS: TypeAdapter[Any] = TypeAdapter(Step)


def to_record(step: Any) -> JsonObject:
    """What is in it, without what it leaves out; references to variables stay references."""
    record: JsonObject = step.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return record


def from_record(record: object) -> Any:
    """The step that was written down."""
    try:
        return _STEPS.validate_python(record)
    except ValidationError as error:
        raise ConfigurationError(
            "This Backout does not know a step that is in the plan",
            next_step="Run it with the version that planned it.",
        ) from error


def kind_of(step: Any) -> str:
    """The key that says what a step does: `run`, `git_restore`."""
    return next(key for key in KEYS if hasattr(step, key))


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What stands for the words in braces: `{date}`, `{reason}`."""

    rollback: Rollback
    phases: tuple[str, ...]

    def fill(self, template: str, *, outcome: str = "done", now: datetime | None = None) -> str:
        """Every moment is that of the request, so that a second try writes the same; `{duration}` is known at the end."""
        asked = self.rollback.requested_at.astimezone(UTC)
        began = self.rollback.started_at or self.rollback.requested_at
        values: Mapping[str, str] = {
            "date": f"{asked:%Y%m%d}", "time": f"{asked:%H%M%S}", "service": self.rollback.service,
            "rollback": str(self.rollback.id), "reason": " ".join(self.rollback.reason.split()) or "no reason given",
            "phases": ", ".join(self.phases) or self.rollback.runbook, "outcome": outcome,
            "requester": self.rollback.requester, "duration": _spoken((now or datetime.now(UTC)) - began),
        }  # fmt: skip
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)


def _spoken(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
