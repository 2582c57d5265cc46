"""`kill -9` in the middle of a declared runbook: another runner goes on from there, and nothing is done twice."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from garage import Garage

from actions.history.leases import waiting_for_somebody
from actions.history.lifecycle import Status

HERE = Path(__file__).parent


def test_a_runner_that_dies_in_a_step_is_replaced_and_what_was_done_stays_done(
    garage: Garage, database_url: str
) -> None:
    garage.commit("first", src__app="old")
    garage.commit("second", src__app="new")
    garage.write(".env", "MODE=new\n")
    once = f"test -e once || {{ touch once; kill -9 $(cat {garage.home}/runner.pid); sleep 30; }}; echo run >> ran"
    steps = [
        {"git_restore": "src", "ref": "HEAD~1"},
        {"log": "{rollback} began", "file": "LOG"},
        {"run": ["sh", "-c", once]},
        {"setting": "MODE", "to": "old"},
    ]
    catalog = garage.catalog(back=steps)
    rollback = garage.ask(catalog)
    words = [
        sys.executable,
        str(HERE / "dying_runner.py"),
        database_url,
        str(garage.home / "catalog.yml"),
        str(garage.home),
    ]
    environ = {**garage.environ, "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run([*words, str(rollback.number)], env=environ, capture_output=True, timeout=90, check=False)
    assert done.returncode == -9, done.stderr[-2000:]
    assert garage.status(rollback) is Status.RUNNING
    until = time.monotonic() + 30
    while rollback not in waiting_for_somebody(garage.history):
        assert time.monotonic() < until, "the lease of a dead runner runs out"
        threading.Event().wait(0.2)
    assert garage.go_on(catalog, rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    attempts = {name: step.attempts for name, step in garage.steps(rollback).items()}
    assert attempts == {
        "back-1-git-restore": 1, "back-2-log": 1, "back-3-run": 2, "back-4-setting": 1, "close": 1,
    }  # fmt: skip
    assert garage.read("ran") == "run\n", "the command died with its runner, and was run again as a whole"
    assert garage.read("LOG") == f"{rollback} began\n"
    assert (garage.read("src/app"), garage.read(".env")) == ("old", "MODE=old\n")
