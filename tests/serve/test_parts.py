"""The parts of `serve`: one that dies begins anew, all end when they are told, and none outlives whoever started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest

from bot.beside import beside, left_behind
from bot.parts import _Part
from bot.signs import Signs
from bot.wire import Ear, Mouth, pair
from tests.cli.conftest import clean_environment
from tests.serve.conftest import eventually

PROGRAM = """
import sys, time
from pathlib import Path
from bot.cli import at_the_edge
from bot.parts import run_parts
from bot.settings import read_settings
from bot.logs import set_up_logging
from actions.errors import ConfigurationError

folder = Path(sys.argv[1])
settings = read_settings({})
set_up_logging(settings.log, settings.log_level)

def works(stopping):
    with (folder / "began").open("a") as file:
        file.write("x")
    stopping.wait()
    (folder / "ended").touch()

def refuses(stopping):
    while not (folder / "refuse").exists():
        if stopping.wait(0.05):
            return
    raise ConfigurationError("Slack will never have us")

sys.exit(run_parts({"one": works, "two": refuses}, at_the_edge, hangs_after=int(sys.argv[2])))
"""


@pytest.fixture
def hangs_after() -> int:
    """Looks; no test is to be killed because the machine is busy."""
    return 60


@pytest.fixture
def parts(tmp_path: Path, hangs_after: int) -> Iterator["subprocess.Popen[str]"]:
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), str(hangs_after)], env=clean_environment(), stdout=log,
            stderr=log, text=True,
        )  # fmt: skip
    eventually(lambda: (tmp_path / "began").exists() and len(family(process)) == 2)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def test_a_part_that_is_killed_begins_anew_and_the_others_go_on(parts: "subprocess.Popen[str]", tmp_path: Path) -> None:
    first, second = family(parts)
    first.kill()
    eventually(lambda: (tmp_path / "began").read_text() == "xx")
    assert second.is_running()
    assert "signal 9" in (tmp_path / "log").read_text()
    parts.send_signal(signal.SIGTERM)
    assert parts.wait(10) == 0
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize("hangs_after", [2])
def test_a_part_that_hangs_is_ended_and_begins_anew(parts: "subprocess.Popen[str]", tmp_path: Path) -> None:
    hanging = family(parts)[0]
    hanging.suspend()
    eventually(lambda: (tmp_path / "began").read_text().startswith("xx"))
    assert are_gone([hanging])
    assert "The part for one hangs" in (tmp_path / "log").read_text()
    parts.send_signal(signal.SIGTERM)
    assert parts.wait(10) == 0


def test_a_loop_that_does_not_turn_any_more_is_no_sign_of_life_and_one_that_rests_is_not_missed() -> None:
    signs = Signs(["one", "two"])
    assert signs.is_there("one")
    assert not signs.works("one")
    signs.turns("one")
    assert signs.works("one")
    part = _Part(name="one", work=lambda _: None)
    for _ in range(3):
        part.hear(signs.last("one"))
    assert part.silent == (2, 2)
    signs.lives("one")
    part.hear(signs.last("one"))
    assert part.silent == (0, 3)
    signs.rests("one")
    part.hear(signs.last("one"))
    assert part.silent == (1, 0)
    assert not signs.works("one")


def test_a_fault_in_what_goes_on_beside_the_work_ends_the_work() -> None:
    stopping = threading.Event()

    def breaks(_: threading.Event) -> None:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError), beside(breaks, stopping):
        assert stopping.wait(30)
    ended: list[str] = []
    going = threading.Event()
    with beside(lambda over: over.wait(30) and ended.append("it was told"), going):  # type: ignore[arg-type, func-returns-value]
        pass
    assert ended == ["it was told"]
    assert not going.is_set()


def test_what_is_left_behind_ends_the_work_by_a_fault_and_by_ending() -> None:
    def breaks() -> None:
        raise KeyError("a fault of ours")

    for ends_by, raised in ((breaks, pytest.raises(KeyError)), (lambda: None, nullcontext())):
        stopping = threading.Event()
        with raised, left_behind(ends_by, stopping):
            assert stopping.wait(30)
    going = threading.Event()
    with left_behind(lambda: going.wait(30) and None, going):  # type: ignore[arg-type, return-value]
        assert not going.is_set()
    going.set()


def test_no_part_outlives_whoever_started_it(parts: "subprocess.Popen[str]", tmp_path: Path) -> None:
    children = family(parts)
    os.kill(parts.pid, signal.SIGKILL)
    parts.wait()
    eventually(lambda: are_gone(children))
    assert (tmp_path / "ended").exists(), "it was not killed: it heard that it is to end"


def test_what_starting_again_does_not_help_ends_all_of_it(parts: "subprocess.Popen[str]", tmp_path: Path) -> None:
    children = family(parts)
    (tmp_path / "refuse").touch()
    assert parts.wait(10) == 2
    assert are_gone(children)
    assert "never have us" in (tmp_path / "log").read_text()
    assert (tmp_path / "ended").exists()


def test_who_begins_to_hear_is_told_whether_the_history_is_there_though_another_was_told_before() -> None:
    ours, theirs = pair()
    with ours, theirs:
        ear = Ear(theirs)
        ear.tell(history_there=True)
        # Whoever heard until now took it with them.
        assert [ours.recv(16), ours.recv(16)] == [b"-", b"+"]
        threading.Thread(target=ear.hear, args=(lambda _: None,), daemon=True).start()
        mouth = Mouth(ours)
        mouth.open()
        assert mouth.history_there.wait(30)
        ear.tell(history_there=False)
        eventually(lambda: not mouth.history_there.is_set())
        mouth.close()


def test_what_was_heard_waits_for_whoever_answers_next_and_none_of_it_is_torn() -> None:
    ours, theirs = pair()
    with ours, theirs:
        mouth = Mouth(ours)
        mouth.open()
        bodies = [{"number": number, "text": "ü" * 100_000} for number in range(3)]
        for body in bodies:
            mouth.say(body)
        heard: list[object] = []

        class EnoughError(Exception):
            pass

        def answer(body: object) -> None:
            heard.append(body)
            if len(heard) in (1, 3):
                raise EnoughError

        for _ in range(2):  # the first who answers dies after one
            ear = Ear(theirs)
            assert not mouth.history_there.wait(0.05)
            with pytest.raises(EnoughError):
                ear.hear(answer)
        assert heard == bodies
        ear.tell(history_there=True)
        assert mouth.history_there.wait(5)
        began = time.monotonic()
        mouth.close()
        assert time.monotonic() - began < 10
