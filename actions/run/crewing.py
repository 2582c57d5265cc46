"""Puts a service's actions together: the only place of the run that knows them all."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from actions.assess.seen_before import note_live_revision
from actions.catalog.service import Service
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.leases import LEASE
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts
from actions.history.values import Rollback, Step
from actions.release.finding import releases_of
from actions.run import names
from actions.run.action import Action, Moment
from actions.run.assessing import (
    BUILT_IN,
    Assessing,
    Rechecking,
    can_be_looked_at_in_the_quiet,
    look_again,
    what_voids,
    what_voids_of_database,
)
from actions.run.deciding import point_of_no_return
from actions.run.escalating import contacts_of
from actions.run.memory import Memory
from actions.run.runbooks.ending import is_declared, write_logs
from actions.run.runner import Crew, Phase
from actions.run.sameness import same_world
from actions.run.steps.application import BringApplicationAgain, CheckHealth, TakeBackApplication
from actions.run.steps.backups import BackUp, ProveAndRehearse
from actions.run.steps.closing import Close, closing
from actions.run.steps.declared.all import declared_actions
from actions.run.steps.downgrading import Downgrade
from actions.run.steps.opening import Capture, Preflight
from actions.run.steps.quiet import ProveQuiet
from actions.run.steps.restoring import Restore
from actions.run.steps.site import Site
from actions.run.steps.swapping_back import SwapBack
from actions.run.steps.verifying import Verify
from actions.run.steps.writers import ResumeWriter, StopWriter
from actions.writers.finding import writers_of

Services = Callable[[str], Service]


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Every service of the catalog, as a run needs it."""

    services: Services
    environ: Mapping[str, str] = field(repr=False)
    history: History
    home: Path
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    def __call__(self, service: str) -> Site:
        return Site(
            service=self.services(service), environ=self.environ, history=self.history, home=self.home, memory=self.memory
        )  # fmt: skip


def crew_of(sites: Sites, *, only: Mapping[Status, Phase] | None = None, lasting: timedelta = LEASE) -> Crew:
    """Everything that runners of this process work with. `only`: leave the rest to other processes."""
    return Crew(
        history=sites.history,
        actions=lambda rollback: actions_for(sites(rollback.service), rollback),
        phases=only
        if only is not None
        else {Status.ASSESSING: Assessing(sites=sites), Status.APPROVED: Rechecking(sites=sites)},
        closing=_Closing(sites),
        contacts=lambda rollback: _contacts(sites, rollback),
        lasting=lasting,
    )


def _contacts(sites: Sites, rollback: Rollback) -> tuple[str, ...]:
    """That the catalog has lost the service meanwhile must not keep a failure from being written down."""
    with suppress(BackoutError):
        return contacts_of(sites.services(rollback.service))
    return ()


def actions_for(site: Site, rollback: Rollback) -> Mapping[str, Action]:
    """By the names that plans give them."""
    return _Lazily(_makers(site, rollback))


def _makers(site: Site, rollback: Rollback) -> Mapping[str, Callable[[], Action]]:
    service, checks = site.service, site.service.checks
    target = tuple((rollback.to_revision or "").split(",")) if rollback.to_revision not in (None, "base") else ()
    looking = site.looking(target)
    with_database = rollback.runbook in ("downgrade", "restore")
    return {
        **declared_actions(site, lambda: looking),
        names.PREFLIGHT: lambda: Preflight(
            site=site, writers=lambda: tuple(writers_of(site.house).values()),
            # A declared runbook may build or fetch its older release on the way.
            releases=(lambda: releases_of(site.house, site.home / "kept")) if rollback.runbook in BUILT_IN else None,
            with_database=with_database,
        ),
        names.CAPTURE: lambda: Capture(checks=checks, looking=looking),
        names.STOP: lambda: StopWriter(writers=writers_of(site.house)),
        names.QUIET: lambda: ProveQuiet(
            url=site.url, roles=lambda: site.application_roles, window=service.writers.quiet_for, checks=checks, looking=looking,
            look_again=_LookAgain(site),
        ),
        names.BACK_UP: lambda: BackUp(site=site),
        names.PROVE: lambda: ProveAndRehearse(site=site),
        names.DOWNGRADE: lambda: Downgrade(site=site, recheck=_recheck(site, rollback)),
        names.RESTORE: lambda: Restore(site=site, recheck=_recheck(site, rollback)),
        names.SWAP_BACK: lambda: SwapBack(site=site),
        names.VERIFY: lambda: Verify(site=site, checks=checks, looking=looking),
        names.RELEASE: lambda: TakeBackApplication(releases=releases_of(site.house, site.home / "kept")),
        names.RELEASE_AGAIN: lambda: BringApplicationAgain(releases=releases_of(site.house, site.home / "kept")),
        names.RESUME: lambda: ResumeWriter(
            writers=writers_of(site.house), looking=looking, pause=service.writers.pause_between,
            looks={each.known_as: each.look for each in service.writers.stop if each.look is not None},
        ),
        names.HEALTH: lambda: CheckHealth(checks=checks, looking=looking),
        names.CLOSE: Close,
    }  # fmt: skip


class _Lazily(Mapping[str, Action]):
    """Made when it is used: a step needs no more of the catalog than its own part."""

    def __init__(self, makers: Mapping[str, Callable[[], Action]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Action:
        if name not in self._makers:
            raise ConfigurationError(
                f"This Backout has no action {name!r}", next_step="Run it with the version that planned it."
            )
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class _Closing:
    """What is to be remembered of a rollback that ends; a runbook's own log is written by then, and the revision that
    it left is known to be live from now on, without waiting for the next look.
    """

    def __init__(self, sites: Sites) -> None:
        self._sites = sites

    def __call__(self, rollback: Rollback, steps: tuple[Step, ...], status: Status) -> Facts:
        facts, site = closing(rollback, steps, status), self._sites(rollback.service)
        site.memory.forget(rollback.service)
        with suppress(BackoutError):
            note_live_revision(site.history, site.service, site.environ, source="run")
        if is_declared(steps):
            write_logs(site, rollback, steps, status, str(facts.get("outcome") or ""))
        return facts


def _recheck(site: Site, rollback: Rollback) -> Callable[[Moment], None]:
    return _Recheck(site) if rollback.runbook in BUILT_IN else _RecheckDatabase(site)


class _Recheck:
    """Right before the first destructive step: revision, scripts, catalog and counts. All of it was looked at when the
    writers had stopped; where it cannot be seen that it is still the same, it is looked at anew. A backup and its proof may
    have taken hours, and scripts are edited while nobody writes to the database, too. (Whether somebody wrote is asked by
    whoever asks this.)"""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, at: Moment) -> None:
        self._refuse_writers(at)
        same = same_world(self._site, at.result_of(names.QUIET).get("looked_at")) is not None
        at.note("looked_again", {"anew": not same})
        reasons = () if same else what_voids(self._site, at.rollback, should_stop=at.should_stop)
        _refuse(reasons)

    def _refuse_writers(self, at: Moment) -> None:
        """A writer that was stopped has to be so still: a person, an autoscaler or GitOps may have started it again."""
        stopped = [
            str(step.parameters["writer"]) for step in at.others.values()
            if step.action == names.STOP and (step.captured or {}).get("running")
        ]  # fmt: skip
        writers = writers_of(self._site.house) if stopped else {}
        again = [name for name in stopped if name in writers and not writers[name].is_stopped()]
        if again:
            raise RefusedError(
                f"{', '.join(again)} {'runs' if len(again) == 1 else 'run'} again: somebody or something started it",
                next_step="Everything that was done is undone. Find out who does that, then ask again.",
            )


class _RecheckDatabase:
    """The same for a declared runbook: its files may be other ones by now, by its own steps; the database may not."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, at: Moment) -> None:
        _refuse(what_voids_of_database(self._site, at.rollback, should_stop=at.should_stop))


class _LookAgain:
    """While it is watched that nobody writes. After a choice there is nothing to look at: the world was changed by us."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, at: Moment, is_over: Callable[[], bool]) -> JsonObject | None:
        begun = point_of_no_return(tuple(at.others.values()))
        if begun or not can_be_looked_at_in_the_quiet(self._site, at.rollback):
            return None
        look = look_again(self._site, at.rollback, should_stop=is_over)
        _refuse(look.reasons)
        return look.about


def _refuse(reasons: tuple[str, ...]) -> None:
    if reasons:
        raise RefusedError(
            f"What was approved does not hold any more: {' '.join(reasons)}",
            next_step="Everything that was done is undone. Ask again: it is assessed anew.",
        )
