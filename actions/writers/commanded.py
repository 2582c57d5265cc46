"""Writers that commands of the catalog stop, start and ask; systemd units are such writers too."""

from dataclasses import dataclass, replace
from datetime import timedelta

from actions.catalog import command as catalogued
from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.platforms.house import House
from actions.platforms.port import Ended, Finished
from actions.writers.patience import wait_until
from actions.writers.port import ShouldStop


@dataclass(frozen=True, kw_only=True)
class CommandedWriter:
    name: str
    house: House
    stopping: catalogued.Command
    starting: catalogued.Command
    #: Ends with 0 while it runs.
    asking: catalogued.Command
    #: Besides 0, what `asking` may say; anything else is no answer.
    stopped_codes: frozenset[int] | None = None
    stop_within: timedelta
    start_within: timedelta

    def look(self) -> JsonObject:
        return {"running": self._runs()}

    def is_stopped(self) -> bool:
        return not self._runs()

    def stop(self, should_stop: ShouldStop) -> None:
        if not self._runs():
            return
        self._run(self.stopping, self.stop_within, should_stop, "stopped")
        still = BackoutError(
            f"Writer {self.name} still runs after its stop command", next_step="Stop it by hand, then try again."
        )
        wait_until(self.is_stopped, within=self.stop_within, should_stop=should_stop, otherwise=still)

    def start(self, was: JsonObject, should_stop: ShouldStop) -> None:
        if not was.get("running") or self._runs():
            return
        self._run(self.starting, self.start_within, should_stop, "started")
        away = BackoutError(f"Writer {self.name} does not run after its start command", next_step="Start it by hand.")
        wait_until(self._runs, within=self.start_within, should_stop=should_stop, otherwise=away)

    def _runs(self) -> bool:
        finished = self.house.commands.run(self.house.command(self.asking))
        if finished.ended is not Ended.BY_ITSELF:
            raise BackoutError(f"Writer {self.name} could not be asked: its status command does not end")
        if self.stopped_codes is not None and finished.exit_code not in {0, *self.stopped_codes}:
            raise BackoutError(
                f"Writer {self.name} could not be asked: its status command ended with {finished.exit_code}"
            )
        return finished.exit_code == 0

    def _run(self, written: catalogued.Command, within: timedelta, should_stop: ShouldStop, done: str) -> None:
        command = self.house.command(written)
        command = replace(command, deadline=min(command.deadline, within))
        finished: Finished = self.house.commands.run(command, should_stop=should_stop)
        if not finished.succeeded:
            how = (
                f"ended with {finished.exit_code}"
                if finished.ended is Ended.BY_ITSELF
                else f"was ended ({finished.ended.value})"
            )
            raise BackoutError(
                f"Writer {self.name} could not be {done}: its command {how}",
                next_step="Run it by hand to see why: " + " ".join(command.argv),
            )
