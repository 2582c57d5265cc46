"""The ways on after a failure behind the point of no return: what they find, and how honestly they end."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.approve.people import Identity, Role, Roles
from actions.catalog import Service, load_catalog
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.values import RollbackId, Step, StepStatus
from actions.run import names
from actions.run.answering import Speaker
from actions.run.choosing import choose
from actions.run.deciding import End, next_forward
from actions.run.offering import Choice, left_to_release, writers_back
from tests.run.small_world import started, step
from tests.run.test_runner import run

LEAD = Speaker(identity=Identity(id="bob", where="slack"), roles=Roles(held=frozenset({Role.APPROVER})))
CATALOG = """
services:
  content-api:
    environment: staging
    platform: {kind: local, folder: .}
    database: ${URL}
    migrations: alembic.ini
    approvers: {users: [U0AAAAAAA, U0BBBBBBB]}
"""


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "backout.yml").write_text(CATALOG)
    return load_catalog(tmp_path / "backout.yml", {"URL": "postgresql://nobody@localhost/x"}).services["content-api"]


def a_step(position: int, action: str, status: StepStatus = StepStatus.DONE, **parameters: Any) -> Step:
    return Step(
        id=position, rollback=RollbackId(1), position=position, name=f"{action}-{position}", title=action, action=action,
        parameters=parameters, destructive=action in (names.DOWNGRADE, names.RESTORE), status=status, attempts=1,
        captured=None, result=None, error=None, predicted=None, started_at=None, finished_at=None,
        updated_at=datetime.now(UTC),
    )  # fmt: skip


def test_who_stops_it_between_two_steps_and_keeps_what_is_there_gets_no_success(
    history: History, tmp_path: Path, service: Service
) -> None:
    """Nothing failed; but the next step was never done, and an end that hides this would be a lie."""
    plan = [step("downgrade", destructive=True), step("verify"), step("health")]
    rollback = started(history, *plan)
    (tmp_path / "verify.fails").touch()
    assert run(history, tmp_path, rollback) is Status.CHOOSING
    with history.writing() as connection:
        # As a stop between the steps leaves it: nothing failed, the next one waits.
        connection.exec_driver_sql("UPDATE steps SET status = 'pending' WHERE status = 'failed'")
    choose(history, service, rollback, LEAD, Choice.KEEP)
    steps = show(history, rollback).steps
    assert [(each.name, each.status) for each in steps[:2]] == [
        ("downgrade", StepStatus.DONE), ("verify", StepStatus.SKIPPED),
    ]  # fmt: skip
    seen = [each if each.status is StepStatus.SKIPPED else a_step(each.position, each.action) for each in steps]
    assert next_forward(seen, stop_by=None) == End(status=Status.FAILED)


def test_keeping_what_was_restored_takes_the_application_back_to_it() -> None:
    restored = (a_step(1, names.RESTORE), a_step(2, names.RELEASE, StepStatus.PENDING, number=0))
    assert left_to_release(restored) == (0,)
    assert left_to_release((*restored, a_step(3, names.SWAP_BACK))) == ()


def test_writers_that_were_stopped_again_are_not_back() -> None:
    back = (a_step(1, names.STOP), a_step(2, names.RESUME))
    assert writers_back(back)
    assert not writers_back((*back, a_step(3, names.STOP)))
