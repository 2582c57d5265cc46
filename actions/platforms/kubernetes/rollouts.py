"""The history of a Deployment's releases, and going back along it: what `kubectl rollout undo` does.

Each release is a ReplicaSet with a revision number. Going back makes its pod template the Deployment's own again, and that
gives it a new number: so a release is remembered by its ReplicaSet, never by its number.
"""

from dataclasses import dataclass
from typing import Any

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import DEPLOYMENT, REPLICASET
from actions.platforms.kubernetes.pods import replica_sets_of
from actions.platforms.kubernetes.refusals import ConflictError
from actions.platforms.kubernetes.workloads import LOOKS, annotation

REVISION, HASH = "deployment.kubernetes.io/revision", "pod-template-hash"


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """One release of a Deployment."""

    replica_set: str
    revision: int
    images: tuple[str, ...]


def releases_of(api: Api, name: str) -> tuple[Released, ...]:
    """Newest first; the first one is the one of now."""
    deployment = api.get(DEPLOYMENT, name)
    found = [_released(each) for each in replica_sets_of(api, deployment) if annotation(each, REVISION)]
    return tuple(sorted(found, key=lambda each: -each.revision))


def choose(releases: tuple[Released, ...], name: str, to_revision: int | None) -> Released:
    """The one before, or the one of that number."""
    for each in releases[1:]:
        if to_revision is None or each.revision == to_revision:
            return each
    if to_revision is not None and releases and releases[0].revision == to_revision:
        raise BackoutError(f"Deployment {name} runs revision {to_revision} already")
    there = ", ".join(str(each.revision) for each in releases) or "none"
    wanted = f"revision {to_revision}" if to_revision is not None else "release before this one"
    raise BackoutError(
        f"Deployment {name} has no {wanted}; its history has {there}",
        next_step="Raise its `revisionHistoryLimit`, or deploy the older release by hand.",
    )


def runs(api: Api, name: str, replica_set: str) -> bool:
    """Whether the Deployment's template is that release's."""
    wanted = api.find(REPLICASET, replica_set)
    return wanted is not None and _same(api.get(DEPLOYMENT, name)["spec"]["template"], _template_of(wanted))


def go_to(api: Api, name: str, replica_set: str) -> None:
    """Makes that release's pod template the Deployment's; without effect when it is."""
    wanted = api.find(REPLICASET, replica_set)
    if wanted is None:
        raise BackoutError(
            f"The release {replica_set} of deployment {name} is not in the cluster any more",
            next_step="Deploy it by hand, then go on.",
        )
    template = _template_of(wanted)
    for _ in range(LOOKS):
        seen = api.get(DEPLOYMENT, name)
        if _same(seen["spec"]["template"], template):
            return
        if (seen.get("spec") or {}).get("paused"):
            raise BackoutError(
                f"Deployment {name} is paused, so no release of it can be rolled out",
                next_step=f"kubectl rollout resume deployment/{name}, then go on.",
            )
        try:
            api.replace_at(DEPLOYMENT, seen, {"/spec/template": template})
        except ConflictError:
            continue
        return
    raise ConflictError(f"deployment {name} changes all the time", next_step="See who changes it, then try again.")


def _released(it: Json) -> Released:
    containers = it["spec"]["template"]["spec"]["containers"]
    return Released(
        replica_set=str(it["metadata"]["name"]), revision=int(annotation(it, REVISION) or 0),
        images=tuple(str(each.get("image")) for each in containers),
    )  # fmt: skip


def _template_of(replica_set: Json) -> Json:
    return _without_hash(replica_set["spec"]["template"])


def _without_hash(template: Json) -> Json:
    meta = dict(template.get("metadata") or {})
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name != HASH}
    meta = {**{name: value for name, value in meta.items() if value}, "labels": labels}
    return {**template, "metadata": meta}


def _same(one: Any, other: Any) -> bool:
    return bool(_without_hash(one) == _without_hash(other))
