"""What all declared steps share: steps of the team's own that undo them, parts that are undone as a whole, and steps that
may fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from actions.errors import BackoutError, HaltedError
from actions.files.kept import Keeper
from actions.history.canonical import JsonObject
from actions.history.leases import LostLeaseError
from actions.run.action import Action, Answer, Moment, NotYet, Untouched
from actions.run.runbooks.specs import from_record, kind_of
from actions.run.steps.site import Site

#: In the result of an optional step that failed.
LEFT_OUT = "left_out"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One declared step around the action of its kind."""

    inner: Action
    #: The action of any kind, for steps that undo.
    by_kind: Callable[[str], Action]

    def ask(self, at: Moment) -> Answer:
        return self.inner.ask(at)

    def do(self, at: Moment) -> JsonObject:
        try:
            return self.inner.do(at)
        except (HaltedError, LostLeaseError):
            raise
        except BackoutError as error:
            if not written_of(at).get("optional") or at.should_stop():
                raise
            at.note("left_out", {"because": error.what})
            return {LEFT_OUT: error.what}

    def undo(self, at: Moment) -> None:
        if at.step.parameters.get("undone_by") is not None:
            return
        own = written_of(at).get("undo")
        if not isinstance(own, list) or not own:
            self.inner.undo(at)
        elif at.step.captured is not None or at.step.result is not None:
            do_all(own, at, self.by_kind, slot="undo")


@dataclass(frozen=True, kw_only=True)
class BeginPart:
    """Stands before a part that is undone as a whole: what undoes it comes last on the way back."""

    by_kind: Callable[[str], Action]

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because nothing is done
        return Untouched()

    def do(self, at: Moment) -> JsonObject:  # noqa: ARG002
        return {}

    def undo(self, at: Moment) -> None:
        undo = at.step.parameters.get("undo")
        mine = [step for step in at.others.values() if step.parameters.get("undone_by") == at.step.name]
        if isinstance(undo, list) and any(step.captured is not None or step.result is not None for step in mine):
            do_all(undo, at, self.by_kind, slot="undo")


def do_all(records: list[Any], at: Moment, by_kind: Callable[[str], Action], *, slot: str) -> None:
    """Steps within a step, in order. What each captured is kept with the step, so that a second try goes on from it."""
    kept: dict[str, Any] = dict(at.step.captured or {})
    inner: dict[str, Any] = dict(kept.get(slot) or {})
    for number, record in enumerate(records, start=1):
        step = from_record(record)
        kind, place = kind_of(step), str(number)

        def capture(captured: JsonObject, place: str = place) -> None:
            inner[place] = captured
            kept[slot] = dict(inner)
            at.capture(dict(kept))

        one = replace(
            at.step, name=f"{at.step.name}-{slot}-{number}", title=step.title or kind, captured=inner.get(place),
            parameters={"step": record, **writer_in(step), **_made_for(at, number)}, result=None,
        )  # fmt: skip
        try:
            by_kind(kind).do(replace(at, step=one, capture=capture))
        except NotYet as pause:
            # On the way back nobody is waited for; who reads the record finds what is left to do.
            at.note("left_to_people", {"what": pause.waiting.what})


def writer_in(step: Any) -> JsonObject:
    """Plans name one writer in each step."""
    kind = kind_of(step)
    return {"writer": getattr(step, kind)[0]} if kind in ("stop", "start", "restart") else {}


def _made_for(at: Moment, number: int) -> JsonObject:
    """What was found out for this inner step when the plan was made: commits, archives."""
    found = at.step.parameters.get("undo_pins")
    pins = found.get(str(number)) if isinstance(found, Mapping) else None
    return dict(pins) if isinstance(pins, Mapping) else {}


def written_of(at: Moment) -> Mapping[str, Any]:
    """The step as it was approved, as a record."""
    record = at.step.parameters.get("step")
    return record if isinstance(record, Mapping) else {}


def step_of(at: Moment) -> Any:
    """The step as it was approved."""
    return from_record(dict(written_of(at)))


def keeper_for(site: Site, at: Moment, folder: Path) -> Keeper:
    """Where this step keeps what files were before it."""
    return Keeper(archive=site.home / "kept" / str(at.rollback.id) / f"{at.step.name}.tar.gz", folder=folder)
