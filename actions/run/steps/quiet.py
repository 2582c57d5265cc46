"""The proof that nobody writes any more.

While the counters are watched there is time to look once more at everything that was approved: what is seen now stands
still, so that right before the first destructive step it is enough to see that it still does.
"""

from collections.abc import Callable, Sequence
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
    #: Looks once more at what was approved, and says what it was about; raises RefusedError when it does not hold.
    look_again: Callable[[Moment, Callable[[], bool]], JsonObject | None] = lambda _, __: None

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because a proof of another moment proves nothing now
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        looked: JsonObject = {}

        def look(is_over: Callable[[], bool]) -> None:
            nonlocal looked
            found = self.look_again(at, is_over)
            looked = {} if found is None else {"looked_at": found}

        still = prove_quiet(
            self.url, roles=self.roles, window=self.window, should_stop=at.should_stop, meanwhile=look
        )  # fmt: skip
        return {
            **looked,
            "counters": still.counters, "watched_seconds": round(still.seconds, 3), "others": list(still.others),
            # Exact now: what the captured values compare with after the run must not have moved since.
            "checks": dict(values_now([each for each in self.checks if isinstance(each, SqlCheck)], self.looking)),
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""
