"""Telling, against a Slack that can be struck at any call."""

import multiprocessing
import multiprocessing.util
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actions.history.database import History
from tests.history.conftest import history, history_template, history_url  # noqa: F401 because they are fixtures
from tests.slack.plain_slack import PlainSlack, plain_slack
from tests.slack.room import ana, bot, lena, marco, omar, running, sandbox  # noqa: F401 because they are fixtures
from tests.slack.stories import catalog_in
from tests.slack.telling import tell

#: Loaded once; a new process is a fork of what has it.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.slack.telling"])


@pytest.fixture(scope="session", autouse=True)
def _room_for_processes() -> None:
    """Not in the session's own folder: it is gone before the last of them is."""
    ours, tempfile.tempdir = tempfile.tempdir, "/tmp"
    multiprocessing.util.get_temp_dir()
    tempfile.tempdir = ours


@pytest.fixture
def slack() -> Iterator[PlainSlack]:
    with plain_slack() as made:
        yield made


@dataclass
class Telling:
    """Processes that tell; each can be killed and started anew."""

    history_url: str
    slack: PlainSlack
    catalog: Path
    #: For those that ask again and again.
    asking: "psycopg.Connection[Any]"
    lease: float = 20.0
    #: Seconds between two messages.
    post_gap: float = 0.02

    def start(self) -> BaseProcess:
        process = _processes.Process(
            target=tell,
            args=(self.history_url, self.slack.url, str(self.catalog), self.lease, self.post_gap),
            daemon=True,
        )
        process.start()
        return process

    @contextmanager
    def here(self) -> Iterator[None]:
        """In a thread of the test: for those that kill nobody."""
        until = threading.Event()
        thread = threading.Thread(
            target=tell,
            args=(self.history_url, self.slack.url, str(self.catalog), self.lease, self.post_gap, until),
            daemon=True,
        )
        thread.start()
        try:
            yield
        finally:
            until.set()
            thread.join(20)

    def settled(self, rollbacks: int = 1) -> bool:
        row = self.asking.execute("SELECT count(*) FROM places WHERE settled").fetchone()
        return row is not None and row[0] >= rollbacks


@pytest.fixture
def telling(history: History, history_url: str, slack: PlainSlack, tmp_path: Path) -> Iterator[Telling]:  # noqa: F811
    catalog_in(tmp_path)
    with psycopg.connect(history_url, autocommit=True) as connection:
        # Somebody has listened before: what ends while nobody tells is told later.
        connection.execute("INSERT INTO announcers (name) VALUES ('slack')")
        yield Telling(history_url=history_url, slack=slack, catalog=tmp_path / "backout.yml", asking=connection)


def kill(process: BaseProcess) -> None:
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
