"""Folders for what must not outlive us: a throw-away server's, or a fetched archive.

Each is locked by the process that uses it, and the kernel drops the lock of a killed one. So whoever comes next can
tell what was left behind, ends the server in it if there is one, and removes it.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actions.embedded import postmaster

log = logging.getLogger(__name__)

STOP_SECONDS = 10
OF_A_SERVER = "workshop-"
OF_AN_ARCHIVE = "archive-"


@contextmanager
def own_folder(parent: Path, named: str) -> Iterator[Path]:
    """A new one under `parent`, private, ours as long as we live, and gone afterwards. First what the dead left there
    is removed.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(parent):
        _sweep(parent)
        folder = parent / f"{named}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        lock = _lock_of(folder)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        _lock_file(folder).unlink(missing_ok=True)


def sweep(parent: Path) -> tuple[str, ...]:
    """Remove the folders of dead processes, with the servers in them; their names."""
    if not parent.exists():
        return ()
    with _alone(parent):
        return _sweep(parent)


def _sweep(parent: Path) -> tuple[str, ...]:
    removed = []
    for folder in sorted([*parent.glob(f"{OF_A_SERVER}*/"), *parent.glob(f"{OF_AN_ARCHIVE}*/")]):
        lock = _lock_of(folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            if _remove(folder):
                _lock_file(folder).unlink(missing_ok=True)
                removed.append(folder.name)
        finally:
            os.close(lock)
    if removed:
        log.info("Removed %d forgotten folders", len(removed), extra={"event": "workshop_swept"})
    return tuple(removed)


def _remove(folder: Path) -> bool:
    """Whether it is gone. Programs of a maker who was killed just now may still write into it while they die."""
    until = time.monotonic() + STOP_SECONDS
    while folder.exists():
        if time.monotonic() > until:
            return False
        end_server(folder / "data")
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.01)
    shutil.rmtree(short_folder(folder), ignore_errors=True)
    return True


def end_server(data: Path) -> None:
    """At once and for good, with its sessions; it must not write into a folder that is being removed."""
    server = postmaster.read(data)
    if server is None:
        return
    for number in (signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, number)
        until = time.monotonic() + STOP_SECONDS
        while postmaster.read(data) is not None:
            if time.monotonic() > until:
                break
            time.sleep(0.01)
        else:
            return


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    lock = os.open(parent / "workshops.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _lock_file(folder: Path) -> Path:
    """Beside the folder, which belongs to the server's user."""
    return folder.with_name(f"{folder.name}.lock")


def _lock_of(folder: Path) -> int:
    return os.open(_lock_file(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def short_folder(folder: Path) -> Path:
    """Where its socket is when the folder's own path is too long for one."""
    return Path(tempfile.gettempdir()) / f"backout-{folder.name}"
