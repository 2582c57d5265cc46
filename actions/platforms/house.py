"""Where a service is at home: what every platform can say and do about it.

Whoever works on a service asks `houses.house_of` for its house, and does not know which kind it got. What only one kind
of platform has (containers that are healthy, workloads that are ready) is asked of that kind's own class.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol
from urllib.parse import urlsplit

from actions.catalog import command as catalogued
from actions.catalog.migrations import Migrations
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.platforms.port import Command, Commands, Inside


@dataclass(frozen=True, kw_only=True, slots=True)
class Workplace:
    """Where the service's own Python runs its migrations, as commands of that place know it."""

    python: str
    #: Where somebody would type `alembic`; None leaves it to the image.
    folder: PurePath | None
    #: None: this machine, which has our files and the project's.
    inside: Inside | None = None
    #: What its commands see, before what the catalog's `migrations.env` adds.
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


class House(Protocol):
    """One service, on whatever platform."""

    @property
    def service(self) -> Service: ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Our own environment: what references of the catalog are resolved with."""

    @property
    def commands(self) -> Commands:
        """Runs whatever `command` makes, and any command with an `inside` of this platform."""

    @property
    def folder(self) -> Path:
        """The service's folder on this machine, where relative paths of the catalog start."""

    def variables(self) -> dict[str, str]:
        """What every command of the service gets. Read anew each time: an env file may have been switched."""

    def command(self, written: catalogued.Command) -> Command:
        """Ready to run. Words of the catalog alone: nothing that anybody typed gets in.

        A fresh container or Job for it has a name made of the service and the words, so that the same command is found
        again after a crash and never runs twice.
        """

    def workplace(self) -> Workplace:
        """Where its migrations are read and run; ConfigurationError where it has none."""

    def url_there(self) -> str:
        """The live database's URL as the workplace reaches it."""

    def made_from(self, inside: Inside) -> str | None:
        """What a fresh container would be made from, where that alone says which files are in it: as long as it is the
        same, so are they. None where they can change without it."""

    def cut_off(self, inside: Inside) -> bool:
        """Takes the network away from a fresh container or Job that runs under `inside.name`.

        False where that is not possible here; then the fence in the process itself is all there is.
        """

    def under_way(self, inside: Inside) -> bool:
        """Whether a command of that name, which an earlier process of ours started, outlived it: then running the same
        command again listens to it from its beginning. False wherever a command dies with whoever started it."""


def name_of(service: Service, words: Sequence[str], environ: Mapping[str, str]) -> str:
    """For the fresh container or Job of a catalogued command: the same words, the same name, so that what an earlier
    process left running is found again. Another installation of ours that drives the same service has other names, for
    it would listen to our commands, or end them."""
    history = urlsplit(environ.get("BACKOUT_DATABASE_URL") or "")
    # Not the user and the password: they are changed now and then, and every replica may have its own.
    place = f"{history.netloc.rpartition('@')[2]}{history.path}"
    ours = place or environ.get("BACKOUT_HOME", "")
    told = "\0".join([ours, *words])
    return f"{service.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def migrations_of(service: Service) -> Migrations:
    """ConfigurationError for a service without them."""
    if service.migrations is None or service.database is None:
        raise ConfigurationError(
            f"{service.name} has no migrations in the catalog", next_step="Add `database` and `migrations` to it."
        )
    return service.migrations
