"""One small cluster: API server, control loops and a node. Start it as a context."""

import base64
import ipaddress
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kube_double.admission import admit_new
from tests.kube_double.controllers import Controllers
from tests.kube_double.kubelet import Image, Kubelet
from tests.kube_double.server import Handler, Server
from tests.kube_double.store import ApiError, Json, Store


class KubeDouble:
    #: Who answers; a cluster that is real puts its own in front (`tests/kube_real`).
    handler: type[Handler] = Handler

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store()
        self.controllers = Controllers(self.store)
        self.kubelet = Kubelet(self.store)
        self.away = False
        self.closing = False
        #: A log stream breaks after so many lines; None lets it be.
        self.cut_logs_after: int | None = None
        self._tokens = {"admin-token": "admin"}
        #: What was asked: (user, verb, group, resource, name).
        self.asked: list[tuple[str, str, str, str, str | None]] = []
        #: Called before a request is carried out: tests change the world under somebody's hands here.
        self.interferes: Callable[[str, str, str | None], None] | None = None
        self.version = {
            "major": "1", "minor": "36", "gitVersion": "v1.36.0", "gitCommit": "0", "gitTreeState": "clean", "compiler": "none",
            "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "platform": "linux/amd64",
        }  # fmt: skip

    @property
    def images(self) -> dict[str, Image]:
        return self.kubelet.images

    def __enter__(self) -> Self:
        certificate, key = self_signed(self.folder)
        handler = type("BoundHandler", (self.handler,), {"cluster": self})
        self._server = Server(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake belongs to the connection's own thread.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._certificate = certificate
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
            threading.Thread(target=self._loop, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing = True
        self._server.shutdown()
        self._server.server_close()
        self._threads[1].join(5)
        self.kubelet.close()

    def _loop(self) -> None:
        while not self.closing:
            with self.store.changed:
                with suppress(ApiError):
                    self.controllers.look()
                    self.kubelet.look()
                self.store.changed.wait(0.05)
            time.sleep(0.01)

    # Who asks

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self._server.server_port}"

    def token_for(self, user: str) -> str:
        token = secrets.token_hex(12)
        self._tokens[token] = user
        return token

    def expire(self, token: str) -> None:
        self._tokens.pop(token, None)

    def renew(self, token: str, user: str = "admin") -> None:
        self._tokens[token] = user

    def user_of(self, header: str | None) -> str | None:
        word, _, token = (header or "").partition(" ")
        return self._tokens.get(token.strip()) if word.lower() == "bearer" else None

    def kubeconfig(
        self, *, token: str = "admin-token", namespace: str = "default", token_file: Path | None = None
    ) -> Path:
        file = self.folder / f"kubeconfig-{secrets.token_hex(3)}"
        authority = base64.b64encode(self._certificate.read_bytes()).decode()
        user = {"tokenFile": str(token_file)} if token_file else {"token": token}
        file.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": self.address, "certificate-authority-data": authority}}],
            "users": [{"name": "me", "user": user}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": namespace}}],
        }))  # fmt: skip
        return file

    def note(self, user: str, verb: str, group: str, resource: str, name: str | None) -> None:
        self.asked.append((user, verb, group, resource, name))

    def before(self, verb: str, resource: str, name: str | None) -> None:
        if self.interferes is not None:
            self.interferes(verb, resource, name)

    # What is there

    def apply(self, namespace: str, *objects: Json) -> None:
        for each in objects:
            kind = each["kind"]
            where = each.get("metadata", {}).get("namespace", namespace)
            name = each["metadata"]["name"]
            if self.store.find(kind, where, name) is not None:
                self.store.update(
                    kind,
                    where,
                    name,
                    lambda before, each=each: {**before, **{k: v for k, v in each.items() if k != "metadata"}},
                )
            else:
                self.store.create(kind, where, self.admitted(kind, where, each))

    def admitted(self, kind: str, namespace: str, body: Json) -> Json:
        """As the API server takes it; ApiError where it does not."""
        return admit_new(self.store, kind, namespace, body)

    def edit(self, kind: str, namespace: str, name: str, **spec: Any) -> Json:
        """Somebody changes it by hand."""
        return self.store.update(kind, namespace, name, lambda each: each["spec"].update(spec))

    def spec(self, kind: str, namespace: str, name: str) -> Json:
        return dict(self.store.get(kind, namespace, name)["spec"])

    def pods(self, namespace: str) -> list[Json]:
        return self.store.all("Pod", namespace)


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-double")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "tls.crt", folder / "tls.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    return files
