"""The backup that somebody named, where not the newest one is to come back: can it, and where does that lead?"""

from actions.assess.decide.facts import StrategyName
from actions.assess.seen_before import BETWEEN
from actions.catalog.runbooks import BUILT_IN
from actions.catalog.service import Service
from actions.catalog.steps import BuiltInStep
from actions.errors import ConfigurationError, RefusedError
from actions.history.backups import find_backup
from actions.history.database import History
from actions.history.values import BackupRecord, BackupState
from actions.run.runbooks.selection import select


def usable(history: History, service: str, name: str) -> BackupRecord:
    """One that was restored and compared before; anything else is refused."""
    found = find_backup(history, name)
    if found is None or found.service != service or found.state is BackupState.DELETED:
        raise ConfigurationError(
            f"{service} has no backup {name}", next_step=f"`backout backups {service}` lists those there are."
        )
    if found.state is not BackupState.PROVEN:
        raise RefusedError(
            f"The backup {name} is {found.state}, and only a proven one is brought back by a rollback",
            next_step=f"`backout backups {service} --check {name} --prove` restores and compares it.",
        )
    return found


def revision_in(backup: BackupRecord) -> str:
    """What a request for it goes back to."""
    if backup.revision is None or BETWEEN in backup.revision:
        said = "several revisions at once" if backup.revision else "no revision"
        raise RefusedError(
            f"The backup {backup.name} is at {said}, which a request cannot name",
            next_step=f"`backout restore {backup.service} --backup {backup.name}` brings it back without a plan.",
        )
    return backup.revision


def restores(service: Service, way: str, target: str) -> bool:
    """Whether that way out leaves open which backup comes back: the restore, or a runbook with such a step in that part."""
    if way in BUILT_IN:
        return way == StrategyName.RESTORE.value
    if (book := service.runbooks.get(way)) is None:
        return False
    selection = select(book, target, already=tuple(book.phases))
    return any(_leaves_it_open(step) for part in selection.parts for step in part.steps)


def _leaves_it_open(step: object) -> bool:
    return isinstance(step, BuiltInStep) and step.do == "restore" and step.backup is None
