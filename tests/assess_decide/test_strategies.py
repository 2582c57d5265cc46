"""Which way out is recommended, and what each is said to cost."""

from dataclasses import replace

import pytest

from actions.assess.decide.decision import decide
from actions.assess.decide.facts import DifferenceKind as Kind
from actions.assess.decide.facts import Facts, NewData, Pace, StrategyName, Symptom, Trouble, Unmeasured
from actions.assess.decide.strategies import rank_strategies
from actions.assess.values import FailureKind, RehearsalKind, Strategy
from actions.history.values import BackupState
from tests.assess_decide.situations import (
    NO_OLDER_RELEASE,
    NOTHING_LOST,
    PRODUCTION,
    copy,
    entry,
    losing,
    older,
    seen,
    situation,
    trial,
)

APP, DOWN, RESTORE, FORWARD = StrategyName
BROKEN, MINOR = Trouble(symptom=Symptom.BROKEN), Trouble(symptom=Symptom.MINOR)
NO_FIX = Trouble(symptom=Symptom.BROKEN, fixable_forward=False)
REMOVED = replace(NOTHING_LOST, comes_back_empty=("users.old_preferences",))
REWRITTEN = replace(NOTHING_LOST, beyond_ledger=(Unmeasured(object="0005", message="It rewrites users.status"),))
REQUIRED = older(Kind.ADDED_REQUIRED_COLUMN)


def of(name: StrategyName, facts: Facts) -> Strategy:
    return next(strategy for strategy in rank_strategies(facts) if strategy.name == name)


def recommended(facts: Facts) -> Strategy:
    (only,) = [strategy for strategy in rank_strategies(facts) if strategy.recommended]
    return only


@pytest.mark.parametrize(
    ("facts", "name", "why"),
    [
        pytest.param(
            situation(trouble=BROKEN, older_release=older(Kind.ADDED_COLUMN, Kind.ADDED_TABLE)),
            APP, "leaves the schema alone", id="broken, and only additions: the application alone"),
        pytest.param(
            situation(losses=losing(entry(1204)), older_release=older(Kind.ADDED_COLUMN)),
            APP, "loses nothing", id="a downgrade would lose values that the older release does not mind"),
        pytest.param(
            situation(trouble=BROKEN, older_release=REQUIRED),
            DOWN, "tried with success, and nothing is lost", id="broken and nothing lost: downgrade"),
        pytest.param(
            situation(trouble=BROKEN, older_release=older(Kind.CHANGED_DEFAULT), backups=(copy(),)),
            DOWN, "nothing is lost", id="a sure downgrade before an uncertain application"),
        pytest.param(
            situation(trouble=MINOR, older_release=older(Kind.ADDED_COLUMN)),
            FORWARD, "minor", id="only slow: optimise instead"),
        pytest.param(
            situation(trouble=Trouble(fixable_forward=True)),
            FORWARD, "no reason to take the schema down", id="fixable forward"),
        pytest.param(
            situation(trouble=Trouble(symptom=Symptom.BROKEN, fixable_forward=True), older_release=older()),
            APP, "finds no difference", id="fixable forward, and the application can go back meanwhile"),
        pytest.param(
            situation(losses=REMOVED, backups=(copy(),)),
            RESTORE, "nothing was written since", id="removed column: restore instead"),
        pytest.param(
            situation(losses=REMOVED, backups=(copy(rows_written_since=500),)),
            FORWARD, "`restore` comes next", id="removed column, and a restore would lose rows"),
        pytest.param(
            situation(losses=REMOVED, backups=(copy(rows_written_since=500),), trouble=NO_FIX),
            RESTORE, "only a restore brings back", id="removed column, no fix forward"),
        pytest.param(
            situation(losses=REWRITTEN, backups=(copy(rows_written_since=500),), trouble=NO_FIX),
            RESTORE, "removed or rewrote", id="data migration: consider restore"),
        pytest.param(
            situation(losses=losing(entry(20)), backups=(copy(rows_written_since=500),), trouble=NO_FIX),
            DOWN, "least is given up", id="everything loses: the lesser loss"),
        pytest.param(
            situation(losses=losing(entry(501)), backups=(copy(rows_written_since=500),), trouble=NO_FIX),
            RESTORE, "least is given up", id="everything loses: the lesser loss, the other way round"),
        pytest.param(
            situation(losses=losing(entry(501)), backups=(copy(rows_written_since=None),), trouble=NO_FIX),
            DOWN, "least is given up", id="a known loss before one that nobody knows"),
        pytest.param(
            situation(new_data=NewData(rows=7)),
            FORWARD, "not known to work", id="data was written that depends on the new schema"),
        pytest.param(
            situation(new_data=NewData(rows=None), older_release=older(Kind.CHANGED_TYPE)),
            FORWARD, "loses nothing", id="perhaps data was written that depends on the new schema"),
        pytest.param(
            situation(rehearsals=()), FORWARD, "`downgrade` comes next", id="never rehearsed"),
        pytest.param(
            situation(rehearsals=(), trouble=NO_FIX),
            DOWN, "no surer way is possible", id="never rehearsed, and the only way"),
        pytest.param(
            situation(trouble=Trouble(symptom=Symptom.BAD_DATA), older_release=older(), backups=(copy(),)),
            RESTORE, "nothing was written since", id="corrupted data: the last good backup"),
        pytest.param(
            situation(trouble=Trouble(symptom=Symptom.BAD_DATA), older_release=older()),
            DOWN, "nothing is lost", id="corrupted data: an older application repairs nothing"),
        pytest.param(
            situation(rehearsals=(trial(failed=FailureKind.BROKEN_SCRIPT),), trouble=NO_FIX),
            FORWARD, "Nothing works as things are", id="nothing is possible"),
    ],
)  # fmt: skip
def test_the_recommendation_follows_the_seeds(facts: Facts, name: StrategyName, why: str) -> None:
    best = recommended(facts)
    assert best.name == name, best.why
    assert why in best.why


@pytest.mark.parametrize(
    ("kind", "possible", "words"),
    [
        *((kind, True, "can work") for kind in (
            Kind.ADDED_TABLE, Kind.ADDED_COLUMN, Kind.ADDED_INDEX, Kind.ADDED_OTHER, Kind.REMOVED_INDEX)),
        *((kind, True, "may not work") for kind in (
            Kind.ADDED_RULE, Kind.ADDED_LABEL, Kind.ADDED_TRIGGER, Kind.REMOVED_RULE, Kind.WIDENED_TYPE,
            Kind.CHANGED_DEFAULT, Kind.REWRITTEN_VALUES, Kind.UNSEEN)),
        *((kind, False, "cannot work") for kind in (
            Kind.ADDED_REQUIRED_COLUMN, Kind.REMOVED_TABLE, Kind.REMOVED_COLUMN, Kind.REMOVED_OTHER, Kind.RENAMED,
            Kind.CHANGED_TYPE, Kind.CHANGED_OTHER)),
    ],
)  # fmt: skip
def test_the_older_release_meets_each_difference_in_its_way(kind: Kind, possible: bool, words: str) -> None:
    app = of(APP, situation(older_release=older(Kind.ADDED_TABLE, kind)))
    assert app.possible is possible
    assert f"The older release {words} with the newer schema" in app.why
    assert f"`{kind.value}_thing`" in app.why


def test_having_tried_the_older_release_outweighs_what_the_schemas_say() -> None:
    worked = of(APP, situation(older_release=older(Kind.RENAMED, works_on_newer_schema=True)))
    failed = of(APP, situation(older_release=older(Kind.ADDED_TABLE, works_on_newer_schema=False)))
    assert (worked.possible, failed.possible) == (True, False)
    assert "worked" in worked.why
    assert "Not tried" not in worked.why


def test_what_is_not_known_about_the_older_release_is_said() -> None:
    app = of(APP, situation(older_release=older(differences=None)))
    assert app.possible
    assert "not known what differs" in app.why
    assert "Not tried: whether it can read rows that the newer release wrote." in app.why
    assert any("alembic upgrade head" in need for need in app.needs)


def test_the_loss_of_a_downgrade_is_told_in_numbers() -> None:
    lost = (entry(1204, written_since_deploy=17), entry(20, None, table="orders", exact=False), entry(0, "seen"))
    facts = situation(losses=replace(losing(*lost), comes_back_empty=("users.old",)))
    assert of(DOWN, facts).data_lost == (
        "1,204 values in `users.preferences` (17 written since the deploy), about 20 rows of `orders`; "
        "`users.old` would come back empty"
    )
    assert of(DOWN, situation()).data_lost == "nothing"
    assert of(DOWN, situation(losses=REMOVED)).data_lost.startswith("nothing that is there now; ")
    many = losing(*(entry(n, f"c{n}") for n in range(1, 9)))
    assert of(DOWN, situation(losses=many)).data_lost.endswith("and 6 more in 3 other tables and columns")


def test_the_loss_of_a_restore_is_what_was_written_since() -> None:
    assert of(RESTORE, situation()).data_lost == "not known: there is nothing to restore"
    for rows, words in ((0, "nothing: no row was written"), (9, "taken 1 h ago: 9 rows"), (None, "is not known")):
        assert words in of(RESTORE, situation(backups=(copy(rows_written_since=rows),))).data_lost


def test_the_backup_with_which_least_is_lost_is_taken() -> None:
    worse = copy(name="worse", rows_written_since=90)
    untried = copy(name="untried", state=BackupState.MADE)
    unknown = copy(name="unknown", rows_written_since=None)
    other = copy(name="other", revisions=("0003",))
    best = copy(name="best", rows_written_since=80)
    for backups in ((worse, untried, unknown, best, other), (other, best, unknown, untried, worse)):
        assert "`best` (taken 1 h ago, proven)" in of(RESTORE, situation(backups=backups)).why
    unproven = of(RESTORE, situation(backups=(untried,)))
    assert "a proof of the backup: it was never restored" in unproven.needs
    assert "the newest, `other`" in of(RESTORE, situation(backups=(other,))).why


def test_times_rest_on_what_was_measured_or_are_not_given() -> None:
    data = trial(RehearsalKind.DATA, seconds=12.0)
    paced = Pace(backup_seconds=95, restore_bytes_per_second=50e6)
    cases = [
        (DOWN, situation(rehearsals=(data,), pace=paced), 107, "the last backup with its proof (1 min 35 s)"),
        (DOWN, situation(rehearsals=(data,)), 12, "without the backup and its proof, never timed"),
        (DOWN, situation(), 0.4, "on an empty copy (0.4 s): with the data it takes at least that"),
        (DOWN, situation(rehearsals=()), None, "nothing"),
        (RESTORE, situation(backups=(copy(restore_seconds=61.0),), pace=paced), 61, "was proven (1 min 1 s)"),
        (RESTORE, situation(backups=(copy(size_bytes=10**9),), pace=paced), 20, "1,000.0 MB) at the speed"),
        (RESTORE, situation(backups=(copy(),)), None, "nothing"),
        (APP, situation(older_release=older(seconds=30.0)), 30, "the last time"),
        (APP, situation(), None, "never taken back"),
        (FORWARD, situation(pace=paced), None, "as long as people need"),
    ]
    for name, facts, seconds, words in cases:
        strategy = of(name, facts)
        assert strategy.estimated_seconds == seconds
        assert words in strategy.estimated_from


def test_the_best_comes_first_and_what_is_not_possible_last() -> None:
    ranked = rank_strategies(situation(trouble=BROKEN, older_release=NO_OLDER_RELEASE))
    assert [strategy.name for strategy in ranked] == ["downgrade", "roll-forward", "app-only", "restore"]
    assert [strategy.possible for strategy in ranked] == [True, True, False, False]


def test_what_the_policy_refuses_is_not_recommended_while_something_else_keeps_everything() -> None:
    late = situation(arrival=seen(PRODUCTION.window * 2), trouble=BROKEN) if PRODUCTION.window else situation()
    assert recommended(late).name == DOWN
    decision = decide(PRODUCTION, late)
    assert decision.recommended is FORWARD
    down = next(strategy for strategy in decision.strategies if strategy.name == DOWN)
    assert "The policy refuses it now." in down.why


def test_a_refused_way_that_keeps_everything_still_comes_before_one_that_loses() -> None:
    facts = situation(arrival=seen(PRODUCTION.window * 2), trouble=NO_FIX, backups=(copy(rows_written_since=3),))
    assert decide(PRODUCTION, facts).recommended is DOWN
