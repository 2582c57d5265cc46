"""What is known about a statement."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a statement does. One statement may be several."""

    #: Looks at catalogs and settings only, or is Alembic's bookkeeping in its version table.
    LOOK = "look"
    #: Changes its own session or transaction: SET, LOCK, SAVEPOINT.
    SESSION = "session"
    DDL = "ddl"
    #: Looks at rows. What is done next may depend on them.
    READS = "reads"
    #: Looks at sizes, statistics or plans. What is done next may depend on them, and a copy has other ones.
    MEASURES = "measures"
    #: Writes rows.
    DATA = "data"
    #: Runs code, or was not understood.
    CODE = "code"
    #: Has an effect beyond this database: roles, other databases, other servers, files, listeners.
    OUTSIDE = "outside"


#: An empty copy of the schema shows all of what these do.
PLAIN = frozenset({Kind.LOOK, Kind.SESSION, Kind.DDL})


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Name:
    """A table as the statement names it; folded to lower case where it was not quoted."""

    schema: str | None = None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Retyping:
    """ALTER TABLE ... ALTER COLUMN ... TYPE ... USING ..."""

    table: Name
    column: str
    #: As written, comments left out.
    type: str
    #: As written; None without USING.
    using: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cascade:
    """A drop that takes along whatever depends on it."""

    #: `table`, `column`, `constraint`, `type`, ...
    what: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement of a text."""

    #: As written, from its first to its last token.
    text: str
    #: Never empty.
    kinds: frozenset[Kind]
    #: Why it is more than LOOK or DDL, in a few words each: `DO block`, `calls app.fix()`.
    reasons: tuple[str, ...] = ()
    #: Tables that it writes rows to, as far as its text names them.
    writes: tuple[Name, ...] = ()
    truncates: tuple[Name, ...] = ()
    #: Tables and views that it reads rows from.
    reads: tuple[Name, ...] = ()
    retypings: tuple[Retyping, ...] = ()
    cascades: tuple[Cascade, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether a run on an empty copy of the schema shows everything that it does."""
        return self.kinds <= PLAIN
