"""What holds in every world, under every policy."""

import re
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.assess.decide.decision import decide
from actions.assess.decide.facts import Facts, Losses, StrategyName, Unmeasured
from actions.assess.decide.loss import loss_of
from actions.assess.decide.policy import judge
from actions.assess.decide.risk import overall_risk
from actions.assess.decide.strategies import rank_strategies
from actions.assess.decide.ways import app_only, downgrade, restore, roll_forward
from actions.assess.values import Finding, LedgerEntry, Ruling
from actions.catalog.policy import Policy
from actions.catalog.risk import Risk
from tests.assess_decide import worlds
from tests.assess_decide.situations import NOTHING_LOST, PRODUCTION, STAGING, finding, situation
from tests.fuzzing import examples

fast = settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
strategies = st.sampled_from(StrategyName)
STRICTNESS = [Ruling.ALLOW, Ruling.APPROVE, Ruling.REFUSE]


@fast
@given(worlds.policies, worlds.worlds)
def test_judging_and_ranking_never_raise_and_always_answer(policy: Policy, facts: Facts) -> None:
    decision = decide(policy, facts)
    for verdict in decision.verdicts.values():
        assert verdict.reasons
        assert (verdict.ruling is Ruling.APPROVE) <= (verdict.approvals > 0)
        assert (verdict.ruling is Ruling.ALLOW) <= (verdict.approvals == 0)
        assert verdict.override_possible <= (verdict.ruling is Ruling.REFUSE and policy.override is not None)
    assert decide(policy, facts) == decision


@fast
@given(worlds.policies, worlds.worlds, strategies)
def test_every_reason_says_what_and_what_to_do(policy: Policy, facts: Facts, strategy: StrategyName) -> None:
    for reason in judge(policy, facts, strategy).reasons:
        assert len(re.findall(r"[.!?](?= |$)", reason)) >= 2, reason
        assert "\n" not in reason
        assert not reason[0].islower(), reason
        assert len(reason) < 6_000


@fast
@given(worlds.worlds)
def test_exactly_one_is_recommended_and_it_is_possible_if_any_is(facts: Facts) -> None:
    ranked = rank_strategies(facts)
    assert sorted(strategy.name for strategy in ranked) == sorted(StrategyName)
    (best,) = [strategy for strategy in ranked if strategy.recommended]
    assert best.possible or not any(strategy.possible for strategy in ranked)
    assert all(strategy.why and strategy.data_lost and strategy.estimated_from for strategy in ranked)


@fast
@given(worlds.worlds, st.sets(strategies))
def test_nothing_that_loses_data_is_recommended_while_a_possible_way_loses_none(
    facts: Facts, refused: set[StrategyName]
) -> None:
    ways = {way.name: way for way in (app_only(facts), downgrade(facts), restore(facts), roll_forward(facts))}
    best = ways[StrategyName(next(s.name for s in rank_strategies(facts, refused=refused) if s.recommended))]
    if best.loses:
        assert not any(way.possible and not way.loses for way in ways.values())


@fast
@given(worlds.worlds, st.randoms())
def test_the_order_in_which_facts_arrive_changes_nothing(facts: Facts, random: object) -> None:
    def shuffled(items: tuple[object, ...] | None) -> tuple[object, ...] | None:
        return None if items is None else tuple(random.sample(items, len(items)))  # type: ignore[attr-defined]

    other = replace(facts, findings=shuffled(facts.findings), backups=shuffled(facts.backups))
    names = [(s.name, s.recommended, s.possible) for s in rank_strategies(facts)]
    assert names == [(s.name, s.recommended, s.possible) for s in rank_strategies(other)]
    assert judge(PRODUCTION, facts).ruling is judge(PRODUCTION, other).ruling


@fast
@given(worlds.tuples(worlds.findings), worlds.findings)
def test_a_further_finding_never_lowers_the_risk(findings: tuple[Finding, ...], more: Finding) -> None:
    assert overall_risk(()) is Risk.NONE
    assert overall_risk((*findings, more)).rank >= max(overall_risk(findings).rank, more.severity.rank)


@fast
@given(worlds.worlds, worlds.findings)
def test_more_risk_never_needs_fewer_approvals_with_the_default_quorum(facts: Facts, more: Finding) -> None:
    for policy in (PRODUCTION, STAGING):
        before = judge(policy, facts)
        after = judge(policy, replace(facts, findings=(*facts.findings, more)))
        assert after.ruling is Ruling.REFUSE or after.approvals >= before.approvals


def _with_ledger(losses: Losses, entry: LedgerEntry) -> Losses:
    return replace(losses, ledger=(*(losses.ledger or ()), entry))


_destructive = st.one_of(
    st.builds(LedgerEntry, table=st.just("new"), column=st.none(), rows=st.integers(1, 9), exact=st.booleans()).map(
        lambda entry: lambda losses: _with_ledger(losses, entry)
    ),
    st.just(lambda losses: replace(losses, ledger=None)),
    st.just(lambda losses: replace(losses, comes_back_empty=None)),
    st.just(lambda losses: replace(losses, beyond_ledger=None)),
    st.just(lambda losses: replace(losses, comes_back_empty=(*(losses.comes_back_empty or ()), "users.old"))),
    st.just(
        lambda losses: replace(
            losses, beyond_ledger=(*(losses.beyond_ledger or ()), Unmeasured(object="new", message="It is opaque."))
        )
    ),
)


@fast
@given(worlds.policies, worlds.worlds, strategies, _destructive)
def test_a_destructive_fact_never_turns_a_refusal_around(
    policy: Policy, facts: Facts, strategy: StrategyName, worse: object
) -> None:
    after = replace(facts, losses=worse(facts.losses))  # type: ignore[operator]
    policy = policy.model_copy(update={"quorum": PRODUCTION.quorum})
    before, now = (judge(policy, each, strategy).ruling for each in (facts, after))
    assert STRICTNESS.index(now) >= STRICTNESS.index(before)


@fast
@given(_destructive)
def test_production_never_goes_down_over_a_loss(worse: object) -> None:
    losses = worse(NOTHING_LOST)  # type: ignore[operator]
    assert not loss_of(losses).known_to_be_nothing
    assert judge(PRODUCTION, situation(losses=losses)).ruling is Ruling.REFUSE
    assert judge(PRODUCTION, situation(losses=losses, findings=(finding(Risk.LOW),))).ruling is Ruling.REFUSE


UNKNOWABLE = ["live", "path", "blockers", "run_proves_backup"]


@fast
@given(worlds.policies, worlds.worlds, st.sampled_from(UNKNOWABLE))
def test_not_knowing_something_is_never_the_better_case(policy: Policy, facts: Facts, unknown: str) -> None:
    before = judge(policy, facts).ruling
    after = judge(policy, replace(facts, **{unknown: None})).ruling  # type: ignore[arg-type]
    assert STRICTNESS.index(after) >= STRICTNESS.index(before)
