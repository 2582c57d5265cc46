"""How long each way takes, and what that rests on. A number that nobody measured is not made up."""

from dataclasses import dataclass

from actions.assess.decide.facts import BackupCopy, Facts, Rehearsed
from actions.assess.decide.wording import seconds
from actions.assess.values import RehearsalKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Seconds, or None where nothing was measured."""

    seconds: float | None
    rests_on: str


def of_app_only(facts: Facts) -> Estimate:
    took = facts.older_release.seconds
    if took is None:
        return Estimate(seconds=None, rests_on="nothing: the application was never taken back before")
    return Estimate(seconds=took, rests_on=f"the last time ({seconds(took)})")


def of_downgrade(facts: Facts, trial: Rehearsed | None) -> Estimate:
    """The trial's time, and that of the backup which the run makes and proves first."""
    if trial is None or not trial.succeeded or trial.seconds is None:
        return Estimate(seconds=None, rests_on="nothing: no trial of it was timed to its end")
    if trial.kind is RehearsalKind.DATA:
        rests_on = f"the trial on a copy with the data ({seconds(trial.seconds)})"
    else:
        rests_on = f"the trial on an empty copy ({seconds(trial.seconds)}): with the data it takes at least that"
    if not facts.run_proves_backup:
        return Estimate(seconds=trial.seconds, rests_on=rests_on)
    backup = facts.pace.backup_seconds
    if backup is None:
        return Estimate(seconds=trial.seconds, rests_on=f"{rests_on}; without the backup and its proof, never timed")
    return Estimate(
        seconds=trial.seconds + backup, rests_on=f"{rests_on}, and the last backup with its proof ({seconds(backup)})"
    )


def of_restore(facts: Facts, copy: BackupCopy | None) -> Estimate:
    """The restore of this very backup, or else its size at the speed of earlier ones."""
    if copy is None:
        return Estimate(seconds=None, rests_on="nothing: there is no backup to restore")
    if copy.restore_seconds is not None:
        rests_on = f"the restore with which this backup was proven ({seconds(copy.restore_seconds)})"
        return Estimate(seconds=copy.restore_seconds, rests_on=rests_on)
    speed = facts.pace.restore_bytes_per_second
    if copy.size_bytes is not None and speed is not None and speed > 0:
        rests_on = (
            f"its size ({copy.size_bytes / 1e6:,.1f} MB) at the speed of earlier restores ({speed / 1e6:,.1f} MB/s)"
        )
        return Estimate(seconds=copy.size_bytes / speed, rests_on=rests_on)
    return Estimate(seconds=None, rests_on="nothing: no backup of this service was restored before")


def of_roll_forward() -> Estimate:
    return Estimate(seconds=None, rests_on="nothing: it takes as long as people need to write and try it")
