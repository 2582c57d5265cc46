"""Argo CD, Flux and KEDA: found by what they leave on objects, paused where the catalog says so, given back as they were."""

from typing import Any

import pytest

from actions.assess.decide.facts import StrategyName
from actions.catalog.service import Service
from actions.errors import BackoutError
from actions.platforms.kubernetes import gitops
from actions.platforms.kubernetes_house import KubernetesHouse
from actions.run.plan import Route, make_plan, restore_instead
from actions.writers.finding import writers_of
from actions.writers.keepers import NAME, would_undo
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.platforms_kubernetes.conftest import SPACE

AUTOMATED = {"prune": True, "selfHeal": True}
ARGO = {
    "kind": "Application",
    "metadata": {"name": "radar", "namespace": "argocd"},
    "spec": {"syncPolicy": {"automated": AUTOMATED}},
}
FLUX = {"kind": "Kustomization", "metadata": {"name": "apps", "namespace": "flux-system"}, "spec": {"interval": "1m"}}
HELM = {"kind": "HelmRelease", "metadata": {"name": "radar", "namespace": SPACE}, "spec": {"interval": "1m"}}
KEDA = {"kind": "ScaledObject", "metadata": {"name": "api", "namespace": SPACE}, "spec": {"minReplicaCount": 0}}


def house(cluster: KubeDouble, gitops_word: str = "pause", token: str = "admin-token") -> KubernetesHouse:
    entry = {
        "environment": "production",
        "platform": {"kind": "kubernetes", "namespace": SPACE, "kubeconfig": str(cluster.kubeconfig(token=token)), "gitops": gitops_word},
        "database": "${URL}", "writers": [{"deployment": "api"}, {"hpa": "api", "name": "scaler"}],
    }  # fmt: skip
    return KubernetesHouse(service=Service.model_validate(entry), environ={})


@pytest.mark.parametrize(("left", "keeper", "shown"), [
    pytest.param({"annotations": {"argocd.argoproj.io/tracking-id": f"radar:apps/Deployment:{SPACE}/api"}}, ARGO, "Argo CD application argocd/radar", id="argo"),
    pytest.param({"labels": {"argocd.argoproj.io/instance": "radar"}}, ARGO, "Argo CD application argocd/radar", id="argo by label", marks=pytest.mark.slow),
    pytest.param({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}, FLUX, "Flux kustomization flux-system/apps", id="flux"),
    pytest.param({"labels": {"helm.toolkit.fluxcd.io/name": "radar"}}, HELM, f"Flux helm release {SPACE}/radar", id="helm", marks=pytest.mark.slow),
])  # fmt: skip
def test_who_keeps_a_workload_is_found_paused_and_given_back(
    cluster: KubeDouble, left: Any, keeper: Any, shown: str
) -> None:
    cluster.apply(SPACE, things.deployment("api", meta=left), things.autoscaler("api", target="api"), keeper)
    where, before = (
        keeper["metadata"]["namespace"],
        cluster.spec(keeper["kind"], keeper["metadata"]["namespace"], keeper["metadata"]["name"]),
    )
    at = house(cluster)
    assert would_undo(at) == (shown,)
    pauser = writers_of(at)[NAME]
    assert next(iter(writers_of(at))) == NAME
    was = pauser.look()
    assert was["running"]
    pauser.stop(lambda: False)
    assert pauser.is_stopped()
    assert would_undo(at) == ()
    pauser.start(was, lambda: False)
    found = cluster.store.get(keeper["kind"], where, keeper["metadata"]["name"])
    assert found["spec"] == before
    assert found["metadata"].get("annotations") in (None, {})


def test_keda_is_found_by_the_autoscaler_that_it_owns(cluster: KubeDouble) -> None:
    cluster.apply(SPACE, things.deployment("api"), KEDA)
    owner = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "name": "api",
        "uid": cluster.store.get("ScaledObject", SPACE, "api")["metadata"]["uid"],
    }
    scaler = things.autoscaler("api", target="api")
    cluster.apply(SPACE, {**scaler, "metadata": {"name": "api", "ownerReferences": [owner]}})
    at = house(cluster)
    assert would_undo(at) == (f"KEDA scaled object {SPACE}/api",)
    pauser = writers_of(at)[NAME]
    was = pauser.look()
    pauser.stop(lambda: False)
    assert (
        cluster.store.get("ScaledObject", SPACE, "api")["metadata"]["annotations"]["autoscaling.keda.sh/paused"]
        == "true"
    )
    pauser.start(was, lambda: False)
    assert would_undo(at) == (f"KEDA scaled object {SPACE}/api",)


def test_one_that_people_had_paused_stays_paused(cluster: KubeDouble) -> None:
    left = {
        "labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
    }
    paused = {**FLUX, "spec": {"suspend": True}}
    cluster.apply(SPACE, things.deployment("api", meta=left), things.autoscaler("api", target="api"), paused)
    pauser = writers_of(house(cluster))[NAME]
    was = pauser.look()
    assert not was["running"]
    pauser.stop(lambda: False)
    pauser.start(was, lambda: False)
    assert cluster.spec("Kustomization", "flux-system", "apps") == {"suspend": True}


def test_one_that_we_may_not_look_at_is_said_and_cannot_be_paused(cluster: KubeDouble) -> None:
    cluster.apply(
        SPACE,
        things.deployment("api", meta={"labels": {"argocd.argoproj.io/instance": "radar"}}),
        things.autoscaler("api", target="api"),
        ARGO,
    )
    rules = [{"apiGroups": ["apps", "autoscaling"], "resources": ["*"], "verbs": ["get"]}]
    cluster.apply(
        SPACE, {"kind": "Role", "metadata": {"name": "r"}, "rules": rules},
        {"kind": "RoleBinding", "metadata": {"name": "r"}, "roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "someone"}]},
    )  # fmt: skip
    at = house(cluster, token=cluster.token_for("someone"))
    assert would_undo(at) == ("Argo CD application argocd/radar (which Backout may not look at)",)
    with pytest.raises(BackoutError, match="may not get Argo CD application radar"):
        writers_of(at)[NAME].look()


def test_a_manager_of_fields_alone_is_told_too(cluster: KubeDouble) -> None:
    fields = {"managedFields": [{"manager": "argocd-controller", "operation": "Apply"}, {"manager": "kubectl"}]}
    cluster.apply(SPACE, things.deployment("api", meta=fields), things.autoscaler("api", target="api"))
    assert would_undo(house(cluster)) == ("argocd-controller, by the fields that it wrote",)


def test_after_a_rollback_of_the_release_it_stays_paused_and_after_a_restore_it_does_not(cluster: KubeDouble) -> None:
    entry = {
        "environment": "staging", "platform": {"kind": "kubernetes", "namespace": SPACE, "gitops": "pause"}, "database": "${URL}",
        "writers": [{"deployment": "api"}], "application": {"deployment": "api"},
    }  # fmt: skip
    service = Service.model_validate(entry)
    route = Route(live=("2",), target=("1",))
    steps = make_plan(service, StrategyName.DOWNGRADE, route)
    assert steps[2].name == "stop-gitops"
    assert "stay so until people resume" in steps[2].title
    assert "resume-gitops" not in [step.name for step in steps]
    assert "resume-gitops" in [step.name for step in restore_instead(service, "b")]
    without = Service.model_validate({**entry, "application": []})
    assert "resume-gitops" in [step.name for step in make_plan(without, StrategyName.DOWNGRADE, route)]
    warned = Service.model_validate({**entry, "platform": {"kind": "kubernetes", "namespace": SPACE}})
    assert "stop-gitops" not in [step.name for step in make_plan(warned, StrategyName.DOWNGRADE, route)]
    assert gitops.WAS.startswith("backout/")
