"""Traceo leaves PostgreSQL for YAML files, on a real engine, with the catalog of the documentation."""

import json
import secrets
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "runbooks"))

from garage import Garage

from actions.catalog import Catalog, load_catalog
from actions.embedded import EmbeddedPostgres
from actions.history.database import open_history
from actions.history.lifecycle import Status
from actions.history.values import RollbackId
from actions.run.runbooks.advising import advise
from tests.conftest import server_folder
from tests.docker_world.project import Project, compose_project

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "traceo"
TABLES = """
CREATE TABLE requirements (id text PRIMARY KEY, workspace_id text, title text, type text, classification text, priority text,
  status text, version text, description text, business_rationale text, detailed_requirements text, success_criteria jsonb,
  acceptance_criteria text, relationships text, stakeholders text, metadata jsonb);
CREATE TABLE relationships (source_requirement_id text, target_requirement_id text, relationship_type text,
  PRIMARY KEY (source_requirement_id, target_requirement_id));
INSERT INTO requirements (id, workspace_id, title, relationships, success_criteria)
  SELECT 'REQ-' || g, CASE WHEN g > 40 THEN 'other' ELSE 'default' END, 'title ' || g, '{"parent": "REQ-1"}', '["a", "b"]'
  FROM generate_series(1, 45) g;
INSERT INTO relationships SELECT 'REQ-' || g, 'REQ-1', 'derives' FROM generate_series(2, 40) g;
"""


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Office:
    def __init__(self, garage: Garage, project: Project) -> None:
        self.garage = garage
        self.project = project

    def catalog(self) -> Catalog:
        text = (EXAMPLE / "backout.yml").read_text()
        env = "".join(f', {key}: "{value}"' for key, value in self.project.environ.items())
        text = text.replace(
            "{kind: compose, folder: app, project: traceo}",
            f"{{kind: compose, folder: app, project: {self.project.name}, command: {' '.join(self.project.program)}, "
            f"env: {{A: b{env}}}}}",
        )
        text = text.replace("environment: production", "environment: development")
        text = text.replace("localhost:8000", f"127.0.0.1:{self.project.environ['API_PORT']}")
        file = self.garage.folder.parent / "backout.yml"
        file.write_text(text)
        return load_catalog(file, self.garage.environ)

    def run(self, runbook: str) -> RollbackId:
        catalog = self.catalog()
        rollback = self.garage.ask(catalog, runbook=runbook, reason="PostgreSQL is in trouble")
        self.garage.go_on(catalog, rollback)
        for name, step in self.garage.steps(rollback).items():
            if step.parameters.get("for_person"):
                self.garage.tick(rollback, name)
        self.garage.go_on(catalog, rollback)
        return rollback

    def ask(self, path: str) -> object:
        address = f"http://127.0.0.1:{self.project.environ['API_PORT']}{path}"
        until = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(address, timeout=30) as answer:
                    return json.loads(answer.read())
            except OSError:  # it is being started
                assert time.monotonic() < until
                time.sleep(0.5)

    def execute(self, statement: str) -> None:
        with psycopg.connect(str(self.garage.environ["TRACEO_DATABASE_URL"]), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def office(postgres_server: EmbeddedPostgres) -> Iterator[Office]:
    name = f"history_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    with server_folder() as folder, open_history(postgres_server.url(name)) as history:
        folder.chmod(0o755)
        (folder / "home").mkdir()
        shutil.copytree(EXAMPLE, folder / "traceo")
        app = folder / "traceo" / "app"
        shutil.copy(app / "env.example", app / ".env")
        ports = {"DB_PORT": free_port(), "API_PORT": free_port()}
        garage = Garage(folder=app, home=folder / "home", history=history, name="traceo")
        garage.more = {"TRACEO_DATABASE_URL": f"postgresql://postgres:secret@127.0.0.1:{ports['DB_PORT']}/postgres"}
        with compose_project(app, environ=ports) as project:
            project.up()
            project.wait_healthy("postgres")
            made = Office(garage, project)
            made.execute(TABLES)
            yield made


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_the_service_leaves_the_database_for_files_and_everything_is_counted(office: Office) -> None:
    garage = office.garage
    assert office.ask("/api/requirements") == {"count": 40}
    rollback = office.run("to-files")
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert office.ask("/health") == {"status": "ok", "storage": "file"}
    assert office.ask("/api/requirements") == {"count": 40}
    assert garage.read(".env") == "TRACEO_STORAGE_BACKEND=file  # file, postgres or postgres_yaml\n"
    written = yaml.safe_load(garage.read("requirements/REQ-7/definition.yml"))["requirement"]
    assert written["success_criteria"] == ["a", "b"]
    assert written["related_requirements"] == [
        {"source_requirement_id": "REQ-7", "target_requirement_id": "REQ-1", "relationship_type": "derives"}
    ]
    history = garage.read("docs/ROLLBACK-HISTORY.md")
    assert f"{rollback}: PostgreSQL is in trouble" in history


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_what_was_made_only_in_the_database_is_exported_again_and_replaces_older_files(office: Office) -> None:
    garage = office.garage
    office.execute("INSERT INTO requirements (id, workspace_id, title) VALUES ('REQ-99', 'default', 'late')")
    office.execute("UPDATE requirements SET title = 'renamed' WHERE id = 'REQ-7'")
    best = advise(office.catalog().services, "some requirements are missing after the rollback")[0]
    assert best.command == "backout request traceo --runbook export-again"
    rollback = office.run("export-again")
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert office.ask("/api/requirements") == {"count": 41}
    assert "renamed" in garage.read("requirements/REQ-7/definition.yml")


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_files_that_no_row_stands_for_fail_it_and_the_database_stays_in_use(office: Office) -> None:
    garage = office.garage
    garage.write(".env", "TRACEO_STORAGE_BACKEND=postgres\n")
    office.project.up("mcp-server")
    garage.write("requirements/REQ-STRANGER/definition.yml", "requirement: {id: REQ-STRANGER}\n")
    rollback = office.run("to-files")
    assert garage.status(rollback) is Status.FAILED
    assert "REQ-STRANGER" in garage.outcome(rollback)
    assert garage.read(".env") == "TRACEO_STORAGE_BACKEND=postgres\n"
    assert office.ask("/health") == {"status": "ok", "storage": "postgres"}
    assert {service: office.project.states(service) for service in ("mcp-server", "engine", "web")} == {
        service: ["running"] for service in ("mcp-server", "engine", "web")
    }
    shutil.rmtree(garage.folder / "requirements" / "REQ-STRANGER")


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_the_quick_switch_is_the_variable_alone(office: Office) -> None:
    garage = office.garage
    garage.write(".env", "TRACEO_STORAGE_BACKEND=postgres\n")
    office.project.up("mcp-server")
    rollback = office.run("quick")
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert office.ask("/health") == {"status": "ok", "storage": "file"}
