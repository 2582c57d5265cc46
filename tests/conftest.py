"""What every test may lean on: a real PostgreSQL, a fresh database on it, and a clean environment."""

import atexit
import gc
import os
import secrets
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import psutil
import psycopg
import pytest
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from tests.ordering import long_ones_first

#: Durability is not what most tests are about; those that kill a server start their own.
FAST = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200", "scram_iterations": "1",
}  # fmt: skip


#: A file system in memory, where there is one with this much room: creating and dropping databases is mostly waiting for
#: a disk, and no test needs one. TMPDIR decides where it is set.
MEMORY, ROOM = Path("/dev/shm"), 4 << 30


# Three tests at a time share the cores: how long one example takes says nothing.
hypothesis.settings.register_profile("without a clock", deadline=None)
hypothesis.settings.load_profile("without a clock")


def pytest_configure() -> None:
    # Thousands of modules and tests are no garbage; looking for it every few hundred objects takes a tenth of the time.
    gc.set_threshold(50_000)
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return
    for left in MEMORY.glob("backout-tests-*-*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    # The workers of one run inherit it.
    folder = tempfile.mkdtemp(prefix=f"backout-tests-{os.getpid()}-", dir=MEMORY)
    Path(folder).chmod(0o711)
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _docker_is_there() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


#: Marker, how to see whether the part is there, and what to say when it is not.
PARTS = {
    "docker": (_docker_is_there, "no Docker engine answers here"),
    "browser": (lambda: shutil.which("chromium") is not None, "Chromium is not installed"),
    "slow": (lambda: False, "takes long; BACKOUT_TEST_REQUIRE=slow runs it"),
    "nightly": (lambda: False, "takes many minutes; BACKOUT_TEST_REQUIRE=nightly, or `make nightly`, runs it"),
    "cluster": (lambda: bool(os.environ.get("KUBECONFIG")), "KUBECONFIG is not set"),
}


def _some_by_day(items: list[pytest.Item]) -> None:
    """Of a test marked `by_day(n)` the first n cases belong to every run, the others to the slow ones."""
    seen: Counter[str] = Counter()
    for item in items:
        if some := item.get_closest_marker("by_day"):
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            if seen[test] > some.args[0]:
                item.add_marker(pytest.mark.slow)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test whose part is missing is skipped with a reason, or fails where `BACKOUT_TEST_REQUIRE` names the part."""
    _some_by_day(items)
    required = {name.strip() for name in os.environ.get("BACKOUT_TEST_REQUIRE", "").split(",") if name.strip()}
    for name, (is_there, reason) in PARTS.items():
        marked = [item for item in items if item.get_closest_marker(name)]
        if marked and name not in required and not is_there():
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=reason))
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
        items[:] = long_ones_first(items, int(workers))


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    for name in [name for name in os.environ if name.startswith(("BACKOUT_", "SLACK_", "PG"))]:
        if name != "BACKOUT_TEST_REQUIRE":
            del os.environ[name]


@contextmanager
def server_folder() -> Iterator[Path]:
    """Not under pytest's own folder: each new session closes that one again, also to the server's user."""
    with TemporaryDirectory(prefix="backout-test-") as folder:
        # Open to the user as whom root's server runs; the product opens it too, and says so in the log.
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    with server_folder() as folder, EmbeddedPostgres(folder / "server", settings=FAST) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: EmbeddedPostgres) -> str:
    """A superuser's URL of the `postgres` database."""
    return postgres_server.url()


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A fresh, empty database, dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def home() -> Iterator[Path]:
    """A BACKOUT_HOME of its own, for those that start a server in it."""
    with server_folder() as folder:
        yield folder
