"""Writers that are services of a compose project: every container of one, given back exactly as it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from actions.errors import BackoutError
from actions.history.canonical import Json, JsonObject
from actions.platforms.compose_commands import ComposeCommands
from actions.platforms.containers import Container
from actions.writers.patience import wait_until
from actions.writers.port import ShouldStop


@dataclass(frozen=True, kw_only=True)
class ComposedWriter:
    name: str
    #: As compose calls it.
    service: str
    commands: ComposeCommands
    stop_within: timedelta
    start_within: timedelta

    def look(self) -> JsonObject:
        """Which of its containers run, and what the compose files say of it now."""
        self.commands.require_service(self.service)
        found = self._containers()
        running: list[Json] = [each.name for each in found if each.runs]
        paused: list[Json] = [each.name for each in found if each.state == "paused"]
        return {
            "running": bool(running), "containers": running, "paused": paused, "all": len(found),
            "files": self.commands.cli.configured_hash(self.service), "made_of": [each.made_of for each in found],
        }  # fmt: skip

    def is_stopped(self) -> bool:
        return not any(each.runs for each in self._containers())

    def stop(self, should_stop: ShouldStop) -> None:
        running = [each for each in self._containers() if each.runs]
        if not running:
            return
        # Each has as long as its own `stop_grace_period` says; then the engine kills it.
        self.commands.cli.ask("stop", *(each.id for each in running), within=self.stop_within)
        still = BackoutError(
            f"Writer {self.name} still runs: {_words(running)}", next_step="Stop it by hand, then try again."
        )
        wait_until(self.is_stopped, within=self.stop_within, should_stop=should_stop, otherwise=still)

    def start(self, was: JsonObject, should_stop: ShouldStop) -> None:
        if not was.get("running"):
            return
        wanted = _names(was.get("containers"))
        found = self._containers()
        there = {each.name for each in found}
        changed = self.commands.cli.configured_hash(self.service) != was.get("files") or _are_others(found, was)
        if changed or not set(wanted) <= there:
            self._make(len(wanted), again=changed)
        elif any(each.name in wanted and not each.runs for each in self._containers()):
            self.commands.cli.ask("start", *wanted, within=self.start_within)
        self._wait_until_well(len(wanted), should_stop)
        if paused := [name for name in _names(was.get("paused")) if name in there]:
            self.commands.cli.ask("pause", *paused)

    def _make(self, count: int, *, again: bool) -> None:
        """By compose: the files say something else than before, which is what taking the application back is about, or did so
        meanwhile; or somebody removed a container. Nothing is pulled or built on the way."""
        self.commands.image_of(self.service)
        keep = () if again else ("--no-recreate",)
        self.commands.cli.ask_compose(
            "up", "--detach", "--no-deps", "--no-build", *keep, "--scale", f"{self.service}={count}", self.service,
            within=self.start_within,
        )  # fmt: skip

    def _wait_until_well(self, count: int, should_stop: ShouldStop) -> None:
        def well() -> bool:
            return sum(each.is_well or each.state == "paused" for each in self._containers()) >= count

        away = _NotWellError(f"Writer {self.name} did not come back within {self.start_within.total_seconds():.0f} s")
        try:
            wait_until(well, within=self.start_within, should_stop=should_stop, otherwise=away)
        except _NotWellError as error:
            seen = self._containers()
            raise BackoutError(
                f"{error.what}: {_words(seen) or 'it has no container'}",
                next_step=f"Look at its logs: docker logs {seen[0].name if seen else self.service}",
            ) from None

    def _containers(self) -> tuple[Container, ...]:
        return self.commands.cli.containers(self.service)


class _NotWellError(BackoutError):
    """Its time is over."""


def _are_others(found: Iterable[Container], was: JsonObject) -> bool:
    """Some were made from what the files said in between: of an older release that was tried and did not help."""
    made_of = was.get("made_of")
    return isinstance(made_of, list | tuple) and any(each.made_of not in made_of for each in found)


def _names(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _words(containers: object) -> str:
    return (
        "; ".join(each.words() for each in containers if isinstance(each, Container))
        if isinstance(containers, list | tuple)
        else ""
    )
