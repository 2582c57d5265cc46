"""The real program as a process, with an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from actions.embedded import EmbeddedPostgres
from tests.conftest import server_folder
from tests.warm import Ran, run_backout

Backout = Callable[..., "Ran | subprocess.CompletedProcess[str]"]

CATALOG = """
services:
  orders:
    environment: staging
    platform: {kind: local, folder: .}
    database: ${ORDERS_URL}
    migrations: alembic.ini
    approvers: {users: [U0AAAAAAA, U0BBBBBBB]}
"""


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    """Its server runs for as long as the module's tests, so that not every one of them starts and stops it."""
    with server_folder() as folder, EmbeddedPostgres(folder / "postgres"):
        yield folder


@pytest.fixture
def backout(module_home: Path, tmp_path: Path) -> Backout:
    """Runs `backout ...` in an empty folder; keyword arguments are environment variables."""

    def run(*arguments: str, timeout: float = 60, **variables: str) -> Ran:
        environment = clean_environment(BACKOUT_HOME=str(module_home), **variables)
        # Warnings are errors here too, wherever in the program they come up.
        ran = run_backout(arguments, folder=tmp_path, env=environment, warnings="error", timeout=timeout)
        assert not ran.timed_out
        return ran

    return run


def started_anew(home: Path, folder: Path) -> Backout:
    """The same, loaded from the beginning as by somebody who types it."""

    def run(*arguments: str, timeout: float = 60, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=folder, env=clean_environment(BACKOUT_HOME=str(home), **variables),
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    return run


def clean_environment(**variables: str) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # Warnings are errors here too, wherever in the program they come up.
    return {**kept, "PATH": path, "PYTHONWARNINGS": "error", **variables}
