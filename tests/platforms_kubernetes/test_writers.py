"""What writes in a cluster: stopped until it is really gone, and brought back to exactly what it was."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from actions.errors import BackoutError, UnavailableError
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.kinds import DEPLOYMENT, STATEFULSET
from actions.platforms.kubernetes.refusals import ForbiddenError
from actions.writers.autoscaled import PausedAutoscaler
from actions.writers.scaled import ScaledWriter
from actions.writers.suspended import SuspendedWriter
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import wait
from tests.platforms_kubernetes.conftest import SPACE, api_of


def never() -> bool:
    return False


def scaled(api: Api, *, stateful: bool = False, seconds: float = 10) -> ScaledWriter:
    within = timedelta(seconds=seconds)
    return ScaledWriter(
        name="api",
        api=api,
        kind=STATEFULSET if stateful else DEPLOYMENT,
        workload="api",
        stop_within=within,
        start_within=within,
    )


def ready(cluster: KubeDouble, kind: str = "Deployment", *, replicas: int = 3) -> None:
    wait(
        cluster.store, lambda: cluster.store.get(kind, SPACE, "api").get("status", {}).get("readyReplicas") == replicas
    )


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_workload_is_scaled_to_zero_and_back_to_exactly_what_it_had(cluster: KubeDouble, api: Api, kind: str) -> None:
    make = things.deployment if kind == "Deployment" else things.stateful_set
    cluster.apply(SPACE, make("api", replicas=3))
    ready(cluster, kind)
    writer = scaled(api, stateful=kind == "StatefulSet")
    was = writer.look()
    assert was["running"]
    assert not writer.is_stopped()
    writer.stop(never)
    assert writer.is_stopped()
    assert cluster.pods(SPACE) == []
    assert cluster.store.get(kind, SPACE, "api")["metadata"]["annotations"]["backout/replicas"] == "3"
    assert writer.start(was, never) is None
    assert cluster.spec(kind, SPACE, "api")["replicas"] == 3
    assert "backout/replicas" not in cluster.store.get(kind, SPACE, "api")["metadata"].get("annotations", {})


def test_stopped_means_that_no_pod_is_left_not_even_one_on_its_way_out(cluster: KubeDouble, api: Api) -> None:
    cluster.images["api:1"].stubborn = True
    cluster.apply(SPACE, things.deployment("api"))
    ready(cluster, replicas=2)
    with pytest.raises(BackoutError, match=r"2 pods did not end within 1 s: api-.*was asked to end") as caught:
        scaled(api, seconds=1).stop(never)
    assert "by force only when you know" in str(caught.value)
    assert not scaled(api).is_stopped()


def test_somebody_who_scales_it_while_it_stops_is_told_and_not_overruled(cluster: KubeDouble, api: Api) -> None:
    cluster.images["api:1"].stubborn = True
    cluster.apply(SPACE, things.deployment("api"))
    ready(cluster, replicas=2)
    writer, was = scaled(api), scaled(api).look()
    timer = threading.Timer(0.5, lambda: cluster.edit("Deployment", SPACE, "api", replicas=5))
    timer.start()
    with pytest.raises(BackoutError, match="Somebody scaled deployment api to 5 while it was being stopped"):
        writer.stop(never)
    cluster.images["api:1"].stubborn = False
    assert "Somebody scaled deployment api to 5 meanwhile; it had 2" in str(writer.start(was, never))
    assert cluster.spec("Deployment", SPACE, "api")["replicas"] == 5


def test_a_change_between_look_and_write_is_looked_at_again(cluster: KubeDouble, api: Api) -> None:
    """The patch carries what it was decided on: whoever was faster is not overwritten."""
    cluster.apply(SPACE, things.deployment("api", replicas=3))
    ready(cluster)
    faster = iter([lambda: cluster.edit("Deployment", SPACE, "api", paused=True)])

    def interfere(verb: str, resource: str, _: str | None) -> None:
        if (verb, resource) == ("patch", "deployments") and (act := next(faster, None)):
            act()

    cluster.interferes = interfere
    scaled(api).stop(never)
    spec = cluster.spec("Deployment", SPACE, "api")
    assert (spec["replicas"], spec["paused"]) == (0, True)
    assert [verb for _, verb, _, resource, _ in cluster.asked if (verb, resource) == ("patch", "deployments")] == [
        "patch"
    ] * 2


def test_a_deleted_deployment_is_told_with_what_it_had(cluster: KubeDouble, api: Api) -> None:
    cluster.apply(SPACE, things.deployment("api", replicas=3))
    ready(cluster)
    writer = scaled(api)
    was = writer.look()
    writer.stop(never)
    cluster.store.remove("Deployment", SPACE, "api")
    assert writer.is_stopped()
    with pytest.raises(BackoutError, match="deleted deployment api while it was stopped; it had 3 replicas"):
        writer.start(was, never)
    cluster.apply(SPACE, things.deployment("api", replicas=0))
    assert writer.start(was, never) is None
    assert cluster.spec("Deployment", SPACE, "api")["replicas"] == 3


@pytest.mark.parametrize(("image", "said"), [
    pytest.param("gone:1", "ImagePullBackOff", id="the image cannot be pulled"),
    pytest.param("unready:1", "running, not ready", id="pods that do not get ready"),
])  # fmt: skip
def test_what_does_not_get_ready_is_told_with_its_reason(cluster: KubeDouble, api: Api, image: str, said: str) -> None:
    cluster.images["unready:1"] = Image(ready=False)
    cluster.apply(SPACE, things.deployment("api", image, replicas=0))
    with pytest.raises(BackoutError, match=f"does not get ready in 1 s: 0 of 2 ready: api-.*{said}"):
        scaled(api, seconds=1).start({"running": True, "replicas": 2}, never)


def test_a_quota_that_leaves_no_room_is_seen(cluster: KubeDouble, api: Api) -> None:
    cluster.apply(SPACE, things.quota(pods="1"), things.deployment("api", replicas=0))
    with pytest.raises(BackoutError, match=r"1 of 2 ready.*exceeded quota: small"):
        scaled(api, seconds=1).start({"running": True, "replicas": 2}, never)


def test_a_cronjob_is_suspended_and_its_run_waited_for(cluster: KubeDouble, api: Api) -> None:
    cluster.images["worker:1"] = Image(folder=cluster.folder)
    cluster.apply(SPACE, things.cronjob("hourly", "worker:1", command=("sleep", "0.7")))
    cluster.controllers.fire(SPACE, "hourly")
    wait(cluster.store, lambda: any(pod["status"]["phase"] == "Running" for pod in cluster.pods(SPACE)))
    writer = SuspendedWriter(
        name="hourly", api=api, cronjob="hourly", running="wait", stop_within=timedelta(seconds=10)
    )
    was = writer.look()
    began = time.monotonic()
    writer.stop(never)
    assert time.monotonic() - began > 0.3
    assert writer.is_stopped()
    assert cluster.controllers.fire(SPACE, "hourly") is None
    writer.start(was, never)
    assert cluster.spec("CronJob", SPACE, "hourly")["suspend"] is False
    assert writer.trouble() is None


def test_a_run_that_does_not_end_is_named_or_ended(cluster: KubeDouble, api: Api) -> None:
    cluster.images["worker:1"] = Image(folder=cluster.folder)
    cluster.apply(SPACE, things.cronjob("hourly", "worker:1", command=("sleep", "60")))
    job = cluster.controllers.fire(SPACE, "hourly")
    assert job is not None
    wait(cluster.store, lambda: any(pod["status"]["phase"] == "Running" for pod in cluster.pods(SPACE)))
    patient = SuspendedWriter(
        name="hourly", api=api, cronjob="hourly", running="wait", stop_within=timedelta(seconds=1)
    )
    with pytest.raises(BackoutError, match=f"a run of it does not end: {job['metadata']['name']}"):
        patient.stop(never)
    SuspendedWriter(name="hourly", api=api, cronjob="hourly", running="end", stop_within=timedelta(seconds=10)).stop(
        never
    )
    assert cluster.pods(SPACE) == []
    assert patient.is_stopped()


def test_a_cronjob_that_was_suspended_before_stays_so(cluster: KubeDouble, api: Api) -> None:
    cluster.apply(SPACE, things.cronjob("hourly", suspend=True))
    writer = SuspendedWriter(name="hourly", api=api, cronjob="hourly", running="wait", stop_within=timedelta(seconds=5))
    was = writer.look()
    writer.stop(never)
    writer.start(was, never)
    assert cluster.spec("CronJob", SPACE, "hourly")["suspend"] is True


@pytest.mark.parametrize(
    "behavior",
    [
        None,
        {
            "scaleDown": {
                "stabilizationWindowSeconds": 60,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 30}],
            }
        },
    ],
)
def test_an_autoscaler_is_paused_and_given_back_its_bounds_and_behavior(
    cluster: KubeDouble, api: Api, behavior: Any
) -> None:
    cluster.apply(
        SPACE, things.deployment("api", replicas=3), things.autoscaler("api", target="api", behavior=behavior)
    )
    ready(cluster)
    before = cluster.spec("HorizontalPodAutoscaler", SPACE, "api")
    writer = PausedAutoscaler(name="scaler", api=api, autoscaler="api")
    was = writer.look()
    writer.stop(never)
    assert writer.is_stopped()
    cluster.controllers.wants["api"] = 5
    time.sleep(0.3)
    assert cluster.spec("Deployment", SPACE, "api")["replicas"] == 3
    writer.start(was, never)
    assert cluster.spec("HorizontalPodAutoscaler", SPACE, "api") == before
    wait(cluster.store, lambda: cluster.spec("Deployment", SPACE, "api")["replicas"] == 5)


def test_bounds_that_somebody_changed_meanwhile_are_theirs(cluster: KubeDouble, api: Api) -> None:
    cluster.apply(SPACE, things.deployment("api", replicas=3), things.autoscaler("api", target="api"))
    writer = PausedAutoscaler(name="scaler", api=api, autoscaler="api")
    was = writer.look()
    writer.stop(never)
    cluster.edit("HorizontalPodAutoscaler", SPACE, "api", maxReplicas=9)
    assert "from 2..5 to 2..9; they were left as they are" in str(writer.start(was, never))
    spec = cluster.spec("HorizontalPodAutoscaler", SPACE, "api")
    assert spec["maxReplicas"] == 9
    assert "behavior" not in spec


def test_stopping_bears_an_api_server_that_is_away_for_a_moment(cluster: KubeDouble, api: Api) -> None:
    cluster.apply(SPACE, things.deployment("api", replicas=3))
    ready(cluster)
    cluster.away = True
    threading.Timer(1.5, lambda: setattr(cluster, "away", False)).start()
    scaled(api, seconds=20).stop(never)
    assert scaled(api).is_stopped()


def test_an_api_server_that_stays_away_is_an_error_that_may_be_tried_again(cluster: KubeDouble) -> None:
    api = api_of(cluster, patience=0.5)
    cluster.away = True
    with pytest.raises(UnavailableError, match="does not answer"):
        scaled(api).look()


def test_a_token_that_expired_is_read_anew_from_its_file(cluster: KubeDouble) -> None:
    old, file = cluster.token_for("admin"), cluster.folder / "token"
    file.write_text(old)
    cluster.apply(SPACE, things.deployment("api"))
    writer = scaled(api_of(cluster, token_file=file, patience=5))
    writer.look()
    cluster.expire(old)
    file.write_text(cluster.token_for("admin"))
    assert writer.look()["running"]
    cluster.expire(file.read_text())
    with pytest.raises(UnavailableError, match="does not accept our credentials"):
        scaled(api_of(cluster, token_file=file, patience=0.5)).look()


def test_a_right_that_is_missing_is_named(cluster: KubeDouble) -> None:
    token = cluster.token_for("system:serviceaccount:radar:backout")
    cluster.apply(
        SPACE, things.deployment("api"),
        {"kind": "Role", "metadata": {"name": "r"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]},
        {
            "kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "ServiceAccount", "name": "backout"}],
        },
    )  # fmt: skip
    writer = scaled(api_of(cluster, token=token))
    assert writer.look()["replicas"] == 2
    with pytest.raises(ForbiddenError, match="may not patch deployment api"):
        writer.stop(never)
    assert cluster.spec("Deployment", SPACE, "api")["replicas"] == 2
