"""When a scheduled backup is due: once per slot, one catch-up, a few tries, then the next slot."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backup.slots import PAUSES, Due, LastTry, due, latest_slot, next_slot
from actions.catalog.backups import Schedule
from actions.history.values import BackupState

NIGHTLY = Schedule(cron="0 3 * * *", timezone="Europe/Berlin")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def tried(slot: str, state: BackupState, attempt: int = 1, took: timedelta = timedelta(minutes=1)) -> LastTry:
    return LastTry(slot=at(slot), attempt=attempt, state=state, at=at(slot) + took)


def test_a_slot_is_due_from_its_own_minute_on() -> None:
    last = tried("2026-11-19 02:00", BackupState.PROVEN)
    assert due(NIGHTLY, at("2026-11-20 01:59:59"), last, watching_since=LONG_AGO) is None
    found = due(NIGHTLY, at("2026-11-20 02:00"), last, watching_since=LONG_AGO)
    assert found == Due(slot=at("2026-11-20 02:00"), attempt=1)


def test_slots_missed_while_down_are_one_catch_up() -> None:
    last = tried("2026-11-01 02:00", BackupState.PROVEN)
    now = at("2026-11-20 14:00")
    found = due(NIGHTLY, now, last, watching_since=now)
    assert found == Due(slot=at("2026-11-20 02:00"), attempt=1)
    done = LastTry(slot=found.slot, attempt=1, state=BackupState.MADE, at=now)
    assert due(NIGHTLY, now + timedelta(hours=1), done, watching_since=now) is None


def test_a_new_schedule_begins_with_its_next_slot() -> None:
    start = at("2026-11-20 14:00")
    assert due(NIGHTLY, start, None, watching_since=start) is None
    assert due(NIGHTLY, at("2026-11-21 02:00"), None, watching_since=start) == Due(
        slot=at("2026-11-21 02:00"), attempt=1
    )


def test_one_that_is_still_being_made_answers_for_the_slots_that_come_meanwhile() -> None:
    often = Schedule(cron="*/5 * * * *")
    last = tried("2026-11-20 02:00", BackupState.MAKING)
    assert due(often, at("2026-11-20 02:20"), last, watching_since=LONG_AGO) is None


def test_a_failed_try_is_repeated_after_pauses_and_then_left_to_the_next_slot() -> None:
    slot, now = "2026-11-20 02:00", at("2026-11-20 02:01")
    for attempt, pause in enumerate(PAUSES, 1):
        failed = LastTry(slot=at(slot), attempt=attempt, state=BackupState.FAILED, at=now)
        assert due(NIGHTLY, now + pause - timedelta(seconds=1), failed, watching_since=LONG_AGO) is None
        assert due(NIGHTLY, now + pause, failed, watching_since=LONG_AGO) == Due(slot=at(slot), attempt=attempt + 1)
    last = tried(slot, BackupState.FAILED, attempt=len(PAUSES) + 1)
    assert due(NIGHTLY, now + timedelta(hours=20), last, watching_since=LONG_AGO) is None


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        pytest.param("2026-03-29 01:00", "2026-03-29 01:00", id="half past two does not exist that day: three it is"),
        pytest.param("2026-03-30 00:30", "2026-03-30 00:30", id="summer time"),
        pytest.param("2026-11-20 01:29", "2026-11-19 01:30", id="winter time"),
    ],
)
def test_the_schedule_s_time_zone_decides_when_it_is(now: str, slot: str) -> None:
    assert latest_slot(Schedule(cron="30 2 * * *", timezone="Europe/Berlin"), at(now)) == at(slot)


def test_a_slot_that_never_comes_is_never_due() -> None:
    never = Schedule(cron="0 0 30 2 *")
    assert due(never, at("2026-11-20 02:00"), None, watching_since=LONG_AGO) is None
    assert next_slot(never, at("2026-11-20 02:00")) is None


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    cron=st.sampled_from(["0 3 * * *", "*/7 * * * *", "15 2 * * sun", "0 0 1 * *", "30 2 * * *"]),
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_now_lies_between_the_latest_slot_and_the_next(moment: datetime, cron: str, timezone: str) -> None:
    schedule = Schedule(cron=cron, timezone=timezone)
    before, after = latest_slot(schedule, moment), next_slot(schedule, moment)
    assert before is not None
    assert after is not None
    assert before <= moment < after
    assert latest_slot(schedule, after) == after
