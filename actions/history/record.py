"""Writing the record: every entry is appended under one lock, in the transaction of what it tells about."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, text

from actions.history.canonical import Json, JsonObject, encode
from actions.history.chain import GENESIS, link
from actions.history.lifecycle import Status
from actions.history.rows import event_from, moment
from actions.history.tables import events
from actions.history.values import Event, RollbackId

#: Held until the end of the transaction, so entries are committed in the order of their numbers.
APPEND_LOCK = int.from_bytes(b"events", "big")


@dataclass(frozen=True, kw_only=True, slots=True)
class RowChange:
    """The seals of a rollback's row before and after what the entry tells about."""

    before: str | None
    after: str
    status: Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What is to be written down. Number, time and hash are given when it is appended."""

    kind: str
    actor: str
    rollback: RollbackId | None = None
    details: JsonObject = field(default_factory=dict)
    change: RowChange | None = None


def append(connection: Connection, entry: Entry) -> Event:
    """Appends one entry; it is there if and only if the transaction is committed.

    Everybody who appends waits here for everybody else, so do it last: lock the rollback's row first, write,
    then append. (The other way round, two transactions could wait for each other.)
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPEND_LOCK})
    # A statement of its own, after the lock was got: it must see what the holder before us committed.
    head = connection.execute(text(_HEAD)).one()
    seq = head.seq + 1
    body = body_of(entry, seq, moment(head.now))
    row = {"seq": seq, "body": body, "hash": link(bytes(head.hash), body.encode())}
    connection.execute(insert(events), row)
    return event_from(row)


def body_of(entry: Entry, seq: int, at: str) -> str:
    """The text of an entry, which is what is hashed.

    `seq` sorts last, and the audit relies on it: it looks for the number at the end of the text.
    """
    body: dict[str, Json] = {
        "actor": entry.actor,
        "at": at,
        "details": entry.details,
        "kind": entry.kind,
        "rollback": entry.rollback.number if entry.rollback else None,
        "seq": seq,
    }
    if entry.change:
        body["row"] = {
            "after": entry.change.after,
            "before": entry.change.before,
            "status": entry.change.status,
        }
    return encode(body)


_HEAD = f"""
    SELECT clock_timestamp() AS now, coalesce(last.seq, 0) AS seq,
           coalesce(last.hash, '\\x{GENESIS.hex()}'::bytea) AS hash
    FROM (SELECT) one LEFT JOIN (SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1) last ON true
"""  # noqa: S608 (constants only)
