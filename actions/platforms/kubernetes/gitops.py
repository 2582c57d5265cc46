"""Who would put things back to what a repository says, while we change them: Argo CD, Flux, KEDA.

They are told by what they leave on the objects that they manage. Pausing one is a patch of its own object, which may
live in another namespace; what it was before is kept in an annotation there, besides in our record.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import (
    ARGO_APPLICATION,
    FLUX_HELM_RELEASE,
    FLUX_KUSTOMIZATION,
    KEDA_OBJECT,
    Kind,
)
from actions.platforms.kubernetes.refusals import MissingError
from actions.platforms.kubernetes.workloads import annotation, changed

ARGO_NAMESPACE = "argocd"
_TRACKING, _INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
_KEDA_PAUSED = "autoscaling.keda.sh/paused"
_KINDS = {kind.word: kind for kind in (ARGO_APPLICATION, FLUX_KUSTOMIZATION, FLUX_HELM_RELEASE, KEDA_OBJECT)}
#: What a paused one was before, in JSON.
WAS = "backout/was"


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeper:
    """Something that keeps objects as a repository has them."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.word} {self.namespace}/{self.name}"

    def as_record(self) -> dict[str, str]:
        return {"kind": self.kind.word, "namespace": self.namespace, "name": self.name}

    @classmethod
    def from_record(cls, record: object) -> "Keeper":
        match record:
            case {"kind": str(kind), "namespace": str(namespace), "name": str(name)} if kind in _KINDS:
                return cls(kind=_KINDS[kind], namespace=namespace, name=name)
        raise BackoutError("What was paused cannot be read from the record")


def keepers_of(objects: Iterable[Json]) -> tuple[Keeper, ...]:
    """Each once, in the order in which they were met."""
    return tuple(dict.fromkeys(keeper for each in objects for keeper in _keepers(each)))


def unnamed_keepers(objects: Iterable[Json]) -> tuple[str, ...]:
    """Managers that wrote fields of it and say nowhere which object of theirs that was for."""
    found = []
    for each in objects:
        managers = {str(entry.get("manager", "")) for entry in each["metadata"].get("managedFields") or ()}
        if not list(_keepers(each)):
            found += [
                name
                for name in sorted(managers)
                if name.startswith(("argocd", "kustomize-controller", "helm-controller"))
            ]
    return tuple(dict.fromkeys(found))


def _keepers(it: Json) -> Iterable[Keeper]:
    meta = it["metadata"]
    labels, notes, namespace = meta.get("labels") or {}, meta.get("annotations") or {}, str(meta.get("namespace", ""))
    if tracked := notes.get(_TRACKING):
        # `app:group/kind:namespace/name`, or `namespace_app:...` for an application outside of Argo CD's namespace.
        where, _, application = str(tracked).partition(":")[0].rpartition("_")
        yield Keeper(kind=ARGO_APPLICATION, namespace=where or ARGO_NAMESPACE, name=application)
    elif instance := labels.get(_INSTANCE):
        yield Keeper(kind=ARGO_APPLICATION, namespace=ARGO_NAMESPACE, name=str(instance))
    for prefix, kind in (("kustomize", FLUX_KUSTOMIZATION), ("helm", FLUX_HELM_RELEASE)):
        if name := labels.get(f"{prefix}.toolkit.fluxcd.io/name"):
            where = str(labels.get(f"{prefix}.toolkit.fluxcd.io/namespace") or namespace)
            yield Keeper(kind=kind, namespace=where, name=str(name))
    for owner in meta.get("ownerReferences") or ():
        if owner.get("kind") == "ScaledObject":
            yield Keeper(kind=KEDA_OBJECT, namespace=namespace, name=str(owner["name"]))


def acts_by_itself(api: Api, keeper: Keeper) -> bool | None:
    """Whether it would undo us; None: our account may not look."""
    try:
        found = api.elsewhere(keeper.namespace).find(keeper.kind, keeper.name)
    except BackoutError:
        return None
    return found is not None and not _is_paused(keeper.kind, found)


def pause(api: Api, keeper: Keeper) -> None:
    def decide(seen: Json) -> Json | None:
        if _is_paused(keeper.kind, seen):
            return None
        was = json.dumps(_setting(keeper.kind, seen))
        return {**_paused(keeper.kind), "metadata": {"annotations": {WAS: was, **_notes(keeper.kind, paused=True)}}}

    changed(api.elsewhere(keeper.namespace), keeper.kind, keeper.name, decide)


def resume(api: Api, keeper: Keeper) -> str | None:
    """Only what we paused; words when there is nothing left to resume."""

    def decide(seen: Json) -> Json | None:
        was = annotation(seen, WAS)
        if was is None:
            return None
        notes = {WAS: None, **_notes(keeper.kind, paused=False)}
        return {**_as_before(keeper.kind, json.loads(was)), "metadata": {"annotations": notes}}

    try:
        changed(api.elsewhere(keeper.namespace), keeper.kind, keeper.name, decide)
    except MissingError:
        return f"{keeper} is gone"
    return None


def is_paused(api: Api, keeper: Keeper) -> bool:
    found = api.elsewhere(keeper.namespace).find(keeper.kind, keeper.name)
    return found is None or _is_paused(keeper.kind, found)


def _is_paused(kind: Kind, seen: Json) -> bool:
    if kind == ARGO_APPLICATION:
        automated = ((seen.get("spec") or {}).get("syncPolicy") or {}).get("automated")
        return automated is None or (isinstance(automated, dict) and automated.get("enabled") is False)
    if kind == KEDA_OBJECT:
        return annotation(seen, _KEDA_PAUSED) == "true"
    return bool((seen.get("spec") or {}).get("suspend"))


def _setting(kind: Kind, seen: Json) -> object:
    if kind == ARGO_APPLICATION:
        return ((seen.get("spec") or {}).get("syncPolicy") or {}).get("automated")
    return None


def _paused(kind: Kind) -> Json:
    if kind == ARGO_APPLICATION:
        return {"spec": {"syncPolicy": {"automated": None}}}
    return {} if kind == KEDA_OBJECT else {"spec": {"suspend": True}}


def _as_before(kind: Kind, was: object) -> Json:
    if kind == ARGO_APPLICATION:
        return {"spec": {"syncPolicy": {"automated": was}}}
    return {} if kind == KEDA_OBJECT else {"spec": {"suspend": None}}


def _notes(kind: Kind, *, paused: bool) -> Json:
    return {_KEDA_PAUSED: "true" if paused else None} if kind == KEDA_OBJECT else {}
