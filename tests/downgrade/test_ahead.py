"""An Alembic that was started ahead of its time does each thing as one does it that is started when it is its turn."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.assess.place import fence_of
from actions.backup.connecting import place_of
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.ahead import Ahead, Interpreter
from actions.downgrade.order import Order
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.local import LocalCommands, ordinary_surroundings
from actions.platforms.port import Command, Ended
from tests.downgrade.project import at_head, order, write_project
from tests.downgrade.test_gate import RAW, socket_of
from tests.warm import warm_python

COMMANDS = LocalCommands(surroundings=ordinary_surroundings(os.environ))
#: What lives in memory after the way down, and would let the way up pass where it must fail.
REMEMBERS = "import alembic\nalembic.went_down = True\nop.drop_column('people', 'mail')"
NEEDS_MEMORY = "    import alembic\n    alembic.went_down\n    op.add_column"
BY_PSYCOPG = "import psycopg\nwith psycopg.connect({url!r}) as c:\n    c.execute('DROP TABLE people')"
BY_ITS_LIBPQ = "from psycopg import pq\npq.PGconn.connect({url!r}.encode()).exec_(b'DROP TABLE people')"
PROGRAM = """
import os, sys
print("said", sys.argv[1:], sys.stdin.buffer.read(), os.environ.get("GIVEN"), os.environ.get("OF_BEFORE"), "PATH" in os.environ)
print(os.getcwd())
print("aside", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Ahead]:
    (tmp_path / "project").mkdir()
    interpreter = Interpreter(python=warm_python(), folder=tmp_path / "project", env={"OF_BEFORE": "yes"})
    with Ahead(interpreter, COMMANDS) as ahead:
        ahead.get_ready()
        yield ahead


def fenced(folder: Path, scratch: ScratchDatabase, direction: str, target: str, **more: object) -> Order:
    return order(folder, scratch.url, direction, target, fence=fence_of(scratch), **more)


def revision(url: str) -> str | None:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def gone(process: str) -> bool:
    """Soon: the interpreter of these tests is started by another process."""
    until = time.monotonic() + 30
    while Path(f"/proc/{process}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    return not Path(f"/proc/{process}").exists()


def test_it_goes_down_and_up_again(ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade='op.drop_column("people", "mail")')
    at_head(scratch.url)
    went_down = ahead.carry_out(fenced(project, scratch, "downgrade", "-1"))
    assert went_down.succeeded, went_down.trouble
    assert [step for step, _ in went_down.steps] == ["b2"]
    assert went_down.fenced in ("network", "process")
    assert revision(scratch.url) == "a1"
    went_up = ahead.carry_out(fenced(project, scratch, "upgrade", "head"))
    assert went_up.succeeded, went_up.trouble
    assert revision(scratch.url) == "b2"


def test_what_the_way_down_leaves_in_memory_does_not_help_the_way_up(
    ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase
) -> None:
    project = write_project(tmp_path / "project", downgrade=REMEMBERS)
    at_head(scratch.url)
    script = project / "versions" / "b2.py"
    script.write_text(script.read_text().replace("    op.add_column", NEEDS_MEMORY))
    assert ahead.carry_out(fenced(project, scratch, "downgrade", "-1")).succeeded
    told = ahead.carry_out(fenced(project, scratch, "upgrade", "head"))
    assert told.trouble is not None
    assert told.trouble.error_class == "AttributeError"


def test_nothing_of_the_project_is_read_before_there_is_an_order(
    ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase
) -> None:
    trace = tmp_path / "trace"
    project = write_project(tmp_path / "project", downgrade="pass", before=f"open({str(trace)!r}, 'w').close()")
    script = project / "versions" / "b2.py"
    whole = script.read_text()
    script.write_text("this is no Python yet")
    assert ahead.run(program("0", tmp_path)).succeeded  # so it is ready
    assert not trace.exists()
    script.write_text(whole)
    told = ahead.carry_out(fenced(project, scratch, "upgrade", "head"))
    assert told.succeeded, told.trouble
    assert trace.exists()


def test_a_script_that_ends_its_process_is_told_and_the_next_order_is_carried_out(
    ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase
) -> None:
    dies = "import os, sys\nsys.stderr.write('the last straw\\n')\nsys.stderr.flush()\nos._exit(3)"
    project = write_project(tmp_path / "project", downgrade=dies)
    at_head(scratch.url)
    told = ahead.carry_out(fenced(project, scratch, "downgrade", "-1"))
    assert told.trouble is not None
    assert told.trouble.message == "Python ended with 3: the last straw"
    again = ahead.carry_out(fenced(project, scratch, "upgrade", "head"))
    assert again.succeeded, again.trouble


def test_one_that_takes_too_long_is_ended_and_another_begins(
    ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase
) -> None:
    project = write_project(tmp_path / "project", downgrade="import time\ntime.sleep(600)")
    at_head(scratch.url)
    told = ahead.carry_out(fenced(project, scratch, "downgrade", "-1", deadline=timedelta(seconds=3)))
    assert told.trouble is not None
    assert told.trouble.timed_out
    assert ahead.carry_out(fenced(project, scratch, "upgrade", "head")).succeeded
    assert revision(scratch.url) == "b2"


def test_one_that_is_stopped_is_gone_with_all_that_it_had_begun(
    ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase
) -> None:
    begun = tmp_path / "begun"
    project = write_project(
        tmp_path / "project", downgrade=f"import os, time\nopen({str(begun)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )  # fmt: skip
    at_head(scratch.url)
    with pytest.raises(BackoutError, match="stopped"):
        ahead.carry_out(fenced(project, scratch, "downgrade", "-1"), should_stop=begun.exists)
    assert gone(begun.read_text())


def test_at_the_end_it_is_gone_whatever_it_was_doing(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    wait = f"import os, time; open({str(begun)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    command = Command(argv=(warm_python(), "-c", wait), folder=tmp_path, env={})
    ended = []
    with Ahead(Interpreter(python=warm_python(), folder=tmp_path), COMMANDS) as ahead:
        threading.Thread(target=lambda: ended.append(ahead.run(command).ended), daemon=True).start()
        until = time.monotonic() + 60
        while not (begun.exists() and begun.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
    assert gone(begun.read_text())
    while not ended and time.monotonic() < until:
        time.sleep(0.05)
    assert ended == [Ended.STOPPED]


def test_one_that_cannot_be_started_says_so_when_it_is_its_turn(tmp_path: Path, scratch: ScratchDatabase) -> None:
    wanted = fenced(tmp_path, scratch, "upgrade", "head")
    with Ahead(Interpreter(python="/nowhere/python"), COMMANDS) as ahead:
        ahead.get_ready()
        with pytest.raises(ConfigurationError, match="cannot be started"):
            ahead.carry_out(replace(wanted, python="/nowhere/python"))


@pytest.mark.parametrize("way", [BY_PSYCOPG, BY_ITS_LIBPQ, RAW], ids=["psycopg", "psycopg's own libpq", "a socket"])
@pytest.mark.parametrize("wall", [True, False], ids=["walled", "not walled"])
def test_a_driver_that_was_loaded_before_leads_nowhere_else_either(
    ahead: Ahead, tmp_path: Path, scratch: ScratchDatabase, database_url: str, way: str, *, wall: bool
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE people (id int)")
    attack = way.format(url=database_url, path=socket_of(database_url), name=place_of(database_url)[2])
    project = write_project(tmp_path / "project", downgrade=attack)
    at_head(scratch.url)
    told = ahead.carry_out(fenced(project, scratch, "downgrade", "-1", wall=wall))
    assert told.trouble is not None
    assert told.trouble.wrong_database or told.trouble.outside
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT to_regclass('people') IS NOT NULL").fetchone() == (True,)


def program(code: str, tmp_path: Path) -> Command:
    argv = (warm_python(), "-c", PROGRAM, code, "word")
    return Command(argv=argv, folder=tmp_path / "project", env={"GIVEN": "this"}, stdin=b"\x00heard")


def test_a_program_is_run_as_its_interpreter_would_but_with_alembic_loaded(ahead: Ahead, tmp_path: Path) -> None:
    finished = ahead.run(program("0", tmp_path))
    assert finished.succeeded
    assert finished.stdout.splitlines()[0] == "said ['0', 'word'] b'\\x00heard' this None True"
    failed = ahead.run(program("7", tmp_path))
    assert (failed.exit_code, failed.stderr) == (7, "aside\n")
    assert ahead.run(replace(program("0", tmp_path), argv=(warm_python(), "-c", "1 / 0"))).exit_code == 1


def test_a_program_for_another_folder_or_interpreter_is_run_as_usual(ahead: Ahead, tmp_path: Path) -> None:
    elsewhere = ahead.run(replace(program("0", tmp_path), folder=tmp_path))
    assert elsewhere.stdout.splitlines()[1] == str(tmp_path)
