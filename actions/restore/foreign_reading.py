"""What a script says, read piece by piece; and which pieces of it are never carried out."""

import re
from enum import StrEnum
from pathlib import Path

from actions.restore.foreign_script import (
    CopyBegins,
    CopyEnds,
    CopyRows,
    ForPsql,
    Piece,
    Statement,
    without_comments_before,
)
from actions.restore.foreign_troubles import DumpTrouble, unusable
from actions.restore.roles_needed import NeededRole, needed_roles

_NAME = rb'(?:"(?:[^"]|"")+"|[^\s"(),.;]+)'
_TABLE = rb"(?P<schema>" + _NAME + rb")\s*\.\s*(?P<table>" + _NAME + rb")"
_COPY = re.compile(rb"COPY\s+(?:ONLY\s+)?" + _TABLE, re.IGNORECASE)
_INSERT = re.compile(rb"INSERT\s+INTO\s+" + _TABLE, re.IGNORECASE)
_CREATE_TABLE = re.compile(rb"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?" + _TABLE, re.IGNORECASE)
_EXTENSION = re.compile(rb"CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>" + _NAME + rb")", re.IGNORECASE)
_CREATE_DATABASE = re.compile(rb"CREATE\s+DATABASE\s+(?P<name>" + _NAME + rb")", re.IGNORECASE)
_OF_THE_DATABASE = re.compile(
    rb"(?:(?:CREATE|ALTER|DROP)\s+DATABASE|(?:COMMENT|SECURITY\s+LABEL\b.*?)\s+ON\s+DATABASE|"
    rb"(?:GRANT|REVOKE)\b.*?\bON\s+DATABASE|ALTER\s+ROLE\b.*?\bIN\s+DATABASE)\b",
    re.IGNORECASE | re.DOTALL,
)
_FRAME = re.compile(rb"(?:BEGIN|COMMIT|END|START\s+TRANSACTION)\s*;\Z|COMMENT\s+ON\s+EXTENSION\b", re.IGNORECASE)
_CLEANING = re.compile(
    rb"DROP\s|SELECT\s+pg_catalog\.lo_unlink\(|ALTER\s.*?\bDROP\s+(?:CONSTRAINT|DEFAULT)\b", re.IGNORECASE | re.DOTALL
)
_HARMLESS = re.compile(rb"SET\s|SELECT\s+pg_catalog\.set_config\(", re.IGNORECASE)
_OUTSIDE = re.compile(rb"COPY\b.*?\b(?:FROM|TO)\s+(?:PROGRAM\b|E?')|ALTER\s+SYSTEM\b|LOAD\s", re.IGNORECASE | re.DOTALL)
#: pg_dump itself writes these, so that psql knows where its own lines begin and end.
_RESTRICTING = re.compile(rb"\\(?:un)?restrict [A-Za-z0-9]+\Z")
_CONNECT = re.compile(rb"\\connect (?:-reuse-previous=on )?(?P<name>.+)\Z")
#: Encodings in which a backslash can be half a character, so that not everybody cuts a script at the same place.
_AMBIGUOUS = re.compile(
    rb"SET\s+client_encoding\s*(?:=|TO)\s*'?(?:SJIS|SHIFT|BIG5|GBK|UHC|GB18030|JOHAB|MSKANJI|WIN9)|"
    rb"SET\s+standard_conforming_strings\s*(?:=|TO)\s*'?(?:off|false|0|no)",
    re.IGNORECASE,
)
MOST_REVISIONS = 50


class Fate(StrEnum):
    """What becomes of a statement."""

    RUN = "run"
    #: Belongs to the database that was dumped, to psql, or cleans what is empty.
    LEAVE_OUT = "leave out"


class Reading:
    """Takes the pieces of a script in their order; `fate` is that of the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.tables: dict[tuple[str, str], int | None] = {}
        self.revisions: list[str] = []
        self.extensions: list[str] = []
        self.database: str | None = None
        self.cleans = False
        self.fate = Fate.RUN
        self._roles: dict[str, bool] = {}
        self._in_head = True
        self._into: tuple[str, str] | None = None
        #: pg_dump's own bracket, which it closes with its last line.
        self.is_open = False
        self._bracket = b""

    @property
    def roles(self) -> tuple[NeededRole, ...]:
        return tuple(NeededRole(name=name, superuser=superuser) for name, superuser in sorted(self._roles.items()))

    def take(self, piece: Piece) -> Fate:
        """UnusableDumpError for what must not be carried out."""
        match piece:
            case Statement(text):
                self.fate = self._statement(without_comments_before(text))
            case CopyBegins(text):
                self._in_head = False
                self._begin_rows(without_comments_before(text))
                self.fate = Fate.RUN
            case CopyRows(text):
                self._count(text)
            case CopyEnds():
                self._into = None
            case ForPsql(text):
                self._order(text)
                self.fate = Fate.LEAVE_OUT
        return self.fate

    def _statement(self, text: bytes) -> Fate:
        if _AMBIGUOUS.match(text) or _OUTSIDE.match(text):
            raise unusable(
                DumpTrouble.DANGEROUS, self._path, f"has a statement that no dump needs: {_first_words(text)}"
            )
        if made := _CREATE_DATABASE.match(text):
            self.database = _plain(made["name"])
        if _OF_THE_DATABASE.match(text) or _FRAME.match(text):
            return Fate.LEAVE_OUT
        if self._in_head and not _HARMLESS.match(text):
            if _CLEANING.match(text):
                # The database is new: there is nothing to drop, and without IF EXISTS it would be an error.
                self.cleans = True
                return Fate.LEAVE_OUT
            self._in_head = False
        self._learn(text)
        return Fate.RUN

    def _learn(self, text: bytes) -> None:
        if made := _CREATE_TABLE.match(text):
            self.tables.setdefault(_key(made), 0)
        elif inserted := _INSERT.match(text):
            self.tables[_key(inserted)] = None
        elif extension := _EXTENSION.match(text):
            self.extensions.append(_plain(extension["name"]))
        elif b" TO " in text or b"SESSION AUTHORIZATION" in text:
            for role in needed_roles([text.decode(errors="replace").rstrip().removesuffix(";")]):
                self._roles[role.name] = self._roles.get(role.name, False) or role.superuser

    def _begin_rows(self, text: bytes) -> None:
        named = _COPY.match(text)
        self._into = _key(named) if named else None
        if self._into:
            self.tables[self._into] = self.tables.get(self._into) or 0

    def _count(self, rows: bytes) -> None:
        if self._into is None:
            return
        self.tables[self._into] = (self.tables[self._into] or 0) + rows.count(b"\n")
        if self._into[1] == "alembic_version" and len(self.revisions) < MOST_REVISIONS:
            self.revisions += [line.decode(errors="replace") for line in rows.split(b"\n") if line]

    def _order(self, text: bytes) -> None:
        if _RESTRICTING.match(text):
            order, key = text.split()
            if order == rb"\restrict":
                self._bracket = key
            self.is_open = order == rb"\restrict" or key != self._bracket
            return
        connect = _CONNECT.match(text)
        if connect and self.database is not None and _plain_target(connect["name"]) == self.database:
            return  # made with --create: the rest belongs into that database, which here is the new one
        word = text.split(None, 1)[0][:20].decode(errors="replace")
        raise unusable(
            DumpTrouble.DANGEROUS, self._path, f"has an order for psql in it (`{word}`), which pg_dump does not write"
        )


def _plain_target(written: bytes) -> str:
    """`shop`, `"Shop"` or, for odd names, `"dbname='od d'"`."""
    name = _plain(written.strip())
    if name.startswith("dbname="):
        name = name.removeprefix("dbname=").strip("'").replace("\\'", "'").replace("\\\\", "\\")
    return name


def _key(match: "re.Match[bytes]") -> tuple[str, str]:
    return _plain(match["schema"]), _plain(match["table"])


def _plain(name: bytes) -> str:
    text = name.decode(errors="replace")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _first_words(text: bytes) -> str:
    return "`" + " ".join(text[:200].decode(errors="replace").split()[:3]) + " ...`"
