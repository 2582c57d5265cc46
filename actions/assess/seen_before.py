"""What the history knows about a service: since when its revision is live, and which backups there are."""

from collections.abc import Mapping

from actions.assess.decide.facts import Arrival, BackupCopy
from actions.assess.known import Known
from actions.assess.live_database import look_at
from actions.assess.probes.counters import write_counters
from actions.assess.probes.session import LiveSession
from actions.catalog.service import Service
from actions.history.backups import list_backups
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.sightings import last_sightings, note_sighting
from actions.history.values import Sighting

#: Where several heads are live at once, they are one name.
BETWEEN = ","


def known_about(history: History, service: Service, environ: Mapping[str, str]) -> Known:
    """Looks, and so makes a sighting of its own: the first look at a revision is when the clock starts."""
    note_live_revision(history, service, environ, source="assessment")
    seen = last_sightings(history, service.name)
    return Known(
        arrival=_arrival(seen), counters=seen[0].counters if seen else None, backups=_backups(history, service)
    )


def note_live_revision(
    history: History, service: Service, environ: Mapping[str, str], *, source: str
) -> Sighting | None:
    """Notes which revision is live now, with the write counters if it is one that was not live at the last look."""
    if service.database is None or service.migrations is None:
        return None
    url = service.database.url.resolve(environ)
    migrations = service.migrations
    facts = look_at(url, version_table=migrations.version_table, version_schema=migrations.version_schema)
    if facts.revisions is None:
        return None
    revision = BETWEEN.join(facts.revisions)
    last = last_sightings(history, service.name, 1)
    counters: JsonObject = {}
    if not last or last[0].revision != revision:
        with LiveSession.open(url) as session:
            counters = write_counters(session).as_json()
    return note_sighting(history, service.name, revision, counters, source)


def _arrival(seen: tuple[Sighting, ...]) -> Arrival:
    if not seen:
        return Arrival(first_seen=None, not_before=None)
    before = seen[1].last_seen if len(seen) > 1 else None
    return Arrival(first_seen=seen[0].first_seen, not_before=before, source="a sighting")


def _backups(history: History, service: Service) -> tuple[BackupCopy, ...]:
    return tuple(
        BackupCopy(
            name=record.name, taken_at=record.made_at or record.started_at, state=record.state,
            revisions=tuple(record.revision.split(BETWEEN)) if record.revision else None,
            rows_written_since=None, size_bytes=record.size_bytes,
        )
        for record in list_backups(history, service=service.name)
    )  # fmt: skip
