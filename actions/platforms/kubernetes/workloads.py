"""Deployments and StatefulSets: how many replicas they have, whether they are complete, and changing that once."""

from collections.abc import Callable
from dataclasses import dataclass

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import DEPLOYMENT, Kind
from actions.platforms.kubernetes.pods import is_ready, pods_of, told
from actions.platforms.kubernetes.refusals import ConflictError

#: Controllers write their status into the same object all the time: a conflict is looked at again so often.
LOOKS = 20


def changed(api: Api, kind: Kind, name: str, decide: Callable[[Json], Json | None]) -> Json:
    """Looks, decides what to change, and changes exactly what was seen; None: nothing is to be done.

    When somebody was faster it looks and decides anew.
    """
    for _ in range(LOOKS):
        seen = api.get(kind, name)
        change = decide(seen)
        if change is None:
            return seen
        try:
            return api.patch(kind, seen, change)
        except ConflictError:
            continue
    raise ConflictError(f"{kind.word} {name} changes all the time", next_step="See who changes it, then try again.")


def replicas_of(workload: Json) -> int:
    return int((workload.get("spec") or {}).get("replicas", 1))


def annotation(it: Json, name: str) -> str | None:
    value = (it["metadata"].get("annotations") or {}).get(name)
    return None if value is None else str(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    complete: bool
    #: In words: how far it is.
    said: str
    #: It will not get on by itself.
    stuck: bool = False


def progress_of(kind: Kind, workload: Json) -> Progress:
    """What `kubectl rollout status` would say."""
    meta, status, wanted = workload["metadata"], workload.get("status") or {}, replicas_of(workload)
    if int(status.get("observedGeneration", 0)) < int(meta.get("generation", 0)):
        return Progress(complete=False, said="its controller has not seen the change yet")
    ready, there = int(status.get("readyReplicas", 0)), int(status.get("replicas", 0))
    updated = int(status.get("updatedReplicas", 0))
    said = f"{ready} of {wanted} ready"
    if kind == DEPLOYMENT:
        for condition in status.get("conditions") or ():
            if condition["type"] == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
                return Progress(complete=False, said=f"{said}, and its progress deadline has passed", stuck=True)
        available = int(status.get("availableReplicas", 0))
        return Progress(
            complete=updated >= wanted and there <= updated and available >= wanted and ready >= wanted, said=said
        )
    strategy = ((workload.get("spec") or {}).get("updateStrategy") or {}).get("type")
    rolled = (
        strategy == "OnDelete"
        or wanted == 0
        or status.get("currentRevision") == status.get("updateRevision")
        or updated >= wanted
    )
    return Progress(complete=ready >= wanted and there == wanted and rolled, said=said)


def look_at_readiness(api: Api, kind: Kind, name: str) -> Progress:
    """With what keeps its pods from being ready."""
    workload = api.get(kind, name)
    progress = progress_of(kind, workload)
    if progress.complete:
        return progress
    troubled = [pod for pod in pods_of(api, kind, workload) if not is_ready(pod)]
    words = [told(troubled)] if troubled else []
    words += [str(each.get("message", "")) for each in _conditions(workload) if each["type"] == "ReplicaFailure"]
    more = f": {'; '.join(words)}" if words else ""
    return Progress(complete=False, said=progress.said + more, stuck=progress.stuck)


def _conditions(workload: Json) -> list[Json]:
    """Those that hold."""
    return [each for each in (workload.get("status") or {}).get("conditions") or () if each["status"] == "True"]


def split(reference: str, kinds: dict[str, Kind]) -> tuple[Kind, str]:
    """`deployment/api` as its parts."""
    word, _, name = reference.partition("/")
    if word not in kinds:
        raise BackoutError(f"{reference} is not something that {', '.join(sorted(kinds))} could name")
    return kinds[word], name
