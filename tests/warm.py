"""Programs in Python that begin with everything loaded: forked from an interpreter that waits.

Loading the parts takes ten times as long as most things that tests ask a program for. Each run is still a process of
its own, with its own arguments, environment, folder and streams; only what happens while a program is being loaded is
not seen here. Tests of that start it the ordinary way.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
_WAITING = """
import json, os, socket, sys

door = socket.socket(fileno=int(sys.argv[1]))
exec(sys.argv[2])
while True:
    message, pipes, _, _ = socket.recv_fds(door, 1 << 20, 3)
    if not message:
        break
    asked = json.loads(message)
    child = os.fork()
    if child == 0:
        door.close()
        os.setsid()
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
        sys.stdin, sys.stdout, sys.stderr = (open(n, "w" if n else "r", closefd=False) for n in range(3))
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["folder"])
        sys.argv[:] = ["-c", *asked["arguments"]]
        sys.path.insert(0, "")
        exec(asked["program"], {"__name__": "__main__"})
        sys.exit()
    for pipe in pipes:
        os.close(pipe)
    door.send(str(child).encode())
    door.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How it went."""

    returncode: int
    stdout: str
    stderr: str
    timed_out: bool


class Warm:
    """`preparation` is what the interpreter loads before it waits."""

    def __init__(self, preparation: str, **environment: str) -> None:
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _WAITING, str(theirs.fileno()), preparation],
                pass_fds=[theirs.fileno()], env=environment, cwd="/",
            )  # fmt: skip
        atexit.register(self._end)

    def run(
        self, program: str, arguments: list[str], *, folder: Path, env: Mapping[str, str], stdin: bytes = b"",
        timeout: float = 60,
    ) -> Ran:  # fmt: skip
        """As `python -c PROGRAM ARGUMENTS` would; one that takes too long is killed with what it started."""
        asked = {"program": program, "arguments": arguments, "folder": str(folder), "env": dict(env)}
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            socket.send_fds(self._door, [json.dumps(asked).encode()], [each.fileno() for each in (given, out, err)])
            child = int(self._door.recv(64))
            code, timed_out = self._end_of(child, timeout)
            return Ran(returncode=code, stdout=_text(out), stderr=_text(err), timed_out=timed_out)

    def _end_of(self, child: int, seconds: float) -> tuple[int, bool]:
        self._door.settimeout(seconds)
        try:
            return int(self._door.recv(64)), False
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        finally:
            self._door.settimeout(None)
        return int(self._door.recv(64)), True

    def _end(self) -> None:
        self._door.close()
        self._process.wait(20)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
