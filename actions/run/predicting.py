"""How long each step may take, from what earlier backups, proofs, rehearsals and runs took. Nothing is bound to it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from actions.assess.result import Assessment
from actions.history.backups import list_backups
from actions.history.database import History
from actions.history.details import PlannedStep
from actions.history.lifecycle import Status
from actions.history.queries import recent
from actions.history.values import BackupRecord, BackupState
from actions.run.plan import Predicted

WHOLE = frozenset({BackupState.MADE, BackupState.PROVEN})
#: These depend on what is done, not on the service: an earlier run says nothing about them.
OWN_WORK = frozenset({"downgrade", "restore"})


def predicted(history: History, service: str, assessment: Assessment, backup: str | None) -> Predicted:
    """The newest of each kind stands for the next one."""
    records = [each for each in list_backups(history, service=service) if each.state in WHOLE]
    taken = next((each.made_at - each.started_at for each in records if each.made_at), None)
    proof = next((length for each in records if (length := _proof(each, "seconds"))), None)
    rehearsal = assessment.rehearsal
    restored = next((each for each in records if each.name == backup), None)
    return Predicted(
        downgrade=timedelta(seconds=round(rehearsal.down.seconds, 3)) if rehearsal else None,
        backup=taken, proof=proof, restore=_proof(restored, "restore_seconds") if restored else None,
    )  # fmt: skip


def earlier_times(history: History, service: str) -> Mapping[str, timedelta]:
    """By the name of the step: how long it took in the last run that went well."""
    for rollback in recent(history, service=service, status=Status.SUCCEEDED, limit=1):
        seconds = (rollback.actual or {}).get("seconds")
        if isinstance(seconds, Mapping):
            return {
                str(name): timedelta(seconds=length)
                for name, length in seconds.items()
                if isinstance(length, int | float)
            }
    return {}


def with_earlier_times(plan: Sequence[PlannedStep], earlier: Mapping[str, timedelta]) -> tuple[PlannedStep, ...]:
    """An earlier run's time of a step counts more than that of a part of it; what is known better stays."""

    def expected(step: PlannedStep) -> timedelta | None:
        return step.predicted if step.action in OWN_WORK else earlier.get(step.name, step.predicted)

    return tuple(replace(step, predicted=expected(step)) for step in plan)


def _proof(record: BackupRecord, name: str) -> timedelta | None:
    value = (record.proof or {}).get(name)
    return timedelta(seconds=value) if isinstance(value, int | float) else None
