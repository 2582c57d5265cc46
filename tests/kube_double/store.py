"""The double's etcd: objects with resource versions, a log of changes for watches, and compaction."""

import copy
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.kube_double.kinds import BY_KIND, Kind

Json = dict[str, Any]
Key = tuple[str, str, str]


class ApiError(Exception):
    """An answer with a status that is no success."""

    def __init__(self, code: int, reason: str, message: str, *, details: Json | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details

    def as_status(self) -> Json:
        status = {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": self.reason,
            "message": self.message, "code": self.code,
        }  # fmt: skip
        return {**status, "details": self.details} if self.details else status


def now(seconds: float = 0) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


class Store:
    """Thread-safe; `changed` is told of every change."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._objects: dict[Key, Json] = {}
        self._log: list[tuple[int, str, str, str, Json]] = []
        self._version = 1000
        self._compacted = 0
        #: Namespaces that enforce the `restricted` pod security standard.
        self.restricted: set[str] = set()

    def restrict(self, namespace: str) -> None:
        self.restricted.add(namespace)

    @property
    def version(self) -> int:
        return self._version

    def get(self, kind: str, namespace: str, name: str) -> Json:
        with self.changed:
            found = self._objects.get((kind, namespace, name))
            if found is None:
                raise _not_found(BY_KIND[kind], name)
            return copy.deepcopy(found)

    def find(self, kind: str, namespace: str, name: str) -> Json | None:
        with self.changed:
            return copy.deepcopy(self._objects.get((kind, namespace, name)))

    def all(self, kind: str, namespace: str | None = None) -> list[Json]:
        with self.changed:
            return [
                copy.deepcopy(each)
                for (of, where, _), each in sorted(self._objects.items())
                if of == kind and namespace in (None, where)
            ]

    def create(self, kind: str, namespace: str, body: Json) -> Json:
        with self.changed:
            made = copy.deepcopy(body)
            meta = made.setdefault("metadata", {})
            if not meta.get("name") and meta.get("generateName"):
                meta["name"] = meta["generateName"] + secrets.token_hex(3)[:5]
            key = (kind, namespace, meta["name"])
            if key in self._objects:
                of = BY_KIND[kind]
                raise ApiError(409, "AlreadyExists", f'{of.plural} "{meta["name"]}" already exists')
            made.update(apiVersion=BY_KIND[kind].api_version, kind=kind)
            meta.update(namespace=namespace, uid=_uid(), creationTimestamp=now(), generation=1)
            meta.pop("deletionTimestamp", None)
            return self._write("ADDED", key, made)

    def update(
        self, kind: str, namespace: str, name: str, change: Callable[[Json], Json | None], *, status: bool = False
    ) -> Json:
        """Whatever `change` makes of it is kept; a resource version in it must be the current one."""
        with self.changed:
            key = (kind, namespace, name)
            before = self.get(kind, namespace, name)
            edited = copy.deepcopy(before)
            after = change(edited) or edited
            meta = after["metadata"]
            for field in ("resourceVersion", "uid"):
                if meta.get(field) and meta[field] != before["metadata"][field]:
                    raise _conflict(BY_KIND[kind], name, field, meta[field])
            kept = {
                field: before["metadata"][field]
                for field in ("uid", "creationTimestamp", "generation", "namespace", "name")
            }
            meta.update(kept)
            if "deletionTimestamp" in before["metadata"]:
                meta["deletionTimestamp"] = before["metadata"]["deletionTimestamp"]
            if not status and "status" in before:
                after["status"] = before["status"]
            if after.get("spec") != before.get("spec"):
                meta["generation"] += 1
            meta["resourceVersion"] = before["metadata"]["resourceVersion"]
            if after == before:
                return before
            written = self._write("MODIFIED", key, after)
            if meta.get("deletionTimestamp") and not meta.get("finalizers") and kind != "Pod":
                self.remove(kind, namespace, name)
            return written

    def mark(self, kind: str, namespace: str, name: str, **meta: Any) -> Json:
        """What only the system itself writes into the metadata."""
        with self.changed:
            found = self.get(kind, namespace, name)
            found["metadata"].update(meta)
            return self._write("MODIFIED", (kind, namespace, name), found)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        with self.changed:
            found = self._objects.pop((kind, namespace, name), None)
            if found is not None:
                self._write("DELETED", (kind, namespace, name), found)

    def since(self, kind: str, namespace: str | None, version: int) -> list[tuple[int, str, Json]]:
        """Changes after that version; ApiError 410 when they are not known any more."""
        with self.changed:
            self.refuse_older(version)
            return [
                (number, what, copy.deepcopy(each))
                for number, what, of, where, each in self._log
                if number > version and of == kind and namespace in (None, where)
            ]

    def refuse_older(self, version: int) -> None:
        if version < self._compacted:
            raise ApiError(410, "Expired", f"too old resource version: {version} ({self._compacted})")

    def compact(self) -> None:
        with self.changed:
            self._compacted = self._version
            self._log.clear()

    def owned(self, kind: str, owner: Json) -> Iterator[Json]:
        for each in self.all(kind, owner["metadata"]["namespace"]):
            if any(ref["uid"] == owner["metadata"]["uid"] for ref in each["metadata"].get("ownerReferences", ())):
                yield each

    def _write(self, what: str, key: Key, made: Json) -> Json:
        self._version += 1
        made["metadata"]["resourceVersion"] = str(self._version)
        if what != "DELETED":
            self._objects[key] = made
        self._log.append((self._version, what, key[0], key[1], copy.deepcopy(made)))
        self.changed.notify_all()
        return copy.deepcopy(made)


def wait(store: Store, holds: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come true"
        with store.changed:
            store.changed.wait(0.1)


def _uid() -> str:
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"


def _not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{kind.plural} "{name}" not found')


def _conflict(kind: Kind, name: str, field: str, given: str) -> ApiError:
    if field == "uid":
        return ApiError(
            409, "Conflict", f'Operation cannot be fulfilled on {kind.plural} "{name}": UID mismatch {given}'
        )
    return ApiError(
        409, "Conflict",
        f'Operation cannot be fulfilled on {kind.plural}.{kind.group} "{name}": the object has been modified; please apply '
        "your changes to the latest version and try again",
    )  # fmt: skip
