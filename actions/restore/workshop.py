"""A throw-away PostgreSQL in which a backup is restored to be looked at: fast, because nothing in it must last.

It never waits for the disk, writes no log of its changes that it can spare, and nobody else knows of it: no TCP, a
socket in a private folder, a password. It dies with us, and what a killed process left behind is removed by the next
one that looks.
"""

import os
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil

from actions.backup.child import Child
from actions.backup.programs import ClientPrograms
from actions.embedded import postmaster
from actions.embedded.binaries import let_pass, service_user
from actions.embedded.server import PLAIN_SOCKET_FOLDER, QUICK_PASSWORD
from actions.errors import UnavailableError
from actions.redaction import learn_secret
from actions.restore.own_folders import OF_A_SERVER, STOP_SECONDS, end_server, own_folder, short_folder

START_SECONDS = 60
#: What the machine's memory is divided by, and the most that is taken of a big one: measured, more makes it slower.
SHARE_OF_MEMORY, MOST_CACHE, MOST_SORTING = 8, 512 << 20, 256 << 20
LEAST = 64 << 20
#: Becomes the server's user and then the program; a shell or `su` may be missing in a container.
_AS_USER = (
    "import os, sys\n"
    "os.chdir('/')\n"
    "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1])); os.execv(sys.argv[3], sys.argv[3:])"
)


def can_serve(programs: ClientPrograms) -> bool:
    """Whether a whole server lies beside these client programs."""
    return all(os.access(programs.folder / name, os.X_OK) for name in ("initdb", "postgres"))


def restoring_settings(*, jobs: int, memory: int | None = None) -> Mapping[str, str]:
    """For a server that is filled once and thrown away, on a machine with so much memory."""
    share = (memory or psutil.virtual_memory().total) // SHARE_OF_MEMORY
    cache = max(LEAST, min(share, MOST_CACHE))
    sorting = max(LEAST, min(share // max(1, jobs), MOST_SORTING))
    return {
        "listen_addresses": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "archive_mode": "off",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "1d",
        "autovacuum": "off",
        "shared_buffers": f"{cache // 1024}kB",
        "maintenance_work_mem": f"{sorting // 1024}kB",
        "max_parallel_maintenance_workers": "0" if jobs >= (os.cpu_count() or 1) else "2",
        "max_connections": str(max(40, 4 * jobs + 20)),
        # Many thousand objects in one transaction, as pg_dump's snapshot of the copy needs.
        "max_locks_per_transaction": "4096",
        # In the folder, so that a killed server leaves nothing in the machine's memory.
        "dynamic_shared_memory_type": "mmap",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Its last words may be shown: nobody's rows or statements in them.
        "log_min_messages": "fatal",
        "log_min_error_statement": "panic",
        "logging_collector": "off",
    }


class Workshop:
    """One running server. Its folder, and all in it, is gone when it is closed."""

    def __init__(self, folder: Path, programs: ClientPrograms, *, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._programs, self._bin, self._settings = programs, programs.folder, settings
        self._user = service_user(folder.parent)
        self._socket = folder if PLAIN_SOCKET_FOLDER.fullmatch(str(folder)) else short_folder(folder)
        self._password = secrets.token_urlsafe(24)
        learn_secret(self._password)
        self._server: Child | None = None
        self._has_ended = threading.Event()

    def url(self, database: str = "postgres") -> str:
        """A superuser's. It has the password in it: never print it."""
        host = quote(str(self._socket), safe="/")
        return f"postgresql://backout:{self._password}@/{quote(database, safe='')}?host={host}"

    def open(self) -> None:
        """UnavailableError when the server cannot be made or started."""
        self._own(self.folder)
        if self._socket != self.folder:
            self._socket.mkdir(mode=0o700, exist_ok=True)
            self._own(self._socket)
        self._initialise()
        self._start()

    def close(self) -> None:
        """The server ends at once: nothing in it is needed any more."""
        end_server(self.data)
        if self._server is not None:
            self._has_ended.wait(STOP_SECONDS)
            self._server.close()
            self._server = None
        if self._socket != self.folder:
            shutil.rmtree(self._socket, ignore_errors=True)

    def _initialise(self) -> None:
        password = self.folder / "password"
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(self._password + "\n")
        self._own(password)
        command = [
            self._bin / "initdb", "-D", self.data, "-U", "backout", "--auth=scram-sha-256", f"--pwfile={password}",
            "--encoding=UTF8", "--locale=C", "--no-sync", *self._not_needed(),
        ]  # fmt: skip
        with self._child(command) as child:
            if child.wait() != 0:
                raise UnavailableError(
                    f"A throw-away server could not be set up: {child.last_words()}", where=str(self.folder)
                )
        password.unlink()
        lines = [f"{name} = '{value}'" for name, value in self._settings.items()]
        folder = str(self._socket).replace("'", "''")
        lines += [f"unix_socket_directories = '\"{folder}\"'", "unix_socket_permissions = 0700", ""]
        (self.data / "postgresql.conf").write_text("\n".join(lines))

    def _start(self) -> None:
        self._server = self._child([self._bin / "postgres", "-D", self.data])
        threading.Thread(target=self._await_its_end, args=[self._server], daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while True:
            server = postmaster.read(self.data)
            if server is not None and server.ready:
                return
            if self._has_ended.is_set() or time.monotonic() > deadline:
                said = self._server.last_words()
                raise UnavailableError(f"A throw-away server did not start: {said}", where=str(self.folder))
            time.sleep(0.01)

    def _await_its_end(self, server: Child) -> None:
        server.wait()
        self._has_ended.set()

    def _not_needed(self) -> Iterator[str]:
        if self._programs.major >= 16:
            yield from QUICK_PASSWORD
        if self._programs.major >= 18:
            # Since then they are the default; but these pages are written once and read once.
            yield "--no-data-checksums"

    def _child(self, command: list[object]) -> Child:
        if self._user is not None:
            user = self._user
            let_pass(self._bin / "postgres", uid=user.pw_uid, gid=user.pw_gid)
            command = [sys.executable, "-I", "-S", "-c", _AS_USER, user.pw_uid, user.pw_gid, *command]
        return Child(command, {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)
            let_pass(path, uid=self._user.pw_uid, gid=self._user.pw_gid)


@contextmanager
def workshop(parent: Path, programs: ClientPrograms, *, settings: Mapping[str, str]) -> Iterator[Workshop]:
    """A server in a new folder under `parent`, removed afterwards. First what the dead left there is removed."""
    with own_folder(parent, OF_A_SERVER) as folder:
        made = Workshop(folder, programs, settings=settings)
        try:
            made.open()
            yield made
        finally:
            made.close()
