"""Of any number of processes one tells people what happens: a lease on the database's clock, and a fence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from actions.history.database import History
from actions.history.leases import LostLeaseError
from actions.history.processes import certainly_dead, this_process
from actions.history.tables import announcers

_NOW = func.clock_timestamp()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    name: str
    owner: str
    fence: int
    #: When somebody first listened.
    since: datetime


def lead(history: History, name: str, *, lasting: timedelta) -> Lead | None:
    """Takes the lead, or keeps it; None while a living process has it. One that is certainly dead is not waited for."""
    me = this_process()
    with history.writing() as connection:
        connection.execute(insert(announcers).values(name=name).on_conflict_do_nothing())
        now = connection.execute(select(announcers.c.owner, announcers.c.fence).where(announcers.c.name == name)).one()
        over = or_(announcers.c.lease_until.is_(None), announcers.c.lease_until < _NOW)
        dead = now.owner is not None and certainly_dead(now.owner)
        row = connection.execute(
            update(announcers)
            .where(announcers.c.name == name, announcers.c.fence == now.fence)
            .where(or_(over, literal(dead or now.owner == me)))
            .values(
                owner=me,
                fence=announcers.c.fence if now.owner == me else announcers.c.fence + 1,
                lease_until=_NOW + literal(lasting),
            )
            .returning(announcers.c.fence, announcers.c.since)
        ).one_or_none()
    return None if row is None else Lead(name=name, owner=me, fence=row.fence, since=row.since)


def step_down(history: History, leading: Lead) -> None:
    """Another may go on at once."""
    with history.writing() as connection:
        connection.execute(
            update(announcers)
            .where(announcers.c.name == leading.name, announcers.c.fence == leading.fence)
            .values(owner=None, lease_until=None, fence=announcers.c.fence + 1)
        )


def still_leads(connection: Connection, leading: Lead) -> None:
    """First in every transaction of the one who leads; nobody can take it until this ends."""
    held = connection.scalar(
        select(announcers.c.fence)
        .where(
            announcers.c.name == leading.name,
            announcers.c.fence == leading.fence,
            announcers.c.lease_until > _NOW,
        )
        .with_for_update(read=True)
    )
    if held is None:
        raise LostLeaseError("Another process tells people now, or our time for it ran out")
