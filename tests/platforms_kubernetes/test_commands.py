"""Commands in a cluster: a Job each, found again after a crash, never started twice, gone when it was stopped."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.commands import KubernetesCommands
from actions.platforms.kubernetes.following import PodGoneError
from actions.platforms.kubernetes.job_making import JobOrder, job_body
from actions.platforms.kubernetes.kinds import JOB
from actions.platforms.kubernetes.refusals import QuotaError
from actions.platforms.kubernetes.starting import CannotStartError, mark_taken
from actions.platforms.port import Command, Ended, Inside, Line, Stream
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import Json, wait
from tests.platforms_kubernetes.conftest import SPACE, api_of

API = Inside(service="deployment/api")
SAYS = "import sys, os; given = sys.stdin.buffer.read(); print(len(given), given[-3:].decode()); print('to err', file=sys.stderr)"
SLOW = "import sys, time; sys.stdin.read(); [(print('line', n, flush=True), time.sleep(0.1)) for n in range(30)]"


@pytest.fixture
def workload(cluster: KubeDouble) -> KubeDouble:
    """An API whose image has a folder: what runs in it really runs."""
    cluster.images["app:1"] = Image(folder=cluster.folder)
    cluster.apply(
        SPACE,
        {"kind": "Secret", "metadata": {"name": "db"}, "stringData": {"url": "postgresql://live"}},
        {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"MODE": "production"}},
        things.deployment(
            "api", "app:1", replicas=0, command=["sleep", "1000"], envFrom=[{"configMapRef": {"name": "settings"}}],
            env=[{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}],
        ),
    )  # fmt: skip
    return cluster


def commands(api: Api, **how: Any) -> KubernetesCommands:
    return KubernetesCommands(api=api, labels={"backout/service": "radar"}, **how)


def named(name: str) -> Inside:
    return Inside(service="deployment/api", name=name)


def python(text: str, *, inside: Inside = API, **how: Any) -> Command:
    return Command(argv=("python", "-c", text), inside=inside, **how)


def test_a_command_runs_with_what_its_workload_has_and_its_job_is_cleared_away(workload: KubeDouble, api: Api) -> None:
    show = "import os; print(os.environ['MODE'], os.environ['DATABASE_URL'], os.environ['TOLD'])"
    finished = commands(api).run(python(show, env={"TOLD": "s3cret-word"}))
    assert finished.succeeded, finished
    assert finished.stdout == "production postgresql://live s3cret-word\n"
    wait(workload.store, lambda: not workload.store.all("Job") and not workload.pods(SPACE))
    wait(workload.store, lambda: [each["metadata"]["name"] for each in workload.store.all("Secret")] == ["db"])


def test_what_a_dead_process_left_behind_is_cleared_away_once_nobody_can_wait_for_it(
    workload: KubeDouble, api: Api
) -> None:
    """Killed before it let its Job begin: such a one never ends, so that Kubernetes would keep it for ever."""

    def left(name: str, until: float | None) -> Json:
        order = JobOrder(name=name, command=python("pass"), template=None, image="app:1", token="t0ken", until=until)
        return api.create(JOB, job_body(order))

    left("backout-forgotten", time.time() - 1)
    left("backout-perhaps-waited-for", time.time() + 600)
    left("backout-found-by-its-name", None)
    mark_taken(api, left("backout-with-a-log-for-people", time.time() - 1))
    assert commands(api).run(python("print('next')")).succeeded
    assert {str(each["metadata"]["name"]) for each in workload.store.all("Job", SPACE)} == {
        "backout-perhaps-waited-for", "backout-found-by-its-name", "backout-with-a-log-for-people",
    }  # fmt: skip


def test_a_job_that_only_its_process_knows_says_until_when(workload: KubeDouble, api: Api) -> None:
    seen: list[Json] = []
    workload.interferes = lambda *_: seen.extend(workload.store.all("Job", SPACE))
    commands(api).run(python("pass", deadline=timedelta(seconds=60)))
    until = {float(each["metadata"]["annotations"]["backout/until"]) - time.time() for each in seen}
    assert until
    assert all(60 < each < 1000 for each in until)
    seen.clear()
    commands(api).run(python("pass", inside=named("RB-7 downgrade")))
    assert seen
    assert not any("backout/until" in each["metadata"]["annotations"] for each in seen)


def test_what_is_handed_over_is_in_no_job_and_no_argument(workload: KubeDouble, api: Api) -> None:
    jobs: list[str] = []
    workload.interferes = lambda *_: jobs.append(json.dumps(workload.store.all("Job")))
    commands(api).run(python(SAYS, env={"TOLD": "s3cret-word"}, stdin=b"s3cret-input"))
    assert any("backout-" in each for each in jobs)
    assert not any("s3cret" in each for each in jobs)


def test_both_streams_come_apart_and_every_byte_arrives(workload: KubeDouble, api: Api) -> None:
    given = os.urandom(40_000).hex().encode() + b"end"
    heard: list[Line] = []
    finished = commands(api).run(python(SAYS, stdin=given), watch=heard.append)
    assert (finished.stdout, finished.stderr, finished.cut) == ("80003 end\n", "to err\n", False)
    assert Line(stream=Stream.OUT, text="80003 end") in heard
    assert Line(stream=Stream.ERR, text="to err") in heard


def test_a_log_that_breaks_off_again_and_again_loses_and_repeats_nothing(workload: KubeDouble, api: Api) -> None:
    much = "import sys; sys.stdin.read(); [print(n, 'x' * 2000) for n in range(1500)]"
    workload.cut_logs_after = 40
    threading.Timer(3, lambda: setattr(workload, "cut_logs_after", None)).start()
    finished = commands(api).run(python(much, stdin=b"go"))
    assert finished.stdout == "".join(f"{n} {'x' * 2000}\n" for n in range(1500))
    assert not finished.cut


@pytest.mark.parametrize(("text", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_how_it_ended_is_told_and_a_failed_one_stays_for_its_log(
    workload: KubeDouble, api: Api, text: str, code: int
) -> None:
    finished = commands(api).run(python(text, inside=named("one")))
    assert (finished.exit_code, finished.ended) == (code, Ended.BY_ITSELF)
    (job,) = workload.store.all("Job")
    assert job["metadata"]["annotations"]["backout/taken"] == "true"
    assert commands(api).run(python("print(1)", inside=named("one"))).stdout == "1\n"


def test_a_job_is_found_again_after_its_runner_was_killed_and_runs_once(workload: KubeDouble, api: Api) -> None:
    """A process of ours starts it and dies; another hears all of it, from the first line."""
    script = f"""
import sys
from pathlib import Path
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.commands import KubernetesCommands
from actions.platforms.kubernetes.connecting import Cluster
from actions.platforms.port import Command, Inside
api = Api.of(Cluster(namespace="{SPACE}", kubeconfig=Path(sys.argv[1])), {{}})
command = Command(argv=("python", "-c", sys.argv[2]), inside=Inside(service="deployment/api", name="rb-1-downgrade"), stdin=b"go")
KubernetesCommands(api=api).run(command, watch=lambda line: print(line.text, flush=True))
"""
    words = [sys.executable, "-c", script, str(workload.kubeconfig()), SLOW]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"line 0\n"
        process.send_signal(signal.SIGKILL)
    again = KubernetesCommands(api=api)
    assert again.under_way(named("rb-1-downgrade"))
    finished = again.run(python(SLOW, inside=named("rb-1-downgrade"), stdin=b"go"))
    assert finished.stdout.splitlines() == [f"line {n}" for n in range(30)]
    assert len(workload.kubelet.started) == 1
    assert not again.under_way(named("rb-1-downgrade"))


def test_whoever_leaves_lets_it_run_and_whoever_stops_ends_it(workload: KubeDouble, api: Api) -> None:
    heard, stopped = threading.Event(), threading.Event()
    leaving = python(SLOW, inside=named("one"), stdin=b"go", leaves=lambda: True)
    threading.Thread(target=lambda: (heard.wait(20), stopped.set())).start()
    left = commands(api).run(leaving, watch=lambda _: heard.set(), should_stop=stopped.is_set)
    assert left.ended is Ended.STOPPED
    assert len(workload.pods(SPACE)) == 1
    ended = commands(api).run(python(SLOW, inside=named("one"), stdin=b"go"), should_stop=lambda: True)
    assert ended.ended is Ended.STOPPED
    assert workload.pods(SPACE) == []
    assert len(workload.kubelet.started) == 1


def test_another_command_of_the_same_name_begins_when_nothing_of_the_first_runs_any_more(
    workload: KubeDouble, api: Api
) -> None:
    mark = workload.folder / "both"
    first = f"import time, pathlib, atexit; p = pathlib.Path({str(mark)!r}); p.write_text('x'); time.sleep(60)"

    def begin() -> None:
        with pytest.raises(PodGoneError):
            commands(api).run(python(first, inside=named("one")))

    thread = threading.Thread(target=begin)
    thread.start()
    wait(workload.store, mark.exists)
    finished = commands(api).run(python("print('second')", inside=named("one")))
    assert finished.stdout == "second\n"
    thread.join(20)
    assert not thread.is_alive()


def test_a_deadline_ends_it_and_its_pod_is_gone(workload: KubeDouble, api: Api) -> None:
    finished = commands(api).run(python("import time; time.sleep(60)", deadline=timedelta(seconds=1)))
    assert finished.ended is Ended.DEADLINE
    assert workload.pods(SPACE) == []


def test_a_word_that_comes_later_is_waited_for(workload: KubeDouble, api: Api) -> None:
    words = iter([None, None, b"go"])
    told = commands(api).run(python("print(input(), input())", stdin=b"first\n", last_word=lambda: next(words)))
    assert told.stdout == "first go\n"


def test_an_image_that_cannot_be_pulled_is_said(workload: KubeDouble, api: Api) -> None:
    gone = Command(argv=("true",), inside=Inside(image="gone:9"))
    with pytest.raises(CannotStartError, match='ImagePullBackOff: Back-off pulling image "gone:9"') as caught:
        commands(api, start_within=timedelta(seconds=1)).run(gone)
    assert "pull secret" in str(caught.value)
    assert workload.store.all("Job") == []


def test_a_quota_on_pods_or_jobs_is_said(workload: KubeDouble, api: Api) -> None:
    workload.apply(SPACE, things.quota(pods="0"))
    with pytest.raises(CannotStartError, match=r"FailedCreate: .*exceeded quota: small"):
        commands(api, start_within=timedelta(seconds=1)).run(python("print(1)"))
    workload.apply(SPACE, things.quota(**{"count/jobs.batch": "0"}))
    with pytest.raises(QuotaError, match="exceeded quota"):
        commands(api).run(python("print(1)"))


def test_a_job_like_a_workload_is_admitted_where_that_one_is(workload: KubeDouble, api: Api) -> None:
    workload.store.restrict(SPACE)
    template = workload.spec("Deployment", SPACE, "api")["template"]
    template["spec"]["securityContext"] = {"runAsNonRoot": True, "runAsUser": 1000}
    template["spec"]["containers"][0]["securityContext"] = {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    workload.edit("Deployment", SPACE, "api", template=template)
    assert commands(api).run(python("print(1)")).stdout == "1\n"


@pytest.mark.parametrize(("inside", "said"), [
    pytest.param(Inside(image="app:1"), "runAsNonRoot != true", id="an image alone"),
    pytest.param(API, "allowPrivilegeEscalation != false", id="like a workload that is not"),
])  # fmt: skip
def test_what_pod_security_does_not_admit_is_said_at_once(
    workload: KubeDouble, api: Api, inside: Inside, said: str
) -> None:
    """Nobody waits, while the writers are stopped, for what does not come by itself."""
    workload.store.restrict(SPACE)
    began = time.monotonic()
    with pytest.raises(CannotStartError, match=f'violates PodSecurity "restricted:latest": {said}') as caught:
        commands(api).run(python("print(1)", inside=inside))
    assert time.monotonic() - began < 20
    assert "run: {workload: deployment/NAME}" in str(caught.value)
    wait(workload.store, lambda: not workload.store.all("Job"))


def test_an_api_server_that_is_away_in_the_middle_costs_nothing(workload: KubeDouble, api: Api) -> None:
    def away(_: Line) -> None:
        if not went:
            went.append(True)
            workload.away = True
            back.start()

    went: list[bool] = []
    back = threading.Timer(1.5, lambda: setattr(workload, "away", False))
    finished = commands(api).run(python(SLOW, stdin=b"go"), watch=away)
    assert finished.stdout.splitlines() == [f"line {n}" for n in range(30)]
    assert len(workload.kubelet.started) == 1


def test_a_pod_that_was_taken_away_is_said(workload: KubeDouble, api: Api) -> None:
    def drain(_: Line) -> None:
        for pod in workload.pods(SPACE):
            workload.controllers.delete_pod(pod, 0)

    with pytest.raises(PodGoneError, match="went away before its command had ended"):
        commands(api).run(python(SLOW, inside=named("one"), stdin=b"go"), watch=drain)
    assert len(workload.kubelet.started) == 1
    again = commands(api, start_within=timedelta(seconds=30)).run(python("print('again')", inside=named("one")))
    assert again.stdout == "again\n"


def test_a_job_that_ended_without_anybody_and_lost_its_pod_is_said_at_once(workload: KubeDouble, api: Api) -> None:
    """Its runner had died, and its node was drained after it."""
    left = python(SLOW, inside=named("one"), stdin=b"go", leaves=lambda: True)
    heard = threading.Event()
    commands(api).run(left, watch=lambda _: heard.set(), should_stop=heard.is_set)
    for pod in workload.pods(SPACE):
        workload.controllers.delete_pod(pod, 0)
    wait(workload.store, lambda: not workload.pods(SPACE))
    with pytest.raises(PodGoneError, match="is over, and its pod with its log is gone"):
        commands(api).run(python(SLOW, inside=named("one"), stdin=b"go"))
    assert len(workload.kubelet.started) == 1
    assert commands(api).run(python("print('again')", inside=named("one"))).stdout == "again\n"


def test_the_job_takes_what_is_needed_and_leaves_what_does_something_of_its_own(workload: KubeDouble) -> None:
    from actions.platforms.kubernetes.job_making import JobOrder, job_body

    template = {
        "metadata": {"labels": {"app": "api"}, "annotations": {"sidecar.istio.io/inject": "true"}},
        "spec": {
            "serviceAccountName": "api", "imagePullSecrets": [{"name": "pull"}], "nodeSelector": {"disk": "fast"},
            "initContainers": [{"name": "migrate", "image": "app:1", "command": ["alembic", "upgrade", "head"]}],
            "volumes": [{"name": "ca", "secret": {"secretName": "ca"}}, {"name": "cache", "emptyDir": {}}],
            "containers": [
                {"name": "proxy", "image": "envoy:1"},
                {
                    "name": "api", "image": "app:1", "ports": [{"containerPort": 80}], "livenessProbe": {"exec": {}},
                    "resources": {"limits": {"memory": "1Gi"}, "claims": [{"name": "gpu"}]}, "volumeMounts": [{"name": "ca", "mountPath": "/ca"}, {"name": "data", "mountPath": "/data"}],
                    "lifecycle": {"preStop": {}}, "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                },
            ],
        },
    }  # fmt: skip
    order = JobOrder(
        name="backout-x",
        command=Command(argv=("echo", "$(A)"), env={"B": "3"}),
        template=template,
        container="api",
        token="abcdef0123",
    )
    job = job_body(order)
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "app" not in job["spec"]["template"]["metadata"]["labels"]
    assert (pod["serviceAccountName"], pod["nodeSelector"]) == ("api", {"disk": "fast"})
    assert [volume["name"] for volume in pod["volumes"]] == ["ca"]
    assert not {"initContainers"} & set(pod)
    assert not {"ports", "livenessProbe", "lifecycle"} & set(container)
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert [each["name"] for each in container["env"]] == ["A", "B"]
    assert "value" not in container["env"][1]
    assert container["command"] == ["echo", "$$(A)"]
    assert (job["spec"]["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    workload.store.create("Job", SPACE, admit(workload, job))


def admit(cluster: KubeDouble, job: Any) -> Any:
    return cluster.admitted("Job", SPACE, job)


def test_jobs_need_only_to_make_secrets_never_to_read_one(workload: KubeDouble) -> None:
    api = api_of(workload)
    commands(api).run(python(SAYS, stdin=b"go"))
    assert {verb for _, verb, _, resource, _ in workload.asked if resource == "secrets"} == {"create"}
