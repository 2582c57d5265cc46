"""When a scheduled backup is due. A decision; the clock and the history come in through the door.

A slot is a moment at which the schedule asks for a backup. Slots that nobody answered while we were down are not made
up for one by one: the latest of them is answered, once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import CroniterBadDateError, croniter

from actions.catalog.backups import Schedule
from actions.catalog.schedules import zone
from actions.history.values import BackupState

#: A try that failed is repeated after these times; then the next slot is waited for.
PAUSES = (timedelta(minutes=5), timedelta(minutes=20))


@dataclass(frozen=True, kw_only=True, slots=True)
class LastTry:
    """The latest try for the latest slot that was answered."""

    slot: datetime
    attempt: int
    state: BackupState
    #: When it came to its state.
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    slot: datetime
    attempt: int


def due(schedule: Schedule, now: datetime, last: LastTry | None, *, watching_since: datetime) -> Due | None:
    """The backup to take now, if any. Without a try before, slots before `watching_since` are nobody's business."""
    slot = latest_slot(schedule, now)
    if slot is None:
        return None
    if last is None:
        return Due(slot=slot, attempt=1) if slot >= watching_since else None
    if slot > last.slot:
        # One that is still being made answers for the slots that come meanwhile.
        return None if last.state is BackupState.MAKING else Due(slot=slot, attempt=1)
    if last.state is BackupState.FAILED and last.attempt <= len(PAUSES) and now - last.at >= PAUSES[last.attempt - 1]:
        return Due(slot=last.slot, attempt=last.attempt + 1)
    return None


def latest_slot(schedule: Schedule, now: datetime) -> datetime | None:
    """The slot at this moment, or the last one before it, in UTC; None for one that never comes (30 February)."""
    # croniter's "previous" is strictly before; a slot that is now counts.
    moments = croniter(schedule.cron, (now + timedelta(microseconds=1)).astimezone(zone(schedule.timezone)))
    try:
        return moments.get_prev(datetime).astimezone(UTC)
    except CroniterBadDateError:
        return None


def next_slot(schedule: Schedule, now: datetime) -> datetime | None:
    """The first slot after this moment, in UTC."""
    moments = croniter(schedule.cron, now.astimezone(zone(schedule.timezone)))
    try:
        return moments.get_next(datetime).astimezone(UTC)
    except CroniterBadDateError:
        return None
