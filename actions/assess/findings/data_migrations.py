"""DM: downgrades that read or write rows, or run code: their effect depends on the data."""

import re
from collections.abc import Iterator
from dataclasses import replace

from actions.assess.findings.evidence import AROUND, Evidence, whose
from actions.assess.seen import Operation, Side
from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Kind, Statement
from actions.assess.values import Finding
from actions.catalog.risk import Risk

#: Ways from SQLAlchemy's connection to the driver's: what is sent there passes no event.
_DRIVERS_OWN = re.compile(
    r"\.cursor\s*\(|\braw_connection\s*\(|\.(?:driver|dbapi)_connection\b|\.copy_(?:expert|from)\s*\("
    r"|\bget_bind\(\)\s*\.connection\b|\b(?:bind|conn|connection)\.connection\b"
)
SETTLE = "Rehearse it on a copy of the data (`--data`, or the Rehearse button): that settles what it does to the rows."
RESTORE = "Consider restoring from a backup instead: going back may not perfectly reverse what the upgrade did."


def writes_rows(evidence: Evidence) -> Iterator[Finding]:
    """DM101: the downgrade writes rows: INSERT, UPDATE, DELETE, TRUNCATE, MERGE, COPY.

    Without a data rehearsal it stays high, whatever the statement looks like: a condition that matches older rows, a
    mapping of several values to one, cannot be told from the text. With one, what really happened is told instead
    (DL104 and others), and this only says that rows were written.
    """
    for revision, statements in _by_revision(evidence, Kind.DATA).items():
        tables = sorted({str(name) for statement in statements for name in statement.writes + statement.truncates})
        yield _finding("DM101", evidence, revision, "writes rows" + (f" of {', '.join(tables)}" if tables else ""))


def looks_at_rows(evidence: Evidence) -> Iterator[Finding]:
    """DM102: the downgrade asks the database for rows and may do different things by the answer.

    On an empty copy of the schema it gets no rows, so what it would do with them is not seen.
    """
    for revision in _by_revision(evidence, Kind.READS):
        yield _finding("DM102", evidence, revision, "looks at rows before it decides what to do")


def looks_at_statistics(evidence: Evidence) -> Iterator[Finding]:
    """DM107: the downgrade asks for sizes, statistics or plans, and may do different things by the answer.

    A copy has the rows, but neither the same files nor the same statistics: not even a data rehearsal shows what the
    downgrade would do by the live ones. Low where only `env.py` asks and it was rehearsed with the data.
    """
    for revision in _by_revision(evidence, Kind.MEASURES):
        found = _finding("DM107", evidence, revision, "looks at sizes, statistics or plans, which a copy has otherwise")
        if revision != AROUND:
            remedy = f"Read what it does by the answer. {RESTORE}"
            found = replace(found, severity=Risk.HIGH, remedy=remedy)
        yield found


def runs_code(evidence: Evidence) -> Iterator[Finding]:
    """DM103: the downgrade runs code in the database (DO, CALL, a function), or something that we do not understand."""
    for revision, statements in _by_revision(evidence, Kind.CODE).items():
        reasons = sorted({reason for statement in statements for reason in statement.reasons})
        yield _finding("DM103", evidence, revision, f"runs code that cannot be seen into ({', '.join(reasons[:3])})")


def more_than_is_told(evidence: Evidence) -> Iterator[Finding]:
    """DM105: the downgrade sends so many statements that not all of them were looked at."""
    if evidence.told and evidence.told.untold:
        yield _finding("DM105", evidence, evidence.path.revisions[-1].id, "sends more statements than can be looked at")


def upgrade_changed_rows(evidence: Evidence) -> Iterator[Finding]:
    """DM104: the *upgrade* changed or deleted rows, and the downgrade does not touch those tables' rows.

    What the older release had in them stays as the upgrade left it; only a backup from before has it.
    """
    written_down = {str(name) for sent in evidence.sent() for name in sent.meaning.writes}
    for revision in evidence.path.revisions:
        written_up = _rows_written_by_upgrade(revision.upgrade.operations)
        left = sorted(written_up - written_down)
        if left:
            yield Finding(
                code="DM104",
                severity=Risk.MEDIUM,
                object=", ".join(left),
                message=f"The upgrade {revision.id} changed rows of {', '.join(left)}; going back does not change them back",
                evidence={"revision": revision.id, "tables": left},
                remedy="If the older release needs the older values, restore from a backup of before the deploy.",
            )


def goes_past_us(evidence: Evidence) -> Iterator[Finding]:
    """DM106: the downgrade sends statements that we do not hear: by a connection of its own, or by the driver's cursor.

    Whatever it deletes or changes there leaves no trace on an empty copy. Silent where a rehearsal went through in which
    every connection was listened to: then those statements are told like the others.
    """
    if evidence.told is not None and evidence.told.succeeded and evidence.told.hears_all:
        return
    for revision in evidence.path.revisions:
        how = _past_us(revision.downgrade)
        if how:
            yield _finding("DM106", evidence, revision.id, f"{how}: what it sends there is not seen")


def _past_us(side: Side) -> str | None:
    if any(mention.kind == "own_connection" for mention in side.mentions):
        return "opens a connection of its own"
    return "uses the driver's own cursor or connection" if _DRIVERS_OWN.search(side.source or "") else None


def _rows_written_by_upgrade(operations: tuple[Operation, ...]) -> set[str]:
    found = set()
    for operation in operations:
        for text in operation.statements or ((operation.sql,) if operation.sql else ()):
            for meaning in statements_in(text):
                first = meaning.text.split(None, 1)[0].upper() if meaning.text.split() else ""
                if Kind.DATA in meaning.kinds and first in ("UPDATE", "DELETE", "MERGE", "TRUNCATE", "WITH"):
                    found |= {str(name) for name in meaning.writes + meaning.truncates}
    return found


def _by_revision(evidence: Evidence, kind: Kind) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for sent in evidence.sent():
        if kind in sent.meaning.kinds:
            found.setdefault(sent.revision, []).append(sent.meaning)
    return found


def _finding(code: str, evidence: Evidence, revision: str, what: str) -> Finding:
    rehearsed = evidence.rehearsed_with_data
    return Finding(
        code=code,
        severity=Risk.LOW if rehearsed else Risk.HIGH,
        object=revision,
        message=f"{whose(revision)} {what}",
        evidence={"revision": revision, "rehearsed_with_data": rehearsed},
        remedy=None if rehearsed else f"{SETTLE} {RESTORE}",
    )


FAMILY = (
    writes_rows, looks_at_rows, looks_at_statistics, runs_code, more_than_is_told, upgrade_changed_rows, goes_past_us,
)  # fmt: skip
