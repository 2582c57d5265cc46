"""All services at a glance: what is live since when, the last backup, what is open. A few questions, however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from actions.history.database import History
from actions.history.rows import backup_from, rollback_from, sighting_from
from actions.history.tables import LIVE_SQL, rollbacks
from actions.history.values import BackupRecord, Rollback, Sighting

#: The newest row of each service, by its index alone.
_NEWEST = """
SELECT newest.* FROM unnest(CAST(:services AS text[])) AS asked (service)
CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE t.service = asked.service {which} ORDER BY t.id DESC LIMIT 1) newest
"""
_SIGHTINGS = text(_NEWEST.format(table="sightings", which=""))
_BACKUPS = text(_NEWEST.format(table="backups", which="AND t.state IN ('made', 'proven', 'failed')"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """By the name of the service; those of which nothing is known are missing."""

    sightings: Mapping[str, Sighting]
    backups: Mapping[str, BackupRecord]
    open: Mapping[str, Rollback]
    #: The newest first, of all services.
    recent: tuple[Rollback, ...]


def overview(history: History, services: Sequence[str], *, recent: int) -> Overview:
    with history.reading() as connection:
        open_ones = connection.execute(select(rollbacks).where(text(LIVE_SQL))).mappings()
        newest = connection.execute(select(rollbacks).order_by(rollbacks.c.id.desc()).limit(recent)).mappings()
        return Overview(
            sightings={row["service"]: sighting_from(row) for row in _rows(connection, _SIGHTINGS, services)},
            backups={row["service"]: backup_from(row) for row in _rows(connection, _BACKUPS, services)},
            open={row["service"]: rollback_from(row) for row in open_ones},
            recent=tuple(rollback_from(row) for row in newest),
        )


def _rows(connection: Connection, question: Any, services: Sequence[str]) -> Any:
    return connection.execute(question, {"services": list(services)}).mappings()
