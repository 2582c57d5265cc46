"""The server's main process, as its pid file tells it.

A killed server may stay a zombie for ever where nobody reaps orphans (a container without an init), and both
`pg_ctl` and PostgreSQL take a zombie for a running server. So life is judged here.
"""

import contextlib
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says."""

    pid: int
    ready: bool


def read(data: Path) -> Postmaster | None:
    """The running server of this data folder; None when there is none."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].isdigit() or not _serves(int(lines[0]), data):
        return None
    return Postmaster(pid=int(lines[0]), ready=len(lines) > 7 and lines[7].strip() == "ready")


def forget_the_dead(data: Path, socket_folder: Path) -> None:
    """Remove the lock files of a server that is gone; PostgreSQL itself would wait for its zombie."""
    if read(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)
        (socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def stop(data: Path, *, seconds: float) -> bool:
    """Ask for a fast shutdown; True once the server is gone."""
    server = read(data)
    if server is None:
        return True
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(server.pid).send_signal(signal.SIGINT)
    until = time.monotonic() + seconds
    # Not psutil's own waiting: it waits for the zombie to be buried too, which may be late or never.
    while _serves(server.pid, data):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def is_alive(pid: int) -> bool:
    """Whether there is such a process and it is not a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _serves(pid: int, data: Path) -> bool:
    """Numbers of processes are used again: it must be a server of this very folder."""
    try:
        return is_alive(pid) and str(data) in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
