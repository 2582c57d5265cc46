"""What was put before those who decide, kept whole."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from actions.history.canonical import JsonObject
from actions.history.record import Entry, append
from actions.history.tables import assessments
from actions.history.values import RollbackId


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAssessment:
    rollback: RollbackId
    digest: str
    strategy: str
    #: What an approval of it is bound to.
    seal: JsonObject
    #: The assessment in its JSON form.
    shown: JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownAssessment(NewAssessment):
    made_at: datetime


def keep_shown(connection: Connection, new: NewAssessment, *, actor: str) -> None:
    """The newest one is the one that counts."""
    values = {**asdict(new), "rollback_id": new.rollback.number}
    values.pop("rollback")
    connection.execute(insert(assessments).values(**values))
    details: JsonObject = {"digest": new.digest, "strategy": new.strategy, "risk": new.shown.get("risk")}
    append(connection, Entry(kind="assessment.shown", actor=actor, rollback=new.rollback, details=details))


def last_shown(connection: Connection, rollback: RollbackId) -> ShownAssessment | None:
    statement = (
        select(assessments)
        .where(assessments.c.rollback_id == rollback.number)
        .order_by(assessments.c.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    return ShownAssessment(
        rollback=rollback, digest=row["digest"], strategy=row["strategy"], seal=row["seal"], shown=row["shown"],
        made_at=row["made_at"],
    )  # fmt: skip
