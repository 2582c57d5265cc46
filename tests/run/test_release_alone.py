"""The application alone, of a service without a database or without migrations: from request to its end."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from actions.catalog import load_catalog
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.rollbacks import RollbackRequest, open_rollback
from actions.history.shown import last_shown
from actions.history.values import RollbackId
from actions.run.crewing import Sites, crew_of
from actions.run.runner import advance

CATALOG = """
services:
  page:
    environment: {environment}
    platform: {{kind: local, folder: .}}
    {more}
    application: {{command: [touch, older-release], undo: [rm, -f, older-release]}}
    checks: [{{command: [test, -f, older-release]}}]
    approvers: {{terminal: [alice]}}
"""


TWO_RELEASES = """
services:
  page:
    environment: staging
    platform: {{kind: local, folder: .}}
    {more}
    application: [{{command: [touch, older-release], undo: [rm, -f, older-release]}}, {{git: v0.9}}]
    approvers: {{terminal: [alice]}}
"""


def go(
    history: History, folder: Path, *, environment: str = "staging", more: str = "policy: {}", url: str = "",
    catalog_text: str = CATALOG,
) -> RollbackId:  # fmt: skip
    """Asked for, and carried as far as it goes by itself."""
    (folder / "backout.yml").write_text(catalog_text.format(environment=environment, more=more))
    environ = {"PATH": os.environ["PATH"], "PAGE_URL": url}
    catalog = load_catalog(folder / "backout.yml", environ)
    crew = crew_of(Sites(services=catalog.service, environ=environ, history=history, home=folder))
    request = RollbackRequest(
        request_key="one", service="page", environment=environment, requester="rita", target="-1", runbook="app-only"
    )
    rollback = open_rollback(history, request).rollback.id
    advance(crew, rollback, owner="here:1:a", stopping=threading.Event())
    return rollback


def test_without_a_database_the_application_goes_back(history: History, tmp_path: Path) -> None:
    story = show(history, go(history, tmp_path))
    assert story.rollback.status is Status.SUCCEEDED, story.rollback.outcome
    assert (tmp_path / "older-release").exists()
    assert [step.name for step in story.steps if step.status != "done"] == []
    assert story.rollback.risk == "low"


def test_without_migrations_nobody_knows_whether_the_schema_fits_and_that_is_said(
    history: History, tmp_path: Path, database_url: str
) -> None:
    story = show(
        history, go(history, tmp_path, environment="production", more="database: ${PAGE_URL}", url=database_url)
    )
    assert story.rollback.status is Status.WAITING
    assert story.rollback.risk == "medium"
    with history.reading() as connection:
        shown = last_shown(connection, story.rollback.id)
    assert "not known whether the older release works" in str(shown)
    assert not (tmp_path / "older-release").exists()


@pytest.mark.parametrize("strategy", ["downgrade", "restore"])
def test_another_way_needs_a_database_and_says_so(history: History, tmp_path: Path, strategy: str) -> None:
    (tmp_path / "backout.yml").write_text(CATALOG.format(environment="staging", more="policy: {}"))
    environ = {"PATH": os.environ["PATH"]}
    catalog = load_catalog(tmp_path / "backout.yml", environ)
    crew = crew_of(Sites(services=catalog.service, environ=environ, history=history, home=tmp_path))
    request = RollbackRequest(
        request_key="one", service="page", environment="staging", requester="rita", target="-1", runbook=strategy
    )
    rollback = open_rollback(history, request).rollback.id
    advance(crew, rollback, owner="here:1:a", stopping=threading.Event())
    found = show(history, rollback).rollback
    assert found.status is Status.FAILED
    assert "database" in str(found.outcome)


def test_a_release_that_is_not_to_be_had_is_found_before_anything_is_touched(history: History, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "."], cwd=tmp_path, check=True)
    story = show(history, go(history, tmp_path, catalog_text=TWO_RELEASES))
    assert story.rollback.status is Status.FAILED
    assert "There is no commit, tag or branch v0.9" in str(story.rollback.outcome)
    begun = {event.details.get("step") for event in story.events if event.kind == "step.running"}
    assert begun == {"preflight"}
