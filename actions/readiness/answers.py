from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    #: A rollback works, but not as well as it could.
    WARNING = "warning"
    #: A rollback would not work.
    FAILED = "failed"
    #: Could not be asked, because something before it failed or is not configured.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One question about one service."""

    question: str
    level: Level
    #: What was seen, in one sentence.
    said: str
    #: What to do about it.
    remedy: str | None = None
