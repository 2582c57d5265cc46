"""The demo as a stranger starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import clean_environment
from tests.conftest import server_folder

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home() -> Iterator[Path]:
    with server_folder() as folder:
        yield folder / "demo"


def command(home: Path, *words: str) -> Sequence[str]:
    return [sys.executable, "-m", "bot", "demo", "--home", str(home), *words]


def run(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(home, *words),
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@contextmanager
def started(home: Path, *words: str) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        command(home, *words), cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def reads_until(process: "subprocess.Popen[str]", text: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"it ended before it said {text!r}: {said}")


def left_of(home: Path) -> list[list[str]]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(home) in word for word in words):
            found.append(words)
    return found


def nothing_is_left(home: Path, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while left_of(home):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def test_a_rollback_is_played_to_its_recorded_end_and_nothing_is_left(home: Path) -> None:
    done = run(home, "--headless")
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "Ana: /rollback newsletter", "waiting for the approval of 1 person", "your own approval does not count",
        "went back, and was seen to be well", "✓ the database is at revision 0001", "Everything was verified.",
    ):  # fmt: skip
        assert said in done.stdout
    assert "postgresql://" not in done.stdout + done.stderr
    assert nothing_is_left(home)
    assert not home.exists()


def test_a_second_demo_in_the_same_folder_and_ctrl_c(home: Path) -> None:
    with started(home, "--port", "0") as first:
        reads_until(first, "The page: http://127.0.0.1:")
        second = run(home)
        assert second.returncode == 3
        assert "Another demo runs in" in second.stderr
        reads_until(first, "Ctrl-C ends it")
        os.kill(first.pid, signal.SIGINT)
        assert first.wait(40) == 0
    assert nothing_is_left(home)


def test_ctrl_c_before_it_is_ready_leaves_nothing(home: Path) -> None:
    with started(home, "--port", "0") as process:
        reads_until(process, "Making three services")
        time.sleep(1)
        os.kill(process.pid, signal.SIGINT)
        process.wait(60)
    assert nothing_is_left(home)


def test_a_taken_port_is_said_with_what_to_do(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(home, "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stderr
    assert "--port" in done.stderr


def test_a_folder_that_is_not_a_demos_is_never_emptied(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "thesis.txt").write_text("years of work")
    done = run(home)
    assert done.returncode == 2
    assert "no demo made it" in done.stderr
    assert (home / "thesis.txt").read_text() == "years of work"
