"""The kinds of objects that we read and change, and where the API has them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    group: str
    version: str
    plural: str
    #: As people write it: `deployment/api`.
    word: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str, name: str | None = None, subresource: str | None = None) -> str:
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}/namespaces/{namespace}/{self.plural}{tail}"


def _kind(group: str, version: str, plural: str, word: str) -> Kind:
    return Kind(group=group, version=version, plural=plural, word=word)


POD = _kind("", "v1", "pods", "pod")
SECRET = _kind("", "v1", "secrets", "secret")
EVENT = _kind("", "v1", "events", "event")
DEPLOYMENT = _kind("apps", "v1", "deployments", "deployment")
STATEFULSET = _kind("apps", "v1", "statefulsets", "statefulset")
REPLICASET = _kind("apps", "v1", "replicasets", "replicaset")
JOB = _kind("batch", "v1", "jobs", "job")
CRONJOB = _kind("batch", "v1", "cronjobs", "cronjob")
AUTOSCALER = _kind("autoscaling", "v2", "horizontalpodautoscalers", "hpa")
DISRUPTION_BUDGET = _kind("policy", "v1", "poddisruptionbudgets", "pdb")
#: Whoever puts things back to what a repository says.
ARGO_APPLICATION = _kind("argoproj.io", "v1alpha1", "applications", "Argo CD application")
FLUX_KUSTOMIZATION = _kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Flux kustomization")
FLUX_HELM_RELEASE = _kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "Flux helm release")
KEDA_OBJECT = _kind("keda.sh", "v1alpha1", "scaledobjects", "KEDA scaled object")

WORKLOADS = {kind.word: kind for kind in (DEPLOYMENT, STATEFULSET, CRONJOB)}
