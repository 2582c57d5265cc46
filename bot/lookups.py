"""What people look at before they decide, read from the services themselves: revisions to choose from, SQL, backups."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from actions.assess.live_database import look_at
from actions.assess.place import migrations_place
from actions.assess.scripts import read_graph, read_path
from actions.assess.seen_before import BETWEEN
from actions.catalog.service import Service
from actions.errors import ConfigurationError, RefusedError
from actions.history.backups import list_backups
from actions.history.database import History
from actions.history.values import BackupState, Rollback
from actions.platforms.houses import house_of
from actions.restore.cloning_one import list_of
from actions.restore.kept_ones import kept_of
from actions.restore.listing import Listing
from actions.restore.premises import Premises
from bot.render.modals.request import BackupChoice, RevisionChoice
from bot.terminal.sql import sql_of
from bot.wording.measures import age

#: As many as a list in Slack takes, without the one at its end.
MOST = 99
#: The newest are what people look for; an older one is named at a terminal.
MOST_BACKUPS = 30


def revisions_of(service: Service, environ: Mapping[str, str]) -> tuple[str, tuple[RevisionChoice, ...]]:
    """Where it is, and where it could go back to, the nearest first."""
    if service.database is None or service.migrations is None:
        raise ConfigurationError(
            f"{service.name} has no migrations in the catalog", next_step="Write a target by hand."
        )
    migrations = service.migrations
    url = service.database.url.resolve(environ)
    facts = look_at(url, version_table=migrations.version_table, version_schema=migrations.version_schema)
    live = facts.revisions or ()
    graph = read_graph(house_of(service, environ).commands, migrations_place(service, environ))
    choices: list[RevisionChoice] = []
    seen = set(live)
    below = list(live)
    while below and len(choices) < MOST:
        found = graph.revision(below.pop(0))
        for parent in found.down_revisions if found else ():
            if parent in seen:
                continue
            seen.add(parent)
            below.append(parent)
            known = graph.revision(parent)
            choices.append(
                RevisionChoice(
                    id=parent, message=known.message if known else "", created=known.created if known else None
                )
            )
    return ", ".join(live) or "base", tuple(choices)


def backups_of(history: History, service: Service) -> tuple[BackupChoice, ...]:
    """Those that a request can name: proven, and at one revision. The newest first, as the history knows them."""
    now = datetime.now(UTC)
    return tuple(
        BackupChoice(name=each.name, age=age(each.made_at or each.started_at, now), revision=each.revision)
        for each in list_backups(history, service=service.name, limit=MOST_BACKUPS * 4)
        if each.state is BackupState.PROVEN and each.revision and BETWEEN not in each.revision
    )[:MOST_BACKUPS]


def sql_of_downgrade(service: Service, environ: Mapping[str, str], rollback: Rollback) -> str:
    """As Alembic prints it offline, for the way that was assessed."""
    if rollback.from_revision is None or rollback.to_revision is None:
        raise RefusedError(f"{rollback.id} is not assessed yet", next_step="Look again when it is.")
    current = () if rollback.from_revision == "base" else tuple(rollback.from_revision.split(","))
    commands = house_of(service, environ).commands
    path = read_path(commands, migrations_place(service, environ), current, rollback.to_revision)
    return sql_of(path)


def listing_of(premises: Premises) -> Listing:
    """What the history knows, held against what lies in the stores."""
    return replace(list_of(premises), kept=kept_of(premises))
