"""The real API server that KUBECONFIG names, asked as its administrator."""

import json
import os
from collections.abc import Mapping
from typing import Any

from tests.kube_double.store import ApiError, Json


class Upstream:
    def __init__(self) -> None:
        from kubernetes import client, config

        load: Any = config.load_kube_config
        self._configuration = client.Configuration()
        self._configuration.retries = False
        load(config_file=os.environ["KUBECONFIG"], client_configuration=self._configuration)
        self._client = client.ApiClient(self._configuration)

    @property
    def host(self) -> str:
        return str(self._configuration.host)

    def send(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json",
        headers: Mapping[str, str] | None = None, seconds: float = 60,
    ) -> Any:  # fmt: skip
        """The answer as it comes; whoever asked reads and releases it."""
        asked = {"Accept": "application/json, */*", **(headers or {})}
        if body is not None:
            asked["Content-Type"] = content_type
        for setting in self._configuration.auth_settings().values():
            asked[setting["key"]] = setting["value"]
        return self._client.rest_client.pool_manager.request(
            method, f"{self._configuration.host}{path}", body=None if body is None else json.dumps(body), headers=asked,
            preload_content=False, timeout=seconds,
        )  # fmt: skip

    def ask(self, method: str, path: str, body: Any = None, *, content_type: str = "application/json") -> Json:
        """ApiError with what it says where it is no success."""
        answer = self.send(method, path, body, content_type=content_type)
        data = bytes(answer.data)
        answer.release_conn()
        if not data.startswith(b"{"):
            # A path that nobody serves is answered in plain words.
            raise ApiError(answer.status, "", data.decode(errors="replace").strip())
        said = json.loads(data)
        if answer.status >= 300:
            raise ApiError(answer.status, str(said.get("reason", "")), str(said.get("message", said)))
        return dict(said)
