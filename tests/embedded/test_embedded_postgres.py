import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from actions.errors import UnavailableError

NOBODY = 65534

HOLD = """
import sys, time
from pathlib import Path
from actions.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the server until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("")
    assert process.returncode == 0


def answer(server: EmbeddedPostgres) -> object:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT pg_postmaster_start_time()").fetchone()
        assert row is not None
        return row[0]


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def running(folder: Path) -> bool:
    return (folder / "data" / "postmaster.pid").exists()


def test_a_second_process_shares_the_server_and_the_last_one_stops_it(home: Path) -> None:
    folder = home / "server"
    with EmbeddedPostgres(folder) as server:
        started = answer(server)
        other = hold(folder)
        assert answer(server) == started
    assert running(folder)
    leave(other)
    assert not running(folder)


def test_what_was_written_is_there_after_the_program_was_killed(home: Path) -> None:
    folder = home / "server"
    program = hold(folder)
    with psycopg.connect(EmbeddedPostgres(folder).url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE incident AS SELECT 142 AS id")
    program.kill()
    program.communicate()
    assert running(folder)
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT id FROM incident").fetchone() == (142,)
    assert not running(folder)


def test_the_server_comes_back_after_it_was_killed_itself(home: Path) -> None:
    folder = home / "server"
    with EmbeddedPostgres(folder) as server:
        before = answer(server)
        os.kill(postmaster(folder), signal.SIGKILL)
        time.sleep(0.5)
        with EmbeddedPostgres(folder) as again:
            assert answer(again) != before


def test_many_processes_may_start_at_the_same_moment(home: Path) -> None:
    folder = home / "server"
    command = [sys.executable, "-c", HOLD, str(folder)]
    programs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [program.communicate("")[0] for program in programs]
    assert outputs == ["ready\n"] * 4
    assert not running(folder)


def test_it_listens_on_a_private_socket_only_and_wants_the_password(home: Path) -> None:
    with EmbeddedPostgres(home / "server") as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(server.socket_folder), user="backout", password="guess", dbname="postgres")


def test_a_folder_with_a_long_and_odd_name_works(home: Path) -> None:
    folder = home / ('it\'s a, "long" name ' * 6) / "server"
    with EmbeddedPostgres(folder) as server:
        assert answer(server)


def test_a_first_start_that_was_killed_halfway_does_not_stop_the_next(home: Path) -> None:
    folder = home / "server"
    program = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE)
    while not list(folder.glob("data.*/*")):
        time.sleep(0.01)
    program.kill()
    program.communicate()
    with EmbeddedPostgres(folder) as server:
        assert answer(server)


def test_a_server_that_cannot_start_says_why_and_what_to_do(home: Path) -> None:
    folder = home / "server"
    with EmbeddedPostgres(folder):
        pass
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(UnavailableError) as caught:
        EmbeddedPostgres(folder).open()
    assert "pg_control" in str(caught.value)
    assert "BACKOUT_DATABASE_URL" in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="is run as an ordinary user already")
def test_it_runs_as_an_ordinary_user_too(home: Path) -> None:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip("no Python outside root's home that an ordinary user may run")
    home.chmod(0o755)
    mine = home / "mine"
    mine.mkdir()
    os.chown(mine, NOBODY, NOBODY)
    packages = [str(Path(psycopg.__file__).parent.parent), str(Path(__file__).parents[2])]
    done = subprocess.run(
        [python, "-c", HOLD, str(mine / "server")],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(packages), "HOME": str(mine)},
        input="", capture_output=True, text=True, user=NOBODY, group=NOBODY, extra_groups=[], check=False,
    )  # fmt: skip
    if "No module named" in done.stderr or "Permission" in done.stderr:
        pytest.skip(f"an ordinary user cannot read this checkout with {python}")
    assert done.stdout == "ready\n", done.stderr
    assert (mine / "server" / "data").stat().st_uid == NOBODY
