"""What can be wrong with a dump that somebody else made, each with what the runbooks advise for such a night."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from actions.errors import BackoutError

if TYPE_CHECKING:
    from actions.restore.foreign_dumps import ForeignDump


class DumpTrouble(StrEnum):
    CORRUPTED = "corrupted"
    TRUNCATED = "truncated"
    NOT_A_DUMP = "not a dump"
    #: From a server, or by a program, newer than what is here.
    NEWER = "newer"
    OTHER_SERVICE = "of another service"
    TOO_OLD = "too old"
    #: It would have psql do something on our machine, or touch another database.
    DANGEROUS = "dangerous"


class UnusableDumpError(BackoutError):
    """The dump is not restored; nothing was changed."""

    trouble: DumpTrouble = DumpTrouble.NOT_A_DUMP


_ADVICE = {
    DumpTrouble.CORRUPTED: "Use the previous backup, or another copy of this one (`backout backups SERVICE` lists them).",
    DumpTrouble.TRUNCATED: "Use the previous backup, or another copy of this one (`backout backups SERVICE` lists them); "
    "its making was interrupted or its disk was full.",
    DumpTrouble.NOT_A_DUMP: "Give a file that pg_dump wrote: plain or custom format, also with gzip or zstd.",
    DumpTrouble.NEWER: "Restore it on a server of that version or newer.",
    DumpTrouble.OTHER_SERVICE: "Look whether this is the file you meant; restore it beside with `--as NAME` to look at it.",
    DumpTrouble.TOO_OLD: "Take a newer backup if there is one. Otherwise accept the loss of what was written since; look "
    "for it in application logs and in other sources (the store, other environments); and have backups taken more often "
    "from now on (`backups: {schedule: ...}`).",
    DumpTrouble.DANGEROUS: "Find out where this file comes from; do not give it to psql.",
}


def unusable(trouble: DumpTrouble, path: Path, what: str, *, next_step: str | None = None) -> UnusableDumpError:
    error = UnusableDumpError(f"The dump {what}", where=str(path), next_step=next_step or _ADVICE[trouble])
    error.trouble = trouble
    return error


def too_old(dump: "ForeignDump", max_age: timedelta, now: datetime) -> UnusableDumpError | None:
    """Whether it is so is sure; whether it is restored nevertheless is for people to say."""
    age = now - dump.taken_at
    if age <= max_age:
        return None
    said = f"{age.days} days" if age.days > 1 else f"{int(age.total_seconds() // 3600)} hours"
    return unusable(DumpTrouble.TOO_OLD, dump.path, f"is {said} old ({dump.taken_at_from}); newer rows are not in it")


def from_newer_server(dump: "ForeignDump", server_major: int) -> UnusableDumpError | None:
    if dump.server_version is None or dump.server_version[0] <= server_major:
        return None
    return unusable(
        DumpTrouble.NEWER, dump.path, f"is from PostgreSQL {dump.server_version[0]}; the server is {server_major}"
    )


def of_another_service(
    dump: "ForeignDump", *, database: str, tables: Iterable[tuple[str, str]]
) -> UnusableDumpError | None:
    """By the database's name where the dump says it, else by its tables: `tables` are those of the live database."""
    live = set(tables)
    dumped = {(table.schema_name, table.name) for table in dump.tables} - {("public", "alembic_version")}
    if not live or not dumped or dumped & live:
        return None
    named = f"is of database `{dump.database}`, and " if dump.database and dump.database != database else ""
    return unusable(
        DumpTrouble.OTHER_SERVICE, dump.path, f"{named}has none of the tables that {database} has: it is another's"
    )
