"""A history that is set up already: one migrated template per session, cloned for each test."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from actions.history.database import History, open_history
from actions.history.rollbacks import Opened, RollbackRequest, open_rollback


@pytest.fixture(scope="session")
def history_template(postgres_server: EmbeddedPostgres, postgres_url: str) -> str:
    # A name of its own: tests of another folder that use this fixture on the same server have theirs.
    name = f"history_template_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    open_history(postgres_server.url(name)).close()
    return name


@pytest.fixture
def history_url(postgres_server: EmbeddedPostgres, postgres_url: str, history_template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(history_template)))
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def history(history_url: str) -> Iterator[History]:
    with open_history(history_url) as opened:
        yield opened


@pytest.fixture
def superuser(history_url: str) -> Iterator[psycopg.Connection]:
    """Somebody who can do anything to the history's database."""
    with psycopg.connect(history_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ask(history: History) -> Callable[..., Opened]:
    """Asks for a rollback of a service."""

    def asking(service: str = "content-api", key: str | None = None) -> Opened:
        request = RollbackRequest(
            request_key=key or secrets.token_hex(8),
            service=service,
            environment="production",
            requester="U1",
            target="previous",
            reason="checkout fails since 14:02",
        )
        return open_rollback(history, request)

    return asking


@pytest.fixture
def here() -> Path:
    return Path(__file__).parent
