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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
#: Of each run a child is told first, then its exit code, by somebody who has nothing else to do but wait for it.
_WAITING = """
import atexit, gc, json, os, signal, socket, sys, threading, traceback

def ended(program):
    # As the interpreter ends, but for taking everything apart that was loaded, which takes longer than most programs.
    code = 0
    try:
        exec(program, {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else print(end.code, file=sys.stderr) or 1
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 120
    os._exit(code)

door = socket.socket(fileno=int(sys.argv[1]))
exec(sys.argv[2])
gc.collect()
gc.freeze()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    message, given, _, _ = socket.recv_fds(door, 1 << 20, 4)
    if not message:
        break
    asked = json.loads(message)
    if os.fork() == 0:
        door.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        *pipes, answer = given
        child = os.fork()
        if child == 0:
            os.setsid()
            os.close(answer)
            for number, pipe in enumerate(pipes):
                os.dup2(pipe, number)
                os.close(pipe)
            sys.stdin, sys.stdout, sys.stderr = (open(n, "w" if n else "r", closefd=False) for n in range(3))
            os.environ.clear()
            os.environ.update(asked["env"])
            os.chdir(asked["folder"])
            sys.argv[:] = ["-c", *asked["arguments"]]
            sys.path.insert(0, "")
            ended(asked["program"])
        for pipe in pipes:
            os.close(pipe)
        with socket.socket(fileno=answer) as told:
            told.send(str(child).encode())
            told.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
        os._exit(0)
    for each in given:
        os.close(each)
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
        answer, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with (
            answer,
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(stdin)
            given.seek(0)
            with theirs:
                files = [each.fileno() for each in (given, out, err, theirs)]
                socket.send_fds(self._door, [json.dumps(asked).encode()], files)
            code, timed_out = _end_of(answer, timeout)
            return Ran(returncode=code, stdout=_text(out), stderr=_text(err), timed_out=timed_out)

    def _end(self) -> None:
        self._door.close()
        self._process.wait(20)


def _end_of(answer: socket.socket, seconds: float) -> tuple[int, bool]:
    child = int(answer.recv(64))
    answer.settimeout(seconds)
    try:
        return int(answer.recv(64)), False
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    answer.settimeout(None)
    return int(answer.recv(64)), True


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


_BACKOUT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import importlib, pkgutil, re
import bot, actions, obstore, procrastinate
for package in (bot, actions):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not re.search("kubernetes|migrations|demo_world|__main__|reader|drive|leash", module.name):
            importlib.import_module(module.name)
sys.path.remove({str(ROOT)!r})
"""
_ALEMBIC = "import alembic.autogenerate, alembic.command, alembic.config, alembic.op; import psycopg, sqlalchemy.dialects.postgresql"


@cache
def _warm(preparation: str, warnings: str) -> Warm:
    return Warm(preparation, PYTHONWARNINGS=warnings)


def run_backout(
    words: Sequence[str], *, folder: Path, env: Mapping[str, str], warnings: str = "default", timeout: float = 60
) -> Ran:
    """`backout WORDS`. `warnings` as for Python's -W, for it is loaded before the environment is given."""
    program = "import sys; from bot.cli import run; sys.exit(run(sys.argv[1:]))"
    return _warm(_BACKOUT, warnings).run(program, list(words), folder=folder, env=env, timeout=timeout)


def run_alembic(*words: str, folder: Path, env: Mapping[str, str]) -> None:
    """`alembic WORDS`, which must succeed."""
    program = "import sys; from alembic.config import main; sys.exit(main(sys.argv[1:]))"
    ran = _warm(_ALEMBIC, "ignore").run(program, list(words), folder=folder, env=env, timeout=110)
    assert ran.returncode == 0, ran.stderr
