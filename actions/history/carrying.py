"""What was written down elsewhere while this history was away, brought into it: each entry once, with its own moment."""

from sqlalchemy import select

from actions.history.database import History
from actions.history.record import Entry, append
from actions.history.rows import event_from, moment
from actions.history.tables import events
from actions.history.values import Event

KIND = "history.carried_over"


def all_entries(history: History) -> tuple[Event, ...]:
    statement = select(events.c.body, events.c.hash).order_by(events.c.seq)
    with history.reading() as connection:
        return tuple(event_from(row) for row in connection.execute(statement).mappings())


def carry_over(history: History, carried: tuple[Event, ...]) -> int:
    """How many were new: whoever was killed on the way does it again, and nothing is told twice."""
    new = 0
    with history.writing() as connection:
        told = select(events.c.body).where(events.c.kind == KIND)
        known = "\n".join(connection.scalars(told))
        for event in carried:
            if event.hash.hex() in known:
                continue
            append(connection, Entry(kind=KIND, actor=event.actor, details={
                "kind": event.kind, "at": moment(event.at), "details": dict(event.details), "hash": event.hash.hex(),
            }))  # fmt: skip
            new += 1
    return new
