"""What must hold: seen by us, or ticked by a person; and waiting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from actions.catalog.checks import PersonCheck
from actions.errors import BackoutError
from actions.history.canonical import Json, JsonObject
from actions.history.values import StepStatus
from actions.run.action import Answer, Done, Moment, NotYet, Untouched, Waiting
from actions.run.runbooks.specs import from_record
from actions.run.runbooks.ticks import Tick, tick_on
from actions.run.steps.application import before_of
from actions.run.steps.declared.base import step_of
from actions.run.steps.site import Site
from actions.verify.checking import Looking, require_answers, run_check, values_now

#: A tick wakes the run at once; this is for one that comes in the very moment in which it goes to sleep.
LOOK_AGAIN = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True)
class CheckHolds:
    """One check, with its patience. Plain text is for a person."""

    site: Site
    looking: Callable[[], Looking]

    def ask(self, at: Moment) -> Answer:
        if isinstance(step_of(at).check, PersonCheck):
            return person_answer(self.site, at)
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        check = step_of(at).check
        if isinstance(check, PersonCheck):
            return wait_for_person(self.site, at)
        seen = run_check(check, replace(self.looking(), before=before_of(at), should_stop=at.should_stop))
        if at.should_stop():
            raise BackoutError("It was stopped while it looked")
        require_answers([seen])
        if not seen.passed:
            raise BackoutError(f"{seen.title}: {seen.said}", next_step="Look at the service.")
        return {"title": seen.title, "passed": True, "said": seen.said, "tries": seen.tries}

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""


@dataclass(frozen=True, kw_only=True)
class PersonDoes:
    """Something that only a person can do, and confirms."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        return person_answer(self.site, at)

    def do(self, at: Moment) -> JsonObject:
        return wait_for_person(self.site, at)

    def undo(self, at: Moment) -> None:
        """What a person did, a person undoes; the outcome says so."""


def person_answer(site: Site, at: Moment) -> Answer:
    ticked = tick_on(site.history, at.rollback.id, at.step.name)
    if ticked is not None and ticked.holds:
        return Done(result=_said(ticked))
    if ticked is None and at.step.status is StepStatus.RUNNING:
        return Waiting(what=at.step.title, look_again=LOOK_AGAIN)
    return Untouched()


def wait_for_person(site: Site, at: Moment) -> JsonObject:
    ticked = tick_on(site.history, at.rollback.id, at.step.name)
    if ticked is None:
        at.note("waits_for_person", {"what": at.step.title})
        raise NotYet(Waiting(what=at.step.title, look_again=LOOK_AGAIN))
    if not ticked.holds:
        raise BackoutError(
            f"{ticked.person} says that it does not hold: {ticked.said}", next_step="Look at the service."
        )
    return _said(ticked)


def _said(ticked: Tick) -> JsonObject:
    return {"ticked_by": ticked.person, "said": ticked.said}


@dataclass(frozen=True, kw_only=True)
class CaptureValues:
    """What the checks that compare with before see now: those of the whole plan."""

    looking: Callable[[], Looking]

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because it is about this very moment
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        records = [step.parameters.get("step") for step in at.others.values()]
        checks = [from_record(record).check for record in records if isinstance(record, Mapping) and "check" in record]
        values: dict[str, Json] = dict(values_now(checks, self.looking()))
        unknown = sorted(name for name, value in values.items() if value is None)
        if unknown:
            raise BackoutError(
                f"What is there before cannot be seen: {', '.join(unknown[:5])}",
                next_step="Those checks compare with it afterwards; mend them, or leave out `like_before`.",
            )
        return {"checks": values}

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""


@dataclass(frozen=True, kw_only=True)
class WaitAWhile:
    """Until a moment that is written down first: a crash does not make it longer."""

    def ask(self, at: Moment) -> Answer:
        until = (at.step.captured or {}).get("until")
        if not isinstance(until, str):
            return Untouched()
        left = datetime.fromisoformat(until) - datetime.now(UTC)
        return Waiting(what=at.step.title, look_again=left) if left > timedelta() else Done(result={"until": until})

    def do(self, at: Moment) -> JsonObject:
        if (at.step.captured or {}).get("until") is None:
            until = datetime.now(UTC) + step_of(at).wait
            at.capture({**(at.step.captured or {}), "until": until.isoformat()})
            raise NotYet(Waiting(what=at.step.title, look_again=step_of(at).wait))
        return {}

    def undo(self, at: Moment) -> None:
        """Time goes one way."""
