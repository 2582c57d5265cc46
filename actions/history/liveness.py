"""Is the process that makes a backup still there?

While it works it holds an advisory lock of the history database, which gives it back when the process dies, however
suddenly. A lock can also be lost by a living process: the database is restarted, the network fails. So nobody is taken
for dead on the lock alone: a process of this machine is looked up by its number and start, and those of other machines
get a minute to come back after the database was started.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import psutil
from sqlalchemy import Connection, text

from actions.errors import BackoutError
from actions.history.backups import find_backup, unfinished_backups
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.values import BackupRecord, BackupState

log = logging.getLogger(__name__)

_LOCK_SPACE = 0x0BAC0072
#: How soon a lost connection is noticed and made again.
GLANCE_SECONDS = 2.0
#: What makers on other machines get to come back when the history database was restarted.
COME_BACK_SECONDS = 60

#: What this process is at. A thread of ours that ended without a word is as dead as a process.
_at_work: set[str] = set()


def this_process() -> JsonObject:
    """Who makes it: enough to tell later whether it still lives."""
    return {"host": _host(), "pid": os.getpid(), "started": psutil.Process().create_time()}


class Claim:
    """Held by whoever makes a backup. `lost` when somebody else has declared it dead: it must stop then."""

    def __init__(self, history: History, name: str) -> None:
        self._history = History(history.conninfo, pooled=False)
        self._name = name
        self._over = threading.Event()
        self._lost = threading.Event()

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    def keep(self, told: threading.Event) -> None:
        """The thread: holds the lock until we are done, and takes it again when the connection breaks."""
        while not self._over.is_set() and not self._lost.is_set():
            try:
                with self._history.session() as connection:
                    self._hold(connection, told)
            except BackoutError as error:
                log.debug("The claim on %s is interrupted: %s", self._name, error.what)
            told.set()
            self._over.wait(GLANCE_SECONDS)

    def end(self) -> None:
        self._over.set()
        self._history.close()

    def _hold(self, connection: Connection, told: threading.Event) -> None:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        _try_lock(connection, self._name)  # not ours when the server has not yet noticed that our last one is gone
        while True:
            found = connection.execute(text("SELECT state FROM backups WHERE name = :n"), {"n": self._name}).scalar()
            if found in (BackupState.FAILED, BackupState.DELETED):
                self._lost.set()
            told.set()
            if self._over.wait(GLANCE_SECONDS) or self._lost.is_set():
                return


@contextmanager
def claimed(history: History, name: str) -> Iterator[Claim]:
    """Says to everybody that this backup is being made here, until the end of the block or of the process."""
    claim, told = Claim(history, name), threading.Event()
    _at_work.add(name)
    keeping = threading.Thread(target=claim.keep, args=(told,), name=f"claim-{name}", daemon=True)
    keeping.start()
    told.wait(GLANCE_SECONDS * 5)
    try:
        yield claim
    finally:
        _at_work.discard(name)
        claim.end()
        keeping.join(GLANCE_SECONDS)


@contextmanager
def forgotten(history: History) -> Iterator[tuple[BackupRecord, ...]]:
    """Unfinished backups whose maker is dead. Nobody else judges them until the end of the block."""
    found: list[BackupRecord] = []
    unfinished = unfinished_backups(history)
    if not unfinished:
        yield ()
        return
    with History(history.conninfo, pooled=False) as own, own.session() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        for record in unfinished:
            if not _may_live(record, connection) and _try_lock(connection, record.name):
                # It may have been finished, or swept by another, between the question and the lock.
                again = find_backup(history, record.name)
                if again is not None and (again.state, again.stores) == (record.state, record.stores):
                    found.append(again)
        yield tuple(found)


def _may_live(record: BackupRecord, connection: Connection) -> bool:
    maker = record.maker or {}
    if maker.get("host") == _host():
        if maker.get("pid") == os.getpid():
            return record.name in _at_work
        return _is_process(maker)
    up = connection.scalar(text("SELECT extract(epoch FROM now() - pg_postmaster_start_time())"))
    return float(up or 0) < COME_BACK_SECONDS


def _is_process(maker: JsonObject) -> bool:
    pid, started = maker.get("pid"), maker.get("started")
    if not isinstance(pid, int) or not isinstance(started, int | float):
        return False
    try:
        # Clocks that were set make a second of difference; a number that was given anew makes more.
        return abs(psutil.Process(pid).create_time() - started) < 2
    except psutil.Error:
        return False


def _try_lock(connection: Connection, name: str) -> bool:
    key = crc32(name.encode())
    signed = key - 2**32 if key >= 2**31 else key
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:s, :k)"), {"s": _LOCK_SPACE, "k": signed}))


def _host() -> str:
    return socket.gethostname()
