"""What a driven Alembic tells while it runs, as plain values."""

from dataclasses import dataclass

from actions.redaction import redact


@dataclass(frozen=True, kw_only=True, slots=True)
class SentStatement:
    """One statement, without its string literals."""

    revision: str | None
    #: Whether a migration sent it, and not Alembic or `env.py` around it.
    within_migration: bool
    sql: str
    rows: int | None
    seconds: float
    #: It was longer than what is told of one.
    cut: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LockHeld:
    oid: int
    relation: str
    mode: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsWritten:
    oid: int
    relation: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Committed:
    """One transaction, as it was just before its commit."""

    revision: str | None
    locks: tuple[LockHeld, ...]
    activity: tuple[RowsWritten, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Why it did not work; redacted, first line only."""

    error_class: str
    message: str
    revision: str | None
    sqlstate: str | None = None
    objects: tuple[str, ...] = ()
    #: The rehearsal's fence refused something.
    outside: bool = False
    #: It is Alembic itself that says no (unknown revision, several heads).
    by_alembic: bool = False
    wrong_database: bool = False
    timed_out: bool = False
    #: Somebody's own words, raised by a function in the server under a state of its choice: they may hold rows' values.
    raised: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Everything that one order told."""

    succeeded: bool
    trouble: Trouble | None
    #: Revisions whose function ran to its end, with its seconds, in order.
    steps: tuple[tuple[str, float], ...]
    statements: tuple[SentStatement, ...]
    commits: tuple[Committed, ...]
    #: What was reached for outside the database, in words; refused by the fence.
    outside: tuple[str, ...]
    seconds: float
    #: How far it was kept from the outside. `network`: besides the fence in its own process the system itself left it
    #: no network and no server's socket file but the gate to the scratch database. `process`: the gate, and drivers,
    #: sockets and programs of its own process are watched; the system allowed no more. None: there was no fence.
    fenced: str | None = None
    #: There were more statements than are told.
    untold: bool = False

    @property
    def hears_all(self) -> bool:
        """Every statement came through the gate, by whatever client, and was told."""
        return self.fenced is not None and not self.untold


def trouble_from(event: dict[str, object]) -> Trouble:
    # A RAISE may name what it likes as its table or column.
    raised = bool(event.get("raised"))
    objects = None if raised else event.get("objects")
    return Trouble(
        error_class=str(event.get("class", "")),
        message=redact(str(event.get("message", ""))),
        revision=_text(event.get("revision")),
        sqlstate=_text(event.get("sqlstate")),
        objects=tuple(str(each) for each in objects) if isinstance(objects, list) else (),
        outside=bool(event.get("outside")),
        by_alembic=event.get("kind") == "command",
        raised=raised,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
