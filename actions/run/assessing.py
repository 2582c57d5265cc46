"""The assessment of a request, and whether an approval still holds: the two things that come before a run."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from sqlalchemy import Connection, func, literal, select

from actions.assess.assessment import shown_of
from actions.assess.decide.digest import Seal, seal
from actions.assess.decide.facts import StrategyName
from actions.assess.decide.sealing import from_record, to_record
from actions.assess.decide.voiding import voided_by
from actions.assess.findings.surroundings import PASSING
from actions.assess.values import Ruling
from actions.catalog.service import Service
from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.history.canonical import JsonObject
from actions.history.details import void_voices, write_plan
from actions.history.leases import hold
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts, Move, move
from actions.history.shown import NewAssessment, ShownAssessment, keep_shown, last_shown
from actions.history.values import Risk, Rollback
from actions.history.wishes import wants_data
from actions.run.proposing import Case, assess_database, propose
from actions.run.recording import Recorder
from actions.run.release_alone import propose_release, stands_alone
from actions.run.runbooks.proposing import propose_runbook
from actions.run.sameness import same_world, written_since
from actions.run.steps.site import Site

log = logging.getLogger(__name__)

T = TypeVar("T")
#: Between the looks at a world that does not answer.
PAUSES_SECONDS = (1.0, 3.0)
_TICK_SECONDS = 0.2
#: Strategies of our own; every other runbook is one of the catalog.
BUILT_IN = frozenset(name.value for name in StrategyName)


class Sites(Protocol):
    """Where each service's things are; the catalog read anew when it changed."""

    def __call__(self, service: str) -> Site: ...


#: With a proof of quiet before they destroy anything.
OF_DATABASE = frozenset({StrategyName.DOWNGRADE.value, StrategyName.RESTORE.value})


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """At everything that was approved."""

    #: Why the approval does not hold any more.
    reasons: tuple[str, ...]
    #: See `sameness`; None where it cannot be told later whether it is the same.
    about: JsonObject | None


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

            def assess() -> Case:
                return case_for(site, rollback, with_data=with_data, should_stop=pen.pulse.must_stop)

            case = _patiently(pen, assess)
        except BackoutError as error:
            pen.pulse.require()
            if pen.pulse.must_stop():
                return  # Somebody stopped it, or another process goes on: nothing was found out.
            said = f"It could not be assessed: {error.what}"
            refused = isinstance(error, RefusedError)
            facts = Facts(outcome=said if error.next_step is None else f"{said}. {error.next_step}")
            pen.move(Status.REFUSED if refused else Status.FAILED, because=error.what, facts=facts)
            return
        pen.record(lambda connection: _put_before_people(connection, pen, rollback, site.service, case))


@dataclass(frozen=True, kw_only=True)
class Rechecking:
    """Approved: does it still hold for the world as it is now? If not, it is asked again, with what changed."""

    sites: Sites

    def __call__(self, pen: Recorder) -> None:
        rollback = pen.look().rollback
        try:
            site = self.sites(rollback.service)
            # Everything is looked at anew once the writers have stopped; until then it may be as it was shown.
            reasons: tuple[str, ...] = ()
            if not _is_as_shown(site, rollback):
                reasons = _patiently(pen, lambda: what_voids(site, rollback, should_stop=pen.pulse.must_stop))
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


def _patiently(pen: Recorder, look: Callable[[], T]) -> T:
    """Again where something did not answer: a server that restarts is back soon, and nobody has to ask or approve anew."""
    for pause in PAUSES_SECONDS:
        try:
            return look()
        except UnavailableError as error:
            log.info("%s: looking again (%s)", pen.lease.rollback, error.what, extra={"event": "looked_in_vain"})
            until = time.monotonic() + pause
            while time.monotonic() < until:
                if pen.pulse.must_stop():
                    raise
                time.sleep(_TICK_SECONDS)
    return look()


def what_voids(
    site: Site, rollback: Rollback, *, should_stop: Callable[[], bool] | None = None
) -> tuple[str, ...]:  # fmt: skip
    """Why an approval does not hold any more; empty when it does."""
    with site.history.reading() as connection:
        shown = last_shown(connection, rollback.id)
        with_data = wants_data(connection, rollback.id)
    if shown is None:
        return ("Nothing was shown to those who approved",)
    return _voided(site, rollback, shown, case_for(site, rollback, with_data=with_data, should_stop=should_stop))


def look_again(site: Site, rollback: Rollback, *, should_stop: Callable[[], bool]) -> Look:
    """The same, with what it was about, for whoever wants to know later whether that is still the same."""
    with site.history.reading() as connection:
        shown = last_shown(connection, rollback.id)
    if shown is None:
        return Look(reasons=("Nothing was shown to those who approved",), about=None)
    case = case_for(site, rollback, with_data=False, should_stop=should_stop)
    return Look(reasons=_voided(site, rollback, shown, case), about=case.about)


def can_be_looked_at_in_the_quiet(site: Site, rollback: Rollback) -> bool:
    """A copy with the data may need a moment without any session, and takes long: then it is made right before."""
    with site.history.reading() as connection:
        with_data = wants_data(connection, rollback.id)
    return rollback.runbook in OF_DATABASE and not with_data and site.service.policy.rehearsal != "data"


def _is_as_shown(site: Site, rollback: Rollback) -> bool:
    """Nothing of what was shown can have changed."""
    if rollback.runbook not in OF_DATABASE:
        return False
    with site.history.reading() as connection:
        shown = last_shown(connection, rollback.id)
    marked = shown.seal.get("about") if shown is not None else None
    now = same_world(site, marked)
    if shown is None or now is None:
        return False
    # Where people accepted counts, none may have grown; where nobody was asked, that they grow changes nothing.
    return not rollback.approvals_needed or written_since(marked, now) == frozenset()


def _voided(site: Site, rollback: Rollback, shown: ShownAssessment, case: Case) -> tuple[str, ...]:
    approved = from_record(shown.seal)
    if not rollback.approvals_needed:
        # Nobody was asked to accept those counts: that they grow while the service is in use changes nothing.
        approved = replace(approved, ledger=None)
    return voided_by(approved, case.seal, growth=site.service.policy.growth)


def what_voids_of_database(
    site: Site, rollback: Rollback, *, should_stop: Callable[[], bool] | None = None
) -> tuple[str, ...]:  # fmt: skip
    """Of a declared runbook, right before its database is changed."""
    with site.history.reading() as connection:
        shown = last_shown(connection, rollback.id)
        with_data = wants_data(connection, rollback.id)
    if shown is None:
        return ("Nothing was shown to those who approved",)
    approved = from_record(shown.seal)
    exact = approved.exact.get("database")
    if not isinstance(exact, dict):
        return ()
    target = rollback.to_revision or "-1"
    assessed = assess_database(site, target, with_data=with_data, should_stop=should_stop)
    now = seal(shown_of(site.service, assessed.assessment.evidence, assessed.assessment.facts), passing=PASSING)
    ledger = approved.ledger if rollback.approvals_needed else None
    return voided_by(Seal(exact=exact, ledger=ledger), now, growth=site.service.policy.growth)


def case_for(
    site: Site, rollback: Rollback, *, with_data: bool, should_stop: Callable[[], bool] | None = None
) -> Case:  # fmt: skip
    """A strategy of our own, or a runbook that the catalog declares."""
    if stands_alone(site.service, rollback.runbook):
        return propose_release(site)
    if rollback.runbook in BUILT_IN:
        return propose(site, rollback, with_data=with_data, should_stop=should_stop)
    return propose_runbook(site, rollback, with_data=with_data, should_stop=should_stop)


def _put_before_people(
    connection: Connection, pen: Recorder, rollback: Rollback, service: Service, case: Case
) -> None:  # fmt: skip
    hold(connection, pen.lease)
    verdict = case.verdict
    to = {
        Ruling.ALLOW: Status.APPROVED,
        Ruling.APPROVE: Status.WAITING,
        Ruling.REFUSE: Status.WAITING if verdict.override_possible else Status.REFUSED,
    }[verdict.ruling]
    digest = case.seal.digest
    new = NewAssessment(
        rollback=rollback.id,
        digest=digest,
        strategy=case.strategy,
        seal={**to_record(case.seal), "about": case.about},
        shown=case.shown,
    )
    write_plan(connection, rollback.id, case.plan, actor="backout")
    keep_shown(connection, new, actor="backout")
    expires = connection.scalar(select(func.clock_timestamp() + literal(service.policy.approval_expires)))
    facts = Facts(
        **case.facts, strategy=case.strategy, digest=digest, risk=Risk(case.risk.value),
        approvals_needed=verdict.approvals, expires_at=expires,
    )  # fmt: skip
    if to is Status.REFUSED:
        facts["outcome"] = "The policy refuses it: " + " ".join(verdict.reasons[:1])
    details: JsonObject = {"ruling": verdict.ruling.value, "reasons": list(verdict.reasons)}
    move(connection, rollback.id, Move(to=to, actor="backout", facts=facts, details=details))
