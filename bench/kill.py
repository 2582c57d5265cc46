"""Rollbacks whose workers are killed, frozen and cut off from their databases: how each of them ends.

`python -m bench kill --runs 300 --replicas 1`: shops of `tests/rollback/market.py` go back, a few at a time, while blows
fall at random boundaries of steps and at random moments inside them. Every batch has a seed of its own, from which all
its blows follow; whatever did not end honestly is told with it, and `--runs 5 --seed THAT` does it again.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "rollback"))

from honesty import after_the_next_look, dishonest  # noqa: E402 because the shops are in the tests
from market import Servers, opened  # noqa: E402
from striking import (  # noqa: E402
    BOUNDARIES,
    BOUNDARIES_OF_UNDO,
    STEPS,
    Blow,
    How,
    Struck,
    inside,
    inside_undo,
    strike,
)

from actions.history.database import open_history  # noqa: E402
from actions.history.lifecycle import Status  # noqa: E402
from actions.history.queries import Story, show  # noqa: E402

AT_ONCE = 10
LEASE_SECONDS = 5
#: How often each kind of blow is drawn. `freeze` and an absence cost a lease each.
WEIGHTS: dict[How, int] = {
    "kill": 16, "freeze": 2, "history": 1, "service": 1, "crash-history": 2, "crash-service": 2,
}  # fmt: skip
BLOWS = (3, 7)
#: Of each batch: their downgrades fail, and everything is undone.
FAILING = frozenset({2, 5, 9})
#: Steps of which an undo does something.
WRITERS = ("stop-writer", "stop-web")
LONGEST_SECONDS = 900.0


@dataclass
class Tally:
    """What came of all batches."""

    outcomes: Counter[str] = field(default_factory=Counter)
    blows: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    #: Why those that did not succeed ended as they did.
    reasons: Counter[str] = field(default_factory=Counter)
    dishonest: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for ours, theirs in (
            (self.outcomes, other.outcomes), (self.blows, other.blows), (self.hits, other.hits), (self.reasons, other.reasons),
        ):  # fmt: skip
            ours.update(theirs)
        self.dishonest += other.dishonest

    def numbers(self) -> dict[str, float]:
        return {
            "runs": self.outcomes.total(), "blows": self.blows.total(), "runs_hit": self.hits.total(),
            "dishonest": len(self.dishonest), **{f"ended_{name}": count for name, count in self.outcomes.items()},
        }  # fmt: skip


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Prints a table of outcomes and every dishonest end with its seed."""
    parser = argparse.ArgumentParser(prog="python -m bench kill")
    parser.add_argument("--runs", type=int, default=300, help="how many rollbacks")
    parser.add_argument("--replicas", type=int, default=1, choices=(1, 3), help="how many workers share them")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch; each further one has the next number")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="rollbacks of a batch, which run at the same time")
    parser.add_argument(
        "--clocks", type=int, nargs="+", default=[0], help="seconds by which the workers' clocks are wrong"
    )
    parser.add_argument("--keep", type=Path, help="a file to which each batch is added as one line of JSON")
    chosen = parser.parse_args(arguments)
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backout-bench-") as folder:
        Path(folder).chmod(0o755)
        with Servers(Path(folder)) as servers:
            seed = chosen.seed
            while (left := chosen.runs - tally.outcomes.total()) > 0:
                of_batch = Tally()
                batch(
                    servers,
                    of_batch,
                    seed=seed,
                    shops=min(left, chosen.at_once),
                    replicas=chosen.replicas,
                    clocks=chosen.clocks,
                )
                tally.add(of_batch)
                if chosen.keep:
                    with chosen.keep.open("a") as file:
                        print(json.dumps({"seed": seed, "replicas": chosen.replicas, **vars(of_batch)}), file=file)
                seed += 1
    _show(tally, time.monotonic() - began)
    return tally.numbers()


def drawn(seed: int) -> list[Blow]:
    """The blows of one batch."""
    chance = random.Random(seed)  # noqa: S311 because it draws moments, not keys
    blows = []
    for _ in range(chance.randint(*BLOWS)):
        how = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        where = chance.random()
        if where < 0.4:
            kind, step = chance.choice(BOUNDARIES)
            blows.append(Blow(how=how, kind=kind, step=step))
        elif where < 0.8:
            blows.append(inside(chance.choice(STEPS), chance, how))
        elif where < 0.9:
            kind, step = chance.choice(BOUNDARIES_OF_UNDO)
            blows.append(Blow(how=how, kind=kind, step=step))
        else:
            blows.append(inside_undo(chance.choice(WRITERS), chance, how))
    return blows


def batch(
    servers: Servers, tally: Tally, *, seed: int, shops: int, replicas: int, clocks: Sequence[int] = (0,)
) -> None:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="backout-bench-") as folder:
        Path(folder).chmod(0o755)
        with opened(servers, Path(folder), shops=shops, lease=LEASE_SECONDS, failing=FAILING) as market:
            with open_history(market.history_url) as history:
                market.clocks = tuple(clocks)
                market.ask_for_all(history)
                struck, trouble = Struck(), []
                try:
                    struck = strike(market, drawn(seed), workers=replicas, seconds=LONGEST_SECONDS)
                except AssertionError as error:
                    trouble.append(str(error))
                for rollback, shop in market.rollbacks.items():
                    trouble += [f"{rollback}: {each}" for each in dishonest(market, history, rollback, shop)]
                trouble += after_the_next_look(market, history)
                ends = [show(history, each) for each in market.rollbacks]
                tally.outcomes.update(end.rollback.status.value for end in ends)
                tally.reasons.update(_why(end) for end in ends if end.rollback.status is not Status.SUCCEEDED)
            if trouble or {"choosing", "halted"} & set(tally.outcomes):
                log = Path(tempfile.gettempdir()) / f"backout-kill-{replicas}-{seed}.log"
                log.write_bytes((market.folder / "serve.log").read_bytes())
                tally.dishonest += [f"seed {seed}: {each} (log: {log})" for each in trouble]
    tally.blows.update(each.split()[0] for each in struck.blows)
    tally.hits.update(struck.hits)
    said = f"seed {seed}: {shops} runs, {len(struck.blows)} blows, {len(struck.hits)} hits, {struck.seconds:.0f} s"
    print(said + "".join(f"\n  {each}" for each in trouble), file=sys.stderr, flush=True)


def _why(end: Story) -> str:
    said = [
        str(event.details["because"])
        for event in end.events
        if event.kind.startswith("rollback.") and event.details.get("because")
    ]
    return str(end.rollback.outcome or (said[-1] if said else "nothing was said"))


def _show(tally: Tally, seconds: float) -> None:
    tables = (
        ("outcome", tally.outcomes), ("blow", tally.blows), ("runs hit while", tally.hits), ("not succeeded because", tally.reasons),
    )  # fmt: skip
    for title, counted in tables:
        print(f"\n{title:<40} {'times':>6}")
        for name, count in counted.most_common():
            print(f"{name:<40} {count:>6}")
    print(f"\n{len(tally.dishonest)} dishonest ends in {seconds:.0f} s")
    for each in tally.dishonest:
        print(f"  {each}")
