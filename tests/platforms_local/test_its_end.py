"""Nothing of a command outlives its deadline, a stop, or us."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Ended

HERE = LocalCommands(surroundings={"PATH": os.environ["PATH"]})

#: A child, a grandchild in the background, and one that starts a session of its own; each writes its number.
FAMILY = textwrap.dedent(
    """
    echo $$ > child
    (echo $(exec sh -c 'echo $PPID') > grandchild; exec sleep 300) &
    setsid sh -c 'echo $$ > escaped; exec sleep 300' &
    sleep 300
    """
)
MEMBERS = ("child", "grandchild", "escaped")


def until(true: Callable[[], bool], seconds: float = 15) -> bool:
    """Wait for it; did it come true in time?"""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def numbers(folder: Path) -> list[int]:
    texts = [(folder / name).read_text().strip() if (folder / name).exists() else "" for name in MEMBERS]
    return [int(text) for text in texts if text]


def all_there(folder: Path) -> bool:
    return len(numbers(folder)) == len(MEMBERS)


def test_at_the_deadline_the_whole_family_goes(tmp_path: Path) -> None:
    command = Command(argv=("sh", "-c", FAMILY), folder=tmp_path, deadline=timedelta(seconds=1.5))
    finished = HERE.run(command)
    assert finished.ended is Ended.DEADLINE
    assert not finished.succeeded
    assert all_there(tmp_path)
    assert not any(alive(number) for number in numbers(tmp_path))


def test_a_stop_ends_the_whole_family(tmp_path: Path) -> None:
    command = Command(argv=("sh", "-c", FAMILY), folder=tmp_path, deadline=timedelta(seconds=60))
    finished = HERE.run(command, should_stop=lambda: all_there(tmp_path))
    assert finished.ended is Ended.STOPPED
    assert finished.seconds < 30
    assert not any(alive(number) for number in numbers(tmp_path))


def test_a_command_may_tidy_up_before_it_is_killed(tmp_path: Path) -> None:
    tidy = "trap 'echo tidied; exit 0' TERM; echo ready > ready; while :; do sleep 0.05; done"
    command = Command(argv=("sh", "-c", tidy), folder=tmp_path, deadline=timedelta(seconds=60))
    finished = HERE.run(command, should_stop=(tmp_path / "ready").exists)
    assert finished.stdout == "tidied\n"
    assert finished.ended is Ended.STOPPED


def test_a_command_that_ignores_the_polite_signal_is_killed_all_the_same(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo $$ > child; while :; do sleep 0.05; done"
    command = Command(argv=("sh", "-c", stubborn), folder=tmp_path, deadline=timedelta(seconds=1))
    finished = HERE.run(command)
    assert finished.ended is Ended.DEADLINE
    assert finished.exit_code == -signal.SIGKILL
    assert not any(alive(number) for number in numbers(tmp_path))


def test_what_a_command_leaves_running_on_purpose_stays_and_holds_nobody_up(tmp_path: Path) -> None:
    finished = HERE.run(Command(argv=("sh", "-c", "sleep 300 & echo $! > child; echo started"), folder=tmp_path))
    [number] = numbers(tmp_path)
    try:
        assert finished.stdout == "started\n"
        assert finished.succeeded
        assert finished.seconds < 10
        assert alive(number)
    finally:
        os.kill(number, signal.SIGKILL)


def test_an_exception_in_the_middle_takes_the_command_along(tmp_path: Path) -> None:
    def stop() -> bool:
        if all_there(tmp_path):
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        HERE.run(Command(argv=("sh", "-c", FAMILY), folder=tmp_path), should_stop=stop)
    assert not any(alive(number) for number in numbers(tmp_path))


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_when_we_die_the_whole_family_dies_with_us(tmp_path: Path, ending: signal.Signals) -> None:
    program = textwrap.dedent(
        f"""
        import signal
        from pathlib import Path
        # A program that is started in the background of a script has it ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from actions.platforms.local import LocalCommands
        from actions.platforms.port import Command
        commands = LocalCommands(surroundings={{"PATH": {os.environ["PATH"]!r}}})
        commands.run(Command(argv=("sh", "-c", {FAMILY!r}), folder=Path({str(tmp_path)!r})))
        """
    )
    us = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: all_there(tmp_path))
        us.send_signal(ending)
        us.wait(20)
        assert until(lambda: not any(alive(number) for number in numbers(tmp_path)))
    finally:
        us.kill()
        us.wait()


def test_when_only_the_leash_is_killed_the_command_dies_and_that_is_said(tmp_path: Path) -> None:
    from actions.errors import UnavailableError

    def kill_the_leash() -> bool:
        if (tmp_path / "child").exists() and (text := (tmp_path / "child").read_text().strip()):
            parent = int(Path(f"/proc/{text}/stat").read_text().rpartition(")")[2].split()[1])
            if parent != os.getpid():
                os.kill(parent, signal.SIGKILL)
        return False

    with pytest.raises(UnavailableError, match="watched over it is gone"):
        HERE.run(
            Command(argv=("sh", "-c", "echo $$ > child; exec sleep 300"), folder=tmp_path), should_stop=kill_the_leash
        )
    assert until(lambda: not any(alive(number) for number in numbers(tmp_path)))
