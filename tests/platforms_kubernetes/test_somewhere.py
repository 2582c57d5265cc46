"""What has to be true of every API server: asked of the double always, and of a real cluster where KUBECONFIG names one.

On a cluster each test makes a namespace of its own, which its account has to be allowed to. A control plane without nodes
will do: what needs pods that run is left out there. `BACKOUT_TEST_IMAGE` names an image with Python that its nodes can pull.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.commands import KubernetesCommands
from actions.platforms.kubernetes.connecting import Cluster
from actions.platforms.kubernetes.kinds import AUTOSCALER, CRONJOB, DEPLOYMENT, JOB, SECRET, STATEFULSET, Kind
from actions.platforms.kubernetes.refusals import ConflictError, ExistsError, MissingError
from actions.platforms.kubernetes.starting import CannotStartError
from actions.platforms.port import Command, Inside
from actions.release.rollout import RolloutRelease
from actions.writers.autoscaled import PausedAutoscaler
from actions.writers.scaled import ScaledWriter
from actions.writers.suspended import SuspendedWriter
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image

PYTHON = os.environ.get("BACKOUT_TEST_IMAGE", "python:3.12-slim")
NAMESPACE = Kind(group="", version="v1", plural="namespaces", word="namespace")
KINDS = {
    "Deployment": DEPLOYMENT,
    "StatefulSet": STATEFULSET,
    "CronJob": CRONJOB,
    "HorizontalPodAutoscaler": AUTOSCALER,
}
LONG = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Somewhere:
    api: Api
    #: Whether pods run there.
    nodes: bool

    def apply(self, *objects: dict[str, Any]) -> None:
        for each in objects:
            self.api.create(KINDS[each["kind"]], each)


@pytest.fixture(params=["double", pytest.param("cluster", marks=pytest.mark.cluster)])
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Somewhere]:
    if request.param == "double":
        with KubeDouble(tmp_path) as double:
            double.images[PYTHON] = Image(folder=tmp_path)
            config = double.kubeconfig(namespace="here")
            yield Somewhere(api=Api.of(Cluster(namespace="here", kubeconfig=config), {}, patience=LONG), nodes=True)
        return
    name = f"backout-test-{secrets.token_hex(4)}"
    api = Api.of(Cluster(namespace=name), dict(os.environ), patience=LONG)
    client: Any = api.connection.use()
    from kubernetes import client as kubernetes

    core = kubernetes.CoreV1Api(client)
    core.create_namespace({"metadata": {"name": name}})
    until = time.monotonic() + 30
    while (
        not api.list(Kind(group="", version="v1", plural="serviceaccounts", word="account"))
        and time.monotonic() < until
    ):
        time.sleep(0.2)  # the default account comes a moment later, and pods need it
    try:
        # Those that tests made are no nodes for anybody else.
        yield Somewhere(api=api, nodes=bool(core.list_node(label_selector="!backout-test", limit=1).items))
    finally:
        core.delete_namespace(name)


def sleeper(name: str, *, replicas: int = 2) -> dict[str, Any]:
    return things.deployment(
        name, PYTHON, replicas=replicas, command=["python", "-c", "import signal; signal.sigwait([15])"]
    )


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def never() -> bool:
    return False


def test_a_patch_that_was_decided_on_something_older_is_a_conflict(somewhere: Somewhere) -> None:
    """Every kind of patch; this is what nothing of ours can undo somebody else's change by."""
    somewhere.apply(things.cronjob("nightly", PYTHON), sleeper("api", replicas=0))
    api = somewhere.api
    for kind, name in ((CRONJOB, "nightly"), (DEPLOYMENT, "api")):
        old = api.get(kind, name)
        api.patch(kind, api.get(kind, name), {"metadata": {"annotations": {"somebody": "else"}}})
        with pytest.raises(ConflictError):
            api.patch(kind, old, {"metadata": {"annotations": {"somebody": "us"}}})
        with pytest.raises(ConflictError):
            api.replace_at(kind, old, {"/metadata/labels": {"a": "b"}} if old["metadata"].get("labels") else {})
        assert api.get(kind, name)["metadata"]["annotations"]["somebody"] == "else"
    with pytest.raises(ExistsError):
        api.create(CRONJOB, things.cronjob("nightly", PYTHON))
    with pytest.raises(MissingError):
        api.get(DEPLOYMENT, "nobody")
    other = {**api.get(CRONJOB, "nightly")}
    other["metadata"] = {**other["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}
    api.delete(CRONJOB, other)
    assert api.get(CRONJOB, "nightly")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_workload_goes_to_zero_and_comes_back(somewhere: Somewhere, kind: str) -> None:
    body = sleeper("api")
    if kind == "StatefulSet":
        body = {**body, "kind": kind, "spec": {**body["spec"], "serviceName": "api"}}
    somewhere.apply(body)
    within = LONG if somewhere.nodes else timedelta(seconds=5)
    writer = ScaledWriter(
        name="api", api=somewhere.api, kind=KINDS[kind], workload="api", stop_within=LONG, start_within=within
    )
    was = writer.look()
    writer.stop(never)
    assert writer.is_stopped()
    if somewhere.nodes:
        assert writer.start(was, never) is None
    else:
        with pytest.raises(BackoutError, match="does not get ready"):
            writer.start(was, never)
    assert somewhere.api.get(KINDS[kind], "api")["spec"]["replicas"] == 2


def test_a_cronjob_and_an_autoscaler_are_given_back_as_they_were(somewhere: Somewhere) -> None:
    behavior = {
        "scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 30}], "stabilizationWindowSeconds": 60}
    }
    somewhere.apply(
        things.cronjob("nightly", PYTHON), sleeper("api", replicas=0), things.autoscaler("plain", target="api"),
        things.autoscaler("careful", target="api", behavior=behavior),
    )  # fmt: skip
    writers = [
        SuspendedWriter(name="nightly", api=somewhere.api, cronjob="nightly", running="wait", stop_within=LONG),
        PausedAutoscaler(name="plain", api=somewhere.api, autoscaler="plain"),
        PausedAutoscaler(name="careful", api=somewhere.api, autoscaler="careful"),
    ]
    for kind, name, writer in zip(
        (CRONJOB, AUTOSCALER, AUTOSCALER), ("nightly", "plain", "careful"), writers, strict=True
    ):
        before = somewhere.api.get(kind, name)["spec"]
        was = writer.look()
        writer.stop(never)
        assert writer.is_stopped()
        assert somewhere.api.get(kind, name)["spec"] != before
        writer.start(was, never)
        assert somewhere.api.get(kind, name)["spec"] == before


def test_a_release_is_taken_back_at_zero_replicas(somewhere: Somewhere) -> None:
    api = somewhere.api
    somewhere.apply(sleeper("api", replicas=0))
    release = RolloutRelease(api=api, deployment="api", to_revision=None, within=LONG)
    wait_until(
        lambda: (
            api.get(DEPLOYMENT, "api")["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision")
            == "1"
        )
    )
    first = api.get(DEPLOYMENT, "api")["spec"]["template"]
    newer = {"spec": {"template": {"metadata": {"annotations": {"release": "2"}}}}}
    api.patch(DEPLOYMENT, api.get(DEPLOYMENT, "api"), newer)
    wait_until(
        lambda: api.get(DEPLOYMENT, "api")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    )
    second = api.get(DEPLOYMENT, "api")["spec"]["template"]
    was = release.look()
    release.take_back(was, never)
    assert release.is_back(was)
    assert api.get(DEPLOYMENT, "api")["spec"]["template"]["spec"] == first["spec"]
    assert "release" not in (api.get(DEPLOYMENT, "api")["spec"]["template"]["metadata"].get("annotations") or {})
    release.bring_again(was, never)
    assert api.get(DEPLOYMENT, "api")["spec"]["template"] == second


def test_a_command_runs_or_says_why_it_cannot(somewhere: Somewhere) -> None:
    somewhere.apply(sleeper("api", replicas=0))
    commands = KubernetesCommands(
        api=somewhere.api, start_within=timedelta(minutes=3) if somewhere.nodes else timedelta(seconds=5)
    )
    text = "import os, sys; print(sys.stdin.read().upper()); print(os.environ['TOLD'], file=sys.stderr)"
    command = Command(
        argv=("python", "-c", text),
        inside=Inside(service="deployment/api", name="one"),
        env={"TOLD": "word"},
        stdin=b"x" * 5000,
    )
    if somewhere.nodes:
        told = commands.run(command)
        assert (told.exit_code, told.stdout, told.stderr, told.cut) == (0, "X" * 5000 + "\n", "word\n", False)
    else:
        with pytest.raises(CannotStartError, match=r"Unschedulable|did not start"):
            commands.run(command)
    wait_until(lambda: not somewhere.api.list(JOB))
    wait_until(
        lambda: not [each for each in somewhere.api.list(SECRET) if each["metadata"]["name"].startswith("backout-")]
    )


def test_our_own_rights_are_answered(somewhere: Somewhere) -> None:
    assert somewhere.api.may(verb="patch", group="apps", resource="deployments")
    assert somewhere.api.may(verb="get", group="", resource="pods", subresource="log")
    assert somewhere.api.version().startswith("v1.")
