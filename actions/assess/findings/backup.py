"""BK: whether there is a way back from the way back."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence
from actions.assess.values import Finding
from actions.catalog.risk import Risk
from actions.history.values import BackupState

COMPLETE = frozenset({BackupState.MADE, BackupState.PROVEN})


def none_from_before(evidence: Evidence) -> Iterator[Finding]:
    """BK101: no complete backup holds the revision to go back to: restoring instead of downgrading is not possible.

    Silent when the downgrade changes nothing.
    """
    known = evidence.backups
    changes_something = bool((evidence.schema and evidence.schema.changes) or list(evidence.unplain()))
    if known is None or evidence.path.ends_at is None or not changes_something:
        return
    target = frozenset(evidence.path.ends_at)
    there = [
        copy for copy in known if copy.state in COMPLETE and copy.revisions and frozenset(copy.revisions) == target
    ]
    if not there:
        yield Finding(
            code="BK101", severity=Risk.LOW, object="",
            message="There is no backup of the older revision, so restoring instead is not possible",
            evidence={"backups": len(known)},
            remedy="Take a backup before each deploy (`backups.schedule` in the catalog).",
        )  # fmt: skip


def not_proven(evidence: Evidence) -> Iterator[Finding]:
    """BK102: backups of the older revision exist, and none of them was ever restored to see that it is whole."""
    known = evidence.backups
    if not known or evidence.path.ends_at is None:
        return
    target = frozenset(evidence.path.ends_at)
    there = [
        copy for copy in known if copy.state in COMPLETE and copy.revisions and frozenset(copy.revisions) == target
    ]
    if there and not any(copy.state is BackupState.PROVEN for copy in there):
        yield Finding(
            code="BK102", severity=Risk.LOW, object=there[0].name,
            message=f"The backup of the older revision, {there[0].name}, was never proven by restoring it",
            remedy="Prove it before you rely on it.",
        )  # fmt: skip


def rehearsed_on_one(evidence: Evidence) -> Iterator[Finding]:
    """BK103: the rehearsal with the data ran on a backup. It shows whether the downgrade works, how long it takes and what
    it locks; what was written since the backup was not in it, so it does not settle what would be lost.
    """
    source = evidence.data.backup if evidence.data else None
    if source is not None:
        yield Finding(
            code="BK103", severity=Risk.MEDIUM, object=source.name,
            message=f"The rehearsal ran on backup {source.name}; what was written since was not in it",
            evidence={"backup": source.name, "taken_at": source.taken_at.isoformat()},
            remedy="Rehearse on a fresh copy (--data without --backup) to settle what would be lost.",
        )  # fmt: skip


FAMILY = (none_from_before, not_proven, rehearsed_on_one)
