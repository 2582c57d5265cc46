"""Real child processes for being killed at any moment: forked from one that has loaded everything, so each is cheap."""

import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Nursery:
    """Starts children that call one function of a test module."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, call: str, **arguments: object) -> int:
        """The process's number; `call` is `module:function`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([call, arguments]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def seconds(self, call: str, **arguments: object) -> float:
        """How long it takes when nobody is killed, on this machine and now."""
        started = time.monotonic()
        wait(self.start(call, **arguments))
        return time.monotonic() - started

    def start_and_kill(self, call: str, *, after: float, **arguments: object) -> bool:
        """Whether it still lived when it was killed."""
        pid = self.start(call, **arguments)
        until = time.monotonic() + after
        while time.monotonic() < until and alive(pid):
            time.sleep(0.001)
        lived = alive(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait(pid)
        return lived


@contextmanager
def nursery(*modules: str) -> Iterator[Nursery]:
    command = [sys.executable, __file__, *modules]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=ROOT, env=environment)
    with process:
        try:
            yield Nursery(process)
        finally:
            process.kill()


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def wait(pid: int, *, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while alive(pid):
        assert time.monotonic() < until, f"process {pid} does not end"
        time.sleep(0.001)


def moments(count: int, whole: float) -> list[float]:
    """At random over the whole of it and a little beyond, but none of its parts is spared."""
    rng = random.Random(7)  # noqa: S311  not a secret
    found = [rng.uniform(number, number + 1) / count * whole * 1.25 for number in range(count)]
    rng.shuffle(found)
    return found


def _main() -> None:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        (where, _, function), arguments = json.loads(line)[0].partition(":"), json.loads(line)[1]
        pid = os.fork()
        if pid == 0:
            # Children of our children must be waited for again.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            with suppress(Exception):
                getattr(importlib.import_module(where), function)(**arguments)
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    _main()
