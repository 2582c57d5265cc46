"""The proof that nobody writes any more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from actions.catalog.checks import Check, SqlCheck
from actions.history.canonical import JsonObject
from actions.run.action import Answer, Moment, Untouched
from actions.verify.checking import Looking, values_now
from actions.writers.quiet import prove_quiet

STEP = "prove-quiet"


@dataclass(frozen=True, kw_only=True)
class ProveQuiet:
    url: str = field(repr=False)
    roles: Sequence[str]
    window: timedelta
    checks: Sequence[Check]
    looking: Looking

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because a proof of another moment proves nothing now
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        still = prove_quiet(self.url, roles=self.roles, window=self.window, should_stop=at.should_stop)
        return {
            "counters": still.counters, "watched_seconds": round(still.seconds, 3), "others": list(still.others),
            # Exact now: what the captured values compare with after the run must not have moved since.
            "checks": dict(values_now([each for each in self.checks if isinstance(each, SqlCheck)], self.looking)),
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""
