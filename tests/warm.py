"""Programs in Python that begin with everything loaded: forked from an interpreter that waits.

Loading the parts takes ten times as long as most things that tests ask a program for. Each run is still a process of
its own, with its own arguments, environment, folder and streams; only what happens while a program is being loaded is
not seen here. Tests of that start it the ordinary way.
"""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from actions.assess import reader

ROOT = Path(__file__).parents[1]
_WAITING = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from warm_waiting import main
del sys.path[:2]
main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""
#: Looks like a Python; what it cannot have done for it, it becomes. Its own death is that of the program.
_LAUNCHER = """#!{python} -IS
import json, os, signal, socket, sys

first = sys.argv[1] if sys.argv[1:] else ""
if first == "-c":
    file, program, arguments = None, sys.argv[2], sys.argv[3:]
elif first.endswith(".py"):
    file, program, arguments = first, open(first).read(), sys.argv[2:]
else:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
asked = {{"file": file, "program": program, "arguments": arguments, "env": dict(os.environ), "folder": os.getcwd()}}
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
    door.connect({address!r})
    socket.send_fds(door, [json.dumps(asked).encode()], [0, 1, 2])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: door.send(str(number).encode()))
    code = int(door.recv(64) or -signal.SIGKILL)
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
os._exit(code)
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
        self._folder = Path(tempfile.mkdtemp(prefix="warm-"))
        self._address = str(self._folder / "door")
        ours, theirs = os.pipe()
        self._ours = ours
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(self._address)
            door.listen(64)
            # It ends when nobody holds the pipe's other end any more, however that came about.
            self._process = subprocess.Popen(
                [sys.executable, "-c", _WAITING, str(door.fileno()), str(ours), preparation],
                pass_fds=[door.fileno(), ours], env=environment, cwd="/",
            )  # fmt: skip
        os.close(ours)
        self._lifeline = theirs
        atexit.register(self._end)

    def run(
        self, program: str, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], stdin: bytes = b"",
        timeout: float = 60,
    ) -> Ran:  # fmt: skip
        """As `python -c PROGRAM ARGUMENTS` would; one that takes too long is killed with what it started."""
        asked = {
            "file": None, "program": program, "arguments": [*arguments], "folder": str(folder), "env": dict(env)
        }  # fmt: skip
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door,
            tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err,
        ):  # fmt: skip
            given.write(stdin)
            given.seek(0)
            door.connect(self._address)
            socket.send_fds(door, [json.dumps(asked).encode()], [given.fileno(), out.fileno(), err.fileno()])
            code, timed_out = _end_of(door, timeout)
            return Ran(returncode=code, stdout=_text(out), stderr=_text(err), timed_out=timed_out)

    def start(
        self, program: str, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], log: IO[bytes]
    ) -> "Begun":
        """The same in the background, with all that it says in `log`."""
        asked = {
            "file": None, "program": program, "arguments": [*arguments], "folder": str(folder), "env": dict(env), "tell": True,
        }  # fmt: skip
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        door.connect(self._address)
        with tempfile.TemporaryFile() as nothing:
            streams = [nothing.fileno(), log.fileno(), log.fileno()]
            socket.send_fds(door, [json.dumps(asked).encode()], streams)
            return Begun(door, int(door.recv(64)))

    def launcher(self) -> str:
        """Something to be called like a Python."""
        path = self._folder / "python"
        if not path.exists():
            path.write_text(_LAUNCHER.format(python=sys.executable, address=self._address))
            path.chmod(0o755)
        return str(path)

    def _end(self) -> None:
        os.close(self._lifeline)
        self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)


class Begun:
    """A program that runs in the background; what happens to it happens to it alone, as to any process. It is killed when
    nobody holds this any more."""

    def __init__(self, door: socket.socket, pid: int) -> None:
        self._door = door
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self._door.setblocking(False)
            with suppress(BlockingIOError):
                self._heard()
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Raises TimeoutError when it takes longer."""
        if self.returncode is not None:
            return self.returncode
        self._door.settimeout(seconds)
        return self._heard()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _heard(self) -> int:
        self.returncode = int(self._door.recv(64))
        self._door.close()
        return self.returncode


def _end_of(door: socket.socket, seconds: float) -> tuple[int, bool]:
    door.settimeout(seconds)
    try:
        return int(door.recv(64)), False
    except TimeoutError:
        door.settimeout(None)
        door.send(b"9")
        return int(door.recv(64)), True


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


_BACKOUT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import importlib, pkgutil, re
import bot, actions, kubernetes.client, kubernetes.config, obstore, procrastinate
for package in (bot, actions):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not re.search("kubernetes|migrations|demo_world|__main__|reader|drive|leash", module.name):
            importlib.import_module(module.name)
sys.path.remove({str(ROOT)!r})
"""
_RUN = "import sys; from bot.cli import run; sys.exit(run(sys.argv[1:]))"
#: Our reader of migrations is compiled once; anything else is compiled as ever.
ALEMBIC = f"""
import builtins
import alembic.autogenerate, alembic.command, alembic.config, alembic.op, alembic.script
import psycopg, sqlalchemy.dialects.postgresql

reader = open({reader.__file__!r}, "rb").read()
known = {{reader: compile(reader, "reader.py", "exec")}}
ordinary = builtins.compile
builtins.compile = lambda source, *more, **words: known.get(source) or ordinary(source, *more, **words)
"""


@cache
def warm(preparation: str, **environment: str) -> Warm:
    """`environment`: what must be there before anything is loaded."""
    return Warm(preparation, **environment)


def warm_python() -> str:
    """A service's own Python, with Alembic in it already."""
    return warm(ALEMBIC).launcher()


def run_backout(
    words: Sequence[str], *, folder: Path, env: Mapping[str, str], warnings: str = "", timeout: float = 60
) -> Ran:
    """`backout WORDS`. `warnings` as for Python's -W, for it is loaded before the environment is given."""
    return warm(_BACKOUT, PYTHONWARNINGS=warnings).run(_RUN, words, folder=folder, env=env, timeout=timeout)


def start_backout(
    words: Sequence[str], *, folder: Path, env: Mapping[str, str], log: IO[bytes], before: Mapping[str, str] | None = None
) -> Begun:  # fmt: skip
    """`backout WORDS`, in the background. `before`: of its environment, what must be there before anything is loaded."""
    early = before or {}
    return warm(_BACKOUT, **early).start(_RUN, words, folder=folder, env={**env, **early}, log=log)


def get_ready(before: Mapping[str, str] | None = None) -> None:
    """So that the first one that is started with this begins at once."""
    ran = warm(_BACKOUT, **(before or {})).run("", (), folder=Path("/"), env={}, timeout=120)
    assert ran.returncode == 0, ran.stderr


def run_alembic(*words: str, folder: Path, env: Mapping[str, str]) -> None:
    """`alembic WORDS`, which must succeed."""
    program = "import sys; from alembic.config import main; sys.exit(main(sys.argv[1:]))"
    ran = warm(ALEMBIC).run(program, words, folder=folder, env=env, timeout=110)
    assert ran.returncode == 0, ran.stderr
