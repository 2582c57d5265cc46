"""The assessment of a request, and whether an approval still holds: the two things that come before a run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection, func, literal, select

from actions.assess.assessment import Question, Surroundings, assess, shown_of
from actions.assess.decide.digest import Seal, seal
from actions.assess.decide.facts import BackupCopy, StrategyName
from actions.assess.decide.risk import risk_of
from actions.assess.decide.sealing import from_record, to_record
from actions.assess.decide.voiding import voided_by
from actions.assess.findings.surroundings import PASSING
from actions.assess.result import Assessment, as_json
from actions.assess.seen_before import known_about
from actions.assess.values import Ruling
from actions.catalog.service import Service
from actions.errors import BackoutError, RefusedError
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep, void_voices, write_plan
from actions.history.leases import hold
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts, Move, move
from actions.history.shown import NewAssessment, keep_shown, last_shown
from actions.history.values import BackupState, Risk, Rollback
from actions.history.wishes import wants_data
from actions.run.plan import Hop, Route, make_plan, plan_digest
from actions.run.predicting import earlier_times, predicted, with_earlier_times
from actions.run.recording import Recorder
from actions.run.steps.site import Site


class Sites(Protocol):
    """Where each service's things are; the catalog read anew when it changed."""

    def __call__(self, service: str) -> Site: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What is put before those who decide."""

    assessment: Assessment
    strategy: StrategyName
    plan: tuple[PlannedStep, ...]
    seal: Seal


def propose(
    site: Site, rollback: Rollback, *, with_data: bool, should_stop: Callable[[], bool] | None = None
) -> Proposal:  # fmt: skip
    """Assesses, and makes the plan of the strategy that was asked for."""
    service = site.service
    strategy = StrategyName(rollback.runbook)
    known = known_about(site.history, service, site.environ)
    around = Surroundings(
        environ=site.environ, now=datetime.now(UTC), home=site.home, arrival=known.arrival, counters=known.counters,
        backups=known.backups, should_stop=should_stop,
    )  # fmt: skip
    with_data = with_data or service.policy.rehearsal == "data"
    question = Question(service=service, target=_target(rollback), with_data=with_data)
    assessment = assess(question, around)
    backup = _newest_fitting(known.backups, assessment) if strategy is StrategyName.RESTORE else None
    times = predicted(site.history, service.name, assessment, backup)
    plan = with_earlier_times(
        make_plan(service, strategy, _route(assessment, backup), times), earlier_times(site.history, service.name)
    )
    shown = replace(
        shown_of(service, assessment.evidence, assessment.facts),
        strategy=strategy,
        plan=plan_digest(plan),
        backup=backup,
    )
    return Proposal(assessment=assessment, strategy=strategy, plan=plan, seal=seal(shown, passing=PASSING))


@dataclass(frozen=True, kw_only=True)
class Assessing:
    """From asked to waiting, approved or refused."""

    sites: Sites

    def __call__(self, pen: Recorder) -> None:
        rollback = pen.look().rollback
        try:
            with pen.history.reading() as connection:
                with_data = wants_data(connection, rollback.id)
            site = self.sites(rollback.service)
            proposal = propose(site, rollback, with_data=with_data, should_stop=pen.pulse.must_stop)
        except BackoutError as error:
            pen.pulse.require()
            if pen.pulse.must_stop():
                return  # Somebody stopped it, or another process goes on: nothing was found out.
            said = f"It could not be assessed: {error.what}"
            refused = isinstance(error, RefusedError)
            facts = Facts(outcome=said if error.next_step is None else f"{said}. {error.next_step}")
            pen.move(Status.REFUSED if refused else Status.FAILED, because=error.what, facts=facts)
            return
        pen.record(lambda connection: _put_before_people(connection, pen, rollback, site.service, proposal))


@dataclass(frozen=True, kw_only=True)
class Rechecking:
    """Approved: does it still hold for the world as it is now? If not, it is asked again, with what changed."""

    sites: Sites

    def __call__(self, pen: Recorder) -> None:
        rollback = pen.look().rollback
        try:
            reasons = what_voids(self.sites(rollback.service), rollback, should_stop=pen.pulse.must_stop)
        except BackoutError as error:
            pen.pulse.require()
            if pen.pulse.must_stop():
                return
            reasons = (f"What was approved could not be checked: {error.what}",)
        if not reasons:
            pen.move(Status.RUNNING)
            return

        def ask_again(connection: Connection) -> None:
            hold(connection, pen.lease)
            because = "; ".join(reasons)
            void_voices(connection, rollback.id, actor="backout", because=because)
            details: JsonObject = {"because": because, "changed": list(reasons)}
            move(connection, rollback.id, Move(to=Status.ASSESSING, actor="backout", details=details))

        pen.record(ask_again)


def what_voids(
    site: Site, rollback: Rollback, *, should_stop: Callable[[], bool] | None = None
) -> tuple[str, ...]:  # fmt: skip
    """Why an approval does not hold any more; empty when it does."""
    with site.history.reading() as connection:
        shown = last_shown(connection, rollback.id)
        with_data = wants_data(connection, rollback.id)
    if shown is None:
        return ("Nothing was shown to those who approved",)
    proposal = propose(site, rollback, with_data=with_data, should_stop=should_stop)
    approved = from_record(shown.seal)
    if not rollback.approvals_needed:
        # Nobody was asked to accept those counts: that they grow while the service is in use changes nothing.
        approved = replace(approved, ledger=None)
    return voided_by(approved, proposal.seal)


def _target(rollback: Rollback) -> str:
    """What `-1` meant when it was asked for is what it means later, wherever the database has gone meanwhile."""
    found = rollback.to_revision
    return rollback.target if found is None or "," in found else found


def _put_before_people(
    connection: Connection, pen: Recorder, rollback: Rollback, service: Service, proposal: Proposal
) -> None:
    hold(connection, pen.lease)
    assessment, strategy = proposal.assessment, proposal.strategy
    verdict = assessment.decision.verdicts[strategy]
    to = {
        Ruling.ALLOW: Status.APPROVED,
        Ruling.APPROVE: Status.WAITING,
        Ruling.REFUSE: Status.WAITING if verdict.override_possible else Status.REFUSED,
    }[verdict.ruling]
    risk = risk_of(strategy, assessment.facts)
    shown = {**as_json(assessment), "strategy": strategy.value, "digest": proposal.seal.digest, "risk": risk.value}
    shown["policy"] = {
        "verdict": verdict.ruling.value, "approvals": verdict.approvals, "reasons": list(verdict.reasons),
        "override_possible": verdict.override_possible,
    }  # fmt: skip
    new = NewAssessment(
        rollback=rollback.id,
        digest=proposal.seal.digest,
        strategy=strategy.value,
        seal=to_record(proposal.seal),
        shown=shown,
    )
    write_plan(connection, rollback.id, proposal.plan, actor="backout")
    keep_shown(connection, new, actor="backout")
    expires = connection.scalar(select(func.clock_timestamp() + literal(service.policy.approval_expires)))
    facts = Facts(
        from_revision=",".join(assessment.facts.live or ()) or "base", to_revision=",".join(assessment.facts.target) or "base",
        strategy=strategy.value, digest=proposal.seal.digest, risk=Risk(risk.value),
        approvals_needed=verdict.approvals, expires_at=expires, ledger_summary=_ledger(assessment),
    )  # fmt: skip
    if to is Status.REFUSED:
        facts["outcome"] = "The policy refuses it: " + " ".join(verdict.reasons[:2])
    details: JsonObject = {"ruling": verdict.ruling.value, "reasons": list(verdict.reasons)}
    move(connection, rollback.id, Move(to=to, actor="backout", facts=facts, details=details))


def _route(assessment: Assessment, backup: str | None) -> Route:
    hops = tuple(
        Hop(revision=step.id, after=tuple(sorted(step.version_after or ()))) for step in assessment.path.revisions
    )
    return Route(
        live=tuple(sorted(assessment.facts.live or ())),
        target=tuple(sorted(assessment.facts.target)),
        hops=hops,
        backup=backup,
    )


def _newest_fitting(backups: tuple[BackupCopy, ...], assessment: Assessment) -> str:
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
