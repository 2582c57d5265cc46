"""PostgreSQL's client programs: which are here, and which are new enough for a server.

`pg_dump` refuses a server newer than itself, and reads every older one that we support.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from actions.embedded.binaries import programs as embedded_programs
from actions.errors import ConfigurationError

NEEDED = ("pg_dump", "pg_restore", "psql")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
#: Where distributions keep several majors side by side, out of PATH.
USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
#: Debian's programs in /usr/bin: this one picks a version each time, for pg_restore another than for pg_dump. The real
#: ones are in their usual place.
CHOOSER = "pg_wrapper"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientPrograms:
    """One folder with all the programs we need, of one version."""

    folder: Path
    major: int
    minor: int

    @property
    def version(self) -> str:
        return f"{self.major}.{self.minor}"


def find_programs(environ: Mapping[str, str], *, places: Sequence[str] = USUAL_PLACES) -> tuple[ClientPrograms, ...]:
    """Every complete set on this machine, newest first; on PATH wins among equals."""
    folders = list(_folders(environ, places))
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = [each for each in threads.map(_look, folders) if each]
    return tuple(sorted(found, key=lambda each: -each.major))


def programs_for(server_major: int, found: Sequence[ClientPrograms]) -> ClientPrograms:
    """The set to use for this server: the oldest that is new enough. What a newer pg_dump writes, an older server may
    not read. ConfigurationError when all are older than it.
    """
    fitting = [each for each in found if each.major >= server_major]
    if fitting:
        return fitting[-1]
    have = f"the newest here is {found[0].version}" if found else "there are none here"
    raise ConfigurationError(
        f"The server is PostgreSQL {server_major} and needs client programs of at least that version; {have}",
        next_step=f"Install postgresql-client-{server_major} (pg_dump, pg_restore, psql).",
    )


def _folders(environ: Mapping[str, str], places: Sequence[str]) -> Iterator[Path]:
    seen: set[Path] = set()
    folders = [Path(part) for part in environ.get("PATH", "").split(os.pathsep) if part]
    for pattern in places:
        folders += sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    with contextlib.suppress(ConfigurationError):  # without the embedded server: what the machine has
        folders.append(embedded_programs())
    for folder in folders:
        if folder in seen or not all(os.access(folder / name, os.X_OK) for name in NEEDED):
            continue
        if not any((folder / name).resolve().name == CHOOSER for name in NEEDED):
            seen.add(folder)
            yield folder


def _look(folder: Path) -> ClientPrograms | None:
    try:
        done = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stdout)
    return ClientPrograms(folder=folder, major=int(match[1]), minor=int(match[2] or 0)) if match else None
