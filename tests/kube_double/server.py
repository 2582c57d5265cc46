"""The API server: HTTP over TLS, JSON, watches, patches, and refusals as the real one words them."""

import json
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.kube_double import admission, rights
from tests.kube_double.kinds import Place, discovery, place_of
from tests.kube_double.patches import patched
from tests.kube_double.selecting import selects
from tests.kube_double.store import ApiError, Json, Store, now

if TYPE_CHECKING:
    from tests.kube_double.cluster import KubeDouble

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: "KubeDouble"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_: object) -> None:
        pass

    @property
    def store(self) -> Store:
        return self.cluster.store

    def _answer(self, method: str) -> None:
        split = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        if self.cluster.away:
            # As if nobody listened.
            self.close_connection = True
            return
        try:
            self._serve(method, unquote(split.path), query, json.loads(raw) if raw else {})
        except ApiError as error:
            self._say(error.code, error.as_status())
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def _serve(self, method: str, path: str, query: dict[str, str], body: Any) -> None:
        path = path.rstrip("/") or "/"
        if path in ("/version", "/healthz", "/readyz"):
            self._say(200, self.cluster.version if path == "/version" else {"ok": True})
            return
        user = self.cluster.user_of(self.headers.get("Authorization"))
        if user is None:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        if method == "GET" and (found := discovery(path)) is not None:
            self._say(200, found)
            return
        if path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" and method == "POST":
            self._say(201, self._review(user, body))
            return
        place = place_of(path)
        if place is None:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        verb = self._verb(method, place, query)
        resource = f"{place.kind.plural}/{place.sub}" if place.sub else place.kind.plural
        self.cluster.note(user, verb, place.kind.group, resource, place.name)
        allowed = rights.may(
            self.store,
            user,
            place.namespace or "",
            verb=verb,
            group=place.kind.group,
            resource=resource,
            name=place.name,
        )
        if not allowed:
            named = f' "{place.name}"' if place.name else ""
            raise ApiError(
                403, "Forbidden",
                f'{resource}.{place.kind.group}{named} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group '
                f'"{place.kind.group}" in the namespace "{place.namespace}"',
            )  # fmt: skip
        self.cluster.before(verb, resource, place.name)
        self._carry_out(verb, place, query, body)

    def _verb(self, method: str, place: Place, query: dict[str, str]) -> str:
        if method != "GET":
            return VERBS[method]
        if place.name:
            return "get"
        return "watch" if query.get("watch") in ("1", "true", "True") else "list"

    def _carry_out(self, verb: str, place: Place, query: dict[str, str], body: Any) -> None:
        namespace, name, kind = place.namespace or "", place.name or "", place.kind.kind
        match verb:
            case "get" if place.sub == "log":
                self._log(self.store.get("Pod", namespace, name), query)
            case "get":
                found = self.store.get(kind, namespace, name)
                self._say(200, _scale_of(found) if place.sub == "scale" else found)
            case "list":
                self._say(200, self._list(place, query))
            case "watch":
                self._watch(place, query)
            case "create":
                if body.get("kind") not in (None, kind):
                    raise ApiError(400, "BadRequest", f"the object provided is unrecognized (must be of type {kind})")
                self._say(
                    201, self.store.create(kind, namespace, admission.admit_new(self.store, kind, namespace, body))
                )
            case "delete":
                self._say(200, self._delete(place, {**query, **(body or {})}))
            case "patch" | "update":
                self._say(200, self._change(place, verb, body))

    def _change(self, place: Place, verb: str, body: Any) -> Json:
        namespace, name, kind = place.namespace or "", place.name or "", place.kind
        content_type = self.headers.get("Content-Type") or ""

        def change(before: Json) -> Json:
            seen = _scale_of(before) if place.sub == "scale" else before
            after = body if verb == "update" else patched(seen, body, content_type, custom=kind.custom)
            if place.sub == "scale":
                after = {
                    **before, "spec": {**before["spec"], "replicas": after["spec"]["replicas"]},
                    "metadata": {**before["metadata"], "resourceVersion": after["metadata"].get("resourceVersion")},
                }  # fmt: skip
            admission.admit_change(kind.kind, before, after)
            return dict(after)

        written = self.store.update(kind.kind, namespace, name, change, status=place.sub == "status")
        return _scale_of(written) if place.sub == "scale" else written

    def _delete(self, place: Place, options: dict[str, Any]) -> Json:
        namespace, name, kind = place.namespace or "", place.name or "", place.kind.kind
        found = self.store.get(kind, namespace, name)
        if (wanted := (options.get("preconditions") or {}).get("uid")) and wanted != found["metadata"]["uid"]:
            raise ApiError(409, "Conflict", f"Precondition failed: UID in precondition: {wanted}")
        if kind == "Pod":
            grace = options.get("gracePeriodSeconds")
            self.cluster.controllers.delete_pod(found, int(grace) if grace is not None else None)
        elif options.get("propagationPolicy") == "Foreground":
            finalizers = [*found["metadata"].get("finalizers", ()), "foregroundDeletion"]
            self.store.mark(kind, namespace, name, deletionTimestamp=now(), finalizers=finalizers)
        else:
            self.store.remove(kind, namespace, name)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

    def _list(self, place: Place, query: dict[str, str]) -> Json:
        with self.store.changed:
            found = [each for each in self.store.all(place.kind.kind, place.namespace) if selects(each, query)]
            version = str(self.store.version)
        seen, _, number = (query.get("continue") or f"{version}/0").partition("/")
        self.store.refuse_older(int(seen))
        begin = int(number)
        limit = int(query.get("limit") or 0) or len(found)
        meta = {"resourceVersion": version}
        if begin + limit < len(found):
            meta["continue"] = f"{seen}/{begin + limit}"
        return {
            "kind": f"{place.kind.kind}List", "apiVersion": place.kind.api_version, "metadata": meta,
            "items": found[begin : begin + limit],
        }  # fmt: skip

    def _watch(self, place: Place, query: dict[str, str]) -> None:
        until = time.monotonic() + float(query.get("timeoutSeconds") or 60)
        asked = query.get("resourceVersion") or "0"
        backlog: list[tuple[str, Json]] = []
        with self.store.changed:
            version = int(asked)
            if asked == "0":
                version = self.store.version
                backlog = [("ADDED", each) for each in self.store.all(place.kind.kind, place.namespace)]
        self._begin_stream("application/json")
        for what, each in backlog:
            if selects(each, query):
                self._chunk(json.dumps({"type": what, "object": each}).encode() + b"\n")
        while time.monotonic() < until and not self.cluster.away and not self.cluster.closing:
            try:
                changes = self.store.since(place.kind.kind, place.namespace, version)
            except ApiError as error:
                self._chunk(json.dumps({"type": "ERROR", "object": error.as_status()}).encode() + b"\n")
                break
            for number, what, each in changes:
                version = number
                if selects(each, query):
                    self._chunk(json.dumps({"type": what, "object": each}).encode() + b"\n")
            with self.store.changed:
                if not changes:
                    self.store.changed.wait(0.2)
        self._end_stream()

    def _log(self, pod: Json, query: dict[str, str]) -> None:
        if not pod["status"].get("containerStatuses") or "waiting" in pod["status"]["containerStatuses"][0]["state"]:
            raise ApiError(400, "BadRequest", f'container "x" in pod "{pod["metadata"]["name"]}" is waiting to start')
        follow, sent = query.get("follow") in ("true", "True", "1"), 0
        lines = self.cluster.kubelet.log(pod)
        self._begin_stream("text/plain")
        cut_after = self.cluster.cut_logs_after
        while not self.cluster.away and not self.cluster.closing:
            now_pod = self.store.find("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
            over = now_pod is None or now_pod["status"]["phase"] in ("Succeeded", "Failed")
            while sent < len(lines):
                self._chunk(lines[sent])
                sent += 1
                if cut_after is not None and sent >= cut_after:
                    self.close_connection = True
                    self.connection.close()
                    return
            if over or not follow:
                break
            time.sleep(0.02)
        self._end_stream()

    def _review(self, user: str, body: Json) -> Json:
        asked = body["spec"].get("resourceAttributes", {})
        resource = asked.get("resource", "")
        if asked.get("subresource"):
            resource = f"{resource}/{asked['subresource']}"
        allowed = rights.may(
            self.store, user, asked.get("namespace", ""), verb=asked.get("verb", ""), group=asked.get("group", ""),
            resource=resource, name=asked.get("name"),
        )  # fmt: skip
        return {
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": body["spec"],
            "status": {"allowed": allowed},
        }  # fmt: skip

    def _say(self, code: int, answer: Json) -> None:
        text = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _begin_stream(self, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _end_stream(self) -> None:
        if self.cluster.away:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that went away is nothing to tell."""


def _scale_of(it: Json) -> Json:
    meta = {key: it["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}
    return {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": {"replicas": it["spec"]["replicas"]},
        "status": {"replicas": it.get("status", {}).get("replicas", 0)},
    }  # fmt: skip
