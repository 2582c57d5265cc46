"""What every test may lean on: a real PostgreSQL, a fresh database on it, and a clean environment."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql

from actions.embedded import EmbeddedPostgres

#: Durability is not what most tests are about; those that kill a server start their own.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    for name in [name for name in os.environ if name.startswith(("BACKOUT_", "SLACK_", "PG"))]:
        if name != "BACKOUT_TEST_REQUIRE":
            del os.environ[name]


@contextmanager
def server_folder() -> Iterator[Path]:
    """Not under pytest's own folder: each new session closes that one again, also to the server's user."""
    with TemporaryDirectory(prefix="backout-test-") as folder:
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
