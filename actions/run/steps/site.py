"""What the steps of one service's rollback have in common: where its things are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actions.assess.live_database import DatabaseFacts, look_at
from actions.catalog.database import Database
from actions.catalog.migrations import Migrations
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.history.database import History
from actions.platforms.house import House
from actions.platforms.houses import house_of
from actions.restore.premises import Premises, premises_of
from actions.run.memory import Memory
from actions.verify.checking import Looking


@dataclass(frozen=True, kw_only=True)
class Site:
    """One service, as a run needs it."""

    service: Service
    environ: Mapping[str, str] = field(repr=False)
    history: History
    home: Path
    #: Shared by everything that this process does for its services.
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    @property
    def house(self) -> House:
        return house_of(self.service, self.environ)

    @property
    def database(self) -> Database:
        if self.service.database is None:
            raise ConfigurationError(f"{self.service.name} has no database in the catalog", next_step="Add `database`.")
        return self.service.database

    @property
    def migrations(self) -> Migrations:
        if self.service.migrations is None:
            raise ConfigurationError(
                f"{self.service.name} has no migrations in the catalog", next_step="Add `migrations`."
            )
        return self.service.migrations

    @property
    def url(self) -> str:
        return self.database.url.resolve(self.environ)

    @property
    def application_roles(self) -> tuple[str, ...]:
        """With which the application connects."""
        return (self.database.role or self.look().user,)

    def look(self) -> DatabaseFacts:
        table, schema = "alembic_version", None
        if self.service.migrations is not None:
            table, schema = self.migrations.version_table, self.migrations.version_schema
        return look_at(self.url, version_table=table, version_schema=schema)

    def live_revisions(self) -> tuple[str, ...]:
        if self.service.database is None or self.service.migrations is None:
            return ()
        return tuple(sorted(self.look().revisions or ()))

    def premises(self, actor: str) -> Premises:
        return premises_of(self.history, self.service, self.environ, home=self.home, actor=actor)

    def looking(self, target: tuple[str, ...] = ()) -> Looking:
        return Looking(house=self.house, live_revisions=self.live_revisions, target=target)
