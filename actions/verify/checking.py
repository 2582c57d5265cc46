"""Runs the catalog's checks, each with its patience."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from actions.catalog.checks import (
    CommandCheck,
    ContainersCheck,
    FilesCheck,
    HttpCheck,
    PersonCheck,
    ReadyCheck,
    RevisionCheck,
    SqlCheck,
    Validation,
)
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.house import House
from actions.platforms.port import Ended
from actions.verify.outcome import CheckResult, Seen, Value
from actions.verify.pages import look_at_page
from actions.verify.platform_checks import look_at_platform
from actions.verify.queries import single_value
from actions.verify.titles import title_of
from actions.verify.trees import look_at_files
from actions.verify.values import judge_sql

_PAUSE_SECONDS = 0.5
_TICK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Looking:
    """What checks are run with."""

    house: House
    #: By title: what each check saw before the rollback began.
    before: Mapping[str, Value] = field(default_factory=dict)
    #: Which revisions are live now, and which the rollback goes to.
    live_revisions: Callable[[], tuple[str, ...]]
    target: tuple[str, ...] = ()
    #: The newest revisions of the scripts.
    heads: tuple[str, ...] = ()
    #: Checks that a person has ticked, by title.
    ticked: frozenset[str] = frozenset()
    should_stop: Callable[[], bool] = lambda: False


def run_check(check: Validation, looking: Looking) -> CheckResult:
    """Tries until it passes or its patience is over."""
    began, tries = time.monotonic(), 0
    until = began + check.patience.total_seconds()
    while True:
        tries += 1
        seen = _look(check, looking)
        if seen.passed or time.monotonic() >= until or looking.should_stop():
            return CheckResult(
                title=title_of(check), passed=seen.passed, said=seen.said, value=seen.value, tries=tries, answered=seen.answered,
                seconds=round(time.monotonic() - began, 3),
            )  # fmt: skip
        _rest(looking, until)


def run_checks(checks: Iterable[Validation], looking: Looking) -> tuple[CheckResult, ...]:
    """All of them, in order; one that fails does not hide the next."""
    return tuple(run_check(check, looking) for check in checks)


def values_now(checks: Iterable[Validation], looking: Looking) -> dict[str, Value]:
    """What the checks that compare with before see now; None where it cannot be told."""
    return {title_of(check): _look(check, looking).value for check in checks if _compares(check)}


def values_heard(checks: Iterable[Validation], looking: Looking) -> dict[str, Value]:
    """The same, but for UnavailableError where nobody answered. None is an answer then: the table is gone, say."""
    seen = {title_of(check): _look(check, looking) for check in checks if _compares(check)}
    if silent := sorted(title for title, each in seen.items() if not each.answered):
        raise UnavailableError(
            f"What the checks compare with cannot be seen: {', '.join(silent[:5])}",
            next_step="See that the database runs, then ask again.",
        )
    return {title: each.value for title, each in seen.items()}


def require_answers(results: Iterable[CheckResult]) -> None:
    """UnavailableError where a check could not be made: that it did not pass means nothing, and another try is safe."""
    if silent := [each for each in results if not each.answered]:
        raise UnavailableError(
            f"It cannot be seen now: {'; '.join(f'{each.title}: {each.said}' for each in silent[:5])}",
            next_step="See that it runs and can be reached.",
        )


def without_before(check: Validation) -> Validation:
    """The same check, but for its comparison with before; what it finds is shown all the same."""
    if isinstance(check, SqlCheck) and check.like_before:
        return check.model_copy(update={"like_before": False})
    if isinstance(check, HttpCheck) and check.json_ is not None and check.json_.like_before:
        return check.model_copy(update={"json_": check.json_.model_copy(update={"like_before": False})})
    return check


def needs_application(check: Validation) -> bool:
    """Such checks make sense only while the application runs."""
    return isinstance(check, HttpCheck | CommandCheck | ContainersCheck | ReadyCheck | PersonCheck)


def _compares(check: Validation) -> bool:
    if isinstance(check, HttpCheck):
        return check.json_ is not None and check.json_.like_before
    return isinstance(check, SqlCheck) and check.like_before


def _look(check: Validation, looking: Looking) -> Seen:
    try:
        return _look_once(check, looking)
    except UnavailableError as error:
        return Seen(passed=False, said=error.what, answered=False)
    except ConfigurationError:
        raise
    except BackoutError as error:
        return Seen(passed=False, said=error.what)


def _look_once(check: Validation, looking: Looking) -> Seen:  # noqa: PLR0911 because each kind has its own
    house, before = looking.house, looking.before.get(title_of(check))
    match check:
        case HttpCheck():
            asked = check.json_.same_as if check.json_ else None
            return look_at_page(check, house.environ, before=before, queried=_queried(asked, check, looking))
        case SqlCheck():
            return judge_sql(check, _queried(check.sql, check, looking), before=before)
        case CommandCheck():
            return _run_command(check, looking)
        case FilesCheck():
            return look_at_files(check, house.folder, queried=_queried(check.same_as, check, looking))
        case RevisionCheck():
            return _compare_revision(check, looking)
        case PersonCheck():
            ticked = title_of(check) in looking.ticked
            return Seen(passed=ticked, said="ticked" if ticked else "a person has to look and tick it")
        case ContainersCheck() | ReadyCheck():
            return look_at_platform(check, house)
        case _:
            assert_never(check)


def _queried(query: str | None, check: Validation, looking: Looking) -> Value:
    database = looking.house.service.database
    if query is None:
        return None
    if database is None:
        raise ConfigurationError("A query needs a `database`", where=f"service {looking.house.service.name}")
    return single_value(database.url.resolve(looking.house.environ), query, within=check.timeout)


def _run_command(check: CommandCheck, looking: Looking) -> Seen:
    command = looking.house.command(check.command)
    command = replace(command, deadline=min(command.deadline, check.timeout))
    finished = looking.house.commands.run(command, should_stop=looking.should_stop)
    if finished.ended is not Ended.BY_ITSELF:
        return Seen(passed=False, said=f"it was ended ({finished.ended.value})", value=None)
    if finished.exit_code != check.exit_code:
        said = f"it ended with {finished.exit_code}, not {check.exit_code}"
        return Seen(passed=False, said=said, value=finished.exit_code)
    if check.stdout_contains is not None and check.stdout_contains not in finished.stdout:
        return Seen(passed=False, said="it did not print the expected text", value=finished.exit_code)
    return Seen(passed=True, said=f"it ended with {finished.exit_code}", value=finished.exit_code)


def _compare_revision(check: RevisionCheck, looking: Looking) -> Seen:
    live = looking.live_revisions()
    named = {"target": looking.target, "head": looking.heads, "heads": looking.heads}
    wanted = named.get(check.revision, (check.revision,))
    shown = ", ".join(live) or "base"
    if check.revision == "base":
        return Seen(passed=not live, said=f"it is at {shown}", value=shown)
    as_wanted = len(live) == len(wanted) and all(any(one.startswith(other) for one in live) for other in wanted)
    return Seen(passed=as_wanted, said=f"it is at {shown}", value=shown)


def _rest(looking: Looking, until: float) -> None:
    end = min(until, time.monotonic() + _PAUSE_SECONDS)
    while time.monotonic() < end and not looking.should_stop():
        time.sleep(_TICK_SECONDS)
