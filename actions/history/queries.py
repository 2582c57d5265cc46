"""What people ask the history. Each question has an index and stays fast with a million rollbacks."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from actions.history.chain import GENESIS, Head
from actions.history.database import History
from actions.history.details import steps_of, voices_on
from actions.history.lifecycle import Status
from actions.history.rollbacks import no_such
from actions.history.rows import event_from, rollback_from
from actions.history.tables import LIVE_SQL, events, rollbacks
from actions.history.values import Approval, Event, Rollback, RollbackId, Step

PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One rollback with everything that belongs to it, as of one moment."""

    rollback: Rollback
    steps: tuple[Step, ...]
    approvals: tuple[Approval, ...]
    #: One page of its entries, oldest first.
    events: tuple[Event, ...]
    #: Where the next page begins (`show(..., after=this)`); None when this was the last.
    more_after: int | None


def recent(
    history: History,
    *,
    service: str | None = None,
    status: Status | None = None,
    before: RollbackId | None = None,
    limit: int = 20,
) -> tuple[Rollback, ...]:
    """The newest rollbacks first; `before` continues after the last one of a page."""
    statement = select(rollbacks).order_by(rollbacks.c.id.desc()).limit(limit)
    if service is not None:
        statement = statement.where(rollbacks.c.service == service)
    if status is not None:
        statement = statement.where(rollbacks.c.status == status)
    if before is not None:
        statement = statement.where(rollbacks.c.id < before.number)
    with history.reading() as connection:
        return tuple(rollback_from(row) for row in connection.execute(statement).mappings())


def show(history: History, rollback: RollbackId, *, after: int = 0, page: int = PAGE) -> Story:
    """One rollback with its steps, voices and a page of its entries; ConfigurationError when there is none."""
    with history.reading() as connection:
        row = connection.execute(select(rollbacks).where(rollbacks.c.id == rollback.number)).mappings()
        found = row.one_or_none()
        if found is None:
            raise no_such(rollback)
        entries = _entries(connection, rollback, after, page + 1)
        return Story(
            rollback=rollback_from(found),
            steps=steps_of(connection, rollback),
            approvals=voices_on(connection, rollback),
            events=entries[:page],
            more_after=entries[page - 1].seq if len(entries) > page else None,
        )


def live(history: History) -> tuple[Rollback, ...]:
    """Every open rollback, oldest first."""
    statement = select(rollbacks).where(text(LIVE_SQL)).order_by(rollbacks.c.id)
    with history.reading() as connection:
        return tuple(rollback_from(row) for row in connection.execute(statement).mappings())


def chain_head(history: History) -> Head:
    """Where the record ends now: what is noted elsewhere, for a later `audit` to look for."""
    statement = select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
    with history.reading() as connection:
        last = connection.execute(statement).one_or_none()
    return Head.of(last.seq, bytes(last.hash)) if last else Head.of(0, GENESIS)


def entries_of(connection: Connection, rollback: RollbackId, *, kinds: Collection[str]) -> tuple[Event, ...]:
    """Those of some kinds, oldest first."""
    statement = (
        select(events.c.body, events.c.hash)
        .where(events.c.rollback_id == rollback.number, events.c.kind.in_(sorted(kinds)))
        .order_by(events.c.rollback_id, events.c.seq)
    )
    return tuple(event_from(row) for row in connection.execute(statement).mappings())


def _entries(connection: Connection, rollback: RollbackId, after: int, limit: int) -> tuple[Event, ...]:
    statement = (
        select(events.c.body, events.c.hash)
        .where(events.c.rollback_id == rollback.number, events.c.seq > after)
        .order_by(events.c.rollback_id, events.c.seq)
        .limit(limit)
    )
    return tuple(event_from(row) for row in connection.execute(statement).mappings())
