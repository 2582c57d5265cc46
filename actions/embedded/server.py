"""Start, share and stop one embedded PostgreSQL under a folder.

Every process that uses the server holds a shared lock on one file, and the last to leave stops it. The
kernel drops the lock of a killed process, so nobody has to count, and a server left behind by `kill -9` is
simply found again by the next start. It listens on a socket in a private folder only, and asks for a password.
"""

import atexit
import fcntl
import hashlib
import logging
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from actions.embedded import postmaster
from actions.embedded.binaries import let_pass, programs, service_user
from actions.errors import UnavailableError

log = logging.getLogger(__name__)

#: Room for crash recovery after a kill; a clean start takes a fraction of a second.
START_SECONDS = 60
#: What a new server says while the last sessions of a killed one still hold its memory: try again.
STILL_DYING = "is still in use"
STOP_SECONDS = 30
#: A socket's whole path must fit 107 bytes on Linux and 103 on macOS; libpq takes a comma for a second host.
PLAIN_SOCKET_FOLDER = re.compile(r"[A-Za-z0-9/._+-]{1,80}")

#: Many rounds protect a password that somebody could guess, and cost every connection 6 ms. Ours has 192 random bits.
QUICK_PASSWORD = ("--set", "scram_iterations=1")
#: Small: it holds a history, not a company. Durable: every transition in it must survive the machine.
CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": "''",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "jit": "off",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "logging_collector": "off",
}


class EmbeddedPostgres:
    """A running server; use as a context, or call `close()`. Closing twice is fine."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.password_file = self.folder / "password"
        self.log_file = self.folder / "log"
        self._settings = {**CONFIGURATION, **(settings or {})}
        self._bin = programs()
        self._user = service_user(self.folder)
        self._presence: int | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> "EmbeddedPostgres":
        """Join the running server, or start it. Safe from many processes at once."""
        self._make_folder(self.folder)
        presence = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        start = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(start, fcntl.LOCK_EX)
            fcntl.flock(presence, fcntl.LOCK_SH)
            self._initialise()
            self._start()
        except BaseException:
            os.close(presence)
            raise
        finally:
            os.close(start)
        self._presence = presence
        atexit.register(self.close)
        return self

    def close(self) -> None:
        """Leave; the last one out stops the server."""
        if self._presence is None:
            return
        atexit.unregister(self.close)
        presence, self._presence = self._presence, None
        start = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(start, fcntl.LOCK_EX)
            fcntl.flock(presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not postmaster.stop(self.data, seconds=STOP_SECONDS):
                log.warning("The embedded PostgreSQL in %s did not stop; the next start finds it", self.folder)
            elif self.socket_folder.parent != self.folder:
                shutil.rmtree(self.socket_folder, ignore_errors=True)
        except BlockingIOError:
            log.debug("Another process still uses the embedded PostgreSQL")
        finally:
            os.close(presence)
            os.close(start)

    def url(self, database: str = "postgres") -> str:
        """A libpq URL with the password in it: never print it."""
        password = self.password_file.read_text().strip()
        host = quote(str(self.socket_folder), safe="/")
        return f"postgresql://backout:{password}@/{quote(database, safe='')}?host={host}"

    @property
    def socket_folder(self) -> Path:
        """Beside the data where the path is short and plain, else a private folder of the same name each time."""
        beside = self.folder / "socket"
        if PLAIN_SOCKET_FOLDER.fullmatch(str(beside)):
            return beside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"backout-{name}"

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if not self.password_file.exists():
            self._write_private(self.password_file, secrets.token_urlsafe(24))
        # Made beside and renamed: a first start that is killed leaves no half-made cluster behind its name.
        fresh = self.folder / f"data.{secrets.token_hex(4)}"
        done = self._call(
            str(self._bin / "initdb"), "-D", str(fresh), "-U", "backout", "--auth=scram-sha-256",
            f"--pwfile={self.password_file}", "--encoding=UTF8", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--locale=C", *QUICK_PASSWORD, *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        )  # fmt: skip
        if done.returncode:
            raise self._trouble("The embedded PostgreSQL could not be set up", done.stderr)
        fresh.rename(self.data)

    def _start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            pid = self._launch() if postmaster.read(self.data) is None else None
            while not self._is_ready() and (pid is None or postmaster.is_alive(pid)):
                if time.monotonic() > deadline:
                    raise self._trouble("The embedded PostgreSQL did not start in time", self._said())
                time.sleep(0.02)
            if not self._is_ready() and STILL_DYING not in self._said():
                raise self._trouble("The embedded PostgreSQL did not start", self._said())

    def _launch(self) -> int:
        """The pid of a new server, which is not ready yet."""
        postmaster.forget_the_dead(self.data, self.socket_folder)
        self._make_folder(self.socket_folder)
        self._write_private(self.log_file, "")
        self._write_private(self.data / "postgresql.conf", self._configuration())
        # Through a shell that leaves at once, so that the server is nobody's child and outlives us.
        background = '"$0" -D "$1" </dev/null >>"$2" 2>&1 & echo $!'
        program, log_file = str(self._bin / "postgres"), str(self.log_file)
        return int(self._call("/bin/sh", "-c", background, program, str(self.data), log_file).stdout)

    def _is_ready(self) -> bool:
        server = postmaster.read(self.data)
        return server is not None and server.ready

    def _said(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _configuration(self) -> str:
        folder = str(self.socket_folder).replace("'", "''")
        lines = [f"{name} = {value}" for name, value in self._settings.items()]
        lines += [f"unix_socket_directories = '\"{folder}\"'", "unix_socket_permissions = 0700"]
        return "\n".join(lines)

    def _trouble(self, what: str, output: str) -> UnavailableError:
        """With the last telling line of what the server or its program said."""
        lines = output.splitlines()
        telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line] or lines
        return UnavailableError(
            f"{what}: {telling[-1].strip()[:300]}" if telling else what,
            where=str(self.folder),
            next_step=f"Look into {self.log_file}, or set BACKOUT_DATABASE_URL to a PostgreSQL of your own.",
        )

    def _call(self, *command: str) -> subprocess.CompletedProcess[str]:
        user: int | None = None
        if self._user:
            let_pass(self._bin / "postgres", uid=self._user.pw_uid, gid=self._user.pw_gid)
            user = self._user.pw_uid
        return subprocess.run(
            command, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, start_new_session=True,
            user=user, group=self._user.pw_gid if self._user else None, extra_groups=[] if self._user else None,
        )  # fmt: skip

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own(folder)
        if self._user:
            let_pass(folder, uid=self._user.pw_uid, gid=self._user.pw_gid)

    def _own(self, path: Path) -> None:
        owner = path.stat().st_uid
        wanted = self._user.pw_uid if self._user else os.geteuid()
        if owner == wanted:
            return
        if self._user and owner == 0:
            os.chown(path, wanted, self._user.pw_gid)
            return
        raise UnavailableError(
            "The embedded PostgreSQL's folder belongs to another user",
            where=str(path),
            next_step="Start Backout as that user, or choose another BACKOUT_HOME.",
        )

    def _write_private(self, file: Path, text: str) -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text + "\n")
        self._own(file)
