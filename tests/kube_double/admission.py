"""What the API server adds to an object, what it refuses, and what a quota refuses."""

import base64
import re
from typing import Any

from tests.kube_double.pod_security import refuse_insecure
from tests.kube_double.store import ApiError, Json, Store

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
JOB_POD_FIELDS = frozenset({
    "containers", "initContainers", "volumes", "restartPolicy", "terminationGracePeriodSeconds", "activeDeadlineSeconds",
    "dnsPolicy", "dnsConfig", "nodeSelector", "serviceAccountName", "serviceAccount", "automountServiceAccountToken",
    "securityContext", "imagePullSecrets", "affinity", "schedulerName", "tolerations", "hostAliases", "priorityClassName",
    "runtimeClassName", "enableServiceLinks", "topologySpreadConstraints", "hostNetwork", "os", "hostUsers",
    "shareProcessNamespace", "preemptionPolicy", "nodeName", "hostname", "subdomain", "hostPID", "hostIPC", "readinessGates",
    "setHostnameAsFQDN", "priority", "resources",
})  # fmt: skip
CONTAINER_FIELDS = frozenset({
    "name", "image", "command", "args", "workingDir", "ports", "envFrom", "env", "resources", "volumeMounts",
    "volumeDevices", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "terminationMessagePath",
    "terminationMessagePolicy", "imagePullPolicy", "securityContext", "stdin", "stdinOnce", "tty", "resizePolicy",
    "restartPolicy",
})  # fmt: skip
JOB_FIELDS = frozenset({
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "selector", "manualSelector", "template",
    "ttlSecondsAfterFinished", "completionMode", "suspend", "podFailurePolicy", "podReplacementPolicy", "successPolicy",
    "backoffLimitPerIndex", "maxFailedIndexes", "managedBy",
})  # fmt: skip


def admit_new(store: Store, kind: str, namespace: str, body: Json) -> Json:
    _check_meta(body)
    _check_spec(kind, body)
    spec = (
        body.setdefault("spec", {})
        if kind not in ("ConfigMap", "Secret", "Event", "Role", "RoleBinding", "ServiceAccount")
        else {}
    )
    match kind:
        case "Deployment" | "StatefulSet" | "ReplicaSet":
            spec.setdefault("replicas", 1)
            if kind == "Deployment":
                spec.setdefault("progressDeadlineSeconds", 600)
                spec.setdefault(
                    "strategy", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
                )
            _default_pod(spec["template"]["spec"])
            labels, wanted = spec["template"]["metadata"].get("labels", {}), spec["selector"]["matchLabels"]
            if not wanted.items() <= labels.items():
                raise _invalid(kind, body, "`selector` does not match template `labels`")
        case "Job":
            _admit_job(spec, body)
        case "CronJob":
            spec.setdefault("suspend", False)
            spec.setdefault("concurrencyPolicy", "Allow")
            _default_pod(spec["jobTemplate"]["spec"]["template"]["spec"])
        case "HorizontalPodAutoscaler":
            spec.setdefault("minReplicas", 1)
            check_autoscaler(body)
        case "Pod":
            _default_pod(spec)
            if namespace in store.restricted:
                refuse_insecure(body)
            body.setdefault("status", {"phase": "Pending"})
        case "Secret":
            _admit_secret(body)
    refuse_over_quota(store, kind, namespace)
    return body


def admit_change(kind: str, before: Json, after: Json) -> None:
    _check_meta(after)
    _check_spec(kind, after)
    if kind == "Job" and after["spec"]["template"] != before["spec"]["template"] and not before["spec"].get("suspend"):
        raise _invalid(kind, after, "spec.template: Invalid value: field is immutable")
    if kind in ("Deployment", "StatefulSet") and after["spec"]["selector"] != before["spec"]["selector"]:
        raise _invalid(kind, after, "spec.selector: Invalid value: field is immutable")
    if kind in ("Deployment", "StatefulSet", "ReplicaSet") and (
        not isinstance(after["spec"].get("replicas"), int) or after["spec"]["replicas"] < 0
    ):
        raise _invalid(kind, after, "spec.replicas: Invalid value: must be greater than or equal to 0")
    if kind == "CronJob" and not isinstance(after["spec"].get("suspend", False), bool):
        raise ApiError(400, "BadRequest", "CronJob in version v1 cannot be handled: spec.suspend must be a bool")
    if kind == "HorizontalPodAutoscaler":
        after["spec"].setdefault("minReplicas", 1)
        check_autoscaler(after)


def _check_spec(kind: str, body: Json) -> None:
    if kind == "Deployment":
        spec = body.get("spec", {})
        if spec.get("progressDeadlineSeconds", 600) <= spec.get("minReadySeconds", 0):
            raise _invalid(
                kind, body, "spec.progressDeadlineSeconds: Invalid value: must be greater than minReadySeconds"
            )
    if kind == "Role" and not all(rule.get("verbs") for rule in body.get("rules") or ()):
        raise _invalid(kind, body, "rules.verbs: Required value: verbs must contain at least one value")


def check_autoscaler(body: Json) -> None:
    spec = body["spec"]
    if spec["minReplicas"] < 1:
        raise _invalid(
            "HorizontalPodAutoscaler", body, "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"
        )
    if spec["maxReplicas"] < spec["minReplicas"]:
        raise _invalid(
            "HorizontalPodAutoscaler", body, "spec.maxReplicas: must be greater than or equal to `minReplicas`"
        )
    behavior = spec.get("behavior")
    if behavior is None:
        return
    # As the real server does it: half a behavior is filled up with the defaults.
    up = behavior.setdefault("scaleUp", {})
    up.setdefault("stabilizationWindowSeconds", 0)
    down = behavior.setdefault("scaleDown", {})
    for rules, policies in (
        (
            up,
            [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}],
        ),
        (down, [{"type": "Percent", "value": 100, "periodSeconds": 15}]),
    ):
        rules.setdefault("selectPolicy", "Max")
        rules.setdefault("policies", policies)
        if rules["selectPolicy"] not in ("Max", "Min", "Disabled"):
            raise _invalid("HorizontalPodAutoscaler", body, "selectPolicy: Unsupported value")


def refuse_over_quota(store: Store, kind: str, namespace: str) -> None:
    counted = {
        "Pod": ("pods", "pods"),
        "Job": ("count/jobs.batch", "jobs.batch"),
        "Secret": ("count/secrets", "secrets"),
    }.get(kind)
    if counted is None:
        return
    for quota in store.all("ResourceQuota", namespace):
        hard = quota["spec"].get("hard", {}).get(counted[0])
        used = sum(
            1
            for each in store.all(kind, namespace)
            if each.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        )
        if hard is not None and used + 1 > int(hard):
            raise ApiError(
                403, "Forbidden",
                f'{counted[1]} "x" is forbidden: exceeded quota: {quota["metadata"]["name"]}, requested: {counted[0]}=1, '
                f"used: {counted[0]}={used}, limited: {counted[0]}={hard}",
            )  # fmt: skip


def _admit_secret(body: Json) -> None:
    strings = body.pop("stringData", None) or {}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in strings.items()}
    body["data"] = {**body.get("data", {}), **data}
    if sum(len(value) for value in body["data"].values()) > 1_400_000:
        raise _invalid("Secret", body, "data: Too long: may not be more than 1048576 bytes")


def _admit_job(spec: Json, body: Json) -> None:
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completions", 1)
    spec.setdefault("parallelism", 1)
    spec.setdefault("suspend", False)
    pod = spec["template"]["spec"]
    if pod.get("restartPolicy") not in ("Never", "OnFailure"):
        raise _invalid(
            "Job", body, 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
        )
    if len(body["metadata"].get("name", "")) > 63:
        raise _invalid("Job", body, "metadata.name: must be no more than 63 characters")
    _known(spec, JOB_FIELDS, "spec")
    _known(pod, JOB_POD_FIELDS, "spec.template.spec")
    for container in pod["containers"]:
        _known(container, CONTAINER_FIELDS, "spec.template.spec.containers")
        for env in container.get("env", ()):
            if "value" in env and not isinstance(env["value"], str):
                raise ApiError(400, "BadRequest", "env.value must be a string")
        claimed = {claim["name"] for claim in container.get("resources", {}).get("claims", ())}
        if missing := claimed - {claim["name"] for claim in pod.get("resourceClaims", ())}:
            raise _invalid("Job", body, f"resources.claims: Not found: {sorted(missing)}")
        mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
        if missing := mounted - {volume["name"] for volume in pod.get("volumes", ())}:
            raise _invalid("Job", body, f"volumeMounts: Not found: {sorted(missing)}")
    _default_pod(pod)


def _known(part: Json, fields: frozenset[str], where: str) -> None:
    if unknown := sorted(set(part) - fields):
        raise ApiError(400, "BadRequest", f'strict decoding error: unknown field "{where}.{unknown[0]}"')


def _default_pod(pod: Json) -> None:
    pod.setdefault("restartPolicy", "Always")
    pod.setdefault("terminationGracePeriodSeconds", 30)
    pod.setdefault("dnsPolicy", "ClusterFirst")
    if not pod.get("containers"):
        raise ApiError(422, "Invalid", "spec.containers: Required value")


def _check_meta(body: Json) -> None:
    meta: dict[str, Any] = body.get("metadata", {})
    name = meta.get("name") or meta.get("generateName", "")
    if not name or len(name) > 253 or not _NAME.fullmatch(name.rstrip("-")):
        raise ApiError(422, "Invalid", f"metadata.name: Invalid value: {name!r}: a lowercase RFC 1123 subdomain")
    for key, value in (meta.get("labels") or {}).items():
        if not _LABEL_KEY.fullmatch(key) or len(value) > 63 or not _LABEL_VALUE.fullmatch(value):
            raise ApiError(422, "Invalid", f"metadata.labels: Invalid value: {key}={value!r}")
    for key, value in (meta.get("annotations") or {}).items():
        if not _LABEL_KEY.fullmatch(key) or not isinstance(value, str):
            raise ApiError(422, "Invalid", f"metadata.annotations: Invalid value: {key}")


def _invalid(kind: str, body: Json, why: str) -> ApiError:
    return ApiError(422, "Invalid", f'{kind} "{body["metadata"].get("name")}" is invalid: {why}')
