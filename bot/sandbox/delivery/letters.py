"""What is delivered to an app, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.sandbox import ids

Json = dict[str, Any]

#: Whoever has not acknowledged by then has failed.
SECONDS = 3.0


class Kind(StrEnum):
    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"
    #: Options for an external select: interactive in Socket Mode, an address of its own in HTTP mode.
    OPTIONS = "options"


@dataclass(frozen=True, kw_only=True)
class Letter:
    kind: Kind
    payload: Json
    accepts_response: bool = True
    retry_attempt: int = 0
    retry_reason: str = ""
    #: The same in every attempt of one delivery.
    number: int = field(default_factory=ids.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledged:
    """In time."""

    payload: Mapping[str, Any] | str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unanswered:
    #: As Slack shows it: `operation_timeout`, `dispatch_failed`.
    error: str
    #: As Slack tells the app when it tries again: `timeout`, `http_error`, ...
    reason: str


Outcome = Acknowledged | Unanswered

SENTENCES = {
    "operation_timeout": "The app did not answer within three seconds.",
    "dispatch_failed": "The app could not be reached.",
}
