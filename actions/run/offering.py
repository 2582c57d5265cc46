"""The ways on after a failure behind the point of no return, each with its cost. Pure: whoever shows them needs no catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from actions.history.canonical import JsonObject
from actions.history.values import Step, StepStatus
from actions.run.names import DOWNGRADE, PREFLIGHT, PROVE, RELEASE, RESTORE, RESUME, STOP, SWAP_BACK, action_of
from actions.run.runbooks.beside import beside_the_database


class Choice(StrEnum):
    RETRY = "retry"
    #: Everything as it was before: by the proven backup of this run, or by the database that its restore replaced.
    RESTORE = "restore"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One way on, and its cost."""

    choice: Choice
    possible: bool
    what: str
    #: From what was measured in this very run; None where nothing was.
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Replaced:
    """The database that a restore took the place of."""

    kept_as: str
    revision: tuple[str, ...]
    seconds: float | None


def offers(planned: Sequence[Step]) -> tuple[Offer, ...]:
    """What can be chosen, with the cost of each."""
    failed = next((step for step in planned if step.status is StepStatus.FAILED), None)
    title = failed.title if failed else "where it was stopped"
    release = ", take the application back" if left_to_release(planned) else ""
    resume = " and leave the writers running" if writers_back(planned) else " and bring the writers back"
    return (
        Offer(choice=Choice.RETRY, possible=True, what=f"Go on from: {title}. What was done stays done."),
        _as_before(planned),
        Offer(
            choice=Choice.KEEP, possible=True,
            what=f"Leave the database as it is now{release}{resume}; it ends as failed, with the service in this state.",
        ),
    )  # fmt: skip


def _as_before(planned: Sequence[Step]) -> Offer:
    back = writers_back(planned)
    lost = (
        "what was written since the writers came back is lost" if back else "nothing is lost, for the writers are off"
    )
    beside = beside_the_database(planned)
    stays = f" What these steps did stays: {', '.join(beside)}." if beside else ""
    if (backup := backup_of_this_run(planned)) is not None:
        proof = _result(planned, PROVE).get("proof")
        seconds = proof.get("restore_seconds") if isinstance(proof, Mapping) else None
        return Offer(
            choice=Choice.RESTORE, possible=True,
            what=f"Bring back {backup}, taken when the writers had stopped: the database and the release as before; {lost}.{stays}",
            seconds=float(seconds) if isinstance(seconds, int | float) else None,
        )  # fmt: skip
    if (replaced := replaced_by_restore(planned)) is not None:
        kept = "what was written since the writers came back stays with what was restored" if back else lost
        return Offer(
            choice=Choice.RESTORE, possible=True, seconds=replaced.seconds,
            what=f"Swap back to {replaced.kept_as}, the database as it was before: it and the release as before; {kept}. "
            f"What was restored is kept beside it.{stays}",
        )  # fmt: skip
    if any(step.action == SWAP_BACK and step.status is StepStatus.DONE for step in planned):
        return Offer(choice=Choice.RESTORE, possible=False, what="The database is the one from before already.")
    return Offer(choice=Choice.RESTORE, possible=False, what="There is no proven backup of this run.")


def writers_back(planned: Sequence[Step]) -> bool:
    """Some of them were brought back already, and none was stopped after that."""
    stops, resumes = (STOP, action_of("stop")), (RESUME, action_of("resume"))
    begun = [step for step in planned if step.status is not StepStatus.PENDING]
    stopped = max((step.position for step in begun if step.action in stops), default=0)
    return any(step.action in resumes and step.position > stopped for step in begun)


def where_the_writers_are(planned: Sequence[Step]) -> str:
    """What everybody has to know who chooses; a failed health check leaves them on, for the service has to run to be
    looked at."""
    if writers_back(planned):
        return "The writers are back and write on: what they write from now on is lost if a backup is restored."
    return "The writers are off, so nobody writes."


def went_back(planned: Sequence[Step]) -> bool:
    """The database is the older one now."""
    done = [step.action for step in planned if step.status is StepStatus.DONE]
    if any(step.action == DOWNGRADE for step in planned):
        return DOWNGRADE in done and RESTORE not in done
    return RESTORE in done and SWAP_BACK not in done


def left_to_release(planned: Sequence[Step]) -> tuple[int, ...]:
    """What of the application still belongs to the newer schema, when the older one is there."""
    if not went_back(planned):
        return ()
    left = (step for step in planned if step.action == RELEASE and step.status is not StepStatus.DONE)
    return tuple(int(str(step.parameters["number"])) for step in left)


def released(planned: Sequence[Step]) -> tuple[int, ...]:
    """What of the application was taken back, if only in part."""
    return tuple(
        int(str(step.parameters["number"])) for step in planned if step.action == RELEASE and step.captured is not None
    )


def backup_of_this_run(planned: Sequence[Step]) -> str | None:
    """The proven one, if the downgrade came after it."""
    if not any(step.action == DOWNGRADE for step in planned):
        return None
    backup = _result(planned, PROVE).get("backup")
    return backup if isinstance(backup, str) else None


def replaced_by_restore(planned: Sequence[Step]) -> Replaced | None:
    """Where the restore was what had been asked for: the database from before, as long as it has not its place again."""
    if any(step.action == DOWNGRADE for step in planned) or not went_back(planned):
        return None
    swapped = next(step for step in planned if step.action == RESTORE and step.status is StepStatus.DONE)
    found, revision = swapped.result or {}, _result(planned, PREFLIGHT).get("revision")
    kept, seconds = found.get("kept_as"), found.get("outage_seconds")
    if not isinstance(kept, str) or not isinstance(revision, list):
        return None
    return Replaced(
        kept_as=kept, revision=tuple(map(str, revision)),
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )  # fmt: skip


def _result(planned: Sequence[Step], name: str) -> JsonObject:
    step = next((each for each in planned if each.name == name), None)
    return (step.result if step else None) or {}
