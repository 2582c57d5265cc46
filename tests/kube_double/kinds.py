"""Which kinds of objects the double keeps, and how a path leads to them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    group: str
    version: str
    plural: str
    kind: str
    subresources: tuple[str, ...] = ()
    #: Custom resources know no strategic merge.
    custom: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


def _kind(group: str, version: str, plural: str, kind: str, *subresources: str, custom: bool = False) -> Kind:
    return Kind(group=group, version=version, plural=plural, kind=kind, subresources=subresources, custom=custom)


ALL = (
    _kind("", "v1", "pods", "Pod", "log", "status"),
    _kind("", "v1", "configmaps", "ConfigMap"),
    _kind("", "v1", "secrets", "Secret"),
    _kind("", "v1", "services", "Service"),
    _kind("", "v1", "serviceaccounts", "ServiceAccount"),
    _kind("", "v1", "resourcequotas", "ResourceQuota"),
    _kind("", "v1", "events", "Event"),
    _kind("apps", "v1", "deployments", "Deployment", "scale", "status"),
    _kind("apps", "v1", "statefulsets", "StatefulSet", "scale", "status"),
    _kind("apps", "v1", "replicasets", "ReplicaSet", "scale", "status"),
    _kind("batch", "v1", "jobs", "Job", "status"),
    _kind("batch", "v1", "cronjobs", "CronJob", "status"),
    _kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "status"),
    _kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "status"),
    _kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    _kind("coordination.k8s.io", "v1", "leases", "Lease"),
    _kind("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    _kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    _kind("argoproj.io", "v1alpha1", "applications", "Application", custom=True),
    _kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization", custom=True),
    _kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease", custom=True),
    _kind("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject", custom=True),
)
BY_KIND = {kind.kind: kind for kind in ALL}
_BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in ALL}
_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    kind: Kind
    namespace: str | None
    name: str | None
    sub: str | None


def place_of(path: str) -> Place | None:
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind = _BY_PATH.get((match["group"] or "", match["version"] or match["core"], match["plural"]))
    if kind is None or (match["sub"] and match["sub"] not in kind.subresources):
        return None
    return Place(kind=kind, namespace=match["namespace"], name=match["name"], sub=match["sub"])


def discovery(path: str) -> dict[str, object] | None:
    """What kubectl asks before anything else."""
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    groups = {kind.group: kind.version for kind in ALL if kind.group}
    if path == "/apis":
        listed = []
        for group, version in groups.items():
            one = {"groupVersion": f"{group}/{version}", "version": version}
            listed.append({"name": group, "versions": [one], "preferredVersion": one})
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    for kind in ALL:
        if path == (f"/apis/{kind.api_version}" if kind.group else "/api/v1"):
            verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
            same = [each for each in ALL if each.api_version == kind.api_version]
            resources = [
                {"name": each.plural, "kind": each.kind, "namespaced": True, "verbs": verbs, "singularName": each.kind.lower()}
                for each in same
            ]  # fmt: skip
            return {
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": kind.api_version, "resources": resources,
            }  # fmt: skip
    return None
