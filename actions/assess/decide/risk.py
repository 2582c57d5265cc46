"""How much can be lost, in the catalog's five words: over all findings, and for each way out."""

from collections.abc import Iterable

from actions.assess.decide.copies import best_for_restore
from actions.assess.decide.facts import Facts, StrategyName
from actions.assess.decide.loss import loss_of
from actions.assess.decide.older_release import Fit, compatibility
from actions.assess.values import Finding
from actions.catalog.risk import Risk
from actions.history.values import BackupState

_APP_ONLY = {Fit.YES: Risk.LOW, Fit.PERHAPS: Risk.MEDIUM, Fit.NO: Risk.HIGH}


def overall_risk(findings: Iterable[Finding]) -> Risk:
    """The greatest severity among the findings."""
    return _greatest(finding.severity for finding in findings)


def risk_of(strategy: StrategyName, facts: Facts) -> Risk:
    """What the quorum of one strategy is read from.

    Findings are about the downgrade; a loss makes it high whatever they say. Taking back the application alone
    changes no data. A restore is as bad as what was written since, and critical when nobody knows how much.
    """
    match strategy:
        case StrategyName.DOWNGRADE:
            loses = Risk.NONE if loss_of(facts.losses).known_to_be_nothing else Risk.HIGH
            return _greatest((overall_risk(facts.findings), loses))
        case StrategyName.APP_ONLY:
            return _APP_ONLY[compatibility(facts.older_release).fit]
        case StrategyName.RESTORE:
            return _risk_of_restore(facts)
        case StrategyName.ROLL_FORWARD:
            return Risk.NONE


def _risk_of_restore(facts: Facts) -> Risk:
    copy = best_for_restore(facts)
    if copy is None or copy.rows_written_since is None:
        return Risk.CRITICAL
    keeps_all = copy.rows_written_since == 0 and copy.state is BackupState.PROVEN
    return Risk.MEDIUM if keeps_all else Risk.HIGH


def _greatest(risks: Iterable[Risk]) -> Risk:
    return max(risks, key=lambda risk: risk.rank, default=Risk.NONE)
