"""A service on this very machine: processes and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actions.catalog import command as catalogued
from actions.catalog.envref import as_variables
from actions.catalog.migrations import Migrations, RunWithPython
from actions.catalog.platform import LocalPlatform
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.platforms.env_file import read_env_file
from actions.platforms.house import Workplace, migrations_of
from actions.platforms.local import LocalCommands, ordinary_surroundings
from actions.platforms.port import Command, Commands, Inside

#: Where a project's own interpreter usually is.
USUAL_PYTHONS = (".venv/bin/python", "venv/bin/python")


@dataclass(frozen=True, kw_only=True)
class LocalHouse:
    """See `House`."""

    service: Service
    environ: Mapping[str, str] = field(repr=False)
    commands: Commands = field(default_factory=LocalCommands)

    @property
    def platform(self) -> LocalPlatform:
        if not isinstance(self.service.platform, LocalPlatform):
            raise ConfigurationError(f"It is on {self.service.platform.kind}", where=f"service {self.service.name}")
        return self.service.platform

    @property
    def folder(self) -> Path:
        return self.platform.folder

    def variables(self) -> dict[str, str]:
        platform = self.platform
        from_file = read_env_file(platform.folder / platform.env_file) if platform.env_file else {}
        return {**ordinary_surroundings(self.environ), **from_file, **as_variables(platform.env, self.environ)}

    def command(self, written: catalogued.Command) -> Command:
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

    def workplace(self) -> Workplace:
        migrations = migrations_of(self.service)
        folder = self.folder / migrations.folder if migrations.folder else self.folder
        return Workplace(python=self._python(migrations), folder=folder, env=self.variables())

    def url_there(self) -> str:
        if self.service.database is None:
            raise ConfigurationError(f"{self.service.name} has no database in the catalog", next_step="Add `database`.")
        return self.service.database.url.resolve(self.environ)

    def made_from(self, inside: Inside) -> str | None:  # noqa: ARG002  files of this machine are looked at themselves
        return None

    def cut_off(self, inside: Inside) -> bool:  # noqa: ARG002  a process takes its network from itself, see `wall.py`
        return False

    def under_way(self, inside: Inside) -> bool:  # noqa: ARG002  a process dies with whoever started it
        return False

    def _python(self, migrations: Migrations) -> str:
        if isinstance(migrations.run, RunWithPython):
            written = migrations.run.python
            return str(self.folder / written) if "/" in written else written
        for usual in USUAL_PYTHONS:
            if (self.folder / usual).exists():
                return str(self.folder / usual)
        return "python3"
