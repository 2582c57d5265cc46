"""What has to be known before anything can be decided. The gatherers fill it in; nothing here looks anything up.

None always means "not known", never "none": it counts as the bad case, and the decision says so. What is known
to be empty is an empty tuple, a zero or False. Every moment carries its time zone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from actions.assess.values import Failure, Finding, LedgerEntry, RehearsalKind
from actions.history.values import BackupState


class StrategyName(StrEnum):
    """The four ways out of the trouble."""

    #: The older application on the newer schema.
    APP_ONLY = "app-only"
    DOWNGRADE = "downgrade"
    RESTORE = "restore"
    ROLL_FORWARD = "roll-forward"


class Symptom(StrEnum):
    """What is wrong, in the words of seed 004."""

    #: The application is completely broken.
    BROKEN = "broken"
    #: Critical data integrity issues: wrong, missing or duplicate data.
    BAD_DATA = "bad_data"
    #: Only slow, or a nuisance.
    MINOR = "minor"


class DifferenceKind(StrEnum):
    """What the newer schema has otherwise than the one that the older release was written for."""

    ADDED_TABLE = "added_table"
    #: A column that accepts NULL or fills itself in.
    ADDED_COLUMN = "added_column"
    #: A column that is NOT NULL and has no default.
    ADDED_REQUIRED_COLUMN = "added_required_column"
    ADDED_INDEX = "added_index"
    #: A constraint, a unique index or a NOT NULL on something older.
    ADDED_RULE = "added_rule"
    ADDED_LABEL = "added_label"
    #: A trigger or a row security policy: it acts on what the older release does.
    ADDED_TRIGGER = "added_trigger"
    #: A view, function, type, sequence or extension.
    ADDED_OTHER = "added_other"
    REMOVED_TABLE = "removed_table"
    REMOVED_COLUMN = "removed_column"
    REMOVED_INDEX = "removed_index"
    #: A constraint is gone, or NULL is accepted where it was not.
    REMOVED_RULE = "removed_rule"
    REMOVED_OTHER = "removed_other"
    RENAMED = "renamed"
    #: A type that still holds whatever the older one could hold.
    WIDENED_TYPE = "widened_type"
    CHANGED_TYPE = "changed_type"
    CHANGED_DEFAULT = "changed_default"
    CHANGED_OTHER = "changed_other"
    #: Values of older columns were rewritten.
    REWRITTEN_VALUES = "rewritten_values"
    #: Something happened that we could not see into.
    UNSEEN = "unseen"


def _with_zone(moment: datetime | None, what: str) -> None:
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{what} must carry a time zone")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """When the live revision became live, as far as anybody saw it."""

    first_seen: datetime | None
    #: When something else was last seen live. The same as `first_seen` where the database itself dates the
    #: arrival. None: it was there when we first looked, so that nobody knows how old it is.
    not_before: datetime | None
    #: What says so: `a sighting`, `commit timestamps`.
    source: str | None = None

    def __post_init__(self) -> None:
        _with_zone(self.first_seen, "first_seen")
        _with_zone(self.not_before, "not_before")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmeasured:
    """Something that can be destroyed and is not counted in the ledger."""

    #: Stable, for it is part of what is approved: a column, a revision, the whole database as "".
    object: str
    #: One sentence: `The data migration in 0005 may have rewritten values; only a data rehearsal can tell`.
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Losses:
    """What the downgrade would destroy."""

    #: None: it was not counted. Entries with no rows say what was counted and found empty.
    ledger: tuple[LedgerEntry, ...] | None
    #: Where it can destroy more than the ledger says: statements that nobody could see into, a data migration
    #: without a data rehearsal. Empty: the ledger is all there is. None: that was not examined.
    beyond_ledger: tuple[Unmeasured, ...] | None
    #: Tables and columns that the upgrade removed and that come back without their content.
    comes_back_empty: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewData:
    """Rows written since the deploy that need the newer schema: in new tables and columns, in changed columns.

    A row of an older table that uses nothing new is none of them. Where only writes to whole tables are known,
    they are counted all: too many is safe.
    """

    rows: int | None
    source: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """One trial of this very downgrade on a copy."""

    kind: RehearsalKind
    succeeded: bool | None
    failure: Failure | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocker:
    """Something on the live database at which this downgrade would fail, whatever else is done."""

    object: str
    #: One sentence: `The view active_users depends on it`.
    message: str
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupCopy:
    """One backup of this service."""

    name: str
    taken_at: datetime
    state: BackupState
    #: The revisions that the database had; empty is `base`.
    revisions: tuple[str, ...] | None
    #: Rows written to the whole database since it was taken.
    rows_written_since: int | None
    #: How long a restore of this very backup took, when it was proven or used.
    restore_seconds: float | None = None
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        _with_zone(self.taken_at, "taken_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that the older release would find otherwise."""

    kind: DifferenceKind
    object: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderRelease:
    """What is known about going back to the older application."""

    #: The catalog says how, and the older release is there to go back to.
    can_go_back: bool | None
    #: Between the schema it was written for and the live one.
    differences: tuple[Difference, ...] | None
    #: It was started against a copy with the newer schema, and worked.
    works_on_newer_schema: bool | None = None
    #: How long taking the application back took the last time.
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What people said about why they want to go back."""

    symptom: Symptom | None = None
    #: Whether a new migration can put it right.
    fixable_forward: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Times of earlier runs on this service, for estimates."""

    #: A backup and its proof together.
    backup_seconds: float | None = None
    #: Size of the backup by the time of its restore.
    restore_bytes_per_second: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Everything that an assessment found out and that a decision rests on."""

    service: str
    now: datetime
    #: Revisions that the live database has; empty is `base`.
    live: tuple[str, ...] | None
    #: Revisions to go back to; empty is `base`.
    target: tuple[str, ...]
    #: The revisions that are undone, newest first. None: the scripts do not lead from live to target.
    path: tuple[str, ...] | None
    arrival: Arrival
    findings: tuple[Finding, ...]
    losses: Losses
    new_data: NewData
    rehearsals: tuple[Rehearsed, ...]
    #: None: the live database was not asked.
    blockers: tuple[Blocker, ...] | None
    backups: tuple[BackupCopy, ...]
    #: The run makes a backup and proves it before its first destructive step.
    run_proves_backup: bool | None
    older_release: OlderRelease
    #: Older backups do not count as a way back to what is there now (`backups: max_age`).
    backup_max_age: timedelta = timedelta(days=1)
    #: Whether the catalog names anybody who may approve.
    approvers_named: bool = True
    trouble: Trouble = field(default_factory=Trouble)
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        _with_zone(self.now, "now")
