"""By what we know a database as ours again: its name and its comment, which must agree.

A comment can be written only by the database's owner, goes with it through every rename, and is changed in the same
transaction as the name. So what is ours can be told after any crash, and what is not ours is never dropped.
"""

from datetime import datetime
from typing import Annotated, Literal

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

#: PostgreSQL cuts names off after so many bytes.
LONGEST_NAME = 63


class _Mark(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: For the people who list databases.
    says: str
    #: The database's own name: a renamed or copied one is no longer ours.
    name: str
    #: The service's database, for which this one was made.
    database: str
    #: What its comment is to be once it is the service's database (again).
    comment: str | None = None
    #: And how many sessions it admits then; -1 is any number.
    connection_limit: int = -1


class NewMark(_Mark):
    """A new database beside the service's, being filled or ready to take its place."""

    backout: Literal["new"] = "new"
    backup: str
    made_at: datetime


class CloneMark(_Mark):
    """A template copy: a backup on the same server."""

    backout: Literal["clone"] = "clone"
    backup: str
    taken_at: datetime
    seconds: float
    database_bytes: int
    revisions: tuple[str, ...]


class KeptMark(_Mark):
    """What was the service's database before another took its place."""

    backout: Literal["before"] = "before"
    until: datetime
    #: The rollback or the backup because of which it was replaced.
    because: str


class ClosedMark(_Mark):
    """The service's own database while it refuses connections; what it had before is to be given back."""

    backout: Literal["closed"] = "closed"
    since: datetime
    because: str


Mark = NewMark | CloneMark | KeptMark | ClosedMark
_ANY: TypeAdapter[Mark] = TypeAdapter(Annotated[Mark, Field(discriminator="backout")])


def read_mark(name: str, comment: str | None) -> Mark | None:
    """None when the comment is somebody else's, or is of a database with another name."""
    if not comment or not comment.startswith("{"):
        return None
    try:
        mark = _ANY.validate_json(comment)
    except ValidationError:
        return None
    return mark if mark.name == name else None


def marking(mark: Mark) -> sql.Composed:
    """The statement that writes the mark on the database of its name."""
    return commenting(mark.name, mark.model_dump_json())


def commenting(name: str, comment: str | None) -> sql.Composed:
    return sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))


def telling_name(database: str, what: str, moment: datetime, *, suffix: str = "") -> str:
    """`shop_before_20260102_143022`; a long name is cut so that the telling part stays."""
    tail = f"_{what}_{moment:%Y%m%d_%H%M%S}{suffix}"
    room = LONGEST_NAME - len(tail.encode())
    return database.encode()[:room].decode(errors="ignore") + tail


def marked_databases(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[tuple[Mark, int], ...]:
    """Every database of ours on this server with its number, in the order of their names."""
    rows = connection.execute(
        "SELECT datname, shobj_description(oid, 'pg_database'), oid FROM pg_database ORDER BY datname"
    ).fetchall()
    found = ((read_mark(str(name), str(comment)), int(str(oid))) for name, comment, oid in rows if comment)
    return tuple((mark, oid) for mark, oid in found if mark is not None)
