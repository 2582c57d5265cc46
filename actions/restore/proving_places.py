"""Where a backup can be restored to be looked at.

A throw-away server on this machine is by far the fastest, and burdens nobody. It must be of the same major version as
the one that was backed up, have the same extensions, and room. Else the copy is made beside the database, or on the
server that the catalog names.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from actions.backup.manifest import Manifest
from actions.backup.programs import ClientPrograms
from actions.backup.scratch import ScratchServer
from actions.errors import ConfigurationError
from actions.restore.own_folders import sweep
from actions.restore.workshop import can_serve, restoring_settings, workshop

#: Below this, the copy is there before a server has started.
SMALL = 100 << 20
#: Indexes are built beside their tables and log files come on top; measured, it is rather 1.1.
ROOM = 1.3
ROOM_FOR_A_SERVER = 200 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ProofPlaces:
    """What there is to choose from."""

    #: Of a role that may create databases on the server beside the database, or on another; None where there is none.
    admin_url: str | None = field(repr=False)
    #: For throw-away servers and for what is fetched; ours alone.
    folder: Path
    #: Every set of PostgreSQL's programs on this machine, newest first.
    found: tuple[ClientPrograms, ...]
    #: `either`: the throw-away server where it is possible.
    use: Literal["either", "throw-away", "beside"] = "either"


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One place that may be fit."""

    title: str
    #: Everything on it is ours: roles can be made, nothing has to last.
    is_throw_away: bool
    folder: Path
    found: tuple[ClientPrograms, ...]
    jobs: int
    server: ClientPrograms | None
    admin_url: str | None = field(repr=False)

    @contextmanager
    def opened(self) -> Iterator[ScratchServer]:
        """A server on which databases can be made."""
        if self.server is not None:
            with (
                workshop(self.folder, self.server, settings=restoring_settings(jobs=self.jobs)) as shop,
                ScratchServer(shop.url()) as server,
            ):
                yield server
        elif self.admin_url is not None:
            with ScratchServer(self.admin_url) as server:
                yield server
        else:
            raise ConfigurationError("There is no server for scratch databases")


def sites(manifest: Manifest, places: ProofPlaces, *, jobs: int | None = None) -> tuple[Site, ...]:
    """The places to try, in this order. First what dead processes left behind is removed."""
    sweep(places.folder)
    hands = jobs or max(1, _cores())
    chosen: list[Site] = []
    server = _server_programs(manifest.server_version // 10000, places.found)
    if (
        places.use != "beside"
        and server is not None
        and (places.use == "throw-away" or has_room(manifest, places.folder))
    ):
        chosen.append(
            Site(
                title="a throw-away server", is_throw_away=True, folder=places.folder, found=places.found, jobs=hands,
                server=server, admin_url=None,
            )
        )  # fmt: skip
    if places.use != "throw-away" and places.admin_url is not None:
        chosen.append(
            Site(
                title="beside the database", is_throw_away=False, folder=places.folder, found=places.found, jobs=hands,
                server=None, admin_url=places.admin_url,
            )
        )  # fmt: skip
    return tuple(reversed(chosen) if manifest.database_bytes < SMALL else chosen)


def has_room(manifest: Manifest, folder: Path) -> bool:
    """Whether a whole copy of the database fits here."""
    there = next(above for above in (folder, *folder.absolute().parents) if above.exists())
    needed = int(manifest.database_bytes * ROOM) + sum(file.bytes for file in manifest.files) + ROOM_FOR_A_SERVER
    return shutil.disk_usage(there).free >= needed


def programs_that_read(manifest: Manifest, found: Sequence[ClientPrograms]) -> ClientPrograms:
    """Those that made the backup, or the oldest that are newer: an older pg_restore cannot read a newer archive."""
    major = tool_major(manifest)
    fitting = [each for each in found if each.major >= major]
    if fitting:
        return min(fitting, key=lambda each: each.major)
    have = f"the newest here is {found[0].version}" if found else "there are none here"
    raise ConfigurationError(
        f"The backup was made by {manifest.tool_version} and needs client programs of at least that version; {have}",
        next_step=f"Install postgresql-client-{major} (pg_dump, pg_restore, psql).",
    )


def tool_major(manifest: Manifest) -> int:
    """Of `pg_dump 18.4`."""
    number = manifest.tool_version.split()[-1].partition(".")[0]
    return int(number) if number.isdecimal() else manifest.server_version // 10000


def _server_programs(major: int, found: Sequence[ClientPrograms]) -> ClientPrograms | None:
    return next((each for each in found if each.major == major and can_serve(each)), None)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
