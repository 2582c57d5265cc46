"""The proof that nobody writes any more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from actions.history.canonical import JsonObject
from actions.run.action import Answer, Moment, Untouched
from actions.writers.quiet import prove_quiet

STEP = "prove-quiet"


@dataclass(frozen=True, kw_only=True)
class ProveQuiet:
    url: str = field(repr=False)
    roles: Sequence[str]
    window: timedelta

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because a proof of another moment proves nothing now
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        still = prove_quiet(self.url, roles=self.roles, window=self.window, should_stop=at.should_stop)
        return {"counters": still.counters, "watched_seconds": round(still.seconds, 3), "others": list(still.others)}

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""
