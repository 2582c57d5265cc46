"""What a runbook tells compose to do: up, down, stop, start, restart, build, pull; and networks."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from actions.errors import BackoutError
from actions.platforms.containers import Container
from actions.platforms.docker_cli import DockerCli, DockerError, explained
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Commands, Ended

ShouldStop = Callable[[], bool]
_LOOK_EVERY_SECONDS = 0.5
#: After these, what was started has to be well.
_STARTING = ("up", "start", "restart")


def compose_words(verb: str, services: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """What stands behind `docker compose`. Of single services, `down` means stopped and removed; the project stays."""
    match verb:
        case "up":
            return (("up", "--detach", *services),)
        case "down" if services:
            return (("rm", "--stop", "--force", *services),)
        case "down":
            return (("down",),)
        case _:
            return ((verb, *services),)


@dataclass(frozen=True, kw_only=True)
class ComposeOperations:
    cli: DockerCli
    commands: Commands = field(default_factory=LocalCommands)

    def running(self, services: Sequence[str] = ()) -> tuple[str, ...]:
        """Services that have a container which runs."""
        return tuple(dict.fromkeys(each.service for each in self.cli.containers(*services) if each.runs))

    def existing(self, services: Sequence[str] = ()) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.service for each in self.cli.containers(*services)))

    def do(self, verb: str, services: Sequence[str], *, within: timedelta, should_stop: ShouldStop) -> None:
        """To its end; after a start, until everything that was started is well. BackoutError says what is not."""
        until = time.monotonic() + within.total_seconds()
        for words in compose_words(verb, services):
            self._run((*self.cli.compose, *words), within, should_stop)
        if verb in _STARTING:
            self.wait_well(services, until=until, should_stop=should_stop)

    def wait_well(self, services: Sequence[str], *, until: float, should_stop: ShouldStop) -> None:
        while True:
            unwell = [each for each in self.cli.containers(*services) if not _is_fine(each)]
            if not unwell:
                return
            given_up = [each for each in unwell if each.state in ("exited", "dead") or each.health == "unhealthy"]
            if given_up or time.monotonic() > until:
                said = "; ".join(each.words() for each in (given_up or unwell)[:5])
                raise BackoutError(f"Not everything came up: {said}", next_step=f"docker logs {unwell[0].name}")
            if should_stop():
                raise BackoutError("It was stopped while it waited for the containers")
            time.sleep(_LOOK_EVERY_SECONDS)

    def networks(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of them that are there."""
        there = set(self.cli.ask("network", "ls", "--format", "{{.Name}}").split())
        return tuple(name for name in names if name in there)

    def remove_network(self, name: str) -> None:
        try:
            self.cli.ask("network", "rm", name)
        except DockerError as error:
            raise BackoutError(
                f"The network {name} could not be removed: {error.what}",
                next_step="Containers are still in it: stop and remove them first (`compose: down`).",
            ) from error

    def _run(self, words: Sequence[str], within: timedelta, should_stop: ShouldStop) -> None:
        command = Command(argv=tuple(words), folder=self.cli.project.folder, env=self.cli.environ, deadline=within)
        finished = self.commands.run(command, should_stop=should_stop)
        if finished.succeeded:
            return
        if finished.ended is not Ended.BY_ITSELF:
            raise BackoutError(f"`{' '.join(words)}` was ended ({finished.ended.value})")
        raise explained(finished.stderr, f"`{' '.join(words)}` ended with {finished.exit_code}")


def _is_fine(each: Container) -> bool:
    """A container that did its one job and went is fine, too."""
    return each.is_well or (each.state == "exited" and each.exit_code == 0)
