"""One runner, one rollback, a world of files."""

import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small_world import crew, started, step

from actions.errors import UnavailableError
from actions.history.audit import audit
from actions.history.database import History
from actions.history.leases import LostLeaseError, ask_to_stop, claim, hold, release, renew, waiting_for_somebody
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.values import RollbackId, StepStatus
from actions.run.action import Action
from actions.run.runner import advance

PLAN = (step("capture"), step("stop-writers"), step("downgrade", destructive=True), step("health"))


def run(history: History, folder: Path, rollback: RollbackId) -> Status:
    advance(crew(history, folder), rollback, owner="runner", stopping=threading.Event())
    return status_of(history, rollback)


def status_of(history: History, rollback: RollbackId) -> Status:
    return show(history, rollback).rollback.status


def steps_of(history: History, rollback: RollbackId) -> dict[str, StepStatus]:
    return {each.name: each.status for each in show(history, rollback).steps}


def done_in(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def files_in(folder: Path, rollback: RollbackId) -> set[str]:
    return {each.name.removeprefix(f"{rollback}.") for each in folder.glob(f"{rollback}.*")}


def test_every_step_is_done_once_in_order_and_then_it_succeeded(history: History, tmp_path: Path) -> None:
    rollback = started(history, *PLAN)
    assert run(history, tmp_path, rollback) is Status.SUCCEEDED
    assert done_in(tmp_path) == ["do capture", "do stop-writers", "do downgrade", "do health"]
    assert show(history, rollback).rollback.outcome == "succeeded after 4 steps"
    assert show(history, rollback).steps[0].captured == {"was": "absent"}


def test_a_failure_before_the_destructive_step_is_undone_in_reverse(history: History, tmp_path: Path) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / "stop-writers.fails").touch()
    assert run(history, tmp_path, rollback) is Status.FAILED
    assert done_in(tmp_path) == ["do capture", "do stop-writers", "undo stop-writers", "undo capture"]
    assert files_in(tmp_path, rollback) == set()
    assert steps_of(history, rollback)["downgrade"] is StepStatus.PENDING


def test_a_destructive_step_that_provably_did_nothing_can_still_be_turned_back(
    history: History, tmp_path: Path
) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / "downgrade.fails").touch()
    assert run(history, tmp_path, rollback) is Status.FAILED
    assert files_in(tmp_path, rollback) == set()


@pytest.mark.parametrize("where", ["downgrade.fails_late", "health.fails"])
def test_after_the_destructive_step_a_person_is_asked_and_nothing_is_undone(
    history: History, tmp_path: Path, where: str
) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / where).touch()
    assert run(history, tmp_path, rollback) is Status.CHOOSING
    assert {"capture", "stop-writers", "downgrade"} <= files_in(tmp_path, rollback)
    assert not [line for line in done_in(tmp_path) if line.startswith("undo")]


def test_what_nobody_can_see_halts_it(history: History, tmp_path: Path) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / "downgrade.fails_late").touch()
    (tmp_path / "downgrade.unsure").touch()
    assert run(history, tmp_path, rollback) is Status.HALTED
    assert "cannot be read" in str(show(history, rollback).rollback.outcome)


def test_an_undo_that_does_not_work_halts_it_and_says_which(history: History, tmp_path: Path) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / "stop-writers.fails").touch()
    (tmp_path / "capture.stuck").touch()
    assert run(history, tmp_path, rollback) is Status.HALTED
    assert "Capture could not be undone" in str(show(history, rollback).rollback.outcome)
    assert steps_of(history, rollback)["capture"] is StepStatus.STUCK


@pytest.mark.parametrize("trouble", ["away", "hung_up"])
def test_what_does_not_answer_is_tried_again_and_each_try_can_be_seen(
    history: History, tmp_path: Path, trouble: str
) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / f"stop-writers.{trouble}").write_text("1")
    assert run(history, tmp_path, rollback) is Status.SUCCEEDED
    assert "step.tried_in_vain" in [event.kind for event in show(history, rollback).events]


@pytest.mark.parametrize(
    "silence", [UnavailableError("it does not answer"), psycopg.OperationalError("connection is bad")], ids=type
)
@pytest.mark.parametrize(("during", "ends"), [(Status.RUNNING, Status.SUCCEEDED), (Status.UNDOING, Status.FAILED)])
def test_what_does_not_answer_while_an_action_is_put_together_is_asked_again_too(
    history: History, tmp_path: Path, during: Status, ends: Status, silence: Exception
) -> None:
    rollback = started(history, *PLAN)
    if ends is Status.FAILED:
        (tmp_path / "stop-writers.fails").touch()
    once = [silence]

    class Asking(dict[str, Action]):
        def __getitem__(self, name: str) -> Action:
            if once and status_of(history, rollback) is during:
                raise once.pop()
            return super().__getitem__(name)

    usual = crew(history, tmp_path)
    asking = replace(usual, actions=lambda each: Asking(usual.actions(each)))
    advance(asking, rollback, owner="runner", stopping=threading.Event())
    assert once == []
    assert status_of(history, rollback) is ends


def test_a_mistake_of_ours_is_a_failure_with_a_reference(history: History, tmp_path: Path) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / "capture.crashes").touch()
    assert run(history, tmp_path, rollback) is Status.FAILED
    error = show(history, rollback).steps[0].error
    assert error is not None
    assert "ZeroDivisionError, reference" in str(error["what"])


@pytest.mark.parametrize(
    ("during", "ends"), [("stop-writers", Status.STOPPED), ("downgrade", Status.CHOOSING), ("health", Status.CHOOSING)]
)
def test_a_wish_to_stop_ends_the_step_that_is_under_way(
    history: History, tmp_path: Path, during: str, ends: Status
) -> None:
    plan = [step(each.name, destructive=each.destructive, seconds=60 if each.name == during else 0) for each in PLAN]
    rollback = started(history, *plan)
    running = threading.Thread(target=run, args=(history, tmp_path, rollback))
    running.start()
    wait_for(lambda: f"do {during}" in (done_in(tmp_path) if (tmp_path / "log").exists() else []))
    asked = time.monotonic()
    with history.writing() as connection:
        ask_to_stop(connection, rollback, by="ann")
    running.join(40)
    assert time.monotonic() - asked < 30
    assert status_of(history, rollback) is ends
    if ends is Status.STOPPED:
        assert files_in(tmp_path, rollback) == set()


def test_a_process_that_ends_hands_over_and_another_goes_on(history: History, tmp_path: Path) -> None:
    rollback = started(history, step("one", seconds=0.5), step("two"))
    stopping = threading.Event()
    first = threading.Thread(
        target=advance, args=(crew(history, tmp_path), rollback), kwargs={"owner": "first", "stopping": stopping}
    )
    first.start()
    wait_for((tmp_path / "log").exists)
    stopping.set()
    first.join(10)
    assert steps_of(history, rollback) == {"one": StepStatus.DONE, "two": StepStatus.PENDING}
    assert waiting_for_somebody(history) == (rollback,)
    assert run(history, tmp_path, rollback) is Status.SUCCEEDED
    assert done_in(tmp_path) == ["do one", "do two"]


def test_of_two_runners_one_gets_the_rollback(history: History) -> None:
    rollback = started(history, *PLAN)
    first = claim(history, rollback, owner="first")
    assert first is not None
    assert claim(history, rollback, owner="second") is None
    release(history, first)
    second = claim(history, rollback, owner="second")
    assert second is not None
    assert second.fence == first.fence + 1


def test_whoever_lost_the_lease_can_write_nothing(history: History) -> None:
    rollback = started(history, *PLAN)
    first = claim(history, rollback, owner="first", lasting=timedelta(milliseconds=50))
    assert first is not None
    time.sleep(0.1)
    assert claim(history, rollback, owner="second") is not None
    with pytest.raises(LostLeaseError):
        renew(history, first)
    with pytest.raises(LostLeaseError), history.writing() as connection:
        hold(connection, first)


def test_the_record_of_a_whole_run_holds(history: History, tmp_path: Path) -> None:
    rollback = started(history, *PLAN)
    (tmp_path / "health.fails").touch()
    run(history, tmp_path, rollback)
    assert audit(history).whole


def wait_for(condition, seconds: float = 20) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
