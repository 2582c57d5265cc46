"""The system's wall stands whole or leaves the way to the gate open, whatever other servers do meanwhile."""

import itertools
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from actions.downgrade import wall
from tests.conftest import server_folder

LOAD = "import importlib.util as i; s = i.spec_from_file_location('wall', {file!r}); wall = i.module_from_spec(s); s.loader.exec_module(wall)\n"
#: Whether it stands, and whether a process behind it still reaches a door that it opens itself, as it does the gate's.
ASK = """
import json, socket
stands = {raising}
door = socket.create_server(("127.0.0.1", 0))
try:
    socket.create_connection(door.getsockname(), 2).close()
    reached = True
except OSError:
    reached = False
print(json.dumps([stands, reached]))
"""


def behind(raising: str) -> tuple[bool, bool]:
    """In a process of its own: nobody comes back from behind a wall."""
    code = LOAD.format(file=wall.__file__) + ASK.format(raising=raising)
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, capture_output=True, text=True)
    stands, reached = json.loads(run.stdout)
    return stands, reached


@pytest.fixture(scope="module")
def possible() -> None:
    if not behind("wall.raise_wall('', '')")[0]:
        pytest.skip("this system allows no namespaces")


@contextmanager
def servers_that_come_and_go(folder: Path) -> Iterator[None]:
    """Their socket files are listed one moment and gone the next."""
    over = threading.Event()

    def churn(numbers: Iterator[int]) -> None:
        while not over.is_set():
            path = folder / f".s.PGSQL.{next(numbers)}"
            with closing(socket.socket(socket.AF_UNIX)) as door:
                door.bind(str(path))
                door.listen(1)
                over.wait(0.005)
            path.unlink()

    threads = [threading.Thread(target=churn, args=(itertools.count(first, 4),)) for first in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.usefixtures("possible")
def test_servers_that_come_and_go_do_not_bring_the_wall_down() -> None:
    with server_folder() as folder, servers_that_come_and_go(folder):
        seen = [behind("wall.raise_wall('', '')") for _ in range(15)]
    assert seen == [(True, True)] * 15


@pytest.mark.usefixtures("possible")
def test_a_server_that_has_gone_meanwhile_is_no_hindrance(tmp_path: Path) -> None:
    gone = str(tmp_path / ".s.PGSQL.5432")
    assert behind(f"wall._entered({{{gone!r}: '/dev/null'}})") == (True, True)


@pytest.mark.usefixtures("possible")
def test_a_wall_that_fails_halfway_says_so_and_leaves_the_way_to_the_gate(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert behind(f"wall._entered({{{folder!r}: '/dev/null'}})") == (False, True)
