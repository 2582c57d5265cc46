"""The node: pods whose image has a folder really run their command there, as processes of this machine."""

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.kube_double.store import Json, Store, moment_of, now


@dataclass(kw_only=True)
class Image:
    """What stands for an image: a folder in which its programs run. Without one nothing runs, and the pod just lives."""

    folder: Path | None = None
    command: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    ready: bool = True
    #: Ignores that it is asked to end, and the node cannot kill it either.
    stubborn: bool = False
    #: Its node says no to it, with this reason.
    refused: str | None = None


@dataclass(kw_only=True)
class _Container:
    process: "subprocess.Popen[bytes] | None"
    log: list[bytes] = field(default_factory=list)
    asked_at: float | None = None
    readers: list[threading.Thread] = field(default_factory=list)


class Kubelet:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.images: dict[str, Image] = {}
        self._running: dict[str, _Container] = {}
        #: Every command that was started, as (pod, argv): to see that nothing is started twice.
        self.started: list[tuple[str, tuple[str, ...]]] = []

    def look(self) -> None:
        for pod in self._pods():
            uid = pod["metadata"]["uid"]
            if pod["metadata"].get("deletionTimestamp"):
                self._terminate(pod)
            elif pod["status"]["phase"] == "Pending" and uid not in self._running:
                self._start(pod)
            elif pod["status"]["phase"] == "Running":
                self._watch(pod)

    def _pods(self) -> list[Json]:
        return self._store.all("Pod")

    def log(self, pod: Json) -> list[bytes]:
        found = self._running.get(pod["metadata"]["uid"])
        return found.log if found else []

    def close(self) -> None:
        for each in self._running.values():
            if each.process is not None:
                _kill(each.process, signal.SIGKILL)
                each.process.wait(5)
            for reader in each.readers:
                reader.join(2)

    def _start(self, pod: Json) -> None:
        container = pod["spec"]["containers"][0]
        image = self.images.get(container["image"])
        if image is None:
            message = f'Back-off pulling image "{container["image"]}"'
            self._waiting(pod, "ImagePullBackOff", message)
            return
        try:
            environment = self._environment(pod, container)
        except KeyError as error:
            self._waiting(pod, "CreateContainerConfigError", f"{error.args[0]} not found")
            return
        if image.refused:
            # As a kubelet does it: the pod has failed, and no container of it ever was.
            self._set(pod, {"phase": "Failed", "reason": image.refused, "message": "Pod was rejected"})
            return
        argv = [*container.get("command", image.command), *container.get("args", ())]
        process = None
        if image.folder is not None and argv:
            self.started.append((pod["metadata"]["name"], tuple(argv)))
            surroundings = {
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(image.folder), "LC_ALL": "C.UTF-8",
                "HOSTNAME": pod["metadata"]["name"], **image.env, **environment,
            }  # fmt: skip
            try:
                process = subprocess.Popen(
                    argv, cwd=image.folder, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                self._end(pod, 128, "StartError", str(error))
                return
        running = self._running[pod["metadata"]["uid"]] = _Container(process=process)
        if process is not None:
            # One pipe each, and whole lines: as a container runtime writes a log.
            for stream in (process.stdout, process.stderr):
                reader = threading.Thread(target=_collect, args=(stream, running.log), daemon=True)
                reader.start()
                running.readers.append(reader)
        self._set(pod, {
            "phase": "Running", "startTime": now(), "podIP": "127.0.0.1",
            "conditions": [{"type": "Ready", "status": "True" if image.ready else "False"}],
            "containerStatuses": [{"name": container["name"], "ready": image.ready, "state": {"running": {"startedAt": now()}}}],
        })  # fmt: skip

    def _watch(self, pod: Json) -> None:
        running = self._running.get(pod["metadata"]["uid"])
        if running is None or running.process is None:
            return
        code = running.process.poll()
        if code is None:
            return
        for reader in running.readers:
            reader.join(2)
        if pod["spec"]["restartPolicy"] == "Always":
            self._running.pop(pod["metadata"]["uid"])
            self._set(pod, {"phase": "Pending"})
            return
        self._end(pod, code if code >= 0 else 128 - code, "Completed" if code == 0 else "Error", "")

    def _end(self, pod: Json, code: int, reason: str, message: str) -> None:
        name = pod["spec"]["containers"][0]["name"]
        terminated = {"exitCode": code, "reason": reason, "message": message, "finishedAt": now()}
        self._set(pod, {
            "phase": "Succeeded" if code == 0 else "Failed", "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": name, "ready": False, "state": {"terminated": terminated}}],
        })  # fmt: skip

    def _terminate(self, pod: Json) -> None:
        meta = pod["metadata"]
        running = self._running.get(meta["uid"])
        image = self.images.get(pod["spec"]["containers"][0]["image"])
        if running is not None and image is not None and image.stubborn:
            return
        if running is not None and running.process is not None and running.process.poll() is None:
            if running.asked_at is None:
                running.asked_at = time.monotonic()
                _kill(running.process, signal.SIGTERM)
            elif time.time() > moment_of(meta["deletionTimestamp"]):
                _kill(running.process, signal.SIGKILL)
            return
        self._gone(pod)

    def _gone(self, pod: Json) -> None:
        self._store.remove("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def _waiting(self, pod: Json, reason: str, message: str) -> None:
        name = pod["spec"]["containers"][0]["name"]
        self._set(pod, {
            "phase": "Pending",
            "containerStatuses": [{"name": name, "ready": False, "state": {"waiting": {"reason": reason, "message": message}}}],
        })  # fmt: skip

    def _set(self, pod: Json, status: Json) -> None:
        meta = pod["metadata"]
        if pod["status"] != status and self._store.find("Pod", meta["namespace"], meta["name"]) is not None:
            self._store.update(
                "Pod", meta["namespace"], meta["name"], lambda each: each.update(status=status), status=True
            )

    def _environment(self, pod: Json, container: Json) -> dict[str, str]:
        """KeyError names what is missing."""
        namespace, found = pod["metadata"]["namespace"], dict[str, str]()
        for source in container.get("envFrom", ()):
            for field_name, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if ref := source.get(field_name):
                    found |= self._data(kind, namespace, ref["name"], optional=ref.get("optional", False))
        for entry in container.get("env", ()):
            ref = entry.get("valueFrom", {})
            if secret := ref.get("secretKeyRef"):
                found[entry["name"]] = self._data("Secret", namespace, secret["name"])[secret["key"]]
            elif config := ref.get("configMapKeyRef"):
                found[entry["name"]] = self._data("ConfigMap", namespace, config["name"])[config["key"]]
            elif "fieldRef" in ref:
                found[entry["name"]] = pod["metadata"]["name"]
            else:
                found[entry["name"]] = str(entry.get("value", ""))
        return found

    def _data(self, kind: str, namespace: str, name: str, *, optional: bool = False) -> dict[str, str]:
        found = self._store.find(kind, namespace, name)
        if found is None:
            if optional:
                return {}
            raise KeyError(f'{kind.lower()} "{name}"')
        data = found.get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()} if kind == "Secret" else data


def _collect(stream: object, into: list[bytes]) -> None:
    into.extend(stream)  # type: ignore[arg-type]
    stream.close()  # type: ignore[attr-defined]


def _kill(process: "subprocess.Popen[bytes]", number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        process.send_signal(number)
