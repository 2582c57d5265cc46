"""Seed 002's policy for production, rule by rule, on both sides of each edge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actions.assess.decide.facts import Arrival, Blocker, Facts, NewData, StrategyName, Unmeasured
from actions.assess.decide.facts import DifferenceKind as Kind
from actions.assess.decide.policy import judge
from actions.assess.values import FailureKind, RehearsalKind, Ruling, Verdict
from actions.catalog.policy import BreakGlass, Override, Policy
from actions.catalog.risk import Environment, Risk
from actions.catalog.schedules import Window
from actions.history.values import BackupState
from tests.assess_decide.situations import (
    DEVELOPMENT,
    NOTHING_LOST,
    NOW,
    PRODUCTION,
    STAGING,
    copy,
    entry,
    finding,
    losing,
    older,
    seen,
    situation,
    trial,
)

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
DATA = RehearsalKind.DATA


def said(verdict: Verdict) -> str:
    return "\n".join(verdict.reasons)


def test_the_exception_of_seed_002_needs_one_team_lead() -> None:
    verdict = judge(PRODUCTION, situation())
    assert (verdict.ruling, verdict.approvals, verdict.override_possible) == (Ruling.APPROVE, 1, False)


REFUSALS = [
    pytest.param({"arrival": seen(5 * MINUTE)}, "first seen live 5 min ago", id="five minutes are over"),
    pytest.param({"arrival": seen(timedelta(days=3))}, "first seen live 3 d ago", id="days after the deploy"),
    pytest.param({"arrival": Arrival(first_seen=None, not_before=None)}, "nobody saw", id="never seen"),
    pytest.param({"arrival": seen(MINUTE, gap=None)}, "can be older", id="was there at the first look"),
    pytest.param({"arrival": seen(MINUTE, gap=5 * MINUTE + SECOND)}, "nobody looked for", id="nobody looked"),
    pytest.param({"arrival": seen(-2 * MINUTE)}, "a clock is wrong", id="seen in the future"),
    pytest.param({"losses": losing(entry(1))}, "1 value in `users.preferences`", id="one value is lost"),
    pytest.param({"losses": losing(entry(20, None))}, "20 rows of `users`", id="rows are lost"),
    pytest.param({"losses": losing(entry(0, exact=False))}, "only be estimated", id="nothing lost by estimate"),
    pytest.param({"losses": replace(NOTHING_LOST, ledger=None)}, "not counted", id="loss not counted"),
    pytest.param(
        {"losses": replace(NOTHING_LOST, beyond_ledger=(Unmeasured(object="users.status", message="It was mapped"),))},
        "It was mapped.",
        id="data migration",
    ),
    pytest.param({"losses": replace(NOTHING_LOST, beyond_ledger=None)}, "not examined", id="rewriting not examined"),
    pytest.param(
        {"losses": replace(NOTHING_LOST, comes_back_empty=("users.old",))}, "only the empty shell", id="removed column"
    ),
    pytest.param(
        {"losses": replace(NOTHING_LOST, comes_back_empty=None)}, "what comes back empty", id="shells not examined"
    ),
    pytest.param({"new_data": NewData(rows=1)}, "1 row that can depend on the newer schema was", id="new data"),
    pytest.param(
        {"new_data": NewData(rows=None), "older_release": older(Kind.CHANGED_TYPE)},
        "not known whether data was written",
        id="new data not known",
    ),
    pytest.param({"run_proves_backup": False}, "there is none", id="no backup"),
    pytest.param({"run_proves_backup": None}, "there is none", id="backup of the run not known"),
    pytest.param({"rehearsals": ()}, "has not been tried on any copy", id="never rehearsed"),
    pytest.param({"rehearsals": (trial(succeeded=None),)}, "its outcome is not known", id="rehearsal without outcome"),
    pytest.param({"rehearsals": (trial(failed=FailureKind.LOCK),)}, "failed in `0005`", id="rehearsal met a lock"),
    pytest.param({"blockers": None}, "not examined on the live database", id="live database not examined"),
    pytest.param({"approvers_named": False}, "names nobody", id="no approvers"),
]


@pytest.mark.parametrize(("change", "words"), REFUSALS)
def test_production_refuses_and_says_why(change: dict[str, object], words: str) -> None:
    verdict = judge(PRODUCTION, situation(**change))
    assert (verdict.ruling, verdict.approvals) == (Ruling.REFUSE, 0)
    assert words in said(verdict)


@pytest.mark.parametrize(("change", "words"), REFUSALS)
def test_an_override_is_possible_for_what_the_rules_alone_refuse(change: dict[str, object], words: str) -> None:
    override = Override(by={"users": ["U0BOSS"]}, approvals=2, reason_length=25)
    verdict = judge(PRODUCTION.model_copy(update={"override": override}), situation(**change))
    assert (verdict.ruling, verdict.approvals, verdict.override_possible) == (Ruling.REFUSE, 2, True)
    assert "`U0BOSS` may override this: 2 people with a reason of at least 25 characters" in said(verdict)
    assert words in said(verdict)


HOPELESS = [
    pytest.param({"path": None}, "No scripts lead from `0005` down to `0004`", id="missing script"),
    pytest.param({"path": ()}, "nothing to undo", id="already there"),
    pytest.param({"live": None}, "not known which revision is live", id="live revision not known"),
    pytest.param(
        {"blockers": (Blocker(object="users.email", message="The view v depends on it", remedy="Drop it first"),)},
        "`users.email`: The view v depends on it. Drop it first.",
        id="blocked",
    ),
    *(
        pytest.param({"rehearsals": (trial(failed=kind),)}, "failed in `0005`", id=f"rehearsal: {kind}")
        for kind in (
            FailureKind.DEPENDENCY,
            FailureKind.DATA_DOES_NOT_FIT,
            FailureKind.MISSING_SCRIPT,
            FailureKind.IRREVERSIBLE,
            FailureKind.BROKEN_SCRIPT,
            FailureKind.WRONG_DATABASE,
            FailureKind.OTHER,
        )
    ),
    pytest.param({"rehearsals": (trial(succeeded=False),)}, "Nothing was said", id="rehearsal failed without words"),
]


@pytest.mark.parametrize(("change", "words"), HOPELESS)
def test_what_cannot_work_is_refused_without_override_in_every_environment(
    change: dict[str, object], words: str
) -> None:
    for policy in (PRODUCTION, STAGING, DEVELOPMENT):
        lenient = policy.model_copy(update={"override": Override(by={"users": ["U0BOSS"]})})
        verdict = judge(lenient, situation(**change))
        assert (verdict.ruling, verdict.approvals, verdict.override_possible) == (Ruling.REFUSE, 0, False)
        assert words in said(verdict)
        assert "No override can help" in said(verdict)


ACCEPTED = [
    pytest.param({"arrival": seen(4 * MINUTE + 59 * SECOND)}, id="4:59"),
    pytest.param({"arrival": seen(timedelta(0))}, id="this very moment"),
    pytest.param({"arrival": seen(-MINUTE)}, id="a clock that is a little ahead"),
    pytest.param({"arrival": seen(MINUTE, gap=5 * MINUTE)}, id="looked at every five minutes"),
    pytest.param({"run_proves_backup": False, "backups": (copy(),)}, id="proven backup of the target"),
    pytest.param({"run_proves_backup": None, "backups": (copy(revisions=("0005",)),)}, id="proven backup of now"),
    pytest.param(
        {"run_proves_backup": False, "backups": (copy(taken_at=NOW - timedelta(days=1)),)},
        id="just young enough",
    ),
    pytest.param({"rehearsals": (trial(DATA),)}, id="rehearsed with data"),
    pytest.param(
        {"rehearsals": (trial(failed=FailureKind.OTHER), trial(DATA))},
        id="failed only without rows",
    ),
    pytest.param({"new_data": NewData(rows=None)}, id="only added, and all of it is empty"),
]


@pytest.mark.parametrize("change", ACCEPTED)
def test_production_accepts_with_one_approval(change: dict[str, object]) -> None:
    verdict = judge(PRODUCTION, situation(**change))
    assert (verdict.ruling, verdict.approvals) == (Ruling.APPROVE, 1), said(verdict)


@pytest.mark.parametrize(
    "backup",
    [
        pytest.param(copy(state=BackupState.MADE), id="never restored"),
        pytest.param(copy(state=BackupState.FAILED), id="failed its proof"),
        pytest.param(copy(state=BackupState.MAKING), id="half made"),
        pytest.param(copy(taken_at=NOW - timedelta(days=1) - SECOND), id="too old"),
        pytest.param(copy(revisions=("0003",)), id="of another revision"),
        pytest.param(copy(revisions=None), id="of a revision that is not known"),
    ],
)
def test_not_every_backup_is_a_safety_net(backup: object) -> None:
    verdict = judge(PRODUCTION, situation(run_proves_backup=False, backups=(backup,)))
    assert verdict.ruling is Ruling.REFUSE
    assert "There is no backup that was proven" in said(verdict)


def test_the_verdict_says_which_backup_is_the_net() -> None:
    assert "This run makes a backup and proves it" in said(judge(PRODUCTION, situation()))
    verdict = judge(PRODUCTION, situation(run_proves_backup=False, backups=(copy(),)))
    assert "the net is `content-api_20260729_020000` (taken 1 h ago, proven)" in said(verdict)


def test_a_failure_with_data_outweighs_a_success_on_the_schema() -> None:
    facts = situation(rehearsals=(trial(), trial(DATA, FailureKind.DATA_DOES_NOT_FIT)))
    assert "Restore from a backup (safer)" in said(judge(DEVELOPMENT, facts))


def test_a_policy_can_ask_for_a_rehearsal_with_data() -> None:
    strict = PRODUCTION.model_copy(update={"rehearsal": "data"})
    assert "`backout assess content-api --data`" in said(judge(strict, situation()))
    assert judge(strict, situation(rehearsals=(trial(DATA),))).ruling is Ruling.APPROVE


def test_every_reason_is_given_not_the_first_one() -> None:
    facts = situation(
        arrival=seen(6 * MINUTE), losses=losing(entry(3)), new_data=NewData(rows=7), run_proves_backup=False,
        rehearsals=(), approvers_named=False,
    )  # fmt: skip
    verdict = judge(PRODUCTION, facts)
    for words in ("first seen", "3 values", "7 rows", "no backup", "not been tried", "names nobody"):
        assert words in said(verdict)


def test_refusals_come_before_notes_and_the_hopeless_first() -> None:
    facts = situation(path=("0005", "0004"), arrival=seen(6 * MINUTE), rehearsals=(trial(failed=FailureKind.OTHER),))
    first, second, *notes = judge(PRODUCTION, facts).reasons
    assert "failed" in first
    assert "first seen live 6 min ago" in second
    assert any("2 revisions at once" in reason for reason in notes)


@pytest.mark.parametrize(
    ("environment", "ruling", "approvals"),
    [
        pytest.param(Environment.PRODUCTION, Ruling.REFUSE, 0, id="production"),
        pytest.param(Environment.STAGING, Ruling.APPROVE, 1, id="staging"),
        pytest.param(Environment.DEVELOPMENT, Ruling.ALLOW, 0, id="development"),
    ],
)
def test_each_environment_treats_a_loss_of_days_ago_in_its_way(
    environment: Environment, ruling: Ruling, approvals: int
) -> None:
    facts = situation(arrival=seen(timedelta(days=3)), losses=losing(entry(5)), new_data=NewData(rows=5))
    verdict = judge(Policy().for_environment(environment), facts)
    assert (verdict.ruling, verdict.approvals) == (ruling, approvals)
    assert "5 values in `users.preferences`" in said(verdict)


@pytest.mark.parametrize(
    ("severity", "approvals"), [(Risk.NONE, 1), (Risk.LOW, 1), (Risk.MEDIUM, 1), (Risk.HIGH, 2), (Risk.CRITICAL, 2)]
)
def test_the_quorum_follows_the_risk(severity: Risk, approvals: int) -> None:
    verdict = judge(PRODUCTION, situation(findings=(finding(Risk.NONE), finding(severity))))
    assert (verdict.ruling, verdict.approvals) == (Ruling.APPROVE, approvals)


def test_a_loss_is_high_even_when_no_finding_says_so() -> None:
    lenient = PRODUCTION.model_copy(update={"destructive": "allow", "after_new_data": "allow"})
    assert judge(lenient, situation(losses=losing(entry(1)))).approvals == 2


@pytest.mark.parametrize(
    ("now", "ruling", "words"),
    [
        pytest.param(datetime(2026, 7, 29, 19, 59, 59, tzinfo=UTC), Ruling.REFUSE, "29 Jul 2026 22:00", id="before"),
        pytest.param(datetime(2026, 7, 29, 20, 0, tzinfo=UTC), Ruling.APPROVE, "", id="opens"),
        pytest.param(datetime(2026, 7, 29, 21, 59, 59, tzinfo=UTC), Ruling.APPROVE, "", id="last second"),
        pytest.param(datetime(2026, 7, 29, 22, 0, tzinfo=UTC), Ruling.REFUSE, "5 Aug 2026 22:00", id="closed"),
    ],
)
def test_a_maintenance_window_is_kept_in_its_own_time_zone(now: datetime, ruling: Ruling, words: str) -> None:
    window = Window(days=("wed",), opens="22:00", closes="00:00", timezone="Europe/Berlin")
    arrival = Arrival(first_seen=now - MINUTE, not_before=now - 2 * MINUTE)
    verdict = judge(PRODUCTION.model_copy(update={"windows": (window,)}), situation(now=now, arrival=arrival))
    assert verdict.ruling is ruling
    assert words in said(verdict)
    if ruling is Ruling.REFUSE:
        assert f"opens on Wed {words} Europe/Berlin" in said(verdict)


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        pytest.param(Risk.HIGH, "answers for 15 min, `U0CALL` may break the glass", id="as far as it goes"),
        pytest.param(Risk.CRITICAL, "Nobody may break the glass at critical risk", id="beyond"),
    ],
)
def test_break_glass_is_named_up_to_its_risk(severity: Risk, words: str) -> None:
    policy = PRODUCTION.model_copy(update={"break_glass": BreakGlass(by={"users": ["U0CALL"]})})
    verdict = judge(policy, situation(findings=(finding(severity),)))
    assert (verdict.ruling, verdict.approvals) == (Ruling.APPROVE, 2)
    assert words in said(verdict)


def test_going_to_base_or_over_several_revisions_is_pointed_out() -> None:
    assert "undoes every migration" in said(judge(PRODUCTION, situation(target=())))
    assert "undoes 2 revisions at once" in said(judge(PRODUCTION, situation(path=("0005", "0004"))))


APP, RESTORE = StrategyName.APP_ONLY, StrategyName.RESTORE
OLD_AND_LOSSY = {"arrival": seen(timedelta(days=3)), "losses": losing(entry(5)), "new_data": NewData(rows=5)}


@pytest.mark.parametrize(
    ("strategy", "facts", "ruling", "approvals", "words"),
    [
        pytest.param(
            APP, situation(**OLD_AND_LOSSY, older_release=older(Kind.ADDED_COLUMN), run_proves_backup=False),
            Ruling.APPROVE, 1, "At low risk", id="the application alone needs no window and no backup"),
        pytest.param(
            APP, situation(older_release=older(Kind.ADDED_RULE)),
            Ruling.APPROVE, 1, "may not work", id="the application alone, perhaps"),
        pytest.param(
            APP, situation(older_release=older(Kind.ADDED_REQUIRED_COLUMN)),
            Ruling.REFUSE, 0, "cannot work with the newer schema", id="the application alone cannot work"),
        pytest.param(
            APP, situation(older_release=older(can_go_back=None)),
            Ruling.REFUSE, 0, "not known whether there is an older release", id="no older release known"),
        pytest.param(
            RESTORE, situation(**OLD_AND_LOSSY, backups=(copy(rows_written_since=0),)),
            Ruling.APPROVE, 1, "At medium risk", id="a restore that loses nothing"),
        pytest.param(
            RESTORE, situation(**OLD_AND_LOSSY, backups=(copy(rows_written_since=12),)),
            Ruling.APPROVE, 2, "12 rows", id="a restore that loses rows"),
        pytest.param(
            RESTORE, situation(backups=(copy(rows_written_since=None),)),
            Ruling.APPROVE, 2, "At critical risk", id="a restore that loses who knows what"),
        pytest.param(
            RESTORE, situation(backups=(copy(state=BackupState.MADE),)),
            Ruling.REFUSE, 0, "never restored", id="a backup that was never restored"),
        pytest.param(RESTORE, situation(), Ruling.REFUSE, 0, "no complete backup", id="no backup to restore"),
        pytest.param(
            RESTORE, situation(backups=(copy(revisions=("0005",)),)),
            Ruling.REFUSE, 0, "of `0005`", id="only a backup of the wrong revision"),
        pytest.param(
            StrategyName.ROLL_FORWARD, situation(**OLD_AND_LOSSY, approvers_named=False),
            Ruling.ALLOW, 0, "A new migration changes nothing", id="rolling forward"),
    ],
)  # fmt: skip
def test_each_strategy_has_the_rules_that_protect_something(
    strategy: StrategyName, facts: Facts, ruling: Ruling, approvals: int, words: str
) -> None:
    verdict = judge(PRODUCTION, facts, strategy)
    assert (verdict.ruling, verdict.approvals) == (ruling, approvals), said(verdict)
    assert words in said(verdict)


def test_maintenance_windows_hold_for_everything_that_changes_production() -> None:
    closed = PRODUCTION.model_copy(update={"windows": (Window(opens="22:00", closes="23:00"),)})
    facts = situation(older_release=older(), backups=(copy(),))
    for strategy in (StrategyName.DOWNGRADE, RESTORE, APP):
        assert judge(closed, facts, strategy).ruling is Ruling.REFUSE
    assert judge(closed, facts, StrategyName.ROLL_FORWARD).ruling is Ruling.ALLOW


def test_a_moment_without_a_time_zone_is_no_fact() -> None:
    with pytest.raises(ValueError, match="time zone"):
        situation(now=datetime(2026, 7, 29))  # noqa: DTZ001
