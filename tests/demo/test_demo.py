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


def interrupted(process: "subprocess.Popen[str]", number: signal.Signals = signal.SIGINT) -> int:
    os.kill(process.pid, number)
    assert process.stdout is not None
    process.stdout.read()
    return process.wait(100)


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


def test_a_second_demo_in_the_same_folder_is_refused_and_ctrl_c_at_the_beginning_leaves_nothing(home: Path) -> None:
    with started(home, "--port", "0") as first:
        reads_until(first, "The page: http://127.0.0.1:")
        second = run(home)
        assert second.returncode == 3
        assert "Another demo runs in" in second.stderr
        assert interrupted(first) == 0
    assert nothing_is_left(home)
    assert not home.exists()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.5, 1, 2, 3, 4, 6, 8, 12])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_leaves_nothing(home: Path, seconds: float, number: signal.Signals) -> None:
    with started(home, "--port", "0") as process:
        time.sleep(seconds)
        interrupted(process, number)
    assert nothing_is_left(home)
    assert not home.exists()


@pytest.mark.slow
@pytest.mark.parametrize("until", ["The page: ", "/rollback newsletter", "It begins", "step 7 of 14"])
def test_ctrl_c_while_a_rollback_is_played_leaves_nothing_and_is_no_success(home: Path, until: str) -> None:
    with started(home, "--headless") as process:
        reads_until(process, until)
        assert interrupted(process) == 1
    assert nothing_is_left(home)
    assert not home.exists()


@pytest.mark.slow
def test_killed_it_takes_everything_with_it_and_the_next_one_begins_anew(home: Path) -> None:
    with started(home, "--port", "0") as process:
        reads_until(process, "Ctrl-C ends it")
        process.kill()
    assert nothing_is_left(home, seconds=60)
    done = run(home, "--headless")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not home.exists()


@pytest.mark.slow
def test_what_is_kept_is_gone_on_with(home: Path) -> None:
    done = run(home, "--headless", "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert nothing_is_left(home)
    with started(home, "--keep", "--port", "0") as process:
        said = reads_until(process, "Ctrl-C ends it")
        exported = next(line for line in said.splitlines() if "export BACKOUT_HOME=" in line).split()[1:]
        known = subprocess.run(
            [sys.executable, "-m", "bot", "history"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
            env={**clean_environment(), **dict(each.split("=", 1) for each in exported)},
        )  # fmt: skip
        assert "RB-1" in known.stdout
        assert "newsletter" in known.stdout
        assert interrupted(process) == 0
    assert nothing_is_left(home)
    assert (home / "world" / "newsletter" / "alembic.ini").exists()


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
