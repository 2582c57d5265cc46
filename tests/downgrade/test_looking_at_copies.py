"""A copy is looked at before and after: whose fault it is when that does not work is said rightly."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.assess.data_rehearsal import rehearse_data
from actions.assess.older_schema import built_beside
from actions.assess.rehearsal import Stage, connected, heard
from actions.backup.connecting import place_of
from actions.backup.programs import find_programs
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.catalog import load_catalog
from actions.catalog.service import Service
from actions.downgrade.told import Told
from actions.errors import UnavailableError
from actions.platforms.local import LocalCommands
from tests.downgrade.project import drive, write_project
from tests.warm import warm_python

CATALOG = """
services:
  people:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: ${{PEOPLE_URL}}
    migrations: {{config: alembic.ini, run: {{python: {python}}}}}
"""


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def ask(url: str, *statements: str) -> None:
    with connected(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_time_limit_is_not_taken_for_a_lost_server(scratch: ScratchDatabase) -> None:
    with pytest.raises(UnavailableError, match=r"could not be looked at: .*statement timeout"):
        ask(scratch.url, "SET statement_timeout = 50", "SELECT pg_sleep(5)")


def test_a_role_without_connections_left_is_not_taken_for_a_lost_server(scratch: ScratchDatabase) -> None:
    role = f"crowded_{scratch.token}"
    with psycopg.connect(scratch.url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0".encode())
        try:
            admin.execute(f"ALTER DATABASE {scratch.name} CONNECTION LIMIT 0".encode())
            admin.execute(f"ALTER ROLE {role} PASSWORD 'x'".encode())
            host, port, _ = place_of(scratch.url)
            url = f"postgresql://{role}:x@/{scratch.name}?host={host}&port={port}"
            with pytest.raises(UnavailableError, match="too many connections"), connected(url):
                pass
        finally:
            admin.execute(f"DROP ROLE {role}".encode())


def test_a_session_that_the_server_ended_is_a_lost_server(scratch: ScratchDatabase) -> None:
    with pytest.raises(UnavailableError, match="went away"):
        ask(scratch.url, "SELECT pg_terminate_backend(pg_backend_pid())")


def test_where_nobody_listens_the_server_is_lost(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="went away"), connected(f"postgresql://x@/y?host={tmp_path}"):
        pass


def test_a_server_that_went_away_and_is_back_says_nothing_about_the_downgrade(
    scratch: ScratchDatabase, postgres_url: str
) -> None:
    failed = Told(succeeded=False, trouble=None, steps=(), statements=(), commits=(), outside=(), seconds=0.1)
    assert heard(lambda: failed, scratch) is failed

    def while_it_restarts() -> Told:
        """It ends all sessions, and answers again at once."""
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [scratch.name]
            )
        return failed

    with pytest.raises(UnavailableError, match="went away"):
        heard(while_it_restarts, scratch)


NEEDS_ITS_APPLICATION = 'op.execute("CREATE INDEX users_by_name ON users (name)")'


@pytest.mark.parametrize(
    ("within", "first", "unknown"),
    [
        (timedelta(milliseconds=1), "pass", "did not build it in time"),
        (timedelta(minutes=5), "pass", None),
        (timedelta(minutes=5), NEEDS_ITS_APPLICATION, "do not work on an empty database, at a1 (42P01)"),
    ],
    ids=["no time", "time", "first tables from elsewhere"],
)
@pytest.mark.by_day(1)
def test_what_the_older_scripts_build_is_found_out_or_it_is_said_why_not(
    tmp_path: Path, database_url: str, postgres_url: str, within: timedelta, first: str, unknown: str | None
) -> None:
    service = _service(tmp_path / "project", database_url, first)
    with ScratchServer(postgres_url) as server:
        found = rehearse_data(_stage(service, database_url, server, within))
    assert found.succeeds
    assert found.older_unknown == unknown
    assert found.unlike_older == (None if unknown else ())


def test_whoever_no_longer_waits_for_what_the_older_scripts_build_ends_it(
    tmp_path: Path, database_url: str, postgres_url: str
) -> None:
    service = _service(tmp_path / "project", database_url, 'op.execute("SELECT pg_sleep(600)")')
    with ScratchServer(postgres_url) as server, psycopg.connect(postgres_url, autocommit=True) as admin:
        stage = _stage(service, database_url, server, timedelta(minutes=5))
        with built_beside(stage, ("a1",)):
            name = _where_it_is_built(admin)
        assert not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()


BUILDING = """
SELECT datname FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND starts_with(datname, 'backout_scratch_')"""


def _where_it_is_built(admin: psycopg.Connection) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := admin.execute(BUILDING).fetchone():
            return str(found[0])
        time.sleep(0.05)
    raise AssertionError("nobody builds it")


def _service(project: Path, database_url: str, first: str) -> Service:
    write_project(project, downgrade='op.drop_column("people", "mail")')
    assert drive(project, database_url, "upgrade", "head").succeeded
    script = project / "versions" / "a1.py"
    script.write_text(script.read_text().replace("def upgrade():", f"def upgrade():\n    {first}"))
    (project / "backout.yml").write_text(CATALOG.format(folder=project, python=warm_python()))
    return load_catalog(project / "backout.yml", {}).services["people"]


def _stage(service: Service, url: str, server: ScratchServer, within: timedelta) -> Stage:
    return Stage(
        service=service, environ={}, live_url=url, live_revisions=("b2",), target="-1", server=server,
        beside=True, programs=find_programs(os.environ)[0], commands=LocalCommands(), older_within=within,
    )  # fmt: skip
