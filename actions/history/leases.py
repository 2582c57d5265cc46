"""Who may carry out a rollback now: a lease that runs out by itself, and a fence number that grows with each claim.

Everything is judged by the database's clock; those of the runners do not matter. A runner proves in every
transaction that it still holds what it claimed; one that lost it must stop touching the world at once.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, case, exists, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.tables import LIVE_SQL, rollbacks, runs
from actions.history.values import RollbackId

#: Long enough for a short absence of the database, short enough for a dead runner to be replaced within the minute.
LEASE = timedelta(seconds=20)
#: In these somebody has to do something; all others wait for people or are over.
WORKABLE = (Status.ASSESSING, Status.APPROVED, Status.RUNNING, Status.UNDOING)

_NOW = func.clock_timestamp()


class LostLeaseError(BackoutError):
    """Somebody else carries the rollback out now, or our time ran out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    rollback: RollbackId
    owner: str
    fence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What people asked of a run while it is under way."""

    stop_by: str | None


def claim(history: History, rollback: RollbackId, *, owner: str, lasting: timedelta = LEASE) -> Lease | None:
    """Takes the rollback on, unless a living runner has it or there is nothing to do; None then."""
    with history.writing() as connection:
        connection.execute(insert(runs).values(rollback_id=rollback.number).on_conflict_do_nothing())
        workable = select(rollbacks.c.id).where(rollbacks.c.id == rollback.number, rollbacks.c.status.in_(WORKABLE))
        statement = (
            update(runs)
            .where(
                runs.c.rollback_id == rollback.number,
                runs.c.rollback_id.in_(workable),
                or_(runs.c.lease_until.is_(None), runs.c.lease_until < _NOW),
                or_(runs.c.wake_at.is_(None), runs.c.wake_at <= _NOW),
            )
            .values(
                owner=owner, fence=runs.c.fence + 1, lease_until=_NOW + literal(lasting), wake_at=None, updated_at=_NOW
            )
            .returning(runs.c.fence)
        )
        fence = connection.scalar(statement)
    return None if fence is None else Lease(rollback=rollback, owner=owner, fence=fence)


def renew(
    history: History, lease: Lease, *, lasting: timedelta = LEASE, progress: JsonObject | None = None
) -> Asked:  # fmt: skip
    """Some more time; LostLeaseError when it is too late for that."""
    with history.writing() as connection:
        asked = _hold(connection, lease)
        connection.execute(
            update(runs)
            .where(runs.c.rollback_id == lease.rollback.number)
            .values(lease_until=_NOW + literal(lasting), progress=progress)
        )
    return asked


def hold(connection: Connection, lease: Lease) -> Asked:
    """First in every transaction of a runner: it still holds the lease, and nobody can take it until this ends."""
    return _hold(connection, lease)


def release(history: History, lease: Lease, *, wake_in: timedelta | None = None) -> None:
    """Lets go, so that anybody may go on at once, or not before some time has passed. Without effect when it is lost."""
    with history.writing() as connection:
        # A wish to stop that came in the last moment is not slept through.
        wake_at = (
            None if wake_in is None else case((runs.c.stop_asked_by.is_(None), _NOW + literal(wake_in)), else_=None)
        )
        connection.execute(
            update(runs)
            .where(runs.c.rollback_id == lease.rollback.number, runs.c.fence == lease.fence)
            .values(owner=None, lease_until=None, wake_at=wake_at, progress=None, updated_at=_NOW)
        )


#: Is there anything that could have to be done, by runners or by people? While nobody asks for anything: no.
ANYTHING_OPEN = select(exists().where(text(LIVE_SQL)).select_from(rollbacks))


def waiting_for_somebody(history: History) -> tuple[RollbackId, ...]:
    """What can be worked on and has no living runner: the sweep nudges these."""
    statement = (
        select(rollbacks.c.id)
        .outerjoin(runs, runs.c.rollback_id == rollbacks.c.id)
        .where(
            # Open ones are few and have an index of their own; the words are those of the index.
            rollbacks.c.status.in_(WORKABLE),
            or_(runs.c.lease_until.is_(None), runs.c.lease_until < _NOW),
            or_(runs.c.wake_at.is_(None), runs.c.wake_at <= _NOW),
        )
        .order_by(rollbacks.c.id)
    )
    with history.reading() as connection:
        return tuple(RollbackId(number) for number in connection.scalars(statement))


def ask_to_stop(connection: Connection, rollback: RollbackId, *, by: str) -> None:
    """Notes the wish; whoever runs it sees it within a heartbeat.

    Everybody locks the row of the run first and that of the rollback after it, so that nobody waits in a circle.
    """
    connection.execute(
        insert(runs)
        .values(rollback_id=rollback.number, stop_asked_by=by, stop_asked_at=text("clock_timestamp()"))
        .on_conflict_do_update(
            index_elements=[runs.c.rollback_id],
            set_={
                "stop_asked_by": func.coalesce(runs.c.stop_asked_by, by),
                "stop_asked_at": func.coalesce(runs.c.stop_asked_at, _NOW),
                "wake_at": None,
            },
        )
    )


def wake(connection: Connection, rollback: RollbackId) -> None:
    """What it waited for may be there: whoever looks next goes on with it."""
    connection.execute(update(runs).where(runs.c.rollback_id == rollback.number).values(wake_at=None))


def _hold(connection: Connection, lease: Lease) -> Asked:
    held = connection.execute(
        select(runs.c.stop_asked_by)
        .where(
            runs.c.rollback_id == lease.rollback.number,
            runs.c.owner == lease.owner,
            runs.c.fence == lease.fence,
            runs.c.lease_until > _NOW,
        )
        .with_for_update()
    ).one_or_none()
    if held is None:
        raise LostLeaseError(f"Another runner has taken {lease.rollback} over, or our time for it ran out")
    return Asked(stop_by=held.stop_asked_by)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunNow:
    """Who works on it at this moment, and how far they are."""

    owner: str | None
    progress: JsonObject | None
    stop_by: str | None
    escalated: bool


def run_now(connection: Connection, rollback: RollbackId) -> RunNow:
    row = connection.execute(
        select(
            runs.c.owner,
            runs.c.progress,
            runs.c.stop_asked_by,
            runs.c.escalated_at,
            (runs.c.lease_until > _NOW).label("alive"),
        ).where(runs.c.rollback_id == rollback.number)
    ).one_or_none()
    if row is None:
        return RunNow(owner=None, progress=None, stop_by=None, escalated=False)
    return RunNow(
        owner=row.owner if row.alive else None, progress=row.progress if row.alive else None, stop_by=row.stop_asked_by,
        escalated=row.escalated_at is not None,
    )  # fmt: skip
