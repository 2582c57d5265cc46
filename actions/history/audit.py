"""Reading the whole record again, to see whether somebody changed it.

Three questions: does every entry hang on the one before (`walk`), is every rollback's row as its last entry
left it, and is a head that was noted elsewhere still in the chain? The first two show careless hands. Only the
last shows somebody who rewrote the chain from some place on, or cut off its end: which is why heads are posted
where that person cannot change them.

Everything is read in one snapshot, in a stream, while others go on writing.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, DateTime, Text

from actions.history.chain import GENESIS, Head
from actions.history.database import History
from actions.history.rows import SEALED_PLAIN, SEALED_RECORDS, seal_of
from actions.history.tables import rollbacks
from actions.history.values import RollbackId
from actions.history.walk import ChainWalk, Finding, Flaw, RawEntry, diagnose, own_number

BATCH = 5_000
#: More rows than these that differ do not help anybody.
MOST_ROWS_NAMED = 20


class Noted(StrEnum):
    """What became of a head that was noted elsewhere."""

    IN_CHAIN = "in-chain"
    #: That place holds another entry now: the chain was rewritten.
    REWRITTEN = "rewritten"
    #: The chain ends before that place: its end was cut off.
    CUT_OFF = "cut-off"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditProgress:
    """How far an audit has come."""

    entries: int
    of_entries: int
    rollbacks: int
    of_rollbacks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """What an audit found."""

    #: Entries and rows that were looked at (the chain is not followed beyond its first flaw).
    entries: int
    rollbacks: int
    #: Where the chain ends now; note it elsewhere and hand it to a later audit.
    head: Head
    #: The first flaw of the chain, then those of rows.
    findings: tuple[Finding, ...]
    noted: Noted | None

    @property
    def whole(self) -> bool:
        """Nothing was found, and the noted head (if any) is in the chain."""
        return not self.findings and self.noted in {None, Noted.IN_CHAIN}


Progress = Callable[[AuditProgress], None]


def audit(history: History, head: str | None = None, progress: Progress | None = None) -> AuditReport:
    """Checks the whole record; `head` is one that an earlier audit or a message printed."""
    noted = Head.parse(head) if head else None
    with history.reading() as connection:
        driver = cast("psycopg.Connection[tuple[Any, ...]]", _driver(connection))
        reader = _Reader(driver, progress)
        walk = ChainWalk()
        flaw = reader.chain(walk)
        rows = reader.rows()
        if flaw is None and walk.opened != reader.recorded:
            rows += reader.removed()
        return AuditReport(
            entries=walk.seq,
            rollbacks=reader.seen,
            head=reader.head,
            findings=((flaw,) if flaw else ()) + tuple(walk.findings[:MOST_ROWS_NAMED]) + tuple(rows),
            noted=_answer(driver, noted) if noted else None,
        )


class _Reader:
    """Streams what is audited, and tells how far it is."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], progress: Progress | None) -> None:
        self._connection = connection
        self._progress = progress
        last = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self.head = Head.of(*last) if last else Head.of(0, GENESIS)
        counted = connection.execute("SELECT count(*) FROM rollbacks").fetchone()
        self._all_rows: int = counted[0] if counted else 0
        self._walked = 0
        self.seen = 0
        #: How many of the rows seen have entries.
        self.recorded = 0

    def chain(self, walk: ChainWalk) -> Finding | None:
        """Follows the chain to its end or its first flaw."""
        batches = self._entries()
        for entries in batches:
            fitting = walk.follow(entries)
            self._tell(walked=walk.seq)
            if fitting < len(entries):
                unfit, *following = entries[fitting:] + next(batches, [])
                batches.close()
                missing = self._nowhere(walk.seq + 1, unfit)
                return diagnose(walk, unfit, following[0] if following else None, missing=missing)
        return None

    def rows(self) -> list[Finding]:
        """Compares every rollback's row with the seal in its last entry about the row."""
        found: list[Finding] = []
        for number, (rollback, plain, *records, sealed) in enumerate(self._rows(), start=1):
            self.recorded += sealed is not None
            row = dict(zip(SEALED_RECORDS, records, strict=True))
            if len(found) < MOST_ROWS_NAMED and sealed != seal_of(plain, row):
                found.append(_row_finding(RollbackId(rollback), recorded=sealed is not None))
            if number % BATCH == 0:
                self._tell(seen=number)
            self.seen = number
        self._tell()
        return found

    def removed(self) -> list[Finding]:
        """Rollbacks that have entries but no row."""
        gone = self._connection.execute(_GONE, (MOST_ROWS_NAMED,)).fetchall()
        return [
            Finding(flaw=Flaw.ROW_REMOVED, rollback=RollbackId(number), text=f"The row of RB-{number} is gone")
            for (number,) in gone
        ]

    def _nowhere(self, place: int, entry: RawEntry) -> bool:
        """Is there no entry that says it is this one? (A slow question, asked at most once.)"""
        said = own_number(entry[1])
        if said is None or said <= place:
            return False
        pattern = f'%,"seq":{place}}}'
        found = self._connection.execute("SELECT 1 FROM events WHERE body LIKE %s LIMIT 1", (pattern,))
        return found.fetchone() is None

    def _entries(self) -> Generator[list[RawEntry]]:
        with self._connection.cursor(name="audit") as cursor:
            cursor.execute("SELECT seq, convert_to(body, 'UTF8'), hash FROM events ORDER BY seq", binary=True)
            while batch := cursor.fetchmany(BATCH):
                yield cast("list[RawEntry]", batch)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        # COPY rather than a cursor: the database looks the next rows up while we hash these.
        columns = self._connection.execute(f"{_ROWS} LIMIT 0".encode()).description or ()
        with self._connection.cursor().copy(f"COPY ({_ROWS}) TO STDOUT (FORMAT BINARY)".encode()) as copy:
            copy.set_types([column.type_code for column in columns])
            yield from copy.rows()

    def _tell(self, *, walked: int | None = None, seen: int | None = None) -> None:
        self._walked = self._walked if walked is None else walked
        self.seen = self.seen if seen is None else seen
        if self._progress:
            self._progress(
                AuditProgress(
                    entries=self._walked,
                    of_entries=self.head.seq,
                    rollbacks=self.seen,
                    of_rollbacks=self._all_rows,
                )
            )


def _answer(connection: psycopg.Connection[tuple[Any, ...]], noted: Head) -> Noted:
    found = connection.execute("SELECT hash FROM events WHERE seq = %s", (noted.seq,)).fetchone()
    if noted.seq == 0:
        found = (GENESIS,)
    if found is None:
        return Noted.CUT_OFF
    return Noted.IN_CHAIN if noted.matches(found[0]) else Noted.REWRITTEN


def _row_finding(rollback: RollbackId, *, recorded: bool) -> Finding:
    if recorded:
        text = f"The row of {rollback} is not as its last entry left it"
        return Finding(flaw=Flaw.ROW_CHANGED, rollback=rollback, text=text)
    text = f"{rollback} is there, but no entry tells of it"
    return Finding(flaw=Flaw.ROW_UNRECORDED, rollback=rollback, text=text)


def _driver(connection: Connection) -> object:
    return connection.connection.driver_connection


def _member(name: str) -> str:
    """A plain column as a member of a JSON object, in SQL: the very text that `seal` makes of it. NULL when empty."""
    kind = rollbacks.c[name].type
    if isinstance(kind, DateTime):
        text = f"(extract(epoch FROM r.{name}) * 1000000)::bigint"
    elif isinstance(kind, Text):
        text = f"to_json(r.{name})::text"
    else:
        text = f"r.{name}"
    return f"""'"{name}":' || {text}"""


# The database writes most of what is hashed; that takes half of the time that decoding every column would.
_ROWS = f"""
    SELECT r.id, '{{' || concat_ws(',', {", ".join(map(_member, SEALED_PLAIN))}) || '}}' AS plain,
           {", ".join(f"r.{name}" for name in SEALED_RECORDS)}, last.sealed
    FROM rollbacks r LEFT JOIN LATERAL (
        SELECT e.body::jsonb #>> '{{row,after}}' AS sealed FROM events e
        WHERE e.rollback_id = r.id AND e.body::jsonb ? 'row'
        ORDER BY e.rollback_id DESC, e.seq DESC LIMIT 1) last ON true
    ORDER BY r.id
"""  # noqa: S608 (column names of ours)

_GONE = """
    SELECT DISTINCT e.rollback_id FROM events e
    WHERE e.rollback_id IS NOT NULL AND NOT EXISTS (SELECT FROM rollbacks r WHERE r.id = e.rollback_id)
    ORDER BY 1 LIMIT %s
"""
