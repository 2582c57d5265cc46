"""What the API server says no with, in the words that the real one uses; and logs that say nothing."""

from datetime import timedelta

import pytest

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import PAGE, Api
from actions.platforms.kubernetes.commands import KubernetesCommands
from actions.platforms.kubernetes.kinds import EVENT, JOB
from actions.platforms.kubernetes.refusals import ForbiddenError, MissingError, RefusedError
from actions.platforms.port import Command, Inside
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import ApiError
from tests.platforms_kubernetes.conftest import SPACE

DELETED = 'jobs.batch "backout-x" is forbidden: unable to create new content in namespace radar because it is being terminated'
NO_ACCOUNT = 'pods "x" is forbidden: error looking up service account radar/gone: serviceaccount "gone" not found'
LACKING = 'jobs.batch is forbidden: User "backout" cannot create resource "jobs" in API group "batch" in the namespace "radar"'


@pytest.fixture
def tool(cluster: KubeDouble) -> KubeDouble:
    cluster.images["app:1"] = Image(folder=cluster.folder)
    cluster.apply(SPACE, things.deployment("tool", "app:1", replicas=0))
    return cluster


@pytest.mark.parametrize(("error", "kind", "said"), [
    pytest.param(ApiError(403, "Forbidden", DELETED), RefusedError, "because it is being terminated", id="a namespace that is being deleted"),
    pytest.param(ApiError(403, "Forbidden", NO_ACCOUNT), RefusedError, "error looking up service account", id="an account that is not there"),
    pytest.param(ApiError(403, "Forbidden", LACKING), ForbiddenError, "Backout may not create job", id="a right"),
    pytest.param(ApiError(404, "NotFound", 'namespaces "radar" not found', details={"name": "radar", "kind": "namespaces"}), MissingError, "There is no namespace radar in the cluster", id="no such namespace"),
    pytest.param(ApiError(422, "Invalid", 'Job.batch "x" is invalid: spec: no'), RefusedError, "Job.batch \"x\" is invalid", id="invalid"),
])  # fmt: skip
def test_a_no_is_told_for_what_it_is(
    tool: KubeDouble, api: Api, error: ApiError, kind: type[BackoutError], said: str
) -> None:
    def refuse(verb: str, resource: str, _: str | None) -> None:
        if (verb, resource) == ("create", "jobs"):
            raise error

    tool.interferes = refuse
    with pytest.raises(kind) as caught:
        KubernetesCommands(api=api).run(Command(argv=("true",), inside=Inside(service="deployment/tool")))
    assert said in str(caught.value)
    assert ("rbac.yaml" in str(caught.value)) is (kind is ForbiddenError)


def test_a_command_that_says_nothing_for_long_is_waited_for(tool: KubeDouble, api: Api) -> None:
    """Longer than the API server may be away: a log that is quiet is no server that is away."""
    quiet = "import sys, time; sys.stdin.read(); time.sleep(4); print('done')"
    command = Command(argv=("python", "-c", quiet), inside=Inside(service="deployment/tool"), stdin=b"go")
    hasty = Api(connection=api.connection, namespace=api.namespace, patience=timedelta(seconds=1))
    told = KubernetesCommands(api=hasty, quiet_seconds=1.5).run(command)
    assert (told.exit_code, told.stdout, told.cut) == (0, "done\n", False)


def test_a_pod_that_its_node_would_not_have_is_told_with_the_nodes_reason(tool: KubeDouble, api: Api) -> None:
    tool.images["app:1"].refused = "OutOfmemory"
    told = KubernetesCommands(api=api).run(Command(argv=("true",), inside=Inside(service="deployment/tool")))
    assert told.exit_code == 1
    assert "[OutOfmemory]" in told.stderr
    assert [job["metadata"]["annotations"]["backout/taken"] for job in tool.store.all("Job")] == ["true"]


def test_a_list_whose_next_page_is_not_known_any_more_is_begun_anew(cluster: KubeDouble, api: Api) -> None:
    if type(cluster) is not KubeDouble:
        pytest.skip("nobody compacts a real server at the very moment")
    for number in range(PAGE + 5):
        about = {"kind": "Job", "name": "x", "uid": "u", "namespace": SPACE}
        cluster.store.create(
            "Event", SPACE, {"metadata": {"name": f"e{number}"}, "involvedObject": about, "type": "Normal"}
        )
    pages: list[str] = []

    def forget(verb: str, resource: str, _: str | None) -> None:
        pages.append(resource)
        if len(pages) == 2:
            cluster.apply(SPACE, things.quota(pods="9"))
            cluster.store.compact()

    cluster.interferes = forget
    assert len(api.list(EVENT, fields="involvedObject.kind=Job")) == PAGE + 5
    assert len(pages) == 4
    assert api.list(JOB) == []
