"""How much of the server's disk a restore takes, and how much there is: said before anybody says yes.

PostgreSQL itself does not tell what is free. Where the server is on this machine its folder is looked at, and only
when it surely is that server's: one in a container may call its folder the same as another one here.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg

from actions.backup.connected import maintenance
from actions.backup.connecting import place_of
from actions.errors import BackoutError

#: A server that starts takes so long between writing down its start and saying it at most.
_SECONDS_APART = 10
TOO_SMALL = (
    "The server's disk may become full, and then nothing works there any more. Make room first: databases that were kept "
    "(`--drop-kept`) and clones take as much as the service's own."
)
_WHERE = """
SELECT coalesce(nullif(pg_tablespace_location(d.dattablespace), ''), current_setting('data_directory')),
  current_setting('data_directory'), extract(epoch FROM pg_postmaster_start_time())::bigint, pg_database_size(d.oid)
FROM pg_database d WHERE d.datname = %s
"""
_SIZE = "SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """In bytes; None where it cannot be known."""

    present: int | None
    free: int | None


def room_beside(admin_url: str, database: str) -> Room:
    """Looking only; what cannot be seen is None."""
    try:
        with maintenance(admin_url, avoid=(database,), purpose="looks") as connection:
            return _look(connection, admin_url, database)
    except (BackoutError, psycopg.Error):
        return Room(present=None, free=None)


def _look(connection: psycopg.Connection[tuple[object, ...]], admin_url: str, database: str) -> Room:
    try:
        row = connection.execute(_WHERE, [database]).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        row = connection.execute(_SIZE, [database]).fetchone()
        return Room(present=int(str(row[0])) if row else None, free=None)
    if row is None:
        return Room(present=None, free=None)
    place, data, started, size = row
    return Room(present=int(str(size)), free=_free(admin_url, Path(str(place)), Path(str(data)), int(str(started))))


def _free(admin_url: str, place: Path, data: Path, started: int) -> int | None:
    if place_of(admin_url)[0] not in ("localhost", "127.0.0.1", "::1") and not place_of(admin_url)[0].startswith("/"):
        return None
    try:
        said = (data / "postmaster.pid").read_text().splitlines()
        is_it = len(said) > 2 and abs(int(said[2]) - started) <= _SECONDS_APART and Path(said[1]) == data
        return shutil.disk_usage(place).free if is_it else None
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomSaid:
    note: str
    warnings: tuple[str, ...]


def ask_for_room(admin_url: str, database: str, needed: int | None, *, in_place: bool) -> RoomSaid:
    """The numbers, and a warning where they do not fit together."""
    room = room_beside(admin_url, database)
    return RoomSaid(
        note=said_of_room(room, needed, in_place=in_place), warnings=(TOO_SMALL,) if is_too_small(room, needed) else ()
    )


def said_of_room(room: Room, needed: int | None, *, in_place: bool) -> str:
    """One sentence with the numbers. `needed`: as large as the database was when it was backed up, where that is known."""
    much = "About as much again as the present database" if needed is None else f"About {_size(needed)}"
    present = f" ({_size(room.present)})" if room.present is not None else ""
    where = "until it is over" if in_place else f"beside the present database{present}"
    if room.free is None:
        free = "how much is free there cannot be seen from here, so look first"
    else:
        free = f"{_size(room.free)} are free there"
    return f"{much} is needed on the server's disk, {where}; {free}."


def is_too_small(room: Room, needed: int | None) -> bool:
    """Only where it is known. A database that was never packed comes back smaller, so this is no reason to refuse."""
    wanted = room.present if needed is None else needed
    return room.free is not None and wanted is not None and room.free < wanted


def _size(count: int) -> str:
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count / 1000:,.0f} kB"
