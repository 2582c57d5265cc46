import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from actions.errors import ConfigurationError, UnavailableError
from actions.platforms.kubernetes import Cluster, look_at


class SmallApi(BaseHTTPRequestHandler):
    """Version and pods, for one namespace that may be read and one that may not."""

    def do_GET(self) -> None:
        status, answer = 404, {"kind": "Status", "status": "Failure"}
        if self.path == "/version/":
            version = dict.fromkeys(
                ("buildDate", "compiler", "gitCommit", "gitTreeState", "goVersion", "major", "minor", "platform"), "x"
            )
            status, answer = 200, {**version, "gitVersion": "v1.36.0"}
        elif self.path.startswith("/api/v1/namespaces/shop/pods"):
            status, answer = 200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}
        elif self.path.startswith("/api/v1/namespaces/closed/"):
            status, answer = 403, {"kind": "Status", "status": "Failure", "reason": "Forbidden"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SmallApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield write_config(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def write_config(folder: Path, address: str) -> Path:
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": address}}],
        "users": [{"name": "me", "user": {"token": "s3cr3t-token"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
    }))  # fmt: skip
    return file


def test_a_reachable_namespace_is_found(kubeconfig: Path) -> None:
    facts = look_at(Cluster(namespace="shop", kubeconfig=kubeconfig), {})
    assert (facts.version, facts.namespace) == ("v1.36.0", "shop")
    assert look_at(Cluster(namespace="shop"), {"KUBECONFIG": str(kubeconfig)}) == facts


def test_a_namespace_without_rights_says_what_is_missing(kubeconfig: Path) -> None:
    with pytest.raises(ConfigurationError, match="403") as caught:
        look_at(Cluster(namespace="closed", kubeconfig=kubeconfig), {})
    assert "right" in str(caught.value)


def test_an_api_server_that_does_not_answer_is_said_without_the_token(tmp_path: Path) -> None:
    config = write_config(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        look_at(Cluster(namespace="shop", kubeconfig=config), {})
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("cluster", [
    pytest.param(Cluster(namespace="shop", kubeconfig=Path("/nowhere/config")), id="no file"),
    pytest.param(Cluster(namespace="shop", context="elsewhere"), id="no such context"),
])  # fmt: skip
def test_no_usable_configuration_is_said_with_what_to_do(cluster: Cluster, kubeconfig: Path) -> None:
    with pytest.raises(UnavailableError, match="no usable cluster configuration") as caught:
        look_at(cluster, {"KUBECONFIG": str(kubeconfig)})
    assert "KUBECONFIG" in str(caught.value)
