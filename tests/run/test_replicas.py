"""Several processes, killed and frozen as they work: each step is done, and the record holds."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from small_world import started, step

from actions.history.audit import audit
from actions.history.database import History
from actions.history.lifecycle import FINAL, Status
from actions.history.queries import show
from actions.history.values import RollbackId

#: Short where the dead must be replaced soon; long where nobody may be replaced only because the machine is busy.
SHORT_LEASE, SAFE_LEASE, LONG_LEASE = 4.0, 6.0, 20.0


@contextmanager
def replicas(url: str, folder: Path, number: int, lease: float) -> Iterator[list["subprocess.Popen[bytes]"]]:
    running = [replica(url, folder, lease) for _ in range(number)]
    try:
        yield running
    finally:
        for each in running:
            each.kill()
            each.wait()


def replica(url: str, folder: Path, lease: float) -> "subprocess.Popen[bytes]":
    program = [sys.executable, str(Path(__file__).with_name("replica.py")), url, str(folder), str(lease)]
    return subprocess.Popen(program)


def wait_until_over(history: History, rollbacks: list[RollbackId], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while any(status_of(history, each) not in {*FINAL, Status.CHOOSING, Status.HALTED} for each in rollbacks):
        assert time.monotonic() < until, "they did not end in time"
        time.sleep(0.1)


def status_of(history: History, rollback: RollbackId) -> Status:
    return show(history, rollback).rollback.status


def times_done(folder: Path) -> Counter[str]:
    return Counter((folder / "log").read_text().splitlines())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [1, 3])
def test_runners_that_are_killed_are_replaced_and_every_rollback_ends(
    history: History, database_url: str, tmp_path: Path, number: int
) -> None:
    """Forty runs in all, most of them hit more than once; the whole program is killed in the night."""
    plan = [step(name, destructive=name == "downgrade", seconds=0.2) for name in ("stop", "downgrade", "health")]
    well = [started(history, *plan, service=f"service-{each}") for each in range(16)]
    # Of these everything is undone, at its last step before the destructive one.
    failing = [step("stop"), step("mend", seconds=0.2), step("downgrade", destructive=True)]
    (tmp_path / "mend.fails_late").touch()
    ill = [started(history, *failing, service=f"failing-{each}") for each in range(4)]
    chance = random.Random(number)  # noqa: S311 because it picks victims, not keys
    with replicas(database_url, tmp_path, number, SHORT_LEASE) as running:
        for _ in range(4):
            time.sleep(chance.uniform(0.3, 1.2))
            victim = chance.randrange(len(running))
            running[victim].kill()
            running[victim].wait()
            running[victim] = replica(database_url, tmp_path, SHORT_LEASE)
        wait_until_over(history, [*well, *ill], seconds=200)
    assert {status_of(history, each) for each in well} == {Status.SUCCEEDED}
    assert {status_of(history, each) for each in ill} == {Status.FAILED}
    for each in well:
        assert {path.read_text() for path in tmp_path.glob(f"{each}.*")} == {"whole"}
    for each in ill:
        assert list(tmp_path.glob(f"{each}.*")) == []
    assert audit(history).whole


def test_a_frozen_runner_that_wakes_up_later_touches_nothing_any_more(
    history: History, database_url: str, tmp_path: Path
) -> None:
    rollback = started(history, step("one", seconds=3), step("two"))
    with replicas(database_url, tmp_path, 1, SAFE_LEASE) as running:
        until = time.monotonic() + 20
        # In the middle of the step, not between its last question and its first touch: there only a lock on the target helps.
        while not list(tmp_path.glob(f"{rollback}.*")):
            assert time.monotonic() < until
            time.sleep(0.02)
        running[0].send_signal(signal.SIGSTOP)
        running.append(replica(database_url, tmp_path, SAFE_LEASE))
        wait_until_over(history, [rollback])
        before = times_done(tmp_path)
        running[0].send_signal(signal.SIGCONT)
        time.sleep(1.5)
        after = times_done(tmp_path)
    assert status_of(history, rollback) is Status.SUCCEEDED
    # Taken over once, or more often where the machine is so busy that a lease runs out by itself.
    assert before["do one"] >= 2
    assert before["do two"] == 1
    assert after - before in (Counter(), Counter({"stopped one": 1}))
    assert {path.read_text() for path in tmp_path.glob(f"{rollback}.*")} == {"whole"}
    assert audit(history).whole


@pytest.mark.parametrize("number", [1, 3])
def test_twenty_services_go_back_at_once_and_none_of_them_twice(
    history: History, database_url: str, tmp_path: Path, number: int
) -> None:
    rollbacks = [started(history, step("only", seconds=1.0), service=f"service-{each}") for each in range(20)]
    with replicas(database_url, tmp_path, number, LONG_LEASE):
        wait_until_over(history, rollbacks)
    assert {status_of(history, each) for each in rollbacks} == {Status.SUCCEEDED}
    assert times_done(tmp_path) == Counter({"do only": 20})
