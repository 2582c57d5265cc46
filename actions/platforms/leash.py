"""Holds one command on a leash: if whoever started it goes away, even by `kill -9`, the command goes away with it.

Run as `python -I -S leash.py LIFELINE STATUS N RITE... PROGRAM ARGUMENT...` by `local.py`; standard library only, nothing
of ours. LIFELINE is the reading end of a pipe whose other end only our parent holds, so its end-of-file is the parent's
death, and a byte on it is the order to kill. STATUS is where the outcome is reported, in one line. The N words of RITE are
a command that is run after a killing, whoever ordered it: it ends what the command had started out of our reach. Where
nobody is left to see whether it helped, it is told so by the variable BACKOUT_ALONE.

Why a process of our own: a death signal set by `prctl` or `setpriv` reaches only the direct child and is lost at its
next fork, `preexec_fn` is unsafe in a program with threads, and neither exists outside Linux. The leash needs only a
pipe. Where Linux is there to help, it also adopts what the command orphaned, so that nothing escapes by starting its
own session, and the command itself dies should somebody kill the leash.

A command that ends by itself leaves its background processes alone: a start script must be able to start something.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
#: From the polite signal to the final one, and how long we keep trying: another user's process may refuse.
GRACE_SECONDS = 2.0
KILLING_SECONDS = 5.0
RITES_SECONDS = 20.0


def main() -> None:
    """Start the command, wait for it or for the order to kill it, report."""
    lifeline, status = int(sys.argv[1]), int(sys.argv[2])
    number = int(sys.argv[3])
    rites, argv = sys.argv[4 : 4 + number], sys.argv[4 + number :]
    for descriptor in (lifeline, status):
        # The command must not hold them: the end of the one and the silence of the other mean something.
        os.set_inheritable(descriptor, False)  # noqa: FBT003  it has no name for it
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    ask_the_kernel(PR_SET_CHILD_SUBREAPER, 1)
    child = start(argv, status)
    let_go_of_the_streams()
    while True:
        ready, _, _ = select.select([lifeline, ended], [], [])
        if lifeline in ready:
            alone = not os.read(lifeline, 1)
            killed = kill_all(child)
            if rites:
                say_last_rites(rites, {"BACKOUT_ALONE": "yes"} if alone else {})
            report(status, "killed" if killed else "survived")
            return
        os.read(ended, 512)
        outcome = outcome_of(child)
        if outcome is not None:
            report(status, f"exit {outcome}")
            return


def start(argv: list[str], status: int) -> int:
    """Fork the command into a session of its own; the number of its process, which is also its group's."""
    leash = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        ask_the_kernel(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != leash:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(argv[0], argv)  # noqa: S606  no shell is the point
    except OSError as error:
        report(status, f"cannot start {error.errno}")
    os._exit(127)


def let_go_of_the_streams() -> None:
    """Only the command may hold them, or their end would never be seen."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def outcome_of(child: int) -> int | None:
    """The command's exit code, once it has one; whatever else was adopted is only buried."""
    outcome = None
    with contextlib.suppress(ChildProcessError):
        while True:
            number, status = os.waitpid(-1, os.WNOHANG)
            if number == 0:
                break
            if number == child:
                outcome = os.waitstatus_to_exitcode(status)
    return outcome


def kill_all(child: int) -> bool:
    """Politely first, then for good: the group, and every descendant. Are they all gone?"""
    send(signal.SIGTERM, child)
    grace = time.monotonic() + GRACE_SECONDS
    while alive() and time.monotonic() < grace:
        time.sleep(0.02)
    until = time.monotonic() + KILLING_SECONDS
    while alive() and time.monotonic() < until:
        send(signal.SIGKILL, child)
        time.sleep(0.02)
    return not alive()


def say_last_rites(argv: list[str], more: dict[str, str]) -> None:
    """To its end, or for so long; whether it helped is seen by whoever asked for it."""
    child = os.fork()
    if not child:
        with contextlib.suppress(OSError):
            os.setsid()
            signal.set_wakeup_fd(-1)
            os.execvpe(argv[0], argv, {**os.environ, **more})  # noqa: S606  no shell is the point
        os._exit(127)
    until = time.monotonic() + RITES_SECONDS
    while alive() and time.monotonic() < until:
        time.sleep(0.02)
    if alive():
        send(signal.SIGKILL, child)


def alive() -> bool:
    """Bury the dead; is a child, own or adopted, left?"""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    return False


def send(number: int, child: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, number)
    for process in descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


def descendants() -> list[int]:
    """Every process below us, where the system lists them in /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name, in parentheses, may hold anything; what follows it is numbers.
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found, todo = [], [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def ask_the_kernel(what: int, value: int) -> None:
    """Linux's `prctl`; elsewhere nothing happens, and the lifeline has to do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(what, value, 0, 0, 0)


def report(status: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(status, f"{text}\n".encode())


if __name__ == "__main__":
    main()
