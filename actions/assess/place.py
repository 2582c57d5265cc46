"""From a service's catalog entry to where its migrations are and how they are run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from actions.assess.scripts import MigrationsPlace
from actions.backup.connecting import place_of
from actions.backup.scratch import ScratchDatabase
from actions.catalog.envref import as_variables
from actions.catalog.migrations import Migrations, UrlInArgument, UrlInOption
from actions.catalog.service import Service
from actions.downgrade.order import Fence, Order, UrlHandover
from actions.errors import ConfigurationError
from actions.platforms.house import House, Workplace, migrations_of
from actions.platforms.houses import house_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One way along the revisions."""

    direction: Literal["downgrade", "upgrade"]
    #: A target as Alembic takes it; several revisions for an upgrade to several heads.
    target: str | tuple[str, ...]
    watch_locks: bool = False
    #: Where it is wanted sooner than the catalog allows.
    deadline: timedelta | None = None


#: Well-formed for applications that read their URL when they are imported, and leads nowhere.
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:9/nowhere"


def migrations_place(service: Service, environ: Mapping[str, str]) -> MigrationsPlace:
    """Where the scripts are read; its environment does not lead to the live database."""
    house = house_of(service, environ)
    migrations, there = migrations_of(service), house.workplace()
    handover = url_handover(migrations)
    env = {
        # Whatever leads to a database leads nowhere here: the application is imported, and nobody watches what it does.
        name: f"{scheme}://{NOWHERE.partition('://')[2]}" if (scheme := _scheme_of_a_database(value)) else value
        for name, value in migrations_environment(house, there).items()
    }
    if handover.how == "env":
        env[handover.name] = handover.spelled(NOWHERE)
    return MigrationsPlace(
        python=there.python,
        folder=there.folder,
        inside=there.inside,
        config=migrations.config,
        section=migrations.section,
        version_table=migrations.version_table,
        version_table_schema=migrations.version_schema,
        env=env,
    )


def alembic_order(service: Service, environ: Mapping[str, str], *, leg: Leg, url: str, fence: Fence | None) -> Order:
    """One `alembic downgrade` or `upgrade` of this service on the database of that URL."""
    house = house_of(service, environ)
    migrations, there, database = migrations_of(service), house.workplace(), service.database
    # A rehearsal over a conversation needs no way of its own: its connections are carried to us.
    if there.inside is not None and not (fence is not None and there.inside.converses):
        url = seen_there(house, url)
        if fence is not None:
            host, port, _ = place_of(url)
            fence = replace(fence, host=host, port=port)
    return Order(
        direction=leg.direction,
        target=leg.target,
        url=url,
        handover=url_handover(migrations),
        python=there.python,
        config=migrations.config,
        section=migrations.section,
        folder=there.folder,
        inside=there.inside,
        cut_off=house.cut_off,
        env=migrations_environment(house, there),
        lock_timeout=database.lock_timeout if database else None,
        statement_timeout=database.statement_timeout if database else None,
        deadline=min(leg.deadline or migrations.timeout, migrations.timeout),
        fence=fence,
        watch_locks=leg.watch_locks,
    )


def seen_there(house: House, url: str) -> str:
    """A URL as we reach it, as the workplace reaches the same database: another address, and its ways of TLS."""
    database = house.service.database
    if database is None or database.inside_url is None:
        return url
    ours = [each.resolve(house.environ) for each in (database.url, database.admin_url) if each is not None]
    if place_of(url)[:2] not in {place_of(each)[:2] for each in ours}:
        raise ConfigurationError(
            "A throw-away copy lies on a server that the service's own containers cannot be told how to reach",
            where=f"service {house.service.name}",
            next_step="Leave `scratch` at `beside` for a service with an `inside_url`.",
        )
    inside, seen = urlsplit(house.url_there()), urlsplit(url)
    who, _, where = seen.netloc.rpartition("@")
    where = inside.netloc.rpartition("@")[2] or where
    return urlunsplit((inside.scheme, f"{who}@{where}" if who else where, seen.path, inside.query, ""))


def fence_of(copy: ScratchDatabase) -> Fence:
    """A rehearsal may touch this copy and nothing else."""
    host, port, database = place_of(copy.url)
    return Fence(host=host, port=port, database=database, token=copy.token)


def url_handover(migrations: Migrations) -> UrlHandover:
    match migrations.url:
        case UrlInArgument(argument=name, scheme=scheme):
            return UrlHandover(how="argument", name=name, scheme=scheme)
        case UrlInOption(option=name, scheme=scheme):
            return UrlHandover(how="option", name=name, scheme=scheme)
        case by_env:
            return UrlHandover(how="env", name=by_env.env, scheme=by_env.scheme)


def migrations_environment(house: House, there: Workplace) -> dict[str, str]:
    """What Alembic sees: ordinary ways and manners, then what the catalog names."""
    return {**there.env, **as_variables(migrations_of(house.service).env, house.environ)}


def _scheme_of_a_database(value: str) -> str | None:
    scheme, separator, _ = value.strip().partition("://")
    return scheme if separator and scheme.partition("+")[0] in ("postgresql", "postgres") else None
