"""Stopping a writer, and bringing it back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from actions.catalog.checks import Check
from actions.errors import BackoutError, ConfigurationError
from actions.history.canonical import JsonObject
from actions.run.action import Answer, Done, Moment, Partly, Untouched
from actions.verify.checking import Looking, require_answers, run_check
from actions.writers.port import Watched, Writer

_TICK_SECONDS = 0.2
#: How often one that came back is asked how it does.
LOOK_EVERY_SECONDS = 2.0
STOP_PREFIX, RESUME_PREFIX = "stop-", "resume-"


def stop_step(writer: str) -> str:
    """The name of the step that stops it; its captured state is what bringing it back needs."""
    return STOP_PREFIX + writer


def resume_step(writer: str) -> str:
    return RESUME_PREFIX + writer


@dataclass(frozen=True, kw_only=True)
class StopWriter:
    """What it was is written down before it is touched."""

    writers: Mapping[str, Writer]

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        if not at.step.captured.get("running"):
            return Done(result={"was_running": False})
        return (
            Done(result={"was_running": True})
            if _named(self.writers, at).is_stopped()
            else Partly(what="asked to stop")
        )

    def do(self, at: Moment) -> JsonObject:
        writer = _named(self.writers, at)
        was = at.step.captured
        if was is None:
            was = writer.look()
            at.capture(was)
        writer.stop(at.should_stop)
        return {"was_running": bool(was.get("running"))}

    def undo(self, at: Moment) -> None:
        if at.step.captured is not None:
            _told(at, _named(self.writers, at).start(at.step.captured, at.should_stop))


@dataclass(frozen=True, kw_only=True)
class ResumeWriter:
    """Brought back to what it was, then looked at before the next one comes."""

    writers: Mapping[str, Writer]
    looks: Mapping[str, Check]
    looking: Looking
    #: How long one that came back is watched before the next one may.
    pause: timedelta = timedelta(0)

    def ask(self, at: Moment) -> Answer:
        was = self._was(at)
        if not was.get("running"):
            return Done(result={"running": False})
        return Untouched() if _named(self.writers, at).is_stopped() else Partly(what="started, not looked at")

    def do(self, at: Moment) -> JsonObject:
        was = self._was(at)
        if not was.get("running"):
            return {"running": False}
        said = _told(at, _named(self.writers, at).start(was, at.should_stop))
        name = str(at.step.parameters["writer"])
        if check := self.looks.get(name):
            seen = run_check(check, replace(self.looking, should_stop=at.should_stop))
            require_answers([seen])
            if not seen.passed:
                raise BackoutError(
                    f"Writer {name} came back, and {seen.title}: {seen.said}", next_step="Look at its logs."
                )
        self._watch(at)
        return {"running": True, **({"said": said} if said else {})}

    def _watch(self, at: Moment) -> None:
        """It has to stay there for so long."""
        writer, until, look_at = _named(self.writers, at), time.monotonic() + self.pause.total_seconds(), 0.0
        while time.monotonic() < until:
            if at.should_stop():
                raise BackoutError("It was stopped while it watched a writer that came back")
            if isinstance(writer, Watched) and time.monotonic() > look_at:
                look_at = time.monotonic() + LOOK_EVERY_SECONDS
                if trouble := writer.trouble():
                    raise BackoutError(f"Writer {writer.name} came back, and {trouble}", next_step="Look at its logs.")
            time.sleep(min(_TICK_SECONDS, self.pause.total_seconds()))
        if self.pause and writer.is_stopped():
            raise BackoutError(f"Writer {writer.name} came back and went away again", next_step="Look at its logs.")

    def undo(self, at: Moment) -> None:
        """What comes before this is undone next, and must find it quiet."""
        if self._was(at).get("running"):
            _named(self.writers, at).stop(at.should_stop)

    def _was(self, at: Moment) -> JsonObject:
        stopped = at.others.get(stop_step(str(at.step.parameters["writer"])))
        return (stopped.captured if stopped else None) or {}


def _told(at: Moment, said: str | None) -> str | None:
    """What a writer found that somebody else had changed goes on the record."""
    if said:
        at.note("left_as_it_is", {"because": said})
    return said


def _named(writers: Mapping[str, Writer], at: Moment) -> Writer:
    name = str(at.step.parameters["writer"])
    if name not in writers:
        raise ConfigurationError(
            f"Writer {name} is in the plan and not in the catalog any more",
            where=f"service {at.rollback.service}",
            next_step="Put it back into the catalog, then resume the run.",
        )
    return writers[name]
