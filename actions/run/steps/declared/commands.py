"""Running a command of the catalog, as a step."""

from dataclasses import dataclass

from actions.catalog.command import Command
from actions.errors import BackoutError
from actions.files.switching import write
from actions.history.canonical import JsonObject
from actions.platforms.port import Ended, Finished
from actions.redaction import redact
from actions.run.action import Answer, Moment, Partly, Untouched
from actions.run.steps.declared.base import keeper_for, step_of
from actions.run.steps.site import Site

_LINES = 5


@dataclass(frozen=True, kw_only=True)
class RunCommand:
    """It has to bear being run again after a crash of ours: whether it came to its end then, nobody can see."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        return Partly(what="its command may have run; it is run again")

    def do(self, at: Moment) -> JsonObject:
        step, house = step_of(at), self.site.house
        if step.save_output:
            keeper_for(self.site, at, house.folder).keep([step.save_output])
        at.capture({**(at.step.captured or {}), "begun": True})
        finished = run_it(self.site, step.run, at)
        if step.save_output:
            file = house.folder / step.save_output
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file, redact(finished.stdout))
        return {"exit_code": finished.exit_code, "seconds": round(finished.seconds, 3), "last_lines": _tail(finished)}

    def undo(self, at: Moment) -> None:
        """A command that has no `undo` leaves what it did; only the file with its output goes back."""
        step = step_of(at)
        keeper = keeper_for(self.site, at, self.site.house.folder)
        if step.save_output and keeper.is_whole():
            keeper.give_back(made=[step.save_output])


def run_it(site: Site, written: Command, at: Moment) -> Finished:
    """To its end; BackoutError with its last words when that is not a good one."""
    house = site.house
    command = house.command(written)
    finished = house.commands.run(
        command, watch=lambda line: at.progress(None, redact(line.text)[:120]), should_stop=at.should_stop
    )
    if finished.succeeded:
        return finished
    how = (
        f"ended with {finished.exit_code}"
        if finished.ended is Ended.BY_ITSELF
        else f"was ended ({finished.ended.value})"
    )
    words = " ".join(written.argv)
    said = _tail(finished)
    at.note("output", {"last_lines": said})
    last = f": {said[-1]}" if said else ""
    raise BackoutError(f"`{redact(words)}` {how}{last}", next_step="Run it by hand to see why.")


def _tail(finished: Finished) -> list[str]:
    lines = [line for line in (finished.stderr + finished.stdout).splitlines() if line.strip()]
    own = [line for line in finished.stderr.splitlines() if line.strip()] or lines
    return [redact(line)[:300] for line in own[-_LINES:]]
