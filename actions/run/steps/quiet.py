"""The proof that nobody writes any more.

Where the backup, its proof and the downgrade follow, they do not wait for the whole window: the counters are watched on
meanwhile, and the window has to be over before anything is destroyed. Until then what was seen here has to stand still.

While the counters are watched there is time to look once more at everything that was approved: what is seen now stands
still, so that right before the first destructive step it is enough to see that it still does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from actions.catalog.checks import Check, SqlCheck
from actions.history.canonical import JsonObject
from actions.run.action import Answer, Moment, Untouched
from actions.run.names import BACK_UP, DOWNGRADE, PROVE
from actions.verify.checking import Looking, values_heard
from actions.writers.quiet import Window, prove_quiet, still_quiet
from actions.writers.watching import Watch

STEP = "prove-quiet"
#: Of the window, before the backup begins: whoever writes all the time is found then.
ALONE = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class ProveQuiet:
    url: str = field(repr=False)
    #: Asked only when it is proven: to take nothing back, nobody has to answer.
    roles: Callable[[], Sequence[str]]
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

        window = min(self.window, ALONE) if _is_watched_on(at) else self.window
        still = prove_quiet(self.url, roles=self.roles(), window=window, should_stop=at.should_stop, meanwhile=look)
        return {
            **looked,
            "counters": still.counters, "watched_seconds": round(still.seconds, 3), "others": list(still.others),
            "window": {"began": round(still.began, 3), "seconds": self.window.total_seconds()},
            # Exact now: what the captured values compare with after the run must not have moved since.
            "checks": dict(values_heard([each for each in self.checks if isinstance(each, SqlCheck)], self.looking)),
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""


def _is_watched_on(at: Moment) -> bool:
    """What follows the proof watches on, writes nothing, and ends with a step that asks before it destroys anything."""
    plan = {**at.others, at.step.name: at.step}
    following = sorted(
        (each for each in plan.values() if STEP in plan and each.position > plan[STEP].position),
        key=lambda each: each.position,
    )
    return [each.action for each in following[:3]] == [BACK_UP, PROVE, DOWNGRADE]


@contextmanager
def watched_on(at: Moment, url: str, roles: Sequence[str]) -> Iterator[Callable[[], bool]]:
    """For those who work behind the proof: whether they should stop. NotQuietError when somebody wrote meanwhile."""
    counters = at.result_of(STEP).get("counters")
    if not isinstance(counters, dict) or not _is_watched_on(at):
        yield at.should_stop
        return
    with Watch(url, roles=roles, since=counters).on() as watch:
        yield lambda: watch.is_disturbed or at.should_stop()


def refuse_disturbance(at: Moment, url: str, roles: Sequence[str]) -> None:
    """Right before anything is destroyed: the window is over, and nothing was written since it began."""
    proof = at.result_of(STEP)
    counters, said = proof.get("counters"), proof.get("window")
    if isinstance(counters, dict):
        # A runner of an earlier version watched for all of it.
        window = (
            Window(began=_number(said["began"]), seconds=_number(said["seconds"])) if isinstance(said, dict) else None
        )
        still_quiet(url, roles=roles, since=counters, window=window, should_stop=at.should_stop)


def _number(said: object) -> float:
    return float(said) if isinstance(said, int | float) else 0.0
