"""When a runner knows that it may not be the one any more, and by which clock."""

import ast
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from actions import run
from actions.errors import UnavailableError
from actions.history import leases, stepping
from actions.history.database import History, open_history
from actions.history.leases import Lease, LostLeaseError, claim, hold
from actions.run.pulse import Pulse, elapsed_seconds
from tests.run.small_world import started, step

LASTING = timedelta(seconds=4)
#: Dates that are shown or compared with dates of the world; who may act is never decided with them.
SHOWN_ONLY = {
    "assessing.py", "answering.py", "release_alone.py", "proposing.py", "looking.py", "drilling.py", "specs.py",
    # Names of archives, and how long a step of a runbook waits.
    "compose.py", "checks.py",
}  # fmt: skip


@pytest.fixture
def lease(history: History) -> Lease:
    taken = claim(history, started(history, step("one")), owner="runner", lasting=LASTING)
    assert taken is not None
    return taken


def test_the_time_of_a_lease_counts_from_before_it_was_asked_for(history: History, lease: Lease) -> None:
    # Held up for so long between the question and the answer: nobody knows what happened meanwhile.
    pulse = Pulse(history, lease, threading.Event(), claimed_at=elapsed_seconds() - 3.5, lasting=LASTING)
    assert pulse.lost
    with pytest.raises(LostLeaseError):
        pulse.require()


def test_it_is_held_for_as_long_as_it_beats(history: History, lease: Lease) -> None:
    with Pulse(history, lease, threading.Event(), claimed_at=elapsed_seconds() - 1.0, lasting=LASTING) as pulse:
        time.sleep(2.5)
        assert not pulse.lost


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no clock that counts its sleep")
def test_the_time_in_which_the_machine_slept_counts() -> None:
    assert abs(elapsed_seconds() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1


def test_who_may_act_is_never_decided_by_a_clock_that_people_set() -> None:
    files = [*Path(run.__path__[0]).rglob("*.py"), Path(leases.__file__), Path(stepping.__file__)]
    reading = {
        file.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "time_ns", "time"}
        and isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date", "time"}
    }  # fmt: skip
    assert len(files) > 10
    assert reading <= SHOWN_ONLY


def test_a_lease_ends_by_the_clock_of_the_database(history: History, lease: Lease) -> None:
    with history.writing() as connection:
        connection.execute(text("UPDATE runs SET lease_until = clock_timestamp() - interval '1 millisecond'"))
    taken = claim(history, lease.rollback, owner="another")
    assert taken is not None
    assert taken.fence == lease.fence + 1


@pytest.mark.slow
def test_a_runner_that_freezes_in_the_middle_of_a_transaction_keeps_nobody_else_from_writing(
    history: History, database_url: str, lease: Lease
) -> None:
    with open_history(database_url) as frozen, pytest.raises(UnavailableError), frozen.writing() as connection:  # noqa: PT012
        hold(connection, lease)
        began = time.monotonic()
        with history.writing() as other:
            other.execute(text("UPDATE runs SET lease_until = clock_timestamp()"))
        assert claim(history, lease.rollback, owner="another") is not None
        assert 5 < time.monotonic() - began < 20
        # It wakes up, and its transaction is over.
        hold(connection, lease)
