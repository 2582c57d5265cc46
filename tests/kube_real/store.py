"""The double's store, with a real API server behind it: tests look at and change the world through it."""

import copy
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from tests.kube_double.kinds import BY_KIND
from tests.kube_double.store import ApiError, Json, Store
from tests.kube_real.upstream import Upstream

MARK = "backout-test"
#: Somebody else may write at the same moment, and controllers do all the time.
TRIES = 30


class RealStore(Store):
    """Namespaces have a tag of this cluster's behind their names there: tests on one server do not meet, and whatever a
    test may do, it does in namespaces that it made itself."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__()
        self.upstream = upstream
        self.tag = secrets.token_hex(3)
        self.namespaces: set[str] = set()
        self._making = threading.RLock()
        self._customs: list[str] = []

    # Names here and there

    def there(self, namespace: str) -> str:
        """The real name; made when it is first asked for."""
        name = namespace if namespace.endswith(f"-{self.tag}") else f"{namespace}-{self.tag}"
        with self._making:
            if name not in self.namespaces:
                self._make_namespace(name)
        return name

    def here(self, text: str) -> str:
        return text.replace(f"-{self.tag}", "")

    def outward(self, body: Any) -> Any:
        """A body that names namespaces, with their real names."""
        if not isinstance(body, dict):
            return body
        sent = copy.deepcopy(body)
        for part in (
            sent.get("metadata"),
            (sent.get("spec") or {}).get("resourceAttributes"),
            *(sent.get("subjects") or ()),
        ):
            if isinstance(part, dict) and part.get("namespace"):
                part["namespace"] = self.there(part["namespace"])
        return sent

    def path(self, kind: str, namespace: str, name: str | None = None, sub: str | None = None) -> str:
        of = BY_KIND[kind]
        root = f"/apis/{of.api_version}" if of.group else f"/api/{of.api_version}"
        tail = "".join(f"/{part}" for part in (name, sub) if part)
        return f"{root}/namespaces/{self.there(namespace)}/{of.plural}{tail}"

    def restrict(self, namespace: str) -> None:
        labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
        path = f"/api/v1/namespaces/{self.there(namespace)}"
        self.upstream.ask("PATCH", path, labels, content_type="application/merge-patch+json")

    # What a store does

    def get(self, kind: str, namespace: str, name: str) -> Json:
        return self._ask("GET", self.path(kind, namespace, name))

    def find(self, kind: str, namespace: str, name: str) -> Json | None:
        try:
            return self.get(kind, namespace, name)
        except ApiError as error:
            if error.code != 404:
                raise
            return None

    def all(self, kind: str, namespace: str | None = None) -> list[Json]:
        of, found = BY_KIND[kind], list[Json]()
        for where in sorted(self.namespaces) if namespace is None else [namespace]:
            # A list's items do not say what they are.
            said = {"apiVersion": of.api_version, "kind": kind}
            found += [{**said, **each} for each in self._ask("GET", self.path(kind, where)).get("items") or ()]
        return found

    def create(self, kind: str, namespace: str, body: Json) -> Json:
        of = BY_KIND[kind]
        if of.custom:
            self._define(kind)
        sent = self.outward({"apiVersion": of.api_version, "kind": kind, **body})
        # Who wrote which fields is the server's to say; it goes by who says that they write.
        writers = sent.get("metadata", {}).pop("managedFields", ())
        manager = "".join(f"&fieldManager={each['manager']}" for each in writers[:1])
        return self._ask("POST", f"{self.path(kind, namespace)}?fieldValidation=Strict{manager}", sent)

    def update(
        self, kind: str, namespace: str, name: str, change: Callable[[Json], Json | None], *, status: bool = False
    ) -> Json:
        for _ in range(TRIES):
            edited = self.get(kind, namespace, name)
            after = change(edited) or edited
            try:
                if status:
                    return self.patch_status(kind, namespace, name, after["status"])
                return self._ask("PUT", self.path(kind, namespace, name), self.outward(after))
            except ApiError as error:
                if error.code != 409:
                    raise
        raise AssertionError(f"{kind} {name} changes all the time")

    def patch_status(self, kind: str, namespace: str, name: str, status: Json) -> Json:
        path = self.path(kind, namespace, name, "status")
        return self._ask("PATCH", path, {"status": status}, "application/merge-patch+json")

    def remove(self, kind: str, namespace: str, name: str) -> None:
        with suppress(ApiError):
            self._ask("DELETE", self.path(kind, namespace, name), {"propagationPolicy": "Background"})

    def owned(self, kind: str, owner: Json) -> Iterator[Json]:
        for each in self.all(kind, owner["metadata"]["namespace"]):
            if any(ref["uid"] == owner["metadata"]["uid"] for ref in each["metadata"].get("ownerReferences", ())):
                yield each

    def clear_away(self) -> None:
        """Everything that was made; what ends by itself there is not waited for."""
        for pod in self.all("Pod"):
            with suppress(ApiError):
                path = self.path("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
                self._ask("DELETE", path, {"gracePeriodSeconds": 0})
        for name in self.namespaces:
            with suppress(ApiError):
                self.upstream.ask("DELETE", f"/api/v1/namespaces/{name}")
        for name in self._customs:
            self.upstream.ask("DELETE", f"{_DEFINITIONS}/{name}")
            self._wait(lambda name=name: not self._is_defined(name))  # type: ignore[misc]

    def _ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Json:
        answer = self.upstream.ask(method, path, body, content_type=content_type)
        return dict(json.loads(self.here(json.dumps(answer))))

    # What a test's namespace and custom objects need

    def _make_namespace(self, name: str) -> None:
        self.upstream.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": {MARK: self.tag}}})
        self.namespaces.add(name)
        # It comes a moment later, and no pod is made without it.
        self._wait(lambda: bool(self.upstream.ask("GET", f"/api/v1/namespaces/{name}/serviceaccounts")["items"]))

    def _define(self, kind: str) -> None:
        of = BY_KIND[kind]
        name = f"{of.plural}.{of.group}"
        if self._is_defined(name):
            return
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": of.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
        names = {"plural": of.plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
        body = {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": name, "labels": {MARK: self.tag}},
            "spec": {"group": of.group, "scope": "Namespaced", "names": names, "versions": [version]},
        }  # fmt: skip
        self.upstream.ask("POST", _DEFINITIONS, body)
        self._customs.append(name)
        self._wait(lambda: self._is_served(kind))

    def _is_defined(self, name: str) -> bool:
        try:
            return bool(self.upstream.ask("GET", f"{_DEFINITIONS}/{name}"))
        except ApiError:
            return False

    def _is_served(self, kind: str) -> bool:
        try:
            return bool(self.upstream.ask("GET", self.path(kind, "default")))
        except ApiError:
            return False

    def _wait(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < until, "the API server did not get that far"
            time.sleep(0.1)


_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
