"""Taking the application back where Backout knows of no migrations: nothing is counted, for nothing of the data changes."""

from datetime import UTC, datetime

from actions.assess.decide.digest import Seal
from actions.assess.decide.facts import StrategyName
from actions.assess.decide.other_rules import window_reasons
from actions.assess.decide.policy import Approving, conclude
from actions.assess.decide.reasons import Reason, note
from actions.catalog.risk import Risk
from actions.catalog.service import Service
from actions.history.canonical import JsonObject
from actions.history.rollbacks import Facts
from actions.run.plan import Route, make_plan, plan_digest
from actions.run.predicting import earlier_times, with_earlier_times
from actions.run.proposing import Case, policy_shown
from actions.run.steps.site import Site

_NOWHERE = Route(live=(), target=())


def stands_alone(service: Service, runbook: str) -> bool:
    """There is no schema that the older release could be compared with."""
    return runbook == StrategyName.APP_ONLY and (service.database is None or service.migrations is None)


def propose_release(site: Site) -> Case:
    """RefusedError when the catalog does not say how the application is taken back."""
    service, began = site.service, datetime.now(UTC)
    plan = make_plan(service, StrategyName.APP_ONLY, _NOWHERE)
    plan = with_earlier_times(plan, earlier_times(site.history, service.name))
    # With a database whose schema nobody described, an older release may meet a newer schema.
    risk = Risk.LOW if service.database is None else Risk.MEDIUM
    reasons = [*window_reasons(service.policy, began), _what_is_known(service)]
    verdict = conclude(
        service.policy, risk, reasons, Approving(service=service.name, named=service.approvers is not None)
    )
    sealed = Seal(
        exact={
            "version": 1, "service": service.name, "live": [], "target": [], "strategy": StrategyName.APP_ONLY.value,
            "plan": plan_digest(plan), "findings": [], "policy": service.policy.model_dump(mode="json"),
        },
        ledger=None,
    )  # fmt: skip
    shown: JsonObject = {
        "service": service.name, "environment": service.environment.value, "from": [], "to": [], "path": [],
        "findings": [], "ledger": [], "rehearsal": None, "strategies": [], "gaps": [], "risk": risk.value,
        "strategy": StrategyName.APP_ONLY.value, "digest": sealed.digest, "policy": policy_shown(verdict),
        "made_at": began.isoformat(), "seconds": round((datetime.now(UTC) - began).total_seconds(), 3),
    }  # fmt: skip
    return Case(
        strategy=StrategyName.APP_ONLY.value, plan=plan, seal=sealed, verdict=verdict, risk=risk, shown=shown, facts=Facts(),
    )  # fmt: skip


def _what_is_known(service: Service) -> Reason:
    if service.database is None:
        return note("The catalog has no database here, so no data can be lost by it", "Approve the release alone")
    return note(
        "The catalog has no migrations here, so it is not known whether the older release works with the schema that is live",
        "Ask whoever knows, or add `migrations` to the catalog",
    )
