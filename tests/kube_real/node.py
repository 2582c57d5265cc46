"""A node for a control plane that has none: its pods are processes of this machine, as the double's are."""

import secrets
import socket
import ssl
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.kube_double.kubelet import Kubelet
from tests.kube_double.store import ApiError, Json, now
from tests.kube_real.store import MARK, RealStore

NODES = "/api/v1/nodes"
BEAT_SECONDS = 10.0
_ROOM = {"cpu": "64", "memory": "64Gi", "pods": "500", "ephemeral-storage": "64Gi"}


class Node(Kubelet):
    """Takes the pods of this test's namespaces, tells how they are, and has their logs."""

    def __init__(self, store: RealStore, address: str) -> None:
        super().__init__(store)
        self._store: RealStore = store
        self.name = f"{MARK}-{secrets.token_hex(3)}"
        self._address = address
        self._told: dict[str, Json] = {}
        self._left: set[str] = set()
        self._uids: dict[tuple[str, str], str] = {}
        self._beat = 0.0

    def join(self, certificate: Path, key: Path) -> None:
        """As a kubelet does it: it registers, and its own server has the logs."""
        handler = type("BoundLogs", (_Logs,), {"node": self})
        self._server = _Server((self._address, 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        # Nobody else's pods are wanted here.
        taint = {"key": MARK, "value": self.name, "effect": "NoSchedule"}
        body = {"metadata": {"name": self.name, "labels": {MARK: self.name}}, "spec": {"taints": [taint]}}
        self._store.upstream.ask("POST", NODES, body)
        self._say_well()

    def leave(self) -> None:
        self.close()
        self._server.shutdown()
        self._server.server_close()
        with suppress(ApiError):
            self._store.upstream.ask("DELETE", f"{NODES}/{self.name}")

    def look(self) -> None:
        if time.monotonic() - self._beat > BEAT_SECONDS:
            self._say_well()
        super().look()

    def lines_of(self, namespace: str, name: str) -> "tuple[list[bytes], threading.Event] | None":
        uid = self._uids.get((namespace, name))
        running = self._running.get(uid) if uid else None
        if running is None:
            return None
        over = threading.Event()
        if running.process is None or (
            running.process.poll() is not None and not any(each.is_alive() for each in running.readers)
        ):
            over.set()
        return running.log, over

    def _pods(self) -> list[Json]:
        """Those that are ours: whoever has no node yet is taken here."""
        found = []
        for pod in self._store.all("Pod"):
            meta, node = pod["metadata"], pod["spec"].get("nodeName")
            if node is None and not meta.get("deletionTimestamp"):
                target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
                body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]}, "target": target}
                with suppress(ApiError):
                    self._store.upstream.ask(
                        "POST", self._store.path("Pod", meta["namespace"], meta["name"], "binding"), body
                    )
            elif node == self.name:
                self._uids[self._store.there(meta["namespace"]), meta["name"]] = meta["uid"]
                found.append(pod)
        return found

    def _set(self, pod: Json, status: Json) -> None:
        uid = pod["metadata"]["uid"]
        if self._told.get(uid) == status:
            return
        with suppress(ApiError):
            self._store.patch_status("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"], status)
            self._told[uid] = status

    def _gone(self, pod: Json) -> None:
        """It says how the pod ended before it lets go of it, and does so once: a Job's controller wants to see that."""
        meta = pod["metadata"]
        if meta["uid"] in self._left:
            return
        if pod["status"]["phase"] not in ("Succeeded", "Failed"):
            self._end(pod, 143, "Error", "")
        path = self._store.path("Pod", meta["namespace"], meta["name"])
        with suppress(ApiError):
            self._store.upstream.ask("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}})
        self._left.add(meta["uid"])

    def _say_well(self) -> None:
        self._beat = time.monotonic()
        well = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}
        status = {
            "conditions": [well], "capacity": _ROOM, "allocatable": _ROOM,
            "addresses": [{"type": "InternalIP", "address": self._address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._server.server_port}},
        }  # fmt: skip
        with suppress(ApiError):
            self._store.upstream.ask(
                "PATCH", f"{NODES}/{self.name}/status", {"status": status}, content_type="application/merge-patch+json"
            )


class _Logs(BaseHTTPRequestHandler):
    """`/containerLogs/NAMESPACE/POD/CONTAINER`, which is where the API server goes for a log."""

    protocol_version = "HTTP/1.1"
    node: Node

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        match split.path.strip("/").split("/"):
            case ["containerLogs", namespace, pod, container]:
                follow = parse_qs(split.query).get("follow") == ["true"]
                self._tell(namespace, pod, container, follow=follow)
            case _:
                self.send_error(404)

    def _tell(self, namespace: str, pod: str, container: str, *, follow: bool) -> None:
        found, sent = self.node.lines_of(namespace, pod), 0
        if found is None:
            self.send_error(400, f'container "{container}" in pod "{pod}" is waiting to start: ContainerCreating')
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while found is not None:
            lines, over = found
            ended = over.is_set()
            while sent < len(lines):
                self.wfile.write(f"{len(lines[sent]):x}\r\n".encode() + lines[sent] + b"\r\n")
                sent += 1
            self.wfile.flush()
            if ended or not follow:
                break
            time.sleep(0.02)
            found = self.node.lines_of(namespace, pod)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Whoever listened went away."""


def address_towards(host: str, port: int) -> str:
    """Ours, as that host may reach it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port))
        return str(probe.getsockname()[0])
