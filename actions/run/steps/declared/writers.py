"""Writers started or restarted by a runbook, and what has to run anew when the files before it are back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from actions.errors import ConfigurationError
from actions.history.canonical import JsonObject
from actions.run.action import Action, Answer, Done, Moment, Partly, Untouched
from actions.run.steps.declared.compose import TellCompose
from actions.writers.port import Writer

_RUNNING: JsonObject = {"running": True}


@dataclass(frozen=True, kw_only=True)
class StartWriter:
    """One that no step of this run has stopped."""

    writers: Callable[[], Mapping[str, Writer]]

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        return Partly(what="asked to start") if _writer(self.writers(), at).is_stopped() else Done()

    def do(self, at: Moment) -> JsonObject:
        writer = _writer(self.writers(), at)
        was = at.step.captured or {**writer.look()}
        if at.step.captured is None:
            at.capture(was)
        # Whatever else it was (how many of it, say) stays; only that it does not run is changed.
        writer.start({**was, **_RUNNING}, at.should_stop)
        return {"was_running": bool(was.get("running"))}

    def undo(self, at: Moment) -> None:
        if at.step.captured is not None and not at.step.captured.get("running"):
            _writer(self.writers(), at).stop(at.should_stop)


@dataclass(frozen=True, kw_only=True)
class RestartWriter:
    """Stopped, then started, so that it takes what is new. One that did not run stays as it is."""

    writers: Callable[[], Mapping[str, Writer]]

    def ask(self, at: Moment) -> Answer:
        return Untouched() if at.step.captured is None else Partly(what="it may be stopped; it is restarted again")

    def do(self, at: Moment) -> JsonObject:
        writer = _writer(self.writers(), at)
        was = at.step.captured or {**writer.look()}
        if at.step.captured is None:
            at.capture(was)
        if not was.get("running"):
            return {"was_running": False}
        writer.stop(at.should_stop)
        writer.start(was, at.should_stop)
        return {"was_running": True}

    def undo(self, at: Moment) -> None:
        """It is restarted once more when what comes before it is undone; here, only one that stayed away comes back."""
        if at.step.captured is not None:
            _writer(self.writers(), at).start(at.step.captured, at.should_stop)


@dataclass(frozen=True, kw_only=True)
class Settle:
    """Stands before the first change of a part. On the way back, when the files are what they were, everything that had
    been restarted on the changed ones (and built, where the catalog says so) is restarted on these."""

    by_kind: Callable[[str], Action]

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because nothing is done
        return Untouched()

    def do(self, at: Moment) -> JsonObject:  # noqa: ARG002
        return {}

    def undo(self, at: Moment) -> None:
        again = at.step.parameters.get("again")
        names = [str(name) for name in again] if isinstance(again, list | tuple) else []
        begun = [at.others[name] for name in names if name in at.others and at.others[name].captured is not None]
        for step in begun:
            action = self.by_kind(str(step.parameters.get("kind")))
            if isinstance(action, TellCompose):
                action.again(replace(at, step=step))
                continue
            # As for the first time: what it captured then was about the changed files.
            fresh = replace(step, captured=None, result=None)
            action.do(replace(at, step=fresh, capture=lambda _: None))


def _writer(writers: Mapping[str, Writer], at: Moment) -> Writer:
    name = str(at.step.parameters.get("writer"))
    if name not in writers:
        raise ConfigurationError(
            f"Writer {name} is in the plan and not in the catalog any more", where=f"service {at.rollback.service}",
            next_step="Put it back into the catalog, then resume the run.",
        )  # fmt: skip
    return writers[name]
