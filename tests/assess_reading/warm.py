"""A Python that has Alembic in it already, forked for each reading: importing it takes ten times as long as a reading.

Each reading is still a process of its own with the reader's own source, environment, folder and pipes. What depends on
how Python itself begins (import paths, an interpreter that is not there) asks `LocalCommands` for the cold way.
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
import time
from collections.abc import Callable
from functools import cache
from typing import IO

from actions.assess import reader
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Ended, Finished, Line

_WAITING = """
import builtins, json, os, socket, sys
import alembic.autogenerate, alembic.command, alembic.config, alembic.op, alembic.script
import psycopg, sqlalchemy.dialects.postgresql

reader = open(sys.argv[2], "rb").read()
known = {reader: compile(reader, "reader.py", "exec")}
ordinary = builtins.compile
builtins.compile = lambda source, *more, **words: known.get(source) or ordinary(source, *more, **words)

door = socket.socket(fileno=int(sys.argv[1]))
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
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["folder"])
        sys.argv[:] = ["-c", *asked["arguments"]]
        sys.path.insert(0, "")
        exec(asked["program"], {"__name__": "__main__"})
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    for pipe in pipes:
        os.close(pipe)
    door.send(str(child).encode())
    door.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
"""


class WarmCommands:
    """Runs `python -c PROGRAM ARGUMENTS` in a fork of an interpreter that waits for it; any other one begins anew."""

    def __init__(self, surroundings: dict[str, str]) -> None:
        self._surroundings = surroundings

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        """As the platform does it; nobody watches or stops a reading."""
        python, dash_c, program, *arguments = command.argv
        if python != sys.executable:
            return LocalCommands(surroundings=self._surroundings).run(command)
        assert (dash_c, watch, should_stop) == ("-c", None, None)
        asked = {
            "program": program, "arguments": arguments, "folder": str(command.folder),
            "env": {**self._surroundings, **command.env},
        }  # fmt: skip
        started = time.monotonic()
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(command.stdin)
            given.seek(0)
            pipes = [given.fileno(), out.fileno(), err.fileno()]
            exit_code, ended = _ask(json.dumps(asked).encode(), pipes, command.deadline.total_seconds())
            return Finished(
                exit_code=exit_code, stdout=_text(out), stderr=_text(err),
                seconds=time.monotonic() - started, ended=ended,
            )  # fmt: skip


def _ask(message: bytes, pipes: list[int], seconds: float) -> tuple[int, Ended]:
    door = _door()
    socket.send_fds(door, [message], pipes)
    child = int(door.recv(64))
    ended = Ended.BY_ITSELF
    door.settimeout(seconds)
    try:
        answer = door.recv(64)
    except TimeoutError:
        ended = Ended.DEADLINE
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        answer = door.recv(64)
    finally:
        door.settimeout(None)
    return int(answer), ended


@cache
def _door() -> socket.socket:
    """To the interpreter that waits; it ends when we do."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        argv = [sys.executable, "-c", _WAITING, str(theirs.fileno()), reader.__file__]
        process = subprocess.Popen(argv, pass_fds=[theirs.fileno()], env={}, cwd="/")

    def end() -> None:
        ours.close()
        process.wait(20)

    atexit.register(end)
    return ours


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
