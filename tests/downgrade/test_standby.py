"""One that was started ahead of its time does just what one does that is started when it is its turn."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from actions.assess.place import fence_of
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.standby import Standby
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.local import LocalCommands, ordinary_surroundings
from tests.downgrade.project import at_head, order, write_project

COMMANDS = LocalCommands(surroundings=ordinary_surroundings(os.environ))
#: What lives in memory after the way down, and would let the way up pass where it must fail.
REMEMBERS = "import alembic\nalembic.went_down = True\nop.drop_column('people', 'mail')"
NEEDS_MEMORY = "    import alembic\n    alembic.went_down\n    op.add_column"


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def standby(folder: Path, scratch: ScratchDatabase, direction: str, target: str, **more: object) -> Standby:
    return Standby(order(folder, scratch.url, direction, target, fence=fence_of(scratch), **more), COMMANDS)


def revision(url: str) -> str | None:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def test_both_ways_stand_by_and_go_one_after_the_other(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade='op.drop_column("people", "mail")')
    at_head(scratch.url)
    with standby(project, scratch, "downgrade", "-1") as down, standby(project, scratch, "upgrade", "head") as up:
        down.get_ready()
        up.get_ready()
        went_down = down.go()
        assert went_down.succeeded, went_down.trouble
        assert [step for step, _ in went_down.steps] == ["b2"]
        assert revision(scratch.url) == "a1"
        went_up = up.go()
    assert went_up.succeeded, went_up.trouble
    assert revision(scratch.url) == "b2"
    assert went_up.fenced in ("network", "process")


def test_what_the_way_down_leaves_in_memory_does_not_help_the_way_up(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade=REMEMBERS)
    at_head(scratch.url)
    script = project / "versions" / "b2.py"
    script.write_text(script.read_text().replace("    op.add_column", NEEDS_MEMORY))
    with standby(project, scratch, "downgrade", "-1") as down, standby(project, scratch, "upgrade", "head") as up:
        up.get_ready()
        assert down.go().succeeded
        told = up.go()
    assert told.trouble is not None
    assert told.trouble.error_class == "AttributeError"


def test_nothing_of_the_project_is_read_before_the_word(tmp_path: Path, scratch: ScratchDatabase) -> None:
    trace = tmp_path / "trace"
    project = write_project(tmp_path / "project", downgrade="pass", before=f"open({str(trace)!r}, 'w').close()")
    script = project / "versions" / "b2.py"
    whole = script.read_text()
    script.write_text("this is no Python yet")
    started = time.monotonic()
    with standby(project, scratch, "upgrade", "head") as waiting:
        waiting.get_ready()
        time.sleep(2)
        assert not trace.exists()
        script.write_text(whole)
        told = waiting.go()
    assert told.succeeded, told.trouble
    # What it waited is no part of what it took.
    assert told.seconds < time.monotonic() - started - 0.2


def test_whoever_is_not_needed_is_gone_at_once_and_has_done_nothing(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade='op.drop_column("people", "mail")')
    at_head(scratch.url)
    with standby(project, scratch, "downgrade", "-1") as waiting:
        waiting.get_ready()
    assert revision(scratch.url) == "b2"


def test_one_that_cannot_be_started_says_so_when_it_is_its_turn(tmp_path: Path, scratch: ScratchDatabase) -> None:
    wanted = replace(order(tmp_path, scratch.url, "upgrade", "head"), python="/nowhere/python")
    with Standby(wanted, COMMANDS) as waiting, pytest.raises(ConfigurationError, match="cannot be started"):
        waiting.go()


def test_one_that_is_stopped_while_it_waits_has_done_nothing(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade="pass")
    wanted = order(project, scratch.url, "upgrade", "head", fence=fence_of(scratch))
    with Standby(wanted, COMMANDS, should_stop=lambda: True) as waiting:
        waiting.get_ready()
        with pytest.raises(BackoutError, match="stopped"):
            waiting.go()
    with psycopg.connect(scratch.url) as connection:
        assert connection.execute("SELECT to_regclass('people')").fetchone() == (None,)
