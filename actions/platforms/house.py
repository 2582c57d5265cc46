"""Where a service is at home: from a command as the catalog has it to one that can be run there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actions.catalog import command as catalogued
from actions.catalog.envref import as_variables
from actions.catalog.platform import LocalPlatform
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.platforms.env_file import read_env_file
from actions.platforms.local import LocalCommands, ordinary_surroundings
from actions.platforms.port import Command, Commands


@dataclass(frozen=True, kw_only=True)
class House:
    """A service on this machine, and the way to run its commands."""

    service: Service
    environ: Mapping[str, str] = field(repr=False)
    commands: Commands = field(default_factory=LocalCommands)

    @property
    def platform(self) -> LocalPlatform:
        if not isinstance(self.service.platform, LocalPlatform):
            raise ConfigurationError(
                f"Rollbacks on {self.service.platform.kind} are not supported yet",
                where=f"service {self.service.name}",
                next_step="Assess and back it up from here; take it back by its runbook.",
            )
        return self.service.platform

    @property
    def folder(self) -> Path:
        return self.platform.folder

    def variables(self) -> dict[str, str]:
        """What every command of the service sees. Read anew each time: an env file may have been switched."""
        platform = self.platform
        from_file = read_env_file(platform.folder / platform.env_file) if platform.env_file else {}
        return {**ordinary_surroundings(self.environ), **from_file, **as_variables(platform.env, self.environ)}

    def command(self, written: catalogued.Command) -> Command:
        """Ready to run. Words of the catalog alone: nothing that anybody typed gets in."""
        if written.service is not None:
            raise ConfigurationError(
                f"A command in {written.service!r} needs a compose or kubernetes platform",
                where=f"service {self.service.name}",
                next_step="Leave `service` out for a command on this machine.",
            )
        return Command(
            argv=written.argv,
            folder=self.folder / written.folder if written.folder else self.folder,
            env={**self.variables(), **as_variables(written.env, self.environ)},
            deadline=written.timeout,
        )
