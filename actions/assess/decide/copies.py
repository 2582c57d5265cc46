"""Which backup counts for what: as the way back to the older state, and as the safety net under a downgrade."""

from actions.assess.decide.facts import BackupCopy, Facts
from actions.assess.decide.wording import length, quoted
from actions.history.values import BackupState

_COMPLETE = frozenset({BackupState.MADE, BackupState.PROVEN})


def best_for_restore(facts: Facts) -> BackupCopy | None:
    """The backup of the target's revision with which least is lost; a proven one before one that is not."""
    there = [copy for copy in _complete(facts) if _has(copy, facts.target)]
    return min(there, key=_least_lost_first, default=None)


def newest(facts: Facts) -> BackupCopy | None:
    """The newest complete backup, of whatever revision."""
    return max(_complete(facts), key=lambda copy: (copy.taken_at, copy.name), default=None)


def safety_net(facts: Facts) -> BackupCopy | None:
    """The newest backup that is proven, young enough, and of the live or the target revision."""
    nets = [
        copy
        for copy in _complete(facts)
        if copy.state is BackupState.PROVEN
        and facts.now - copy.taken_at <= facts.backup_max_age
        and (_has(copy, facts.live) or _has(copy, facts.target))
    ]
    return max(nets, key=lambda copy: (copy.taken_at, copy.name), default=None)


def said_copy(copy: BackupCopy, facts: Facts) -> str:
    """`content-api_2026...` (taken 3 h ago, proven)."""
    proven = "proven" if copy.state is BackupState.PROVEN else "not proven"
    return f"{quoted(copy.name)} (taken {length(facts.now - copy.taken_at)} ago, {proven})"


def _complete(facts: Facts) -> list[BackupCopy]:
    return [copy for copy in facts.backups if copy.state in _COMPLETE]


def _has(copy: BackupCopy, revisions: tuple[str, ...] | None) -> bool:
    known = copy.revisions is not None and revisions is not None
    return known and frozenset(copy.revisions or ()) == frozenset(revisions or ())


def _least_lost_first(copy: BackupCopy) -> tuple[bool, bool, int, float, str]:
    rows = copy.rows_written_since
    proven = copy.state is BackupState.PROVEN
    return (not proven, rows is None, rows or 0, -copy.taken_at.timestamp(), copy.name)
