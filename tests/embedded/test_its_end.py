import subprocess
import sys
import time
from pathlib import Path

from actions.embedded import postmaster

SERVER = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(0) if sys.argv[2] == "obeys" else None)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


def stand_in(folder: Path, manner: str) -> "subprocess.Popen[str]":
    """A process that looks like the server of this folder, and that nobody buries when it ends."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(folder), manner], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (folder / "postmaster.pid").write_text(f"{process.pid}\n{folder}\n")
    return process


def test_a_server_that_ended_and_was_never_buried_is_gone(tmp_path: Path) -> None:
    with stand_in(tmp_path, "obeys") as process:
        started = time.monotonic()
        assert postmaster.stop(tmp_path, seconds=60)
        assert time.monotonic() - started < 30
        assert not postmaster.is_alive(process.pid)


def test_a_server_that_does_not_want_to_end_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with stand_in(tmp_path, "refuses") as process:
        assert not postmaster.stop(tmp_path, seconds=0.3)
        process.kill()


def test_without_a_server_there_is_nothing_to_stop(tmp_path: Path) -> None:
    assert postmaster.stop(tmp_path, seconds=1)
