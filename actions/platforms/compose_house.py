"""A service in containers of a docker compose project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from actions.catalog import command as catalogued
from actions.catalog.envref import as_variables
from actions.catalog.migrations import RunInCompose, RunWithPython
from actions.catalog.platform import ComposePlatform
from actions.catalog.service import Service
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.compose import ComposeProject
from actions.platforms.compose_commands import ComposeCommands, container_name
from actions.platforms.docker_cli import DockerCli, client_surroundings
from actions.platforms.house import House, Workplace, migrations_of, name_of
from actions.platforms.local import ordinary_surroundings
from actions.platforms.port import Command, Inside


@dataclass(frozen=True, kw_only=True)
class ComposeHouse:
    """See `House`."""

    service: Service
    environ: Mapping[str, str] = field(repr=False)

    @property
    def platform(self) -> ComposePlatform:
        if not isinstance(self.service.platform, ComposePlatform):
            raise ConfigurationError(f"It is on {self.service.platform.kind}", where=f"service {self.service.name}")
        return self.service.platform

    @property
    def folder(self) -> Path:
        return self.platform.folder

    @property
    def cli(self) -> DockerCli:
        environ = {**client_surroundings(self.environ), **self.variables()}
        return DockerCli(project=project_of(self.platform), environ=environ)

    @property
    def commands(self) -> ComposeCommands:
        return ComposeCommands(cli=self.cli, owner=self.service.name)

    def variables(self) -> dict[str, str]:
        return as_variables(self.platform.env, self.environ)

    def command(self, written: catalogued.Command) -> Command:
        extra = as_variables(written.env, self.environ)
        if written.service is None:
            return Command(
                argv=written.argv,
                folder=self.folder / written.folder if written.folder else self.folder,
                env={
                    **ordinary_surroundings(self.environ),
                    **client_surroundings(self.environ),
                    **self.variables(),
                    **extra,
                },
                deadline=written.timeout,
            )
        inside = Inside(
            service=written.service, one_off=written.one_off, name=self._name(written) if written.one_off else None
        )
        return Command(
            argv=written.argv,
            inside=inside,
            folder=_folder_inside(written.folder),
            env={**self.variables(), **extra},
            deadline=written.timeout,
        )

    def workplace(self) -> Workplace:
        migrations = migrations_of(self.service)
        run = migrations.run
        if isinstance(run, RunInCompose):
            inside = Inside(service=run.compose, one_off=run.one_off, converses=True)
            return Workplace(
                python=run.python, folder=_folder_inside(migrations.folder), inside=inside, env=self.variables()
            )
        if isinstance(run, RunWithPython):
            # The project's own Python beside its containers, as some have it.
            python = str(self.folder / run.python) if "/" in run.python else run.python
            folder = self.folder / migrations.folder if migrations.folder else self.folder
            return Workplace(
                python=python, folder=folder, env={**ordinary_surroundings(self.environ), **self.variables()}
            )
        raise ConfigurationError(
            "On compose, `migrations.run` must name what has the application and alembic",
            where=f"service {self.service.name}",
            next_step="Write `run: {compose: api}`, with the compose service.",
        )

    def url_there(self) -> str:
        database = self.service.database
        if database is None:
            raise ConfigurationError(f"{self.service.name} has no database in the catalog", next_step="Add `database`.")
        return (database.inside_url or database.url).resolve(self.environ)

    def made_from(self, inside: Inside) -> str | None:
        return self.commands.made_from(inside)

    def cut_off(self, inside: Inside) -> bool:
        if not inside.one_off or inside.name is None:
            return False
        name = container_name(inside.name)
        try:
            found = self.cli.inspect(name)
            mode = str(found[0]["HostConfig"]["NetworkMode"]) if found else "host"
            if mode == "host" or mode.startswith("container:"):
                return False
            for network in (found[0].get("NetworkSettings") or {}).get("Networks") or {}:
                if network != "none":
                    self.cli.ask("network", "disconnect", "--force", network, name)
        except BackoutError:
            # It is seen over there whether it worked; the fence in the process holds in any case.
            return False
        return True

    def under_way(self, inside: Inside) -> bool:  # noqa: ARG002  it dies with us, and its name is cleared before it is used
        return False

    def _name(self, written: catalogued.Command) -> str:
        return name_of(self.service, (str(written.service), *written.argv), self.environ)


def project_of(entry: ComposePlatform) -> ComposeProject:
    return ComposeProject(
        folder=entry.folder, files=entry.files, project=entry.project, profiles=entry.profiles,
        env_files=entry.env_file, context=entry.context, program=tuple(entry.command.split()) if entry.command else None,
    )  # fmt: skip


def _folder_inside(written: str | None) -> PurePath | None:
    return PurePosixPath(written) if written else None


def compose_of(house: House, what: str) -> ComposeHouse:
    """ConfigurationError for what compose alone can do."""
    if isinstance(house, ComposeHouse):
        return house
    raise ConfigurationError(f"{what} needs a compose platform", where=f"service {house.service.name}")
