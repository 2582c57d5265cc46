"""What to do when the backup at hand is not good enough: for a tired reader, the likeliest way out first. Pure.

The advice is that of the runbooks that teams keep for such nights: an earlier backup; the loss and where else the lost
rows may be; how to be better off the next time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from actions.backup.slots import next_slot
from actions.catalog.backups import Backups
from actions.history.values import BackupState
from actions.restore.listing import Listed, There


class Trouble(StrEnum):
    """What is wrong with a backup."""

    #: Bytes are not those that were written.
    CORRUPTED = "corrupted"
    #: Its end is missing.
    TRUNCATED = "truncated"
    TOO_OLD = "too old"
    #: Nothing to restore from.
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What the advice depends on."""

    service: str
    backups: Sequence[Listed]
    rules: Backups
    now: datetime
    #: The one that is in trouble; None when there is none at all.
    chosen: str | None = None


def advise(trouble: Trouble, situation: Situation) -> tuple[str, ...]:
    """Each line one thing to do, in the order in which to do it."""
    match trouble:
        case Trouble.CORRUPTED | Trouble.TRUNCATED:
            return tuple(_damaged(situation))
        case Trouble.TOO_OLD:
            return tuple(_too_old(situation))
        case Trouble.NONE:
            return tuple(_nothing(situation))


def is_too_old(taken_at: datetime, rules: Backups, now: datetime) -> bool:
    return now - taken_at > rules.max_age


def _damaged(situation: Situation) -> Iterator[str]:
    chosen = next((each for each in situation.backups if each.name == situation.chosen), None)
    copies = [place.store for place in chosen.places if place.there is There.KEPT] if chosen else []
    if len(copies) > 1:
        yield (
            f"It has {len(copies)} copies ({', '.join(copies)}): look at each with "
            f"`backout backups {situation.service} --check {situation.chosen}`."
        )
    other = _best_other(situation)
    if other is not None:
        proven = "proven" if other.state is BackupState.PROVEN else "not proven"
        yield (
            f"Use the previous one: `backout restore {situation.service} --backup {other.name}` "
            f"(taken {words(situation.now - other.taken_at)} ago, {proven})."
        )
    else:
        yield from _nothing(situation)
    yield "Keep the damaged one until the cause is known; disks that lose bits lose more than one file."


def _too_old(situation: Situation) -> Iterator[str]:
    newer = _newest(situation)
    if newer is not None and newer.name != situation.chosen:
        yield (
            f"There is a newer one: `{newer.name}`, taken {words(situation.now - newer.taken_at)} ago "
            f"(`--backup {newer.name}`)."
        )
    yield "Or accept that what was written after the backup is lost: the confirmation says how much that is."
    yield "The application's logs, and queues or e-mails that it sent, may help to enter the lost rows again."
    yield (
        "Look for other sources: another store, storage snapshots of the provider, a replica, another environment. "
        "The database as it is now is kept beside the restored one, so rows can be copied over from it afterwards."
    )
    yield from _more_often(situation)


def _nothing(situation: Situation) -> Iterator[str]:
    yield (
        f"There is no other complete backup of {situation.service}. Look for other sources: storage snapshots of the "
        "provider, a replica, another environment, an export."
    )
    yield f"A dump from elsewhere can be restored: `backout restore {situation.service} --file DUMP`."
    yield from _more_often(situation)


def _more_often(situation: Situation) -> Iterator[str]:
    """What would have spared us this."""
    schedule = situation.rules.schedule
    if schedule is None:
        yield (
            'Afterwards, have backups taken by themselves: `backups: {schedule: "0 * * * *", keep: {last: 24, daily: 7}}` '
            "in the catalog is every hour, a day and a week back (`backout serve` takes them)."
        )
        return
    first = next_slot(schedule, situation.now)
    second = next_slot(schedule, first) if first else None
    if first and second and second - first > timedelta(hours=1):
        yield (
            f"Afterwards, take them more often: `{schedule.cron}` leaves {words(second - first)} between two; "
            "`0 * * * *` is every hour. Then keep more as well (`keep: {last: 24, daily: 7}`): the last 7 would be 7 hours."
        )


def _best_other(situation: Situation) -> Listed | None:
    """The newest that is proven; else the newest that is complete."""
    others = [each for each in situation.backups if each.name != situation.chosen and each.restorable]
    proven = [each for each in others if each.state is BackupState.PROVEN]
    return max(proven or others, key=lambda each: each.taken_at, default=None)


def _newest(situation: Situation) -> Listed | None:
    complete = [each for each in situation.backups if each.restorable]
    return max(complete, key=lambda each: each.taken_at, default=None)


def words(length: timedelta) -> str:
    """`40 s`, `12 min`, `3 h`, `2 days`: as exact as somebody in a hurry wants it."""
    seconds = max(0, int(length.total_seconds()))
    for size, singular, plural in ((86400 * 2, "day", "days"), (7200, "h", "h"), (120, "min", "min")):
        if seconds >= size:
            unit = {"day": 86400, "h": 3600, "min": 60}[singular]
            return f"{seconds // unit} {plural}"
    return f"{seconds} s"
