"""The demo's applications: a writer and a page for each service, as on any day."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bot.demo_world.services import SERVICES

#: In the background of a shell that ends at once: nobody's child, as an application is.
DETACHED = '"$0" "$@" </dev/null >/dev/null 2>&1 &'
ENDS_WITHIN = 5.0


def free_ports(count: int) -> tuple[int, ...]:
    """All different, and free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(int(each.getsockname()[1]) for each in sockets)
    finally:
        for each in sockets:
            each.close()


@contextmanager
def running_applications(folder: Path, urls: Mapping[str, str], ports: Mapping[str, int]) -> Iterator[None]:
    """While it lasts they run; afterwards none of them is left, whoever started it."""
    _end_all(folder)
    try:
        for service in SERVICES:
            environ = {**os.environ, "DATABASE_URL": urls[service.name], "DEMO_PROCESS": str(os.getpid())}
            home = folder / service.name
            _launch(home, environ, ["../application/writer.py", str(home)])
            _launch(home, environ, ["../application/web.py", str(home), str(ports[service.name])])
        yield
    finally:
        _end_all(folder)


def _launch(folder: Path, environ: Mapping[str, str], words: Sequence[str]) -> None:
    subprocess.run(
        ["/bin/sh", "-c", DETACHED, sys.executable, *words],
        cwd=folder,
        env=dict(environ),
        check=True,
        start_new_session=True,
    )


def _end_all(folder: Path) -> None:
    """Politely, then not. They are known by the folder that they were given."""
    mine = _processes(folder)
    for process in mine:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs(mine, timeout=ENDS_WITHIN)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=ENDS_WITHIN)


def _processes(folder: Path) -> list[psutil.Process]:
    homes = {str(folder / service.name) for service in SERVICES}
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if homes & set(words) and any(word.endswith((".py",)) for word in words):
            found.append(process)
    return found


def wait_until_well(ports: Mapping[str, int], *, look: Callable[[], None], seconds: float = 60) -> bool:
    """Every page answers. `look` is called now and then, and may raise."""
    until = time.monotonic() + seconds
    for port in ports.values():
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            look()
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True
