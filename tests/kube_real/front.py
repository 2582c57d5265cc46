"""In front of the real API server: whose token it is, and what a test lets happen on the way; nothing else is ours."""

import json
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from urllib3.exceptions import HTTPError

from tests.kube_double.kinds import place_of
from tests.kube_double.server import Handler
from tests.kube_double.store import ApiError

if TYPE_CHECKING:
    from tests.kube_real.cluster import RealCluster

_WRITES = ("POST", "PUT", "PATCH")


class Front(Handler):
    cluster: "RealCluster"

    def _serve(self, method: str, path: str, query: dict[str, str], body: Any) -> None:
        user = self.cluster.user_of(self.headers.get("Authorization"))
        if user is None:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        place = place_of(path.rstrip("/"))
        if place is not None:
            verb = self._verb(method, place, query)
            resource = f"{place.kind.plural}/{place.sub}" if place.sub else place.kind.plural
            self.cluster.note(user, verb, place.kind.group, resource, place.name)
            self.cluster.before(verb, resource, place.name)
            if place.namespace:
                there = self.cluster.store.there(place.namespace)
                path = path.replace(f"/namespaces/{place.namespace}", f"/namespaces/{there}", 1)
        if method in _WRITES and place is not None:
            # What the server would only warn of is an error here.
            query = {**query, "fieldValidation": "Strict"}
        headers = {} if user == "admin" else {"Impersonate-User": self.cluster.real_user(user)}
        if user.startswith("system:serviceaccount:"):
            headers["Impersonate-Group"] = "system:serviceaccounts"
        answer = self.cluster.upstream.send(
            method, f"{path}?{urlencode(query)}" if query else path, self.cluster.store.outward(body) if body else None,
            content_type=self.headers.get("Content-Type") or "application/json", headers=headers, seconds=600,
        )  # fmt: skip
        try:
            if place is not None and (place.sub == "log" or query.get("watch")) and answer.status < 300:
                self._pass_on(answer)
            else:
                self._say(answer.status, json.loads(self.cluster.store.here((answer.read() or b"{}").decode())))
        except (HTTPError, HTTPException):
            self.close_connection = True
        finally:
            answer.close()
            answer.release_conn()

    def _pass_on(self, answer: Any) -> None:
        """As it comes; it breaks off where a test says so."""
        lines, cut_after = 0, self.cluster.cut_logs_after
        self._begin_stream(answer.headers.get("Content-Type", "text/plain"))
        while chunk := answer.read1(64 * 1024):
            if self.cluster.away or self.cluster.closing:
                self.close_connection = True
                self.connection.close()
                return
            for line in chunk.splitlines(keepends=True) if cut_after is not None else [chunk]:
                self._chunk(line)
                lines += 1
                if cut_after is not None and lines >= cut_after:
                    self.close_connection = True
                    self.connection.close()
                    return
        self._end_stream()
