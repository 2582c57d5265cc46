"""What the Home tab shows, read from the history."""

from datetime import UTC, datetime
from hashlib import sha256

from actions.history.overview import overview
from bot.desk import Desk
from bot.render.home import HomePage, ServiceNow

RECENT = 5


def home_page(desk: Desk, page: int = 1) -> HomePage:
    services = desk.catalog.services
    known = overview(desk.history, list(services), recent=RECENT)
    return HomePage(
        services=tuple(
            ServiceNow(
                name=name, environment=service.environment.value,
                revision=known.sightings[name].revision if name in known.sightings else None,
                since=known.sightings[name].first_seen if name in known.sightings else None,
                backup=known.backups.get(name), open=known.open.get(name),
            )
            for name, service in services.items()
        ),
        recent=known.recent, at=datetime.now(UTC), page=page,
    )  # fmt: skip


def stamp(page: HomePage) -> str:
    """The same for pages that differ in nothing but the time at which they were drawn."""
    told = (page.page, page.services, page.recent)
    return sha256(repr(told).encode()).hexdigest()
