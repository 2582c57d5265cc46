"""What became of the content, as frozen values: names and counts, never a value of a row."""

from dataclasses import dataclass
from enum import StrEnum

from actions.assess.schema.naming import Identity


class Matching(StrEnum):
    """How rows of both sides were told to be the same."""

    PRIMARY_KEY = "primary key"
    UNIQUE_KEY = "unique key"
    #: No key survives on both sides (or every key is new): rows and values are counted as multisets.
    WHOLE_ROWS = "whole rows"
    #: Not a row differs, so nothing had to be matched.
    IDENTICAL = "identical"


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnOutcome:
    """A column that is on both sides, and what differs in it. Counts of values mean those that are not null.

    A JSON `null` counts as null: SQLAlchemy writes it for None, and nobody misses it.
    """

    column: Identity
    #: What it is called on the other side.
    now: Identity
    type_before: str
    type_now: str
    #: Values in the reference, in all rows.
    non_null: int
    #: Values of rows that are still there which are different now, or null.
    lost: int
    #: Those of the lost ones that are null now.
    became_null: int
    #: Nulls of the reference that have a value now; no loss.
    filled: int
    #: The same value in another form: 1.50 as 1.5, a number as text, a moment without its zone.
    restated: int
    #: Values that went because their rows did.
    gone_with_rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VanishedColumn:
    """A column that the reference has and the other side has not."""

    column: Identity
    non_null: int
    #: A number that every value has a part in: equal for equal contents, in whatever order.
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AppearedColumn:
    """A column that the reference has not, and what it came with."""

    column: Identity
    rows: int
    non_null: int
    content: str
    #: Different values in it: 0, 1, or 2 for more than one.
    distinct: int
    #: Its values come from an identity or a computing default (`nextval(...)`, `gen_random_uuid()`).
    by_default: bool
    #: Computed from other columns.
    generated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TableOutcome:
    """A table that is on both sides, where anything is different. Columns without a difference are left out."""

    table: Identity
    #: What it is called on the other side.
    now: Identity
    #: It went, and another one has its name.
    rebuilt: bool
    matched_by: Matching
    #: Not one key of the reference is left, but rows are: they were given new ones.
    rekeyed: bool
    rows_before: int
    rows_now: int
    rows_lost: int
    rows_new: int
    #: Rows matched as a whole that no longer exist in this combination although every single value does.
    rows_regrouped: int = 0
    columns: tuple[ColumnOutcome, ...] = ()
    vanished: tuple[VanishedColumn, ...] = ()
    appeared: tuple[AppearedColumn, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VanishedTable:
    table: Identity
    rows: int
    #: Of each column, how many values it had and their `content`; looked at where it may have moved elsewhere.
    contents: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class AppearedTable:
    table: Identity
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceMove:
    """A sequence that stands elsewhere; None where it was never used. Reported apart: a gap loses nothing."""

    sequence: Identity
    before: int | None
    now: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LargeObjectOutcome:
    before: int
    lost: int
    changed: int
    new: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """Something that was not compared (to the end), and so must not be taken for equal."""

    #: None: it is about the database's sequences or large objects, as `reason` says.
    table: Identity | None
    #: `no time left`, `stopped`, or the server's class of error; never its text, which may quote a row.
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Something that is left out by decision."""

    table: Identity
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is different between the reference and the other database; all empty: nothing, as far as it was read."""

    #: Pairs of tables that were compared to the end.
    compared: int
    tables: tuple[TableOutcome, ...] = ()
    vanished: tuple[VanishedTable, ...] = ()
    appeared: tuple[AppearedTable, ...] = ()
    sequences: tuple[SequenceMove, ...] = ()
    large_objects: LargeObjectOutcome | None = None
    unread: tuple[Unread, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything was read, so that silence means equality."""
        return not self.unread
