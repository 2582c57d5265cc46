"""When a revision was first seen live on a service, and the write counters of that moment."""

from sqlalchemy import Connection, insert, select, text, update

from actions.history.canonical import JsonObject, encode
from actions.history.database import History
from actions.history.rows import sighting_from
from actions.history.tables import sightings
from actions.history.values import Sighting

#: The first half of the lock's key; the second is the service's.
_LOCK = int.from_bytes(b"seen", "big")


def note_sighting(history: History, service: str, revision: str, counters: JsonObject, source: str) -> Sighting:
    """Notes that this revision is live now. A new row only when it is another than the last one seen;
    otherwise the last one lasts until now, and keeps the counters of its first moment."""
    encode(counters)
    with history.writing() as connection:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:lock, hashtext(:service))"),
            {"lock": _LOCK, "service": service},
        )
        last = _latest(connection, service)
        if last is not None and last.revision == revision:
            statement = (
                update(sightings)
                .where(sightings.c.id == last.id)
                .values(last_seen=text("statement_timestamp()"))
                .returning(sightings)
            )
            return sighting_from(connection.execute(statement).mappings().one())
        new = {"service": service, "revision": revision, "counters": counters, "source": source}
        row = connection.execute(insert(sightings).values(**new).returning(sightings)).mappings().one()
        return sighting_from(row)


def latest_sighting(history: History, service: str) -> Sighting | None:
    """What was last seen live on a service."""
    with history.reading() as connection:
        return _latest(connection, service)


def _latest(connection: Connection, service: str) -> Sighting | None:
    statement = select(sightings).where(sightings.c.service == service).order_by(sightings.c.id.desc()).limit(1)
    row = connection.execute(statement).mappings().one_or_none()
    return sighting_from(row) if row else None


def last_sightings(history: History, service: str, limit: int = 2) -> tuple[Sighting, ...]:
    """What was seen live on a service, the latest first."""
    wanted = select(sightings).where(sightings.c.service == service).order_by(sightings.c.id.desc()).limit(limit)
    with history.reading() as connection:
        return tuple(sighting_from(row) for row in connection.execute(wanted).mappings())
