"""Drills that somebody waits for: written down when they begin, so that how they ended is told whatever dies in between."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, literal, select, update

from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.processes import certainly_dead, this_process
from actions.history.tables import drills

#: Whoever does it is seen more often than that, as long as it lives.
SILENT = timedelta(minutes=2)

_NOW = func.clock_timestamp()


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitedFor:
    """A drill that somebody has not heard the end of."""

    number: int
    service: str
    requester: str
    place: str | None
    asked_at: datetime
    #: What is to be told; None: it runs, or whoever did it is gone.
    report: JsonObject | None
    #: Whoever did it is gone, and there will be no report.
    orphaned: bool
    #: Somebody was about to tell it, then.
    sent_at: datetime | None
    #: That was a moment ago: it may be there soon.
    under_way: bool


def begin(history: History, *, service: str, requester: str, place: str | None) -> int:
    """It is done by this process. Returns its number."""
    values = {"service": service, "requester": requester, "place": place, "owner": this_process()}
    with history.writing() as connection:
        return int(connection.execute(insert(drills).values(values).returning(drills.c.id)).scalar_one())


def see(history: History, number: int) -> None:
    """It still goes on."""
    with history.writing() as connection:
        connection.execute(update(drills).where(drills.c.id == number).values(seen_at=_NOW))


def end(connection: Connection, number: int, report: JsonObject) -> None:
    """What is to be told about it. The first report counts."""
    still = (drills.c.id == number, drills.c.report.is_(None))
    connection.execute(update(drills).where(*still).values(report=report))


def waited_for(connection: Connection, *, settled: timedelta) -> tuple[WaitedFor, ...]:
    """The oldest first. After `settled` a call that was under way has arrived, or never will."""
    silent = drills.c.seen_at < _NOW - literal(SILENT)
    under_way = func.coalesce(drills.c.sent_at > _NOW - literal(settled), False)
    statement = select(drills, silent.label("silent"), under_way.label("under_way"))
    found = connection.execute(statement.where(drills.c.told_at.is_(None)).order_by(drills.c.id)).mappings()
    return tuple(
        WaitedFor(
            number=row["id"], service=row["service"], requester=row["requester"], place=row["place"],
            asked_at=row["asked_at"], report=row["report"],
            orphaned=row["report"] is None and (row["silent"] or certainly_dead(row["owner"])),
            sent_at=row["sent_at"], under_way=row["under_way"],
        )
        for row in found
    )  # fmt: skip


def about_to_tell(connection: Connection, number: int) -> None:
    connection.execute(update(drills).where(drills.c.id == number).values(sent_at=_NOW))


def not_sent(connection: Connection, number: int) -> None:
    """It certainly did not arrive."""
    connection.execute(update(drills).where(drills.c.id == number).values(sent_at=None))


def told(connection: Connection, number: int) -> None:
    connection.execute(update(drills).where(drills.c.id == number).values(told_at=_NOW))
