"""`backout serve` as a real process, on real databases of two services and a history."""

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from tests.cli.conftest import clean_environment

CATALOG = """
services:
  orders:
    environment: staging
    platform: {kind: local, folder: .}
    database: ${ORDERS_URL}
    migrations: alembic.ini
  billing:
    environment: staging
    platform: {kind: local, folder: .}
    database: ${BILLING_URL}
    migrations: alembic.ini
"""
PATIENCE = 30.0


def eventually(ask: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What was asked for, as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return answer


@dataclass(frozen=True, kw_only=True)
class Serving:
    """One running `backout serve --workers-only`."""

    process: "subprocess.Popen[str]"
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it logged; a line that is no JSON fails the test."""
        whole = self.log.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]

    def wait_for(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        return eventually(lambda: len(found := self.said(event)) >= times and found)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """The exit code, and how long it took."""
        began = time.monotonic()
        self.process.send_signal(by)
        return self.process.wait(PATIENCE), time.monotonic() - began


Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path, home: Path) -> Iterator[Serve]:
    """Starts `backout serve --workers-only`; keyword arguments are environment variables."""
    (tmp_path / "backout.yml").write_text(CATALOG)
    started: list[Serving] = []

    def start(**variables: str) -> Serving:
        log = tmp_path / f"log-{len(started)}"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--workers-only"], cwd=tmp_path, stderr=stream, text=True,
                env=clean_environment(BACKOUT_HOME=str(home), BACKOUT_LOG="json", **variables),
            )  # fmt: skip
        started.append(Serving(process=process, log=log))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@pytest.fixture
def history_url(database_url: str) -> str:
    return database_url


@pytest.fixture
def orders(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    yield from _service_database(postgres_server)


@pytest.fixture
def billing(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    yield from _service_database(postgres_server)


def _service_database(server: EmbeddedPostgres) -> Iterator[str]:
    """A database at revision `aaa1`."""
    name = sql.Identifier(f"service_{secrets.token_hex(6)}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        url = server.url(name.as_string().strip('"'))
        with psycopg.connect(url) as inside:
            inside.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
            inside.execute("INSERT INTO alembic_version VALUES ('aaa1')")
            inside.execute("CREATE TABLE things AS SELECT generate_series(1, 7) AS id")
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def deploy(url: str, revision: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [revision])
