"""What is put before those who decide: a plan, what it is bound to, and everything that they have to know about it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from actions.assess.assessment import Question, Rehearsed, Surroundings, assess, shown_of
from actions.assess.decide.digest import Seal, seal
from actions.assess.decide.facts import BackupCopy, StrategyName
from actions.assess.decide.risk import risk_of
from actions.assess.findings.surroundings import PASSING
from actions.assess.known import Known
from actions.assess.result import Assessment, as_json
from actions.assess.seen_before import BETWEEN, known_about
from actions.assess.values import Verdict
from actions.catalog.risk import Risk
from actions.errors import BackoutError, RefusedError
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep
from actions.history.rollbacks import Facts
from actions.history.values import BackupState, Rollback
from actions.history.wishes import wanted_backup
from actions.run.named_backup import usable
from actions.run.plan import Hop, Route, make_plan, plan_digest
from actions.run.predicting import earlier_times, predicted, with_earlier_times
from actions.run.sameness import World, look_around, mark, same_world
from actions.run.steps.site import Site

ShouldStop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """Whatever the runbook: one of the built-in ones, or one that the catalog declares."""

    strategy: str
    plan: tuple[PlannedStep, ...]
    seal: Seal
    verdict: Verdict
    risk: Risk
    #: The assessment in its JSON form, complete.
    shown: JsonObject
    #: What the rollback's row learns.
    facts: Facts
    #: See `sameness`; None where it cannot be told later whether the world is the same.
    about: JsonObject | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessed:
    """A look at the database, with what earlier times tell."""

    assessment: Assessment
    known: Known
    about: JsonObject | None


def assess_database(
    site: Site, target: str, *, with_data: bool, should_stop: ShouldStop | None = None
) -> Assessed:  # fmt: skip
    known = known_about(site.history, site.service, site.environ)
    with_data = with_data or site.service.policy.rehearsal == "data"
    rehearsed, before = (None, _look_around(site)) if with_data else _remembered(site, target)
    around = Surroundings(
        environ=site.environ, now=datetime.now(UTC), home=site.home, known=lambda: known,
        rehearsed=rehearsed, should_stop=should_stop,
    )  # fmt: skip
    question = Question(service=site.service, target=target, with_data=with_data)
    assessment = assess(question, around)
    about = mark(site, before, assessment.path.graph) if before is not None else None
    if about is not None and rehearsed is None:
        _remember(site, assessment, about)
    return Assessed(assessment=assessment, known=known, about=about)


def _look_around(site: Site) -> World | None:
    """What is wrong with the database or the catalog is said by the assessment, which knows better."""
    with suppress(BackoutError):
        return look_around(site)
    return None


def _remembered(site: Site, target: str) -> tuple[Rehearsed | None, World | None]:
    """What was rehearsed a moment ago, if the world is the same but for its rows; and the world as it is now."""
    found = site.memory.of(site.service.name, target)
    now = same_world(site, found.marked) if found is not None else None
    if found is None or now is None:
        return None, _look_around(site)
    return found.rehearsed, now


def _remember(site: Site, assessment: Assessment, about: JsonObject) -> None:
    schema = assessment.evidence.schema
    if schema is None or not schema.succeeds or schema.up is None or not schema.up.succeeded:
        return
    targets = (assessment.asked, ",".join(assessment.facts.target) or "base")
    rehearsed = Rehearsed(live=assessment.facts.live or (), path=assessment.path, schema=schema)
    site.memory.keep(site.service.name, targets, about, rehearsed)


def propose(
    site: Site, rollback: Rollback, *, with_data: bool, should_stop: ShouldStop | None = None
) -> Case:  # fmt: skip
    """Assesses, and makes the plan of the built-in strategy that was asked for."""
    service = site.service
    strategy = StrategyName(rollback.runbook)
    assessed = assess_database(site, _target(rollback), with_data=with_data, should_stop=should_stop)
    assessment = assessed.assessment
    backup = _to_restore(site, rollback, assessed) if strategy is StrategyName.RESTORE else None
    times = predicted(site.history, service.name, assessment, backup)
    plan = with_earlier_times(
        make_plan(service, strategy, route_of(assessment, backup), times), earlier_times(site.history, service.name)
    )
    shown = replace(
        shown_of(service, assessment.evidence, assessment.facts),
        strategy=strategy,
        plan=plan_digest(plan),
        backup=backup,
    )
    verdict, risk = assessment.decision.verdicts[strategy], risk_of(strategy, assessment.facts)
    sealed = seal(shown, passing=PASSING)
    return Case(
        strategy=strategy.value, plan=plan, seal=sealed, verdict=verdict, risk=risk,
        shown={
            **as_json(assessment), "strategy": strategy.value, "digest": sealed.digest, "risk": risk.value,
            "policy": policy_shown(verdict),
        },
        facts=database_facts(assessment), about=assessed.about,
    )  # fmt: skip


def policy_shown(verdict: Verdict) -> JsonObject:
    return {
        "verdict": verdict.ruling.value, "approvals": verdict.approvals, "reasons": list(verdict.reasons),
        "override_possible": verdict.override_possible,
    }  # fmt: skip


def database_facts(assessment: Assessment) -> Facts:
    return Facts(
        from_revision=",".join(assessment.facts.live or ()) or "base",
        to_revision=",".join(assessment.facts.target) or "base",
        ledger_summary=_ledger(assessment),
    )


def _target(rollback: Rollback) -> str:
    """What `-1` meant when it was asked for is what it means later, wherever the database has gone meanwhile."""
    found = rollback.to_revision
    return rollback.target if found is None or "," in found else found


def route_of(assessment: Assessment, backup: str | None) -> Route:
    hops = tuple(
        Hop(revision=step.id, after=tuple(sorted(step.version_after or ()))) for step in assessment.path.revisions
    )
    return Route(
        live=tuple(sorted(assessment.facts.live or ())),
        target=tuple(sorted(assessment.facts.target)),
        hops=hops,
        backup=backup,
    )


def _to_restore(site: Site, rollback: Rollback, assessed: Assessed) -> str:
    """The one that was named, or the newest one at that revision."""
    with site.history.reading() as connection:
        named = wanted_backup(connection, rollback.id)
    if named is None:
        return newest_fitting(assessed.known.backups, assessed.assessment)
    found, target = usable(site.history, site.service.name, named), assessed.assessment.facts.target
    if sorted((found.revision or "").split(BETWEEN)) != sorted(target):
        raise RefusedError(
            f"The backup {named} is at {found.revision or 'no revision'}, and not at {', '.join(target) or 'base'}",
            next_step="Ask for the revision that it is at, or name none.",
        )
    return named


def newest_fitting(backups: tuple[BackupCopy, ...], assessment: Assessment) -> str:
    target = tuple(sorted(assessment.facts.target))
    fitting = [
        each for each in backups
        if each.state is BackupState.PROVEN and each.revisions is not None and tuple(sorted(each.revisions)) == target
    ]  # fmt: skip
    if not fitting:
        raise RefusedError(
            f"There is no proven backup at revision {', '.join(target) or 'base'}",
            next_step="`backout backups` lists those there are; choose another strategy.",
        )
    return max(fitting, key=lambda each: each.taken_at).name


def _ledger(assessment: Assessment) -> JsonObject:
    entries = assessment.ledger
    return {
        "entries": len(entries),
        "rows": sum(entry.rows for entry in entries),
        "exact": all(entry.exact for entry in entries),
        "worst": [
            [entry.table, entry.column, entry.rows] for entry in sorted(entries, key=lambda each: -each.rows)[:5]
        ],
    }
