"""The only door of a rehearsal: a small process that lets connections through to the scratch database, and to no other.

Run by the service's interpreter (Python 3.8 or newer, nothing of ours), forked before anything else is imported.
The application is handed a URL that leads here. What a client names when it says hello is compared with the scratch
database before the server hears of it, whatever client that is. Every statement is heard on its way: those with effect
beyond the database are refused, and those that were not told otherwise (a driver's own cursor, a connection of the
migration's own) are told from here.
"""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: PTH116, PTH118, PTH207, UP006, UP035, UP045

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import socket
import struct
import tempfile
import threading
import time
from typing import Any, Callable, Dict, Optional

from .handed_url import leading_to
from .keeper import keep
from .ledge import Ledge
from .upstream import CONNECT_SECONDS, target_of

Json = Dict[str, Any]

PREFIX = "backout-gate-"
SETTINGS = (
    "PGHOSTADDR", "PGSSLMODE", "PGREQUIRESSL", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGCHANNELBINDING",
    "PGSSLNEGOTIATION", "PGSSLCERTMODE",
)  # fmt: skip


class Gate:
    """The driven process' end: where the gate is, and what it says."""

    def __init__(self, given: Json, url: str, is_beyond: Callable[[str], bool]) -> None:
        self.given, self._url = given, url
        self.ledge = Ledge()
        self.folder = ""
        self._listening: Optional[socket.socket] = None
        self._flushed = threading.Event()
        if given["host"].startswith("/"):
            self.folder = place_for_sockets()
            self.address: Any = self._socket_file(self.folder)
            self._listening = listening(socket.AF_UNIX, self.address)
        self._control, theirs = socket.socketpair()
        if os.fork() == 0:
            self._control.close()
            try:
                keep(theirs, self.ledge, target_of(url, given), is_beyond)
            finally:
                if self.folder:
                    shutil.rmtree(self.folder, ignore_errors=True)
                os._exit(0)
        theirs.close()

    @property
    def stands_for(self) -> str:
        """The server's own socket file."""
        return self._socket_file(self.given["host"]) if self.folder else ""

    @property
    def socket_file(self) -> str:
        return str(self.address) if self.folder else ""

    @property
    def host(self) -> str:
        return self.folder or "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self.given["port"]) if self.folder else int(self.address[1])

    def open(self, hear: Callable[[Json], None]) -> str:
        """From now on connections are let through; the URL that leads here. In the network that this process has now."""
        if self._listening is None:
            self._listening = listening(socket.AF_INET, ("127.0.0.1", 0))
            self.address = self._listening.getsockname()
        descriptor = struct.pack("i", self._listening.fileno())
        self._control.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor)])
        self._listening.close()
        threading.Thread(target=self._hear, args=(hear,), daemon=True).start()
        for name in SETTINGS:
            os.environ.pop(name, None)
        os.environ["PGGSSENCMODE"] = "disable"
        return leading_to(self._url, self.host, self.port, self.given)

    def flush(self) -> None:
        """Everything that it has heard until now is said."""
        with contextlib.suppress(OSError):
            self._control.sendall(b"?")
            self._flushed.wait(CONNECT_SECONDS)

    def _hear(self, hear: Callable[[Json], None]) -> None:
        with self._control.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                if said["event"] == "flushed":
                    self._flushed.set()
                else:
                    hear(said)

    def _socket_file(self, folder: str) -> str:
        return "{}/.s.PGSQL.{}".format(folder.rstrip("/"), self.given["port"])


def listening(family: int, address: Any) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.bind(address)
    opened.listen(64)
    return opened


def place_for_sockets() -> str:
    """A folder of our own with a short name; those of gates that were killed are cleared away."""
    base = tempfile.gettempdir()
    if len(base) > 60:
        base = "/tmp"  # noqa: S108  the path of a socket has hardly more than a hundred letters
    for left in glob.glob(os.path.join(base, PREFIX + "*")):
        with contextlib.suppress(OSError):
            if os.stat(left).st_uid == os.geteuid() and time.time() - os.stat(left).st_mtime > 60:
                clear_away_if_dead(left)
    return tempfile.mkdtemp(prefix=PREFIX, dir=base)


def clear_away_if_dead(folder: str) -> None:
    for path in glob.glob(os.path.join(folder, ".s.PGSQL.*")):
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            probe.settimeout(1)
            if probe.connect_ex(path) == 0:
                return
    shutil.rmtree(folder, ignore_errors=True)
