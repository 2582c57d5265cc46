"""Carries out what retention decided, and writes it down. What a store that is away has is left for the next time."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from actions.backup.keeping import Copy, Rules, Verdict, decide
from actions.catalog.schedules import zone
from actions.errors import BackoutError
from actions.history.backups import Learnt, move_backup, needed_by_rollbacks
from actions.history.in_use import unless_in_use
from actions.history.values import BackupState
from actions.restore.listing import LET_GO_BUT_THERE, Listed, There, list_all
from actions.restore.premises import Premises
from actions.restore.sweeping import remove_from
from actions.restore.volumes_beside import let_volumes_go

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LetGo:
    #: Names, the oldest first.
    gone: tuple[str, ...]
    #: Names of those that are to go, and why they could not yet.
    postponed: Mapping[str, str]
    kept: Mapping[str, tuple[str, ...]]


def let_go(premises: Premises) -> LetGo:
    """Decides on what really is in the stores, not on what the history believes: a proven backup that a store has lost
    protects nobody."""
    for store in premises.stores:
        with suppress(BackoutError):
            store.sweep()
    listing = list_all(premises.history, premises.service.name, premises.stores)
    needed = needed_by_rollbacks(premises.history, premises.service.name)
    copies = [
        Copy(
            name=each.name,
            taken_at=each.taken_at,
            state=each.state,
            needed_for=_needed(needed.get(each.name)),
            aside=_is_aside(each),
        )
        for each in listing.backups
        if each.state is not None and each.strategy == "dump" and _can_be_judged(each)
    ]
    verdict = decide(copies, _rules(premises), now=premises.now())
    for each in listing.backups:
        if each.state is None and each.why == LET_GO_BUT_THERE:
            remove_from(premises.stores, each.name, only={place.store for place in each.places})
    gone, postponed = _carry_out(premises, verdict, {each.name: each for each in listing.backups})
    return LetGo(gone=gone, postponed=postponed, kept=verdict.kept)


def _rules(premises: Premises) -> Rules:
    keep, schedule = premises.rules.keep, premises.rules.schedule
    return Rules(
        last=keep.last, daily=keep.daily, weekly=keep.weekly, monthly=keep.monthly, min_age=keep.min_age,
        zone=zone(schedule.timezone if schedule else "UTC"),
    )  # fmt: skip


def _needed(rollback: object) -> str | None:
    return str(rollback) if rollback else None


def _is_aside(each: Listed) -> bool:
    """Neither on schedule nor because somebody wanted a backup: before a restore or a rollback, or for a drill."""
    return each.purpose is not None and (each.purpose == "drill" or each.purpose.startswith("before "))


def _can_be_judged(each: Listed) -> bool:
    """One copy at least is seen to be there; a failed one may have none."""
    if each.state is BackupState.FAILED:
        return not any(place.there is There.AWAY for place in each.places)
    return any(place.there is There.KEPT for place in each.places)


def _carry_out(
    premises: Premises, verdict: Verdict, listed: Mapping[str, Listed]
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    gone, postponed = [], {}
    for name in verdict.let_go:
        with unless_in_use(premises.history, name) as is_free:
            trouble = _remove(premises, listed[name]) if is_free else "it is being restored or proven"
            if trouble is None:
                with premises.history.writing() as connection:
                    because = Learnt(because="let go by its retention")
                    move_backup(connection, name, BackupState.DELETED, because, actor=premises.actor)
                gone.append(name)
                continue
        postponed[name] = trouble
        log.warning(
            "Backup %s cannot be let go yet: %s", name, trouble,
            extra={"event": "backup_not_deleted", "backup": name, "service": premises.service.name},
        )  # fmt: skip
    return tuple(gone), postponed


def _remove(premises: Premises, each: Listed) -> str | None:
    """Why it could not be removed. The volumes that were archived with it go first, for nobody would look for them later."""
    if (trouble := next(_not_yet(each), None)) is not None:
        return trouble
    let_volumes_go(premises, each.name)
    return next(iter(remove_from(premises.stores, each.name).values()), None)


def _not_yet(each: Listed) -> Iterator[str]:
    """All copies go together: one that is left somewhere would be a backup that nobody remembers."""
    for place in each.places:
        if place.there is There.AWAY:
            yield f"{place.store} does not answer: {place.because}"


def tidy(premises: Premises) -> LetGo | BackoutError:
    """As `let_go`, for those who have something better to do than to stop at its trouble."""
    try:
        return let_go(premises)
    except BackoutError as error:
        log.warning(
            "Retention of %s is left for the next time: %s", premises.service.name, error.what,
            extra={"event": "retention_postponed", "service": premises.service.name},
        )  # fmt: skip
        return error
