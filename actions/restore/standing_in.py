"""When the history is away and a database must come back nevertheless: a small one of our own takes its place.

It lives for one command, in a folder of ours, so that a restore works as always: with a safety backup, its claims, and a
record. What only the real one knows is missing, and is said: open rollbacks, and which backups were proven. When the real
one answers again, the next who opens it brings over what was done meanwhile.
"""

import fcntl
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError
from actions.history.backups import Learnt, NewBackup, adopt_backup, find_backup, list_backups
from actions.history.carrying import all_entries, carry_over
from actions.history.database import History, open_history
from actions.history.values import BackupRecord, BackupState
from actions.restore.sweeping import StoresOf, sweep

log = logging.getLogger(__name__)

FOLDER = "without-history"
MOST = 1000
_SERVER = "postgres"


@contextmanager
def standing_in(home: Path) -> Iterator[History]:
    """A new history, empty. It stays on disk until it was brought over."""
    own = home / FOLDER / f"{datetime.now(UTC):%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"
    with EmbeddedPostgres(own / _SERVER) as server, open_history(server.url()) as history:
        yield history


def bring_over(home: Path, history: History, stores_of: StoresOf, *, actor: str) -> int:
    """How many entries the history got. One that is still in use is left for the next time; so is one that fails, for
    nothing of what somebody wants now depends on it."""
    if not (home / FOLDER).is_dir():
        return 0
    brought = 0
    for own in sorted((home / FOLDER).iterdir()):
        try:
            brought += _bring_one(own, history, stores_of, actor)
        except (BackoutError, OSError) as error:
            log.warning(
                "What was done without the history (%s) could not be brought into it yet: %s", own.name,
                error.what if isinstance(error, BackoutError) else error.strerror,
                extra={"event": "history_not_carried_over"},
            )  # fmt: skip
    if brought:
        log.info("What was done while the history was away is in it now", extra={"event": "history_carried_over"})
    return brought


def _bring_one(own: Path, history: History, stores_of: StoresOf, actor: str) -> int:
    with _alone(own) as is_free:
        if not is_free:
            return 0
        with EmbeddedPostgres(own / _SERVER) as server, open_history(server.url()) as meanwhile:
            # Whoever was killed in it has left a half of a backup, perhaps.
            sweep(meanwhile, stores_of, actor=actor)
            brought = carry_over(history, all_entries(meanwhile))
            for record in list_backups(meanwhile, limit=MOST):
                _adopt(history, record, actor)
        shutil.rmtree(own)
    return brought


@contextmanager
def _alone(own: Path) -> Iterator[bool]:
    """Whether nobody works in it, and nobody else brings it over."""
    try:
        user, other = (
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            for path in (own / _SERVER / "users.lock", own / "carrying.lock")
        )
    except FileNotFoundError:  # it was only just begun, or is gone by now
        yield False
        return
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(user, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(user, fcntl.LOCK_UN)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(user)
        os.close(other)


def _adopt(history: History, record: BackupRecord, actor: str) -> None:
    """Known from now on, as far as it was seen to be good, and kept as long as the rules say."""
    if record.state not in (BackupState.MADE, BackupState.PROVEN) or find_backup(history, record.name) is not None:
        return
    new = NewBackup(
        name=record.name, service=record.service, strategy=record.strategy, purpose=record.purpose, revision=record.revision
    )  # fmt: skip
    learnt = Learnt(
        size_bytes=record.size_bytes, manifest=record.manifest, proof=record.proof, because=record.because,
        stores=record.stores,
    )  # fmt: skip
    with history.writing() as connection:
        adopt_backup(connection, new, record.state, learnt, taken_at=record.started_at, actor=actor)
