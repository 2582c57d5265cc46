"""Which backups stay: the rules of the catalog, and what no rule can take away."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backup.keeping import Copy, Rules, decide
from actions.history.values import BackupState

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
COMPLETE = {BackupState.MADE, BackupState.PROVEN}


def copy(hours_ago: float, state: BackupState = BackupState.PROVEN, needed_for: str | None = None) -> Copy:
    taken_at = NOW - timedelta(hours=hours_ago)
    return Copy(name=f"b{hours_ago:07.2f}-{state}", taken_at=taken_at, state=state, needed_for=needed_for)


def nightly(days: int) -> list[Copy]:
    return [copy(24 * day + 9) for day in range(days)]


def kept(copies: Sequence[Copy], rules: Rules) -> list[str]:
    decided = decide(copies, rules, now=NOW)
    return [each.name for each in copies if each.name in decided.kept]


copies_strategy = st.lists(
    st.builds(
        Copy,
        name=st.uuids().map(str),
        taken_at=st.datetimes(
            min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 1), timezones=st.just(UTC)  # noqa: DTZ001
        ),
        state=st.sampled_from([state for state in BackupState if state is not BackupState.DELETED]),
        needed_for=st.sampled_from([None, None, None, "RB-7"]),
        aside=st.booleans(),
    ),
    max_size=40,
    unique_by=lambda each: each.name,
)  # fmt: skip
rules_strategy = st.builds(
    Rules,
    last=st.integers(1, 9), daily=st.integers(0, 9), weekly=st.integers(0, 5), monthly=st.integers(0, 5),
    min_age=st.timedeltas(timedelta(0), timedelta(days=60)),
    zone=st.sampled_from([UTC, BERLIN, ZoneInfo("Pacific/Auckland"), ZoneInfo("America/St_Johns")]),
)  # fmt: skip


@given(copies=copies_strategy, rules=rules_strategy)
def test_whatever_the_rules_the_promises_hold(copies: list[Copy], rules: Rules) -> None:
    decided = decide(copies, rules, now=NOW)
    assert set(decided.kept) | set(decided.let_go) == {each.name for each in copies}
    assert not set(decided.kept) & set(decided.let_go)
    assert all(decided.kept.values())
    by_name = {each.name: each for each in copies}
    proven = [each for each in copies if each.state is BackupState.PROVEN]
    if proven:
        assert max(proven, key=lambda each: (each.taken_at, each.name)).name in decided.kept
    complete = sorted((each for each in copies if each.state in COMPLETE), key=lambda each: (each.taken_at, each.name))
    for apart in (False, True):
        of_these = [each.name for each in complete if each.aside is apart]
        assert set(of_these[-rules.last :]) <= set(decided.kept)
    for name in decided.let_go:
        gone = by_name[name]
        assert gone.needed_for is None
        assert gone.state is not BackupState.MAKING
        assert NOW - gone.taken_at >= rules.min_age
    assert [by_name[name].taken_at for name in decided.let_go] == sorted(
        by_name[name].taken_at for name in decided.let_go
    )


@given(copies=copies_strategy, rules=rules_strategy, order=st.randoms())
def test_the_order_of_the_copies_does_not_matter_and_deciding_again_changes_nothing(
    copies: list[Copy], rules: Rules, order: "Iterator[object]"
) -> None:
    decided = decide(copies, rules, now=NOW)
    shuffled = list(copies)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # because it is a random.Random
    assert decide(shuffled, rules, now=NOW).let_go == decided.let_go
    left = [each for each in copies if each.name in decided.kept]
    assert decide(left, rules, now=NOW).let_go == ()


@given(copies=copies_strategy, rules=rules_strategy)
def test_a_stricter_rule_never_keeps_more(copies: list[Copy], rules: Rules) -> None:
    only_last = Rules(last=rules.last, zone=rules.zone)
    assert set(decide(copies, only_last, now=NOW).kept) <= set(decide(copies, rules, now=NOW).kept)


def test_the_last_seven_are_kept_and_older_ones_go_the_oldest_first() -> None:
    copies = nightly(10)
    decided = decide(copies, Rules(zone=UTC), now=NOW)
    assert kept(copies, Rules(zone=UTC)) == [each.name for each in copies[:7]]
    assert decided.let_go == tuple(each.name for each in reversed(copies[7:]))
    assert decided.kept[copies[0].name] == ("the last proven one", "one of the last 7")


def test_the_last_proven_one_stays_however_old_it_is() -> None:
    old = copy(5000)
    untried = [copy(hours, BackupState.MADE) for hours in range(1, 12)]
    decided = decide([*untried, old], Rules(last=3, zone=UTC), now=NOW)
    assert decided.kept[old.name] == ("the last proven one",)
    assert len(decided.let_go) == 8


def test_a_night_with_many_tries_pushes_no_regular_one_out() -> None:
    tries = [replace(copy(hours / 10), aside=True) for hours in range(1, 31)]
    regular = nightly(9)
    rules = Rules(last=7, daily=7, zone=UTC)
    found = kept([*tries, *regular], rules)
    assert found == [each.name for each in (*tries[:7], *regular[:7])]


def test_one_that_an_open_rollback_needs_stays_and_says_for_which() -> None:
    needed = copy(900, BackupState.MADE, needed_for="RB-7")
    decided = decide([*nightly(9), needed], Rules(last=1, zone=UTC), now=NOW)
    assert decided.kept[needed.name] == ("needed for RB-7",)


def test_days_weeks_and_months_keep_the_last_of_each() -> None:
    copies = nightly(100)
    days = {each.taken_at.date() for each in copies[:10]}
    found = decide(copies, Rules(last=1, daily=10, weekly=4, monthly=3, zone=UTC), now=NOW).kept
    assert {each.taken_at.date() for each in copies if "the last of its day" in found.get(each.name, ())} == days
    of_weeks = [each.taken_at for each in copies if "the last of its week" in found.get(each.name, ())]
    assert [f"{moment:%m-%d %a}" for moment in of_weeks] == ["11-20 Fri", "11-15 Sun", "11-08 Sun", "11-01 Sun"]
    of_months = [each.taken_at for each in copies if "the last of its month" in found.get(each.name, ())]
    assert [f"{moment:%m-%d}" for moment in of_months] == ["11-20", "10-31", "09-30"]


def test_a_day_is_a_day_of_the_schedule_s_time_zone() -> None:
    # 23:30 UTC is half past midnight in Berlin: the next day there.
    late = Copy(name="late", taken_at=datetime(2026, 11, 18, 23, 30, tzinfo=UTC), state=BackupState.PROVEN)
    noon = Copy(name="noon", taken_at=datetime(2026, 11, 18, 11, 0, tzinfo=UTC), state=BackupState.PROVEN)
    newest = Copy(name="newest", taken_at=datetime(2026, 11, 20, 1, 0, tzinfo=UTC), state=BackupState.PROVEN)
    copies = [newest, late, noon]
    assert kept(copies, Rules(last=1, daily=3, zone=UTC)) == ["newest", "late"]
    assert kept(copies, Rules(last=1, daily=3, zone=BERLIN)) == ["newest", "late", "noon"]


def test_an_untried_last_one_of_a_day_does_not_push_out_the_proven_one_before_it() -> None:
    proven, untried = copy(40), copy(38, BackupState.MADE)
    assert kept([copy(1), untried, proven], Rules(last=1, daily=2, zone=UTC)) == [
        copy(1).name, untried.name, proven.name,
    ]  # fmt: skip


def test_nothing_younger_than_the_minimum_age_goes() -> None:
    copies = [copy(hours) for hours in range(1, 30)]
    assert kept(copies, Rules(last=2, min_age=timedelta(hours=20), zone=UTC)) == [each.name for each in copies[:19]]


def test_one_from_the_future_stays() -> None:
    assert len(kept([copy(-30), copy(-29), copy(-28)], Rules(last=1, zone=UTC))) == 3


@pytest.mark.parametrize(
    ("newer", "stays"),
    [
        pytest.param(BackupState.PROVEN, False, id="a newer one is proven"),
        pytest.param(BackupState.MADE, True, id="a newer one is not proven"),
        pytest.param(BackupState.FAILED, True, id="the newer one failed as well"),
    ],
)
def test_a_failed_one_stays_until_a_newer_one_is_proven(newer: BackupState, *, stays: bool) -> None:
    failed = copy(8 * 24, BackupState.FAILED)
    assert (failed.name in kept([failed, copy(2, newer)], Rules(zone=UTC))) is stays


def test_a_failed_one_stays_for_a_week_in_any_case() -> None:
    failed = copy(6 * 24, BackupState.FAILED)
    assert failed.name in kept([failed, copy(2)], Rules(zone=UTC))
