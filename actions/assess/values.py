"""What an assessment is made of, as plain frozen values. How each is found out is the business of its own room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from actions.catalog.risk import Risk


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One reason to worry (or to know about)."""

    #: Stable: family and number, such as `DL101`; explained in docs/findings.md.
    code: str
    severity: Risk
    #: What it is about: `users.email`, a revision, the whole database as "".
    object: str
    #: One sentence for a tired person.
    message: str
    #: Numbers and names, never row data.
    evidence: Mapping[str, Any] = field(default_factory=dict)
    #: What to do instead, or next.
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """What would be lost of one table (column is None: whole rows) or of one column (non-null values)."""

    table: str
    column: str | None
    rows: int
    #: False: an estimate from the server's statistics.
    exact: bool
    #: How many of them were written since the revision went live; None when that cannot be known.
    written_since_deploy: int | None = None
    #: Where that number comes from: `counters since the sighting`, `column created_at`, `commit timestamps`.
    written_source: str | None = None


class RehearsalKind(StrEnum):
    SCHEMA = "schema"
    DATA = "data"


class FailureKind(StrEnum):
    """Seed 002's three, and the others."""

    #: Something depends on what is to be dropped.
    DEPENDENCY = "dependency"
    #: Rows do not fit the older type, constraint or enum.
    DATA_DOES_NOT_FIT = "data_does_not_fit"
    #: A revision that no script knows.
    MISSING_SCRIPT = "missing_script"
    #: `downgrade()` raises on purpose.
    IRREVERSIBLE = "irreversible"
    #: The script cannot run: a Python error, wrong SQL, a wrong order.
    BROKEN_SCRIPT = "broken_script"
    #: A lock was not to be had in time.
    LOCK = "lock"
    TIMEOUT = "timeout"
    #: The URL that was handed over was not obeyed; we refused to go on.
    WRONG_DATABASE = "wrong_database"
    #: It wanted to reach something outside the database.
    OUTSIDE = "outside"
    #: Role, disk, server, connection.
    SURROUNDINGS = "surroundings"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a downgrade did not work; text is redacted."""

    kind: FailureKind
    message: str
    sqlstate: str | None = None
    #: The revision whose downgrade it was.
    revision: str | None = None
    #: The objects that the server named: table, column, constraint.
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLock:
    """A lock on a relation that was there before the downgrade."""

    relation: str
    #: As PostgreSQL names it: `AccessExclusiveLock`.
    mode: str
    #: From its first sight to the end of its transaction; None when it was not timed.
    held: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement that a migration really sent, without its values."""

    revision: str
    #: `upgrade` or `downgrade`.
    direction: str
    sql: str
    #: Rows that the driver reported, where it did.
    rows: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RowActivity:
    """Rows of one table that a downgrade wrote, as the server counted them in its transaction."""

    table: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategy:
    """One way to get out of the trouble, with its cost."""

    #: `app-only`, `downgrade`, `restore`, `roll-forward`.
    name: str
    possible: bool
    recommended: bool
    #: What is lost, in words and numbers: `1,204 values in users.preferences`.
    data_lost: str
    estimated_seconds: float | None
    #: What the estimate rests on.
    estimated_from: str
    #: Why it is recommended, or not, or not possible.
    why: str
    needs: tuple[str, ...] = ()


class Ruling(StrEnum):
    ALLOW = "allow"
    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What the policy says to these facts."""

    ruling: Ruling
    #: How many people must approve (also what an override needs, when it refuses).
    approvals: int
    reasons: tuple[str, ...]
    #: Whether somebody may go ahead although it refuses, with a reason.
    override_possible: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveRevision:
    """Since when the live revision was seen, and by what."""

    revision: str
    first_seen: datetime | None
    source: str | None
