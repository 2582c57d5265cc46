"""What somebody is told whose backup is not good enough: the advice of the runbooks, the likeliest way out first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actions.catalog.backups import Backups, Schedule
from actions.errors import ConfigurationError, RefusedError
from actions.history.values import BackupState
from actions.restore.advice import Situation, Trouble, advise, words
from actions.restore.choosing import choose
from actions.restore.listing import Listed, Listing, Place, There

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def listed(hours_ago: float, state: BackupState | None = BackupState.PROVEN, *places: Place) -> Listed:
    taken_at = NOW - timedelta(hours=hours_ago)
    return Listed(
        name=f"orders_{taken_at:%Y%m%d_%H%M%S}_abcd", service="orders", strategy="dump", taken_at=taken_at,
        state=state, why=None, purpose=None, revision="aaa1", size_bytes=5, rows=5,
        places=places or (Place(store="local", there=There.KEPT),), restore_seconds=None, restore_measured=False,
    )  # fmt: skip


def told(trouble: Trouble, *backups: Listed, chosen: Listed | None = None, schedule: str | None = None) -> str:
    rules = Backups(schedule=Schedule(cron=schedule) if schedule else None)
    name = chosen.name if chosen else None
    return "\n".join(advise(trouble, Situation(service="orders", backups=backups, rules=rules, now=NOW, chosen=name)))


def test_with_a_damaged_one_the_previous_proven_one_is_named_before_a_newer_that_is_not_proven() -> None:
    damaged, untried, proven = listed(1), listed(2, BackupState.MADE), listed(26)
    said = told(Trouble.CORRUPTED, damaged, untried, proven, chosen=damaged)
    assert f"backout restore orders --backup {proven.name}` (taken 26 h ago, proven)" in said
    assert untried.name not in said


def test_another_copy_of_a_damaged_one_is_looked_at_first() -> None:
    damaged = listed(1, BackupState.PROVEN, *(Place(store=name, there=There.KEPT) for name in ("local", "offsite")))
    first = told(Trouble.TRUNCATED, damaged, listed(26), chosen=damaged).splitlines()[0]
    assert "2 copies (local, offsite)" in first
    assert f"--check {damaged.name}" in first


def test_without_any_other_backup_other_sources_are_named() -> None:
    damaged = listed(1)
    said = told(Trouble.CORRUPTED, damaged, listed(3, BackupState.FAILED), chosen=damaged)
    assert "Look for other sources" in said
    assert "--file DUMP" in said


def test_of_a_too_old_one_the_loss_the_logs_other_sources_and_more_frequent_backups_are_named() -> None:
    old = listed(72)
    said = told(Trouble.TOO_OLD, old, chosen=old)
    for part in ("accept that what was written after the backup is lost", "logs", "other sources", "by themselves"):
        assert part in said
    assert "There is a newer one" not in said
    assert "There is a newer one" in told(Trouble.TOO_OLD, old, listed(5), chosen=old)


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        pytest.param("0 3 * * *", "leaves 24 h between two", id="nightly"),
        pytest.param("*/30 * * * *", None, id="often enough"),
    ],
)
def test_a_schedule_is_said_to_be_too_rare_only_where_it_is(schedule: str, says: str | None) -> None:
    said = told(Trouble.TOO_OLD, listed(72), schedule=schedule)
    assert (says in said) if says else ("more often" not in said)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=40), "40 s"), (timedelta(minutes=3), "3 min"), (timedelta(hours=47), "47 h"),
        (timedelta(days=3), "3 days"), (timedelta(seconds=-4), "0 s"),
    ],
)  # fmt: skip
def test_lengths_are_said_as_people_say_them(length: timedelta, said: str) -> None:
    assert words(length) == said


def listing(*backups: Listed) -> Listing:
    return Listing(service="orders", stores=("local",), away={}, backups=backups)


def test_latest_is_the_newest_proven_one_and_without_any_the_newest_complete_one() -> None:
    newest, proven, older = listed(1, BackupState.MADE), listed(5), listed(9)
    assert choose(listing(newest, proven, older), "latest") is proven
    assert choose(listing(newest, listed(3, BackupState.FAILED)), "latest") is newest
    with pytest.raises(ConfigurationError, match="no complete backup"):
        choose(listing(listed(3, BackupState.FAILED)), "latest")


def test_latest_is_never_the_safety_backup_of_what_is_to_be_repaired_while_there_is_another() -> None:
    safety = replace(listed(1, BackupState.MADE), purpose="before a restore of orders_1")
    nightly = listed(9, BackupState.MADE)
    assert choose(listing(safety, nightly), "latest") is nightly
    assert choose(listing(safety), "latest") is safety


def test_one_that_every_store_has_lost_is_not_the_latest() -> None:
    lost, there = listed(1, BackupState.PROVEN, Place(store="local", there=There.MISSING)), listed(5)
    assert choose(listing(lost, there), "latest") is there
    with pytest.raises(RefusedError, match=lost.name):
        choose(listing(lost, there), lost.name)


def test_a_backup_of_another_service_is_said_to_be_one() -> None:
    with pytest.raises(ConfigurationError, match="is a backup of billing, not of orders"):
        choose(listing(listed(1)), "billing_20261120_030000_abcd")
