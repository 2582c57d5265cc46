"""From a service and what was found out about it to the ordered steps. Pure; the digest covers what this makes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from actions.assess.decide.facts import StrategyName
from actions.catalog.service import Service
from actions.errors import ConfigurationError, RefusedError
from actions.history.canonical import Json, encode
from actions.history.details import PlannedStep
from actions.run.names import (
    BACK_UP,
    CAPTURE,
    CLOSE,
    DOWNGRADE,
    HEALTH,
    PREFLIGHT,
    PROVE,
    QUIET,
    RELEASE,
    RELEASE_AGAIN,
    RESTORE,
    RESUME,
    STOP,
    SWAP_BACK,
    VERIFY,
)
from actions.run.steps.application import plan_name
from actions.run.steps.writers import resume_step, stop_step
from actions.writers.keepers import NAME as KEEPERS
from actions.writers.keepers import pauses_keepers


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One revision on the way down: which one is undone, and what the version table holds afterwards."""

    revision: str
    after: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where it goes."""

    live: tuple[str, ...]
    target: tuple[str, ...]
    hops: tuple[Hop, ...] = ()
    #: Which backup is restored, for that strategy.
    backup: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicted:
    """What earlier runs and rehearsals say about times; None where nothing does."""

    downgrade: timedelta | None = None
    backup: timedelta | None = None
    proof: timedelta | None = None
    restore: timedelta | None = None


def make_plan(
    service: Service, strategy: StrategyName, route: Route, predicted: Predicted | None = None
) -> tuple[PlannedStep, ...]:  # fmt: skip
    """RefusedError where the catalog lacks what the strategy needs."""
    times = predicted or Predicted()
    match strategy:
        case StrategyName.DOWNGRADE:
            return (*_stand_still(service), *_downgrade(service, route, times), *_come_back(service))
        case StrategyName.RESTORE:
            return (*_stand_still(service), *_restore(route, times), *_come_back(service))
        case StrategyName.APP_ONLY:
            if not service.application:
                raise RefusedError(
                    f"The catalog does not say how the application of {service.name} is taken back",
                    next_step="Add `application` to it, or choose another strategy.",
                )
            # Nothing of it was stopped: whatever the release needs, its own command does.
            return (*_beginning(), *_releases(service), *_see(service))
        case StrategyName.ROLL_FORWARD:
            raise RefusedError(
                "Rolling forward is a new migration that people write; Backout has no steps for it",
                next_step="Write and deploy it; reject this request.",
            )


def keep_and_resume(service: Service, *, left_to_release: Sequence[int] = ()) -> tuple[PlannedStep, ...]:
    """After a failure behind the point of no return: leave the database as it is, and bring the writers back, of the
    release that belongs to it."""
    left = [step for step in _releases(service) if step.parameters["number"] in left_to_release]
    return (*left, *_resumes(service), _closing())


def restore_instead(service: Service, backup: str, *, released: Sequence[int] = ()) -> tuple[PlannedStep, ...]:
    """The backup of this very run is brought back: everything is as it was before it, the newer release too.

    Writers that are back already are stopped again first: what they wrote meanwhile would be lost unseen.
    """
    return (
        *_stops(service), *_restore(Route(live=(), target=(), backup=backup), Predicted()), *_again(released),
        *_resumes(service, as_it_was=True), *_see(service),
    )  # fmt: skip


def swap_back_instead(
    service: Service, kept: str, revision: Sequence[str], *, released: Sequence[int] = ()
) -> tuple[PlannedStep, ...]:  # fmt: skip
    """The database that a restore replaced gets its place again, with the release that belongs to it."""
    swap = PlannedStep(
        name=SWAP_BACK, title=f"Swap back to {kept}", action=SWAP_BACK, destructive=True, parameters={"kept": kept}
    )
    verify = PlannedStep(name=VERIFY, title="Verify the database", action=VERIFY, parameters={"target": list(revision)})
    return (
        *_stops(service), swap, verify, *_again(released), *_resumes(service, as_it_was=True), *_see(service),
    )  # fmt: skip


def plan_digest(steps: Sequence[PlannedStep]) -> str:
    """What of a plan an approval is bound to: which steps in which order with what; not how long they may take."""
    shape: list[Json] = [[step.name, step.action, step.parameters, step.destructive] for step in steps]
    return sha256(encode(shape).encode()).hexdigest()


def _again(released: Sequence[int]) -> Iterator[PlannedStep]:
    for number in reversed(released):
        yield PlannedStep(
            name=f"release-again-{number + 1}", title="Bring the newer release again", action=RELEASE_AGAIN,
            parameters={"number": number},
        )  # fmt: skip


def _beginning() -> Iterator[PlannedStep]:
    yield _step(PREFLIGHT, "Look whether everything is as it was approved")
    yield _step(CAPTURE, "Note what is there now")


def _stand_still(service: Service) -> Iterator[PlannedStep]:
    if service.database is None:
        raise ConfigurationError(f"{service.name} has no database in the catalog", next_step="Add `database` to it.")
    yield from _beginning()
    yield from _stops(service)


def _stops(service: Service) -> Iterator[PlannedStep]:
    if pauses_keepers(service):
        # After a rollback they would deploy the newer release again at once: that is reverted in the repository first.
        stays = "; they stay so until people resume them" if service.application else ""
        yield PlannedStep(
            name=stop_step(KEEPERS), title=f"Pause Argo CD, Flux and KEDA where they keep it{stays}", action=STOP,
            parameters={"writer": KEEPERS},
        )  # fmt: skip
    for writer in service.writers.stop:
        name = writer.known_as
        yield PlannedStep(name=stop_step(name), title=f"Stop {name}", action=STOP, parameters={"writer": name})
    yield _step(QUIET, "Prove that nobody writes")


def _downgrade(service: Service, route: Route, times: Predicted) -> Iterator[PlannedStep]:
    yield _step(BACK_UP, "Back up the database", predicted=times.backup)
    rehearse = service.policy.rehearsal != "none"
    also = ", and rehearse the downgrade on the copy" if rehearse else ""
    yield PlannedStep(
        name=PROVE, title=f"Prove the backup by restoring it{also}", action=PROVE, predicted=times.proof,
        parameters={"rehearse": rehearse},
    )  # fmt: skip
    hops: list[Json] = [{"revision": hop.revision, "after": list(hop.after)} for hop in route.hops]
    yield PlannedStep(
        name=DOWNGRADE, title=_downgrade_title(route), action=DOWNGRADE, destructive=True, predicted=times.downgrade,
        parameters={"live": list(route.live), "target": list(route.target), "hops": hops},
    )  # fmt: skip
    yield PlannedStep(
        name=VERIFY, title="Verify the database", action=VERIFY, parameters={"target": list(route.target)}
    )


def _restore(route: Route, times: Predicted) -> Iterator[PlannedStep]:
    if route.backup is None:
        raise RefusedError("There is no backup to restore", next_step="Choose another strategy, or name a backup.")
    yield PlannedStep(
        name=RESTORE, title=f"Restore {route.backup}", action=RESTORE, destructive=True, predicted=times.restore,
        parameters={"backup": route.backup},
    )  # fmt: skip
    yield PlannedStep(name=VERIFY, title="Verify the database", action=VERIFY, parameters={"backup": route.backup})


def _come_back(service: Service) -> Iterator[PlannedStep]:
    yield from _releases(service)
    yield from _resumes(service)
    yield from _see(service)


def _see(service: Service) -> Iterator[PlannedStep]:
    if service.checks:
        yield _step(HEALTH, "See that the service is well")
    yield _closing()


def _releases(service: Service) -> Iterator[PlannedStep]:
    for number, release in enumerate(service.application):
        what = type(release).__name__.removesuffix("Release").lower()
        yield PlannedStep(
            name=plan_name(number, of=len(service.application)), title=f"Take the application back ({what})",
            action=RELEASE, parameters={"number": number},
        )  # fmt: skip


def _resumes(service: Service, *, as_it_was: bool = False) -> Iterator[PlannedStep]:
    """`as_it_was`: with the release that the repository has, too."""
    for writer in service.writers.resumed:
        name = writer.known_as
        yield PlannedStep(
            name=resume_step(name), title=f"Bring {name} back", action=RESUME, parameters={"writer": name}
        )
    if pauses_keepers(service) and (as_it_was or not service.application):
        yield PlannedStep(
            name=resume_step(KEEPERS), title="Resume what was paused", action=RESUME, parameters={"writer": KEEPERS}
        )


def _closing() -> PlannedStep:
    return _step(CLOSE, "Write down how it went")


def _step(name: str, title: str, *, predicted: timedelta | None = None) -> PlannedStep:
    return PlannedStep(name=name, title=title, action=name, predicted=predicted)


def _downgrade_title(route: Route) -> str:
    target = ", ".join(route.target) or "base"
    number = len(route.hops)
    return f"Downgrade {number} revision{'' if number == 1 else 's'}, to {target}"
