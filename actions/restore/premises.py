"""What all work on one service's backups needs: the history, the catalog's entry, the stores, and who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from actions.backup.store import Store
from actions.backup.stores import chosen_stores
from actions.catalog.backups import Backups
from actions.catalog.database import Database
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.history.database import History
from actions.restore.loss import VersionTable


@dataclass(frozen=True, kw_only=True, slots=True)
class Premises:
    history: History
    service: Service
    stores: tuple[Store, ...]
    environ: Mapping[str, str] = field(repr=False)
    #: Where Backout keeps what is its own.
    home: Path
    #: For the record: who or what does this.
    actor: str
    #: Why the history is one that only stands in for the real one (see `standing_in`); None for the real one.
    without_history: str | None = None

    @property
    def rules(self) -> Backups:
        return self.service.backups

    @property
    def database(self) -> Database:
        if self.service.database is None:
            raise ConfigurationError(
                f"{self.service.name} has no database in the catalog, so there is nothing to back up",
                next_step="Add `database: ${...}` to it.",
            )
        return self.service.database

    @property
    def url(self) -> str:
        return self.database.url.resolve(self.environ)

    @property
    def admin_url(self) -> str:
        """Of a role that may create and rename databases, where the catalog names one."""
        admin = self.database.admin_url
        return admin.resolve(self.environ) if admin else self.url

    @property
    def version_table(self) -> VersionTable:
        migrations = self.service.migrations
        return (
            VersionTable(schema=migrations.version_schema, name=migrations.version_table)
            if migrations
            else VersionTable()
        )

    @property
    def longest(self) -> timedelta:
        """Nothing of ours works for longer; whoever watches stops it much sooner."""
        return timedelta(days=1)

    def now(self) -> datetime:
        return datetime.now(UTC)


def premises_of(history: History, service: Service, environ: Mapping[str, str], *, home: Path, actor: str) -> Premises:
    """ConfigurationError when a store of the catalog lacks something."""
    return Premises(
        history=history, service=service, environ=environ, home=home, actor=actor,
        stores=chosen_stores(service, environ, home / "backups"),
    )  # fmt: skip
