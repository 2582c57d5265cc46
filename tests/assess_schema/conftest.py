"""A server of each version, and the shop of `base.sql` on it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from tests.assess_schema.servers import INSTALLED, TESTED_PARAMS, Server, running

BASE = (Path(__file__).parent / "base.sql").read_text()


@pytest.fixture(scope="session", params=TESTED_PARAMS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server per installed version."""
    version: int = request.param
    programs = INSTALLED[version]
    if programs is None:
        reason = f"PostgreSQL {version} is not installed here"
        if "postgresql" in os.environ.get("BACKOUT_TEST_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    with running(version, programs) as server:
        with server.connect() as connection:
            connection.execute("CREATE ROLE shop_owner; CREATE ROLE shop_reader; CREATE ROLE shop_writer")
        yield server


@pytest.fixture(scope="session")
def shop_database(server: Server) -> str:
    """The shop; whoever changes it rolls back."""
    return server.make(BASE)


@pytest.fixture(scope="session")
def _shop_session(server: Server, shop_database: str) -> Iterator[psycopg.Connection]:
    # One for all tests: a new one would have to load the server's catalog caches again, every time.
    with server.connect(shop_database) as connection:
        yield connection


@pytest.fixture(scope="session")
def shop_schema(_shop_session: psycopg.Connection) -> Schema:
    """The shop as it is before anybody changes it."""
    return read_schema(_shop_session)


@pytest.fixture
def shop(_shop_session: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A session on the shop, in a transaction that is undone at the end."""
    with _shop_session.transaction(force_rollback=True):
        yield _shop_session


@pytest.fixture
def make(server: Server) -> Iterator[Callable[..., str]]:
    """Makes databases that are dropped afterwards."""
    made: list[str] = []

    def one(script: str = "", *, options: str = "") -> str:
        made.append(server.make(script, options=options))
        return made[-1]

    yield one
    for name in made:
        server.drop(name)
