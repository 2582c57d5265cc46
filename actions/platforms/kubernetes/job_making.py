"""From a workload and a command to the Job that runs it there. Pure.

The Job takes over what the workload's container needs to work: image, variables, secrets, account, volumes, limits. It
leaves out what would do something of its own: other containers, probes, hooks, init containers, and above all the
workload's labels, for a Service would send it the users' requests.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions.errors import ConfigurationError
from actions.platforms.kubernetes.api import Json
from actions.platforms.port import Command

CONTAINER = "backout"
LAUNCHER = Path(__file__).with_name("launcher.py")
ORDER, TOKEN, TAKEN, FRAMED = "backout/order", "backout/token", "backout/taken", "backout/framed"
#: On a Job whose name only its process knows: when that is through with it, in seconds since 1970.
UNTIL = "backout/until"
MANAGED_BY = "app.kubernetes.io/managed-by"
#: Should nobody fetch the result, Kubernetes clears the Job away by itself.
KEPT_SECONDS = 24 * 3600
#: How much longer than its deadline a Job may last should we not be there to end it.
SPARE_SECONDS = 120
#: A variable may hold 128 kB; a Secret one MiB.
PART, MOST = 96 * 1024, 900 * 1024
_FROM_POD = (
    "securityContext", "imagePullSecrets", "nodeSelector", "tolerations", "runtimeClassName", "priorityClassName",
    "schedulerName", "dnsPolicy", "dnsConfig", "hostAliases", "enableServiceLinks", "automountServiceAccountToken", "os",
    "serviceAccountName",
)  # fmt: skip
_FROM_CONTAINER = (
    "image",
    "imagePullPolicy",
    "env",
    "envFrom",
    "resources",
    "securityContext",
    "volumeMounts",
    "workingDir",
)
#: Meshes would add a sidecar that never ends.
_NO_SIDECARS = {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"}
#: For a pod that has no workload's own settings to take over.
_MODEST = {
    "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOrder:
    """One command, as a Job."""

    name: str
    command: Command
    #: The pod template that it is made from; None: `image` alone.
    template: Json | None
    #: The container of it. None: the first.
    container: str | None = None
    image: str | None = None
    account: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    #: What its frames begin with; made anew for each Job.
    token: str = field(default="", repr=False)
    #: None: whoever comes later finds it by its name.
    until: float | None = None

    @property
    def secret(self) -> str:
        """Its own for each Job: a node may remember what one of the same name held before."""
        return f"{self.name}-{self.token[:6]}"

    @property
    def is_framed(self) -> bool:
        """It is given something to read, so it is a program for the service's Python, and that can run our launcher."""
        return bool(self.command.stdin)


def job_name(wanted: str) -> str:
    """Valid, short enough, and its own for each wanted one."""
    plain = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:40].strip("-")
    return f"backout-{plain or 'job'}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"


def digest_of(order: JobOrder) -> str:
    """The same for the same command: a Job that carries it is ours to listen to, another is not."""
    command = order.command
    parts = [*command.argv, str(command.folder), order.image or "", order.container or ""]
    parts += [f"{name}={value}" for name, value in sorted(command.env.items())]
    told = "\0".join(parts).encode() + b"\0" + command.stdin
    return hashlib.sha256(told).hexdigest()[:32]


def secret_values(order: JobOrder) -> dict[str, str]:
    """What is handed over, by variable; it goes into a Secret, never into the Job itself."""
    values = dict(order.command.env)
    if order.is_framed:
        packed = base64.b64encode(zlib.compress(order.command.stdin, 9)).decode()
        for number, begin in enumerate(range(0, len(packed), PART)):
            values[f"BACKOUT_JOB_INPUT_{number}"] = packed[begin : begin + PART]
        values["BACKOUT_JOB_TOKEN"] = order.token
    if sum(map(len, values.values())) > MOST:
        raise ConfigurationError("What the command is to be given does not fit into a Secret")
    return values


def secret_body(order: JobOrder, job: Json) -> Json:
    meta = job["metadata"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"]}
    return {
        "metadata": {"name": order.secret, "labels": _labels(order), "ownerReferences": [owner]},
        "type": "Opaque",
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in secret_values(order).items()},
    }  # fmt: skip


def job_body(order: JobOrder) -> Json:
    """Suspended: it begins when its Secret, which belongs to it, is there."""
    pod, container = _pod_of(order)
    own = secret_values(order)
    handed = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": order.secret, "key": name}}} for name in sorted(own)
    ]
    container["env"] = [each for each in container.get("env") or () if each["name"] not in own] + handed
    container["command"] = _argv(order)
    if order.command.folder is not None:
        container["workingDir"] = str(order.command.folder)
    deadline = int(order.command.deadline.total_seconds()) + SPARE_SECONDS
    notes = {ORDER: digest_of(order), TOKEN: order.token, FRAMED: "true" if order.is_framed else "false"}
    if order.until is not None:
        notes[UNTIL] = f"{order.until:.0f}"
    return {
        "metadata": {"name": order.name, "labels": _labels(order), "annotations": notes},
        "spec": {
            "suspend": True, "backoffLimit": 0, "completions": 1, "parallelism": 1, "activeDeadlineSeconds": deadline,
            "ttlSecondsAfterFinished": KEPT_SECONDS, "podReplacementPolicy": "Failed",
            "template": {
                "metadata": {"labels": {**_labels(order), **_NO_SIDECARS}, "annotations": dict(_NO_SIDECARS)},
                "spec": {**pod, "restartPolicy": "Never", "containers": [container]},
            },
        },
    }  # fmt: skip


def _argv(order: JobOrder) -> list[str]:
    argv = [str(word) for word in order.command.argv]
    if order.is_framed:
        argv = [argv[0], "-c", LAUNCHER.read_text(encoding="utf-8"), *argv]
    # Kubernetes replaces $(NAME) in it; a doubled dollar stands for itself.
    return [word.replace("$(", "$$(") for word in argv]


def _labels(order: JobOrder) -> dict[str, str]:
    return {**order.labels, MANAGED_BY: "backout", "backout/job": order.name}


def _pod_of(order: JobOrder) -> tuple[Json, Json]:
    if order.template is None:
        pod: Json = {"automountServiceAccountToken": False}
        container: Json = {"name": CONTAINER, "image": order.image, "securityContext": _MODEST}
    else:
        spec = order.template["spec"]
        found = _container(order, spec["containers"])
        container = {"name": CONTAINER, **{key: found[key] for key in _FROM_CONTAINER if key in found}}
        if "resources" in container:
            # Devices that the pod claims are the workload's; limits and requests are for whoever runs its image.
            container["resources"] = {key: what for key, what in container["resources"].items() if key != "claims"}
        pod = {key: spec[key] for key in _FROM_POD if key in spec}
        pod |= _volumes(spec, container)
        if node := (spec.get("affinity") or {}).get("nodeAffinity"):
            pod["affinity"] = {"nodeAffinity": node}
    if order.account:
        pod["serviceAccountName"] = order.account
    return pod, container


def _container(order: JobOrder, containers: list[Json]) -> Json:
    if order.container is None:
        return containers[0]
    for each in containers:
        if each["name"] == order.container:
            return each
    there = ", ".join(str(each["name"]) for each in containers)
    raise ConfigurationError(f"There is no container {order.container} in its pod: {there}")


def _volumes(spec: Json, container: Json) -> Json:
    """Those that it mounts; a StatefulSet's own claims belong to its pods."""
    there = {volume["name"]: volume for volume in spec.get("volumes") or ()}
    mounts: list[Any] = [mount for mount in container.get("volumeMounts") or () if mount["name"] in there]
    if mounts:
        container["volumeMounts"] = mounts
        return {"volumes": [there[name] for name in dict.fromkeys(mount["name"] for mount in mounts)]}
    container.pop("volumeMounts", None)
    return {}
