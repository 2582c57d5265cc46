"""The application taken back, and the service seen to be well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from actions.catalog.checks import Check, SqlCheck, Validation
from actions.errors import BackoutError
from actions.history.canonical import Json, JsonObject
from actions.release.port import Release
from actions.run.action import Answer, Done, Moment, Partly, Untouched
from actions.run.names import DOWNGRADE, RESTORE, SWAP_BACK
from actions.verify.checking import Looking, require_answers, run_checks, without_before


def plan_name(number: int, *, of: int) -> str:
    """The name of the step that takes this one back; what it captured is what bringing it again needs."""
    return f"release-{number + 1}" if of > 1 else "release"


@dataclass(frozen=True, kw_only=True)
class TakeBackApplication:
    """One entry of the catalog's `application`."""

    releases: Sequence[Release]

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        if self._release(at).is_back(at.step.captured):
            return Done()
        return Partly(what="it may be done in part; it is done again")

    def do(self, at: Moment) -> JsonObject:
        release, was = self._release(at), at.step.captured
        if was is None:
            was = {"begun": True, **release.look()}
            at.capture(was)
        release.take_back(was, at.should_stop)
        return {}

    def undo(self, at: Moment) -> None:
        if at.step.captured is not None:
            self._release(at).bring_again(at.step.captured, at.should_stop)

    def _release(self, at: Moment) -> Release:
        return self.releases[int(str(at.step.parameters["number"]))]


@dataclass(frozen=True, kw_only=True)
class BringApplicationAgain:
    """After the database was restored to what it was: the newer release belongs to it."""

    releases: Sequence[Release]

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because its command bears being run again
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        number = int(str(at.step.parameters["number"]))
        taken = at.others.get(plan_name(number, of=len(self.releases)))
        self.releases[number].bring_again((taken.captured if taken else None) or {}, at.should_stop)
        return {}

    def undo(self, at: Moment) -> None:
        """Never reached: it comes behind the point of no return."""


@dataclass(frozen=True, kw_only=True)
class CheckHealth:
    """Every check of the catalog, with its patience; all are tried, so that one failure does not hide another."""

    checks: Sequence[Check]
    looking: Looking

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because health is looked at anew each time
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        looking = replace(self.looking, before=before_of(at), should_stop=at.should_stop)
        checks: list[Validation] = [check for check in self.checks if not _settled(check, at)]
        if came_from_earlier_backup(at):
            checks = [without_before(check) for check in checks]
        results = run_checks(checks, looking)
        if at.should_stop():
            raise BackoutError("It was stopped while it looked whether the service is well")
        require_answers(results)
        seen: list[Json] = [
            {"title": each.title, "passed": each.passed, "said": each.said, "seconds": each.seconds} for each in results
        ]
        failed = [each for each in results if not each.passed]
        if failed:
            at.note("checks", {"checks": seen})
            said = "; ".join(f"{each.title}: {each.said}" for each in failed[:5])
            raise BackoutError(
                f"{len(failed)} of {len(results)} checks failed: {said}", next_step="Look at the service."
            )
        return {"checks": seen}

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""


def _settled(check: Check, at: Moment) -> bool:
    """Compared with before while nobody wrote; by now the writers may have moved it, rightly. Where nobody was stopped they
    were at it all the time: then only a check that allows for that is one."""
    if not isinstance(check, SqlCheck) or not check.like_before:
        return False
    nobody_was_stopped = "prove-quiet" not in at.others
    # After a choice there may be a second one: `verify-2`.
    verified = any(step.action == "verify" and step.result for step in at.others.values())
    return verified or (nobody_was_stopped and check.tolerance is None)


def came_from_earlier_backup(at: Moment) -> bool:
    """The database is that of another day: what it holds was compared with its backup, and cannot be as it was just before.
    One that this run took itself, when the writers had stopped, is; so is the one of before, when it was swapped back."""
    actions = {step.action for step in at.others.values()}
    return RESTORE in actions and not actions & {DOWNGRADE, SWAP_BACK}


def before_of(at: Moment) -> dict[str, str | int | float | bool | None]:
    found = [at.result_of(step).get("checks") for step in ("capture", "prove-quiet")]
    # The later look, taken when the writers had stopped, counts.
    values = {
        name: value for each in found if isinstance(each, dict) for name, value in each.items() if value is not None
    }
    return {str(name): value for name, value in values.items() if isinstance(value, str | int | float | bool | None)}
