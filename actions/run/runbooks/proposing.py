"""The assessment of a declared runbook: what it would do, whether it can, what the policy says, what an approval is bound to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.assess.assessment import shown_of
from actions.assess.decide.digest import Seal, seal
from actions.assess.decide.facts import StrategyName
from actions.assess.decide.other_rules import window_reasons
from actions.assess.decide.policy import Approving, conclude
from actions.assess.decide.reasons import Reason, against_rules, impossible, note
from actions.assess.decide.risk import overall_risk, risk_of
from actions.assess.findings.surroundings import PASSING
from actions.assess.result import as_json
from actions.assess.values import Finding, Ruling, Verdict
from actions.catalog.risk import Risk
from actions.catalog.runbooks import Runbook
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep
from actions.history.lifecycle import Status
from actions.history.queries import recent
from actions.history.rollbacks import Facts
from actions.history.values import Rollback
from actions.run.plan import Route, plan_digest
from actions.run.predicting import earlier_times, with_earlier_times
from actions.run.proposing import Case, ShouldStop, assess_database, database_facts, policy_shown, route_of
from actions.run.runbooks.drafting import Draft, draft
from actions.run.runbooks.findings import IMPOSSIBLE
from actions.run.runbooks.looking import Looked, look_into
from actions.run.runbooks.planning import planned
from actions.run.runbooks.selection import Selection, select
from actions.run.runbooks.showing import shown_runbook
from actions.run.runbooks.specs import Words
from actions.run.steps.site import Site

#: What a rollback by a declared runbook has as its strategy.
STRATEGY = "runbook"
_MANY = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Laid:
    """A runbook laid out for one request, looked at, not judged."""

    selection: Selection
    drafts: tuple[Draft, ...]
    looked: Looked
    plan: tuple[PlannedStep, ...]
    #: Of the database, for runbooks that take it back.
    database: Any


def runbook_of(service: Service, name: str) -> Runbook:
    if name not in service.runbooks:
        there = ", ".join(["downgrade", "restore", "app-only", *service.runbooks])
        raise ConfigurationError(f"{service.name} has no runbook {name}", next_step=f"It has: {there}.")
    return service.runbooks[name]


def lay_out(
    site: Site, rollback: Rollback, *, with_data: bool = False, should_stop: ShouldStop | None = None
) -> Laid:  # fmt: skip
    """Reads only."""
    service = site.service
    book = runbook_of(service, rollback.runbook)
    selection = select(book, rollback.target, already=_taken_back(site, book))
    drafts = draft(service, selection)
    looked = look_into(site, drafts, Words(rollback=rollback, phases=selection.names), should_stop=should_stop)
    assessed = None
    down = next((each.step for each in drafts if each.kind == "do" and each.step.do == "downgrade"), None)
    if down is not None:
        assessed = assess_database(site, down.revision or "-1", with_data=with_data, should_stop=should_stop).assessment
    route = route_of(assessed, looked.backup) if assessed is not None else None
    if route is None and looked.backup is not None:
        route = Route(live=(), target=(), backup=looked.backup)
    plan = planned(service, drafts, looked.pins, phases=selection.names, route=route)
    plan = with_earlier_times(plan, earlier_times(site.history, service.name))
    return Laid(selection=selection, drafts=drafts, looked=looked, plan=plan, database=assessed)


def propose_runbook(
    site: Site, rollback: Rollback, *, with_data: bool, should_stop: ShouldStop | None = None
) -> Case:  # fmt: skip
    """Everything that those who decide have to know."""
    began = datetime.now(UTC)
    laid = lay_out(site, rollback, with_data=with_data, should_stop=should_stop)
    risk = _risk(laid)
    verdict = _verdict(site.service, laid, risk)
    sealed = _seal(site.service, laid)
    facts = database_facts(laid.database) if laid.database is not None else Facts()
    return Case(
        strategy=STRATEGY, plan=laid.plan, seal=sealed, verdict=verdict, risk=risk,
        shown=_shown(site.service, laid, verdict=verdict, risk=risk, digest=sealed.digest, began=began), facts=facts,
    )  # fmt: skip


def database_seal(laid: Laid, service: Service) -> Seal | None:
    """What of an approval is about the database alone: looked at again right before it is changed, when the files are
    other ones already."""
    if laid.database is None:
        return None
    return seal(shown_of(service, laid.database.evidence, laid.database.facts), passing=PASSING)


def _taken_back(site: Site, book: Runbook) -> frozenset[str]:
    """Phases that earlier rollbacks by this runbook took back."""
    if not any(phase.needs for phase in book.phases.values()):
        return frozenset()
    found: set[str] = set()
    for earlier in recent(site.history, service=site.service.name, status=Status.SUCCEEDED, limit=_MANY):
        if earlier.runbook == book.name:
            scope = book.scopes.get(earlier.target)
            listed = scope.phases if scope else "all" if earlier.target == "all" else earlier.target.split(",")
            found.update(book.phases if listed == "all" else listed)
    return frozenset(found)


def _risk(laid: Laid) -> Risk:
    """What the team says of it, and what we found: the greater of them."""
    risks = [laid.selection.risk, overall_risk(laid.looked.findings)]
    if laid.database is not None:
        risks.append(risk_of(StrategyName.DOWNGRADE, laid.database.facts))
    return max(risks, key=lambda risk: risk.rank)


def _verdict(service: Service, laid: Laid, risk: Risk) -> Verdict:
    policy = service.policy
    reasons = [
        impossible(finding.message, finding.remedy or "Correct the runbook")
        for finding in laid.looked.findings
        if finding.evidence.get(IMPOSSIBLE)
    ]
    reasons += window_reasons(policy, datetime.now(UTC))
    reasons += _backup_reasons(service, laid)
    approving = Approving(service=service.name, named=service.approvers is not None)
    own = conclude(policy, risk, reasons, approving)
    if laid.database is None:
        return own
    of_database = laid.database.decision.verdicts[StrategyName.DOWNGRADE]
    return _together(own, of_database)


def _backup_reasons(service: Service, laid: Laid) -> Iterator[Reason]:
    """A downgrade without a proven backup in the same runbook is one that the policy may refuse."""
    built_in = [each.step.do for each in laid.drafts if each.kind == "do"]
    if "downgrade" not in built_in:
        return
    proved = {"prove-backup", "rehearse"} & set(built_in[: built_in.index("downgrade")])
    if "backup" not in built_in or not proved:
        what = "This runbook downgrades the database without a proven backup of the moment before"
        remedy = "Put `do: backup` and `do: prove-backup` before `do: downgrade`"
        yield (against_rules if service.policy.verified_backup else note)(what, remedy)


def _together(own: Verdict, of_database: Verdict) -> Verdict:
    """The stricter of both, with the reasons of both."""
    order = [Ruling.ALLOW, Ruling.APPROVE, Ruling.REFUSE]
    ruling = max((own.ruling, of_database.ruling), key=order.index)
    refusing = [each for each in (own, of_database) if each.ruling is Ruling.REFUSE]
    return Verdict(
        ruling=ruling, approvals=max(own.approvals, of_database.approvals),
        reasons=tuple(dict.fromkeys((*of_database.reasons, *own.reasons))),
        override_possible=bool(refusing) and all(each.override_possible for each in refusing),
    )  # fmt: skip


def _seal(service: Service, laid: Laid) -> Seal:
    of_database = database_seal(laid, service)
    found = sorted({(each.code, each.object, each.severity.value) for each in laid.looked.findings})
    policy: JsonObject = service.policy.model_dump(mode="json")
    exact: JsonObject = {
        "version": 1, "service": service.name, "runbook": laid.selection.runbook.name, "target": [laid.selection.target],
        "strategy": STRATEGY, "plan": plan_digest(laid.plan), "findings": [list(each) for each in found],
        "policy": policy, "database": dict(of_database.exact) if of_database else None,
    }  # fmt: skip
    return Seal(exact=exact, ledger=of_database.ledger if of_database else None)


def _shown(service: Service, laid: Laid, *, verdict: Verdict, risk: Risk, digest: str, began: datetime) -> JsonObject:
    base: dict[str, Any] = (
        as_json(laid.database) if laid.database is not None
        else {
            "service": service.name, "environment": service.environment.value, "from": [], "to": [], "path": [],
            "findings": [], "ledger": [], "rehearsal": None, "strategies": [], "gaps": [],
        }
    )  # fmt: skip
    return {
        **base,
        "strategy": STRATEGY,
        "digest": digest,
        "risk": risk.value,
        "findings": [*base["findings"], *_found(laid.looked.findings)],
        "policy": policy_shown(verdict),
        "runbook": shown_runbook(laid.selection, laid.drafts, laid.plan),
        "made_at": datetime.now(UTC).isoformat(),
        "seconds": round((datetime.now(UTC) - began).total_seconds(), 3),
    }


def _found(findings: Sequence[Finding]) -> list[JsonObject]:
    order = sorted(findings, key=lambda each: -each.severity.rank)
    return [
        {
            "code": each.code, "severity": each.severity.value, "object": each.object, "message": each.message,
            "evidence": dict(each.evidence), "remedy": each.remedy,
        }
        for each in order
    ]  # fmt: skip
