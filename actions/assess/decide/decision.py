"""The whole decision in one call: risk, verdict, and the strategies beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.assess.decide.facts import Facts, StrategyName
from actions.assess.decide.policy import judge
from actions.assess.decide.risk import overall_risk
from actions.assess.decide.strategies import rank_strategies
from actions.assess.values import Ruling, Strategy, Verdict
from actions.catalog.policy import Policy
from actions.catalog.risk import Risk


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What an assessment comes to."""

    #: The greatest severity of the findings.
    risk: Risk
    #: On the strategy that was asked for.
    verdict: Verdict
    #: On each of them.
    verdicts: Mapping[StrategyName, Verdict]
    #: The best first; exactly one is recommended.
    strategies: tuple[Strategy, ...]

    @property
    def recommended(self) -> StrategyName:
        return next(StrategyName(strategy.name) for strategy in self.strategies if strategy.recommended)


def decide(policy: Policy, facts: Facts, strategy: StrategyName = StrategyName.DOWNGRADE) -> Decision:
    """Judges every strategy and ranks them; what the policy refuses is only recommended when nothing else is left."""
    verdicts = {name: judge(policy, facts, name) for name in StrategyName}
    refused = frozenset(name for name, verdict in verdicts.items() if verdict.ruling is Ruling.REFUSE)
    return Decision(
        risk=overall_risk(facts.findings),
        verdict=verdicts[strategy],
        verdicts=verdicts,
        strategies=rank_strategies(facts, refused=refused),
    )
