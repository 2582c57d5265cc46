"""Asking the API server: one place for retries, renewed tokens and refusals.

An API server that is away for a minute is nothing unusual (an upgrade of its cluster), so every call has patience. That
is safe because no call does harm when it is made twice: reads change nothing, patches carry the resource version they
were decided on, what is made has a name of its own, and what is deleted is named by its uid.
"""

import builtins
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from actions.errors import BackoutError, UnavailableError
from actions.platforms.kubernetes.connecting import Cluster, connect
from actions.platforms.kubernetes.kinds import Kind
from actions.platforms.kubernetes.refusals import ConflictError, CredentialsError, ExpiredError, MissingError, error_for
from actions.redaction import redact

Json = dict[str, Any]

CONNECT_SECONDS, READ_SECONDS = 5, 30
#: How long the API server may be away before that is an error.
PATIENCE = timedelta(seconds=90)
#: A page of a list.
PAGE = 200
#: How often a list is begun anew whose next page the server does not know any more.
LISTS = 5
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
_TICK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Call:
    """One request; `verb` and `what` are for people."""

    method: str
    path: str
    verb: str
    what: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"


@dataclass
class _Connection:
    """The client, and the way to a new one when its token has expired."""

    cluster: Cluster
    environ: Mapping[str, str] = field(repr=False)
    client: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self) -> Any:
        with self.lock:
            if self.client is None:
                self.client = connect(self.cluster, self.environ)
            return self.client

    def renew(self) -> None:
        with self.lock:
            self.client = None


@dataclass(frozen=True, kw_only=True)
class Api:
    """One namespace of one cluster."""

    connection: _Connection
    namespace: str
    patience: timedelta = PATIENCE
    should_stop: Callable[[], bool] = lambda: False

    @classmethod
    def of(cls, cluster: Cluster, environ: Mapping[str, str], *, patience: timedelta = PATIENCE) -> "Api":
        return cls(
            connection=_Connection(cluster=cluster, environ=environ), namespace=cluster.namespace, patience=patience
        )

    def heeding(self, should_stop: Callable[[], bool]) -> "Api":
        """The same, giving up its patience when it is told to."""
        return Api(
            connection=self.connection, namespace=self.namespace, patience=self.patience, should_stop=should_stop
        )

    def impatient(self) -> "Api":
        """For questions whose answer may be that it is away."""
        return Api(connection=self.connection, namespace=self.namespace, patience=timedelta(0))

    def elsewhere(self, namespace: str) -> "Api":
        return Api(
            connection=self.connection, namespace=namespace, patience=self.patience, should_stop=self.should_stop
        )

    def get(self, kind: Kind, name: str) -> Json:
        """MissingError where there is none."""
        return self._ask(_Call("GET", kind.path(self.namespace, name), "get", f"{kind.word} {name}"))

    def find(self, kind: Kind, name: str) -> Json | None:
        try:
            return self.get(kind, name)
        except MissingError:
            return None

    def list(self, kind: Kind, *, labels: str = "", fields: str = "") -> list[Json]:
        for _ in range(LISTS):
            with suppress(ExpiredError):
                return self._list(kind, labels=labels, fields=fields)
        raise UnavailableError(f"The API server does not get through its list of {kind.word}s")

    def _list(self, kind: Kind, *, labels: str, fields: str) -> builtins.list[Json]:
        found: builtins.list[Json] = []
        query = {"limit": str(PAGE)}
        query |= {"labelSelector": labels} if labels else {}
        query |= {"fieldSelector": fields} if fields else {}
        while True:
            page = self._ask(_Call("GET", kind.path(self.namespace), "list", f"{kind.word}s", query=query))
            found += page.get("items") or []
            if not (further := (page.get("metadata") or {}).get("continue")):
                return found
            query["continue"] = further

    def create(self, kind: Kind, body: Json) -> Json:
        """ExistsError where there is one; that may be ours, from a try whose answer was lost."""
        name = body["metadata"]["name"]
        full = {"apiVersion": kind.api_version, **body}
        return self._ask(_Call("POST", kind.path(self.namespace), "create", f"{kind.word} {name}", body=full))

    def patch(self, kind: Kind, seen: Json, change: Json) -> Json:
        """A merge patch of what was seen; ConflictError when it is not that any more."""
        meta = {**change.get("metadata", {}), "resourceVersion": seen["metadata"]["resourceVersion"]}
        return self._patch(kind, seen, {**change, "metadata": meta}, MERGE)

    def replace_at(self, kind: Kind, seen: Json, parts: Mapping[str, Any]) -> Json:
        """Whole parts replaced, where a merge would keep what is not wanted any more."""
        version = seen["metadata"]["resourceVersion"]
        operations = [{"op": "replace", "path": "/metadata/resourceVersion", "value": version}]
        operations += [{"op": "replace", "path": path, "value": value} for path, value in parts.items()]
        return self._patch(kind, seen, operations, JSON_PATCH)

    def delete(self, kind: Kind, seen: Json, *, propagation: str = "Foreground") -> None:
        """Without effect when it is gone, or another one has its name."""
        name = seen["metadata"]["name"]
        options = {
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation,
            "preconditions": {"uid": seen["metadata"]["uid"]},
        }  # fmt: skip
        with suppress(MissingError, ConflictError):
            self._ask(_Call("DELETE", kind.path(self.namespace, name), "delete", f"{kind.word} {name}", body=options))

    def may(self, *, verb: str, group: str, resource: str, subresource: str | None = None) -> bool:
        """Whether our account has this right here."""
        attributes = {"namespace": self.namespace, "verb": verb, "group": group, "resource": resource}
        attributes |= {"subresource": subresource} if subresource else {}
        kind = "SelfSubjectAccessReview"
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": {"resourceAttributes": attributes}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = self._ask(_Call("POST", path, "create", kind, body=body))
        return bool((answer.get("status") or {}).get("allowed"))

    def version(self) -> str:
        return str(self._ask(_Call("GET", "/version/", "get", "the version")).get("gitVersion", "?"))

    @contextmanager
    def stream(self, path: str, query: Mapping[str, str], *, quiet_seconds: float) -> Iterator[Iterator[bytes]]:
        """Chunks of an answer that goes on; it ends, or fails with UnavailableError, and may be asked for again."""
        from urllib3.exceptions import HTTPError

        answer = self._send(_Call("GET", path, "read", path, query=query), read_seconds=quiet_seconds)
        try:
            if answer.status >= 300:
                raise error_for(
                    answer.status, answer.response.read(), verb="read", what=path.rpartition("/namespaces/")[2]
                )
            yield _chunks(answer.response)
        except (HTTPError, OSError) as error:
            raise UnavailableError(f"The API server broke off: {redact(str(error))[:200]}") from error
        finally:
            # Never back into the pool: what was not read would be the next answer's beginning.
            with suppress(HTTPError, OSError):
                answer.response.close()
            answer.response.release_conn()

    def _patch(self, kind: Kind, seen: Json, body: Any, content_type: str) -> Json:
        name = seen["metadata"]["name"]
        path = kind.path(self.namespace, name)
        return self._ask(_Call("PATCH", path, "patch", f"{kind.word} {name}", body=body, content_type=content_type))

    def _ask(self, call: "_Call") -> Json:
        until, pause = time.monotonic() + self.patience.total_seconds(), 0.2
        while True:
            try:
                return self._once(call)
            except UnavailableError as error:
                if isinstance(error, CredentialsError):
                    # The file may hold a newer one by now.
                    self.connection.renew()
                if time.monotonic() + pause > until or self.should_stop():
                    raise
                self._rest(pause)
                pause = min(pause * 2, 5.0)

    def _once(self, call: "_Call") -> Json:
        from urllib3.exceptions import HTTPError

        answer = self._send(call)
        try:
            said = answer.response.read()
        except (HTTPError, OSError) as error:
            raise _away(error) from error
        finally:
            answer.response.release_conn()
        if answer.status >= 300:
            raise error_for(answer.status, said, verb=call.verb, what=call.what)
        try:
            found = json.loads(said)
        except ValueError as error:
            raise UnavailableError("The API server's answer is no JSON") from error
        if not isinstance(found, dict):
            raise BackoutError("The API server's answer is no object")
        return found

    def _send(self, call: "_Call", *, read_seconds: float = READ_SECONDS) -> Any:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        client = self.connection.use()
        headers = {"Accept": "application/json, */*"}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        try:
            request = client.param_serialize(
                call.method, call.path, query_params=list(call.query.items()), header_params=headers, body=call.body,
                auth_settings=["BearerToken"],
            )  # fmt: skip
            return client.call_api(*request, _request_timeout=(CONNECT_SECONDS, read_seconds))
        except (ApiException, HTTPError, OSError) as error:
            raise _away(error) from error

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.should_stop():
            time.sleep(_TICK_SECONDS)


def _away(error: Exception) -> UnavailableError:
    return UnavailableError(
        f"The API server does not answer: {redact(str(error))[:200]}", next_step="Look at the API server."
    )


def _chunks(response: Any) -> Iterator[bytes]:
    while chunk := response.read1(64 * 1024):
        yield chunk
