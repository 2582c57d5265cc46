"""Releases of a Deployment taken back along its history, and brought again; whatever else somebody changed stays."""

from datetime import timedelta
from typing import Any

import pytest

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.kinds import DEPLOYMENT
from actions.platforms.kubernetes.workloads import look_at_readiness
from actions.release.rollout import RolloutRelease
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import wait
from tests.platforms_kubernetes.conftest import SPACE


def never() -> bool:
    return False


def release(api: Api, *, to: int | None = None, seconds: float = 10) -> RolloutRelease:
    return RolloutRelease(api=api, deployment="api", to_revision=to, within=timedelta(seconds=seconds))


def deploy(cluster: KubeDouble, image: str, **spec: Any) -> None:
    def change(each: dict[str, Any]) -> None:
        each["spec"]["template"]["spec"]["containers"][0]["image"] = image
        each["spec"].update(spec)

    cluster.store.update("Deployment", SPACE, "api", change)
    wait(cluster.store, lambda: runs(cluster, image))


def runs(cluster: KubeDouble, image: str) -> bool:
    images = [pod["spec"]["containers"][0]["image"] for pod in cluster.pods(SPACE)]
    status = cluster.store.get("Deployment", SPACE, "api").get("status", {})
    return images == [image] * cluster.spec("Deployment", SPACE, "api")["replicas"] and len(images) == status.get(
        "readyReplicas", 0
    )


@pytest.fixture
def deployed(cluster: KubeDouble) -> KubeDouble:
    """Releases 1, 2 and 3."""
    cluster.images["api:3"] = Image()
    cluster.apply(SPACE, things.deployment("api", "api:1"))
    wait(cluster.store, lambda: runs(cluster, "api:1"))
    deploy(cluster, "api:2")
    deploy(cluster, "api:3")
    return cluster


@pytest.mark.parametrize(
    ("to", "image"),
    [
        pytest.param(None, "api:2", marks=pytest.mark.slow),
        pytest.param(2, "api:2", marks=pytest.mark.slow),
        (1, "api:1"),
    ],
)
def test_a_release_is_taken_back_and_brought_again_by_what_it_is_not_by_its_number(
    deployed: KubeDouble, api: Api, to: int | None, image: str
) -> None:
    back = release(api, to=to)
    was = back.look()
    assert (was["newer_revision"], was["newer_images"], was["older_images"]) == (3, ["api:3"], [image])
    assert back.is_back(was) is False
    back.take_back(was, never)
    wait(deployed.store, lambda: runs(deployed, image))
    assert back.is_back(was)
    back.take_back(was, never)
    wait(deployed.store, lambda: runs(deployed, image))
    back.bring_again(was, never)
    wait(deployed.store, lambda: runs(deployed, "api:3"))


def test_it_works_on_a_deployment_that_is_scaled_to_zero(deployed: KubeDouble, api: Api) -> None:
    deployed.edit("Deployment", SPACE, "api", replicas=0)
    back = release(api)
    was = back.look()
    back.take_back(was, never)
    assert back.is_back(was)
    deployed.edit("Deployment", SPACE, "api", replicas=2)
    wait(deployed.store, lambda: runs(deployed, "api:2"))


def test_what_somebody_else_changes_at_the_same_moment_stays(deployed: KubeDouble, api: Api) -> None:
    back = release(api)
    was, faster = (
        back.look(),
        iter([lambda: deployed.edit("Deployment", SPACE, "api", minReadySeconds=0, revisionHistoryLimit=7)]),
    )

    def interfere(verb: str, resource: str, _: str | None) -> None:
        if (verb, resource) == ("patch", "deployments") and (act := next(faster, None)):
            act()

    deployed.interferes = interfere
    back.take_back(was, never)
    assert deployed.spec("Deployment", SPACE, "api")["revisionHistoryLimit"] == 7
    wait(deployed.store, lambda: runs(deployed, "api:2"))


@pytest.mark.parametrize(
    ("to", "said"), [(9, "has no revision 9; its history has 3, 2, 1"), (3, "runs revision 3 already")]
)
def test_a_release_that_is_not_there_is_said(deployed: KubeDouble, api: Api, to: int, said: str) -> None:
    with pytest.raises(BackoutError, match=said):
        release(api, to=to).look()


def test_an_older_release_that_does_not_start_is_said_with_its_reason(deployed: KubeDouble, api: Api) -> None:
    back = release(api, seconds=1)
    was = back.look()
    del deployed.images["api:2"]
    with pytest.raises(BackoutError, match="ImagePullBackOff"):
        back.take_back(was, never)
    deployed.edit("Deployment", SPACE, "api", progressDeadlineSeconds=1)
    wait(deployed.store, lambda: look_at_readiness(api, DEPLOYMENT, "api").stuck)
    with pytest.raises(BackoutError, match="its progress deadline has passed"):
        release(api, seconds=60).take_back(was, never)
    deployed.edit("Deployment", SPACE, "api", progressDeadlineSeconds=600)
    back.bring_again(was, never)
    wait(deployed.store, lambda: runs(deployed, "api:3"))


def test_a_paused_deployment_is_left_alone(deployed: KubeDouble, api: Api) -> None:
    back = release(api)
    was = back.look()
    deployed.edit("Deployment", SPACE, "api", paused=True)
    with pytest.raises(BackoutError, match="is paused") as caught:
        back.take_back(was, never)
    assert "rollout resume" in str(caught.value)
