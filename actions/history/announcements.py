"""What people were told about a rollback, and where: each message once, whatever dies in between.

The intent is written down before a message is sent, with a word that travels with it; where it is found, after. A
message whose place was not written down is looked for by that word before it is sent again.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, text, union, update
from sqlalchemy.dialects.postgresql import insert

from actions.history.announcers import Lead, still_leads
from actions.history.database import History
from actions.history.rows import Row
from actions.history.tables import LIVE_SQL, announcements, events, places, rollbacks, runs
from actions.history.values import RollbackId

#: How many of the newest rollbacks are looked at for one that ended unheard.
NEWEST = 200

_NOW = func.clock_timestamp()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where one rollback is told."""

    rollback: RollbackId
    asked_in: str | None = None
    place: str | None = None
    #: What a place of its own is going to be called; it may have been made.
    wanted_name: str | None = None
    trouble: str | None = None
    settled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """One message: intended, or said."""

    rollback: RollbackId
    key: str
    nonce: str
    #: The last entry of the record that it tells, for those that tell several.
    upto: int | None
    thread: str | None
    #: Where it is found; None: it may have been sent, or not.
    ref: str | None
    #: Hash of what it shows.
    shown: str | None
    begun_by: str
    begun_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Everything that was said about one rollback, and until when."""

    place: Place
    said: Mapping[str, Announcement]
    now: datetime


def to_be_told(history: History, leading: Lead) -> Mapping[RollbackId, str]:
    """Open ones, those that something is left to tell of, and those that ended while nobody told anything; each with a
    stamp that stays while nothing happens to it."""
    still_open = select(rollbacks.c.id).where(text(LIVE_SQL))
    left = select(places.c.rollback_id).where(~places.c.settled)
    newest = select(func.coalesce(func.max(rollbacks.c.id), 0) - NEWEST).scalar_subquery()
    unheard = (
        select(rollbacks.c.id)
        .outerjoin(places, places.c.rollback_id == rollbacks.c.id)
        .where(rollbacks.c.id > newest, rollbacks.c.updated_at > leading.since, places.c.rollback_id.is_(None))
    )
    with history.reading() as connection:
        wanted = union(still_open, left, unheard).subquery()
        last_entry = select(func.max(events.c.seq)).where(events.c.rollback_id == rollbacks.c.id).scalar_subquery()
        stamps = (
            select(
                rollbacks.c.id,
                func.concat_ws("|", rollbacks.c.updated_at, last_entry, runs.c.progress, runs.c.stop_asked_by),
            )
            .outerjoin(runs, runs.c.rollback_id == rollbacks.c.id)
            .where(rollbacks.c.id.in_(select(wanted.c.id)))
            .order_by(rollbacks.c.id)
        )
        return {RollbackId(number): stamp for number, stamp in connection.execute(stamps)}


def note_asked_in(connection: Connection, rollback: RollbackId, asked_in: str) -> None:
    """Where it was asked for; the first one counts."""
    connection.execute(insert(places).values(rollback_id=rollback.number, asked_in=asked_in).on_conflict_do_nothing())


def told_about(connection: Connection, rollback: RollbackId) -> Told:
    now = connection.scalar(select(_NOW))
    assert now is not None  # noqa: S101 because a server always knows the time
    return Told(place=place_of(connection, rollback), said=_said(connection, rollback), now=now)


def place_of(connection: Connection, rollback: RollbackId) -> Place:
    row = connection.execute(select(places).where(places.c.rollback_id == rollback.number)).mappings().one_or_none()
    if row is None:
        return Place(rollback=rollback)
    kept = {name: row[name] for name in ("asked_in", "place", "wanted_name", "trouble", "settled")}
    return Place(rollback=rollback, **kept)


def note_place(connection: Connection, leading: Lead, rollback: RollbackId, **learnt: str | bool | None) -> None:
    """Learns `place`, `wanted_name`, `trouble`, `settled`."""
    still_leads(connection, leading)
    values = {**learnt, "updated_at": _NOW}
    statement = insert(places).values(rollback_id=rollback.number, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[places.c.rollback_id], set_=values))


def intend(
    connection: Connection, leading: Lead, rollback: RollbackId, key: str, *, thread: str | None = None, upto: int | None = None
) -> Announcement:  # fmt: skip
    """Before it is sent. One that was intended before is tried anew, under the same word."""
    still_leads(connection, leading)
    again = {"begun_by": leading.owner, "begun_at": _NOW, "updated_at": _NOW}
    statement = (
        insert(announcements)
        .values(
            rollback_id=rollback.number, key=key, nonce=secrets.token_hex(8), thread=thread, upto=upto, begun_by=leading.owner
        )
        .on_conflict_do_update(index_elements=["rollback_id", "key"], set_=again)
        .returning(announcements)
    )  # fmt: skip
    return _announcement(connection.execute(statement).mappings().one())


def said(connection: Connection, leading: Lead, what: Announcement, *, ref: str, shown: str | None) -> Announcement:
    """It is there, under `ref`, and shows that."""
    still_leads(connection, leading)
    times = {"said_at": func.coalesce(announcements.c.said_at, _NOW), "updated_at": _NOW}
    connection.execute(update(announcements).where(*_this(what)).values(ref=ref, shown=shown, **times))
    return replace(what, ref=ref, shown=shown)


def gone(connection: Connection, leading: Lead, what: Announcement) -> None:
    """It is certain that it was not sent: nothing has to be looked for."""
    still_leads(connection, leading)
    connection.execute(delete(announcements).where(*_this(what)))


#: Grows with every entry of the record: nothing was decided or done while it stays.
RECORD_STAMP = select(func.coalesce(func.max(events.c.seq), 0))


def _said(connection: Connection, rollback: RollbackId) -> Mapping[str, Announcement]:
    rows = connection.execute(
        select(announcements).where(announcements.c.rollback_id == rollback.number).order_by(announcements.c.id)
    )
    return {row["key"]: _announcement(row) for row in rows.mappings()}


def _this(what: Announcement) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return announcements.c.rollback_id == what.rollback.number, announcements.c.key == what.key


def _announcement(row: Row) -> Announcement:
    names = ("key", "nonce", "upto", "thread", "ref", "shown", "begun_by", "begun_at")
    return Announcement(rollback=RollbackId(row["rollback_id"]), **{name: row[name] for name in names})
