"""The line to a driver that runs elsewhere: over it go its orders, its words, its connections, and its life.

LocalCommands knows no `inside`, so the far end runs on this machine; what goes over the line is the same.
"""

import os
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from actions.assess.place import fence_of
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.abroad import names, through_the_tunnel
from actions.downgrade.order import Order, carry_out
from actions.downgrade.standby import Standby
from actions.errors import BackoutError
from actions.platforms.local import LocalCommands, ordinary_surroundings
from actions.platforms.port import Inside
from tests.downgrade.project import at_head, order, write_project

COMMANDS = LocalCommands(surroundings=ordinary_surroundings(os.environ))
ELSEWHERE = Inside(service="api", name="backout-test", converses=True)


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def away(folder: Path, scratch: ScratchDatabase, direction: str, target: str) -> Order:
    made = order(folder, scratch.url, direction, target, fence=fence_of(scratch))
    return replace(made, inside=ELSEWHERE, env={"LIVE_URL": "postgresql://live/live"})


def test_it_goes_down_and_up_by_connections_that_are_carried_to_us(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade='op.drop_column("people", "mail")')
    at_head(scratch.url)
    asked: list[Inside] = []

    def cut_off(inside: Inside) -> bool:
        asked.append(inside)
        return True

    down = replace(away(project, scratch, "downgrade", "-1"), cut_off=cut_off)
    with (
        Standby(down, COMMANDS) as first,
        Standby(away(project, scratch, "upgrade", "head"), COMMANDS) as second,
    ):
        second.get_ready()
        told = first.go()
        assert told.succeeded, told.trouble
        assert [revision for revision, _ in told.steps] == ["b2"]
        assert any("DROP COLUMN" in each.sql for each in told.statements)
        up = second.go()
    assert up.succeeded, up.trouble
    assert [each.name for each in asked] == ["backout-test"]


def test_a_migration_that_names_another_database_reaches_none(
    tmp_path: Path, scratch: ScratchDatabase, database_url: str
) -> None:
    """Also when it knows its URL: neither the watch in the process nor we let it through."""
    script = f"import psycopg\npsycopg.connect({database_url!r}).execute('CREATE TABLE reached ()')"
    project = write_project(tmp_path / "project", downgrade=script)
    at_head(scratch.url)
    told = carry_out(away(project, scratch, "downgrade", "-1"), COMMANDS)
    assert not told.succeeded
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT to_regclass('reached')").fetchone() == (None,)


def test_when_the_line_breaks_it_is_gone(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade="op.execute('SELECT pg_sleep(60)')")
    at_head(scratch.url)
    began = time.monotonic()
    with pytest.raises(BackoutError, match="stopped"):
        carry_out(
            away(project, scratch, "downgrade", "-1"), COMMANDS,
            should_stop=lambda: _sleeps(scratch) or time.monotonic() - began > 60,
        )  # fmt: skip
    until = time.monotonic() + 20
    while _far_end(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    # Its session ends with the statement, or when the scratch database is dropped: a server that waits hears nothing.
    assert _far_end(tmp_path) == []


def _far_end(folder: Path) -> list[psutil.Process]:
    """Processes that work in the project."""
    return [
        process
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE and str(process.info["cwd"]).startswith(str(folder))
    ]


def _sleeps(scratch: ScratchDatabase) -> bool:
    with psycopg.connect(scratch.url) as connection:
        query = sql.SQL(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
        )
        row = connection.execute(query).fetchone()
    return bool(row and row[0])


def hello(**said: str) -> bytes:
    body = b"".join(word.encode() + b"\0" for pair in said.items() for word in pair) + b"\0"
    return struct.pack("!ii", len(body) + 8, 196608) + body


def test_on_our_side_too_only_the_scratch_database_is_let_through() -> None:
    assert names(hello(user="app", database="scratch"), "scratch")
    assert not names(hello(user="app", database="live"), "scratch")
    assert not names(hello(user="scratch"), "scratch")
    assert not names(hello(user="app", database="scratch", replication="database"), "scratch")
    assert not names(struct.pack("!ii", 8, 80877103), "scratch")


def test_the_url_that_is_handed_over_leads_to_the_door() -> None:
    url = "postgresql://app:s%40cret@db.example.org:5433/live?sslmode=verify-full&application_name=x&host=other"
    assert through_the_tunnel(url, "scratch") == (
        "postgresql://app:s%40cret@127.0.0.1:0/scratch?application_name=x&sslmode=disable"
    )
