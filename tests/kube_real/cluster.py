"""A real control plane, with the hands that tests know from the double: what they ask of one, they ask of the other.

KUBECONFIG names it. It has to be one without nodes: this machine is its node for the length of a test, and what runs in pods
are processes here; BACKOUT_TEST_NODE=no forbids that. What a test made there carries the label `backout-test`, and is
deleted with it; so does a custom resource's definition where there was none. On a cluster that has nodes nothing of this
is started (`tests/platforms_kubernetes/test_somewhere.py` is for those).
"""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from urllib3.exceptions import HTTPError

from tests.kube_double.cluster import KubeDouble, self_signed
from tests.kube_double.controllers import Controllers, owner_of
from tests.kube_double.kubelet import Image
from tests.kube_double.store import ApiError, Json, wait
from tests.kube_real.front import Front
from tests.kube_real.node import NODES, Node, address_towards
from tests.kube_real.store import MARK, RealStore
from tests.kube_real.upstream import Upstream

LOOK_SECONDS = 0.1


class RealCluster(KubeDouble):
    handler = Front
    store: RealStore
    kubelet: Node

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.upstream = Upstream()
        if why := _unfit():
            pytest.skip(why)
        self.store = RealStore(self.upstream)
        self.controllers = _Schedules(self.store)
        where = urlsplit(self.upstream.host)
        self.kubelet = Node(self.store, address_towards(str(where.hostname), where.port or 443))
        self.version = {name: str(said) for name, said in self.upstream.ask("GET", "/version").items()}

    def __enter__(self) -> Self:
        self.kubelet.join(*self_signed(self.folder))
        super().__enter__()
        if why := _without(self):
            self.__exit__()
            pytest.skip(why)
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.store.clear_away()
        self.kubelet.leave()

    def token_for(self, user: str) -> str:
        if user != "admin" and _asks_nobody():
            pytest.skip("this API server lets everybody do everything")
        return super().token_for(user)

    def real_user(self, user: str) -> str:
        """A service account's name has its namespace in it."""
        match user.split(":"):
            case ["system", "serviceaccount", namespace, name]:
                return f"system:serviceaccount:{self.store.there(namespace)}:{name}"
        return user

    def admitted(self, kind: str, namespace: str, body: Json) -> Json:  # noqa: ARG002  the server itself says so
        return body

    def _loop(self) -> None:
        while not self.closing:
            with suppress(ApiError, HTTPError):
                self.kubelet.look()
            with self.store.changed:
                self.store.changed.notify_all()
            time.sleep(LOOK_SECONDS)


class _Schedules(Controllers):
    """The real controllers do everything, but for what a test wants now."""

    _store: RealStore

    def __init__(self, store: RealStore) -> None:
        super().__init__(store)
        self.wants = _NoMetrics()

    def look(self) -> None:
        """The server's own do that."""

    def delete_pod(self, pod: Json, grace: int | None = None) -> None:
        meta, options = pod["metadata"], {} if grace is None else {"gracePeriodSeconds": grace}
        with suppress(ApiError):
            self._store.upstream.ask("DELETE", self._store.path("Pod", meta["namespace"], meta["name"]), options)

    def fire(self, namespace: str, name: str) -> Json | None:
        it = self._store.get("CronJob", namespace, name)
        if it["spec"].get("suspend"):
            return None
        template = it["spec"]["jobTemplate"]
        meta = {
            **template.get("metadata", {}),
            "name": f"{name}-{secrets.token_hex(4)}",
            "ownerReferences": [owner_of(it)],
        }
        return self._store.create("Job", namespace, {"metadata": meta, "spec": template["spec"]})


class _NoMetrics(dict[str, int]):
    def __setitem__(self, *_: Any) -> None:
        pytest.skip("nobody has metrics on a control plane alone")


@cache
def _unfit() -> str | None:
    """Why the tests cannot have this cluster."""
    nodes = Upstream().ask("GET", NODES)["items"]
    if [each for each in nodes if MARK not in (each["metadata"].get("labels") or {})]:
        return "this cluster has nodes of its own; what these tests run is on this machine"
    return None


_LACKS: list[str | None] = []


def _without(cluster: RealCluster) -> str | None:
    """What this control plane lacks: tried once, with a pod and its log."""
    if not _LACKS:
        _LACKS.append(_lacks(cluster))
    return _LACKS[0]


def _lacks(cluster: RealCluster) -> str | None:
    try:
        cluster.store.there("probe")
    except AssertionError:
        return "this control plane has no controllers: no service account came with a namespace"
    cluster.images["probe:1"] = Image(folder=cluster.folder)
    container = {"name": "probe", "image": "probe:1", "command": ["echo", "hello"]}
    pod = {"metadata": {"name": "probe"}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    cluster.store.create("Pod", "probe", pod)
    wait(cluster.store, lambda: cluster.store.get("Pod", "probe", "probe")["status"]["phase"] == "Succeeded", 60)
    cluster.kubelet.started.clear()
    answer = cluster.upstream.send("GET", cluster.store.path("Pod", "probe", "probe", "log"))
    said = bytes(answer.data).decode(errors="replace")
    return None if said == "hello\n" else f"its API server does not reach this machine as a node: {said[:200]}"


@cache
def _asks_nobody() -> bool:
    """Whether somebody whom nobody gave any right may read Secrets."""
    kind = "SubjectAccessReview"
    attributes = {"namespace": "default", "verb": "get", "group": "", "resource": "secrets"}
    body = {
        "apiVersion": "authorization.k8s.io/v1", "kind": kind,
        "spec": {"user": f"{MARK}-nobody", "resourceAttributes": attributes},
    }  # fmt: skip
    answer = Upstream().ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
    return bool(answer["status"]["allowed"])


def clusters() -> list[Callable[[Path], KubeDouble]]:
    """The double always, and the real one where KUBECONFIG names it and nobody says that it may not be joined."""
    may_join = os.environ.get("KUBECONFIG") and os.environ.get("BACKOUT_TEST_NODE") != "no"
    return [KubeDouble, RealCluster] if may_join else [KubeDouble]
