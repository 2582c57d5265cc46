import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from tests.assess.service import People


@pytest.fixture(scope="module")
def history_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    name = f"history_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def people(tmp_path: Path, database_url: str, history_url: str) -> People:
    """Its database is filled; its project is whatever the test writes."""
    return People(folder=tmp_path / "people", url=database_url, history=history_url, home=tmp_path / "home").fill()
