"""The rights in deploy/kubernetes/rbac.yaml: enough for everything, and none of them in vain."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.catalog.service import Service
from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.commands import KubernetesCommands
from actions.platforms.kubernetes.kinds import DEPLOYMENT, STATEFULSET
from actions.platforms.kubernetes.refusals import ForbiddenError
from actions.platforms.kubernetes.rights import missing
from actions.platforms.kubernetes.starting import CannotStartError
from actions.platforms.kubernetes_house import KubernetesHouse
from actions.platforms.port import Command, Inside
from actions.readiness.rights import rights_for
from actions.release.rollout import RolloutRelease
from actions.writers.autoscaled import PausedAutoscaler
from actions.writers.scaled import ScaledWriter
from actions.writers.suspended import SuspendedWriter
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import wait
from tests.platforms_kubernetes.conftest import SPACE, api_of

RBAC = Path(__file__).parents[2] / "deploy" / "kubernetes" / "rbac.yaml"
ACCOUNT = "system:serviceaccount:backout:backout"
WITHIN = timedelta(seconds=5)


def manifest() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(RBAC.read_text()))


def rights_of(role: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (verb, group, resource) for rule in role["rules"]
        for verb in rule["verbs"] for group in rule["apiGroups"] for resource in rule["resources"]
    }  # fmt: skip


def without(role: Mapping[str, Any], right: tuple[str, str, str]) -> dict[str, Any]:
    less = deepcopy(dict(role))
    for rule in less["rules"]:
        if right[1] in rule["apiGroups"] and right[2] in rule["resources"]:
            rule["verbs"] = [verb for verb in rule["verbs"] if verb != right[0]]
    # A rule without verbs is refused.
    less["rules"] = [rule for rule in less["rules"] if rule["verbs"]]
    return less


@pytest.fixture
def full(cluster: KubeDouble) -> KubeDouble:
    cluster.images["app:1"] = Image(folder=cluster.folder)
    cluster.apply(
        SPACE, things.deployment("api", replicas=1), things.stateful_set("store", replicas=1),
        things.autoscaler("api", target="api", low=1), things.deployment("tool", "app:1", replicas=0),
        things.cronjob("hourly", "app:1", command=("sleep", "60")), *manifest(),
    )  # fmt: skip
    wait(cluster.store, lambda: _ready(cluster, "Deployment", "api") and _ready(cluster, "StatefulSet", "store"))
    cluster.store.update("Deployment", SPACE, "api", _newer)
    wait(
        cluster.store, lambda: len(list(cluster.store.all("ReplicaSet"))) == 3 and _ready(cluster, "Deployment", "api")
    )
    return cluster


def _newer(each: dict[str, Any]) -> None:
    each["spec"]["template"]["spec"]["containers"][0]["image"] = "api:2"


def _ready(cluster: KubeDouble, kind: str, name: str) -> bool:
    return bool(cluster.store.get(kind, SPACE, name).get("status", {}).get("readyReplicas") == 1)


def works(cluster: KubeDouble, api: Api) -> dict[str, Callable[[], None]]:
    """Everything that we do in a cluster, each as little as it can be."""

    def scale(kind: Any, name: str) -> None:
        writer = ScaledWriter(name=name, api=api, kind=kind, workload=name, stop_within=WITHIN, start_within=WITHIN)
        was = writer.look()
        writer.stop(lambda: False)
        writer.start(was, lambda: False)

    def end_a_run() -> None:
        cluster.controllers.fire(SPACE, "hourly")
        writer = SuspendedWriter(name="hourly", api=api, cronjob="hourly", running="end", stop_within=WITHIN)
        was = writer.look()
        writer.stop(lambda: False)
        writer.start(was, lambda: False)

    def pause() -> None:
        writer = PausedAutoscaler(name="api", api=api, autoscaler="api")
        was = writer.look()
        writer.stop(lambda: False)
        writer.start(was, lambda: False)

    def release() -> None:
        one = RolloutRelease(api=api, deployment="api", to_revision=None, within=WITHIN)
        was = one.look()
        one.take_back(was, lambda: False)
        one.bring_again(was, lambda: False)

    def command(code: str, **how: Any) -> None:
        told = Command(argv=("python", "-c", code), inside=Inside(service="deployment/tool"), stdin=b"x", **how)
        KubernetesCommands(api=api, start_within=timedelta(seconds=1)).run(told)

    def crowded() -> None:
        cluster.apply(SPACE, things.quota(pods="0"))
        try:
            with pytest.raises(CannotStartError, match="exceeded quota"):
                command("pass")
        finally:
            cluster.store.remove("ResourceQuota", SPACE, "small")

    return {
        "a Deployment is scaled": lambda: scale(DEPLOYMENT, "api"), "a StatefulSet is scaled": lambda: scale(STATEFULSET, "store"),
        "a run of a CronJob is ended": end_a_run, "an autoscaler is paused": pause, "a release is taken back": release,
        "a command runs": lambda: command("pass"), "a command that failed stays for its log": lambda: command("raise SystemExit(1)"),
        "a quota leaves no room": crowded,
    }  # fmt: skip


@pytest.mark.slow
def test_the_rights_are_enough_and_taking_any_one_away_is_noticed(full: KubeDouble) -> None:
    api = api_of(full, token=full.token_for(ACCOUNT))
    todo, users = works(full, api), dict[tuple[str, str, str], str]()
    for name, do in todo.items():
        full.asked.clear()
        do()
        for user, verb, group, resource, _ in full.asked:
            if user == ACCOUNT:
                users.setdefault((verb, group, resource), name)
    role = manifest()[0]
    assert set(users) == rights_of(role)
    for right, name in users.items():
        full.store.update("Role", SPACE, "backout", lambda each, right=right: each.update(without(each, right)))
        with pytest.raises(BackoutError) as caught:
            todo[name]()
        assert isinstance(caught.value, ForbiddenError), (right, name, caught.value)
        full.store.update("Role", SPACE, "backout", lambda each: each.update(rules=role["rules"]))
        for kind, one in (("Deployment", "api"), ("StatefulSet", "store")):
            full.edit(kind, SPACE, one, replicas=1)
        full.edit("CronJob", SPACE, "hourly", suspend=False)


def test_check_asks_for_what_the_catalog_makes_use_of(full: KubeDouble) -> None:
    """The manifest has all of it; a service without StatefulSets asks for none of theirs."""

    def house(*writers: dict[str, str]) -> KubernetesHouse:
        entry = {
            "environment": "production", "platform": {"kind": "kubernetes", "namespace": SPACE, "kubeconfig": str(config)},
            "database": "${URL}", "migrations": {"run": {"workload": "deployment/api"}},
            "writers": list(writers), "application": {"deployment": "api"}, "checks": [{"ready": "deployment/api"}],
        }  # fmt: skip
        return KubernetesHouse(service=Service.model_validate(entry), environ={})

    config = full.kubeconfig(token=full.token_for(ACCOUNT))
    every = house(
        {"deployment": "api"},
        {"statefulset": "store"},
        {"cronjob": "hourly", "running": "end"},
        {"hpa": "api", "name": "scaler"},
    )
    told = {
        (right.verb, right.group, f"{right.resource}/log" if right.subresource else right.resource)
        for right in rights_for(every)
    }
    assert told == rights_of(manifest()[0])
    assert missing(every.api, rights_for(every)) == ()
    few = rights_for(house({"deployment": "api"}))
    assert not {right.resource for right in few} & {"statefulsets", "cronjobs", "horizontalpodautoscalers"}
    full.store.update("Role", SPACE, "backout", lambda each: each.update(without(each, ("create", "", "secrets"))))
    assert [str(right) for right in missing(every.api, rights_for(every))] == ["create secrets"]


@pytest.mark.parametrize("file", sorted(RBAC.parent.glob("*.yaml")), ids=lambda file: file.name)
def test_every_manifest_is_something_that_the_api_server_takes(cluster: KubeDouble, file: Path) -> None:
    for each in yaml.safe_load_all(file.read_text()):
        assert each["apiVersion"]
        cluster.apply("backout", each)
