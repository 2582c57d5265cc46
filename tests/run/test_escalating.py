"""A rollback that does not get on calls the catalog's contacts: at once for a restore that fails, then one after the other."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.catalog import Service, load_catalog
from actions.history.database import History
from actions.history.leases import ask_to_stop
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.values import RollbackId
from actions.run.choosing import choose
from actions.run.escalating import escalate_overdue, why_now
from actions.run.names import RESTORE
from actions.run.offering import Choice
from tests.run.small_world import CONTACTS, started, step
from tests.run.test_runner import run
from tests.run.test_ways_on import CATALOG, LEAD

RULES = """
    escalation:
      after_attempts: 1
      next_after: 1s
      contacts: [{title: Database administrator, how: pager 7}, {title: Engineer, how: pager 3}, {title: CTO, how: pager 1}]
"""


@pytest.fixture
def services(tmp_path: Path) -> dict[str, Service]:
    (tmp_path / "backout.yml").write_text(CATALOG.rstrip() + RULES)
    return dict(load_catalog(tmp_path / "backout.yml", {"URL": "postgresql://nobody@localhost/x"}).services)


@pytest.fixture
def failed(history: History, tmp_path: Path) -> RollbackId:
    """Behind the point of no return, and nobody has chosen."""
    rollback = started(history, step("downgrade", destructive=True), step("verify"))
    (tmp_path / "verify.fails").touch()
    assert run(history, tmp_path, rollback) is Status.CHOOSING
    return rollback


def calls(history: History, rollback: RollbackId) -> list[dict[str, Any]]:
    return [dict(each.details) for each in show(history, rollback).events if each.kind.startswith("escalated")]


def test_a_restore_that_fails_calls_them_at_once_also_when_it_was_undone(history: History, tmp_path: Path) -> None:
    rollback = started(history, step("stop"), step("restore", action=RESTORE, destructive=True))
    (tmp_path / "restore.fails").touch()
    assert run(history, tmp_path, rollback) in (Status.FAILED, Status.CHOOSING)
    assert calls(history, rollback) == [{"because": "Restore failed", "contacts": list(CONTACTS)}]


def test_a_restore_that_somebody_stopped_calls_nobody(history: History, tmp_path: Path) -> None:
    rollback = started(history, step("restore", action=RESTORE, destructive=True))
    (tmp_path / "restore.fails").touch()
    with history.writing() as connection:
        ask_to_stop(connection, rollback, by="ann")
    run(history, tmp_path, rollback)
    assert calls(history, rollback) == []


def test_any_other_step_that_fails_waits_for_the_rules(history: History, failed: RollbackId) -> None:
    assert calls(history, failed) == []


def test_they_are_called_one_after_the_other_and_each_once(
    history: History, services: dict[str, Service], failed: RollbackId
) -> None:
    ended = time.monotonic() + 30
    while len(calls(history, failed)) < 3 and time.monotonic() < ended:
        escalate_overdue(history, services)
        time.sleep(0.1)
    first, *later = calls(history, failed)
    assert first["because"] == "an attempt has failed"
    assert [(each["number"], each["contact"]) for each in later] == [(2, "Engineer (pager 3)"), (3, "CTO (pager 1)")]
    time.sleep(1.1)
    assert escalate_overdue(history, services) == ()


def test_of_two_processes_that_look_at_once_one_calls(
    history: History, services: dict[str, Service], failed: RollbackId
) -> None:
    escalate_overdue(history, services)
    time.sleep(1.1)
    with ThreadPoolExecutor(4) as many:
        found = list(many.map(lambda _: escalate_overdue(history, services), range(4)))
    assert sorted(found) == [(), (), (), (failed,)]


def test_whoever_does_something_has_answered_and_has_time_anew(
    history: History, services: dict[str, Service], failed: RollbackId, tmp_path: Path
) -> None:
    rules = services["content-api"].escalation
    escalate_overdue(history, services)
    time.sleep(0.2)
    choose(history, services["content-api"], failed, LEAD, Choice.RETRY)
    assert run(history, tmp_path, failed) is Status.CHOOSING
    entries = show(history, failed).events
    called = next(each.at for each in entries if each.kind == "escalated")
    chosen = next(each.at for each in entries if each.details.get("choice"))
    assert why_now(rules, entries, since=None, now=called + rules.next_after) is None
    assert why_now(rules, entries, since=None, now=chosen + rules.next_after) is not None


def test_it_is_said_when_the_time_without_an_end_is_over(services: dict[str, Service]) -> None:
    rules, began = services["content-api"].escalation, datetime(2026, 1, 1, tzinfo=UTC)
    assert why_now(rules, [], since=began, now=began + timedelta(minutes=119)) is None
    said = why_now(rules, [], since=began, now=began + timedelta(minutes=120))
    assert said == "it has no end after 120 minutes"


def test_nobody_is_called_for_what_has_ended(
    history: History, services: dict[str, Service], failed: RollbackId, tmp_path: Path
) -> None:
    escalate_overdue(history, services)
    (tmp_path / "verify.fails").unlink()
    choose(history, services["content-api"], failed, LEAD, Choice.RETRY)
    assert run(history, tmp_path, failed) is Status.SUCCEEDED
    time.sleep(1.1)
    assert escalate_overdue(history, services) == ()
