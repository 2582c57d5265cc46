"""The interpreter that waits: `main(DOOR, LIFELINE, PREPARATION)`, started by `warm.py`.

It listens at DOOR until nobody holds the other end of LIFELINE. Of each guest it hears what to run and gets the three
streams; a process of its own then looks after that guest's program: it passes signals on, kills the program when the
guest goes away, and tells how it ended.
"""

# It runs what it is given, as an interpreter does.
# ruff: noqa: BLE001, PTH120, S102, SIM115

import atexit
import builtins
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any, NoReturn

LARGEST = 1 << 20
_compiled: dict[str, CodeType] = {}


def main(number: int, lifeline: int, preparation: str) -> None:
    exec(preparation, {})
    gc.collect()
    # Whoever is forked leaves alone what it inherits, so that nothing of it must be copied.
    gc.freeze()
    with socket.socket(fileno=number) as door:
        while True:
            ready, _, _ = select.select([door, lifeline], [], [])
            if lifeline in ready:
                return
            guest, _ = door.accept()
            with guest:
                _receive(guest)
            _bury()


def _receive(guest: socket.socket) -> None:
    message, streams, _, _ = socket.recv_fds(guest, LARGEST, 3)
    if not message:
        return
    asked = json.loads(message)
    with contextlib.suppress(SyntaxError, ValueError):  # it will be its own mistake
        if asked["program"] not in _compiled:
            _compiled[asked["program"]] = compile(asked["program"], asked["file"] or "<string>", "exec")
    if os.fork() == 0:
        _look_after(guest, asked, streams)
    for stream in streams:
        os.close(stream)


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _look_after(guest: socket.socket, asked: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    child = os.fork()
    if child == 0:
        guest.close()
        _run(asked, streams)
    if asked.get("tell"):
        guest.send(str(child).encode())
    for stream in streams:
        os.close(stream)
    end = os.pidfd_open(child)
    listening = [guest.fileno(), end]
    while end not in select.select(listening, [], [])[0]:
        order = guest.recv(64)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, int(order or signal.SIGKILL))
        if not order:
            listening = [end]
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        guest.send(str(code).encode())
    os._exit(0)


def _run(asked: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """As an interpreter would that was called like that."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    sys.stdin, sys.stdout, sys.stderr = (open(n, "w" if n else "r", closefd=False) for n in range(3))
    os.environ.clear()
    os.environ.update(asked["env"])
    file, program = asked["file"], asked["program"]
    sys.argv[:] = [file or "-c", *asked["arguments"]]
    ways = [each for each in asked["env"].get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:0] = [os.path.dirname(file or ""), *ways]
    names = sys.modules["__main__"].__dict__
    names.clear()
    names.update(__name__="__main__", __builtins__=builtins, **({"__file__": file} if file else {}))
    code = 0
    try:
        os.chdir(asked["folder"])
        exec(_compiled.get(program) or compile(program, file or "<string>", "exec"), names)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    _leave(code)


def _leave(code: int) -> NoReturn:
    """As the interpreter does, but for taking everything apart that was loaded, which takes longer than most programs."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 120
    os._exit(code & 0xFF)
