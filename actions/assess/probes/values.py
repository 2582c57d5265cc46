"""What probes find out. Counts and names, never the value of a row."""

from dataclasses import dataclass

from actions.assess.schema.naming import Identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many rows (or values) of a sort there are.

    `some` is the answer that decides: False only if it is certain that there are none. A number that is not exact comes
    from the server's statistics and never stands for "none".
    """

    #: None: it could not be found out. Assume that there are.
    some: bool | None
    #: None: not even roughly known.
    rows: int | None
    exact: bool
    #: Why it is not exact.
    why: str | None = None

    @property
    def possible(self) -> bool:
        """Must we reckon with at least one?"""
        return self.some is not False

    @classmethod
    def exactly(cls, rows: int) -> "Tally":
        return cls(some=rows > 0, rows=rows, exact=True)

    @classmethod
    def at_least_one(cls, *, estimate: int | None, why: str) -> "Tally":
        return cls(some=True, rows=None if estimate is None else max(1, estimate), exact=False, why=why)

    @classmethod
    def unknown(cls, why: str, *, estimate: int | None = None) -> "Tally":
        return cls(some=None, rows=estimate, exact=False, why=why)


NONE = Tally.exactly(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """How many of the lost rows or values were written since the deploy."""

    rows: int
    exact: bool
    #: `column created_at`, `commit timestamps`, `counters since the sighting`.
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableLoss:
    """A table that vanishes, with the rows of its partitions and children."""

    table: Identity
    rows: Tally
    #: How many partitions and inheriting tables were counted along.
    children: int
    #: None when nothing is lost, nothing was asked, or it cannot be known.
    written: Written | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnLoss:
    """A column that vanishes, or is computed from now on."""

    table: Identity
    column: str
    #: Values that are not NULL.
    values: Tally
    #: Those that differ from the column's default, which a later upgrade would not bring back; None: it has no constant
    #: default.
    beyond_default: Tally | None
    written: Written | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Retype:
    """A column that gets another type."""

    table: Identity
    column: str
    before: str
    after: str
    using: str | None
    #: Why we cannot say what becomes of its values; the tallies then hold for nothing but `values`.
    opaque: str | None
    #: Values that are not NULL. Without any, nothing can be lost.
    values: Tally
    #: Values that the new type refuses: the downgrade fails.
    misfits: Tally
    #: Values that come out as other ones, silently.
    changes: Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnRows:
    """Rows of a table to which something about one of its columns applies."""

    table: Identity
    column: str
    rows: Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenRule:
    """A constraint or unique index that comes back, and the rows that break it."""

    table: Identity
    name: str
    #: "check", "unique", "primary key", "foreign key", "exclusion", "unique index".
    form: str
    #: For uniqueness: the rows too many.
    rows: Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelUse:
    """A column that holds labels which its enum loses."""

    enum: Identity
    labels: tuple[str, ...]
    table: Identity
    column: str
    rows: Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainUse:
    """A column of a domain whose rules change."""

    domain: Identity
    table: Identity
    column: str
    rows: Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Losses:
    """What a downgrade meets in the rows of the live database."""

    tables: tuple[TableLoss, ...]
    columns: tuple[ColumnLoss, ...]
    retypes: tuple[Retype, ...]
    #: NULLs in columns that become NOT NULL.
    nulls: tuple[ColumnRows, ...]
    rules: tuple[BrokenRule, ...]
    labels: tuple[LabelUse, ...]
    domains: tuple[DomainUse, ...]
    #: Rows of the tables to which a column comes back.
    comes_back_in: tuple[ColumnRows, ...]
