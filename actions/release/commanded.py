"""Taking the application back with a command of the catalog."""

from dataclasses import dataclass

from actions.catalog import command as catalogued
from actions.catalog.release import CommandRelease
from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.platforms.house import House
from actions.platforms.port import Ended
from actions.release.port import ShouldStop


@dataclass(frozen=True, kw_only=True)
class CommandedRelease:
    """The command may be run a second time after a crash of ours: it has to bear that."""

    house: House
    release: CommandRelease

    def look(self) -> JsonObject:
        return {}

    def is_back(self, was: JsonObject) -> bool | None:  # noqa: ARG002  its commands say nothing about that
        return None

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:  # noqa: ARG002
        self._run(self.release.command, should_stop, "The application could not be taken back")

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:  # noqa: ARG002
        if self.release.undo is None:
            raise BackoutError(
                "The application was taken back, and the catalog names no command that brings the newer release again",
                next_step="Deploy it by hand, then close this; add `undo` to the service's `application`.",
            )
        self._run(self.release.undo, should_stop, "The newer release could not be brought again")

    def _run(self, written: catalogued.Command, should_stop: ShouldStop, trouble: str) -> None:
        command = self.house.command(written)
        finished = self.house.commands.run(command, should_stop=should_stop)
        if finished.succeeded:
            return
        how = (
            f"ended with {finished.exit_code}"
            if finished.ended is Ended.BY_ITSELF
            else f"was ended ({finished.ended.value})"
        )
        raise BackoutError(
            f"{trouble}: its command {how}", next_step="Run it by hand to see why: " + " ".join(command.argv)
        )
