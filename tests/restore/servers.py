"""Servers beyond the embedded one: Debian's PostgreSQL 15, started for a test and gone with it."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import server_folder

FIFTEEN = Path("/usr/lib/postgresql/15/bin")
QUICK = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "listen_addresses=", "-c", "max_connections=60")


@contextmanager
def debian_server(*settings: str) -> Iterator[str]:
    """A superuser's URL of a new PostgreSQL 15."""
    if not (FIFTEEN / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not on this machine")
    user = "postgres" if os.geteuid() == 0 else None
    with server_folder() as folder:
        folder.chmod(0o777)
        data = folder / "data"
        initdb = [
            FIFTEEN / "initdb",
            "-D",
            data,
            "-U",
            "backout",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd="/")
        command = [FIFTEEN / "postgres", "-D", data, *QUICK, "-k", folder, *settings]
        server = subprocess.Popen(command, user=user, cwd="/", stderr=subprocess.DEVNULL)
        url = f"postgresql://backout@/postgres?host={folder}"
        try:
            _wait(url)
            yield url
        finally:
            server.send_signal(2)
            server.wait(timeout=20)


def _wait(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
