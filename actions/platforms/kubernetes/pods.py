"""Pods of a workload: whose they are, whether anything of them still runs, and what keeps one from starting."""

from collections.abc import Iterable

from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import DEPLOYMENT, POD, REPLICASET, Kind

OVER = ("Succeeded", "Failed")
#: What a container waits for that does not come by itself.
HOPELESS = ("InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
STUCK = (
    "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
    "CrashLoopBackOff", "RegistryUnavailable", *HOPELESS,
)  # fmt: skip


def selector_of(workload: Json) -> str:
    """Its label selector, as a query has it."""
    selector = workload["spec"].get("selector") or {}
    parts = [f"{name}={value}" for name, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], ",".join(each.get("values") or ())
        parts.append({
            "In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}",
        }[each["operator"]])  # fmt: skip
    return ",".join(parts)


def is_owned_by(it: Json, uids: Iterable[str]) -> bool:
    known = set(uids)
    return any(ref.get("uid") in known for ref in it["metadata"].get("ownerReferences") or ())


def replica_sets_of(api: Api, deployment: Json) -> list[Json]:
    found = api.list(REPLICASET, labels=selector_of(deployment))
    return [each for each in found if is_owned_by(each, [deployment["metadata"]["uid"]])]


def pods_of(api: Api, kind: Kind, workload: Json) -> list[Json]:
    """Those that may still do something: running, starting, or asked to end and not gone."""
    uids = [workload["metadata"]["uid"]]
    if kind == DEPLOYMENT:
        uids += [each["metadata"]["uid"] for each in replica_sets_of(api, workload)]
    return [
        each for each in api.list(POD, labels=selector_of(workload)) if is_owned_by(each, uids) and not is_over(each)
    ]


def pods_of_job(api: Api, job: Json) -> list[Json]:
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    return [each for each in api.list(POD, labels=f"batch.kubernetes.io/job-name={name}") if is_owned_by(each, [uid])]


def is_over(pod: Json) -> bool:
    """Its containers have ended, all of them."""
    return (pod.get("status") or {}).get("phase") in OVER


def is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def waits_for(pod: Json) -> tuple[str, str] | None:
    """Reason and message of what keeps it from running, if it says one."""
    status = pod.get("status") or {}
    for each in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        waiting = (each.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            return str(waiting["reason"]), str(waiting.get("message") or "")
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("reason") or "Unschedulable"), str(condition.get("message") or "")
    return None


def exit_of(pod: Json) -> tuple[int, str] | None:
    """Code and reason with which its first container ended."""
    for each in (pod.get("status") or {}).get("containerStatuses") or ():
        ended = (each.get("state") or {}).get("terminated")
        if ended:
            return int(ended.get("exitCode", 1)), str(ended.get("reason") or "")
    return None


def told(pods: Iterable[Json]) -> str:
    """Which they are and what they do, for people."""
    return "; ".join(_told(pod) for pod in sorted(pods, key=lambda each: str(each["metadata"]["name"]))[:5])


def _told(pod: Json) -> str:
    meta, status = pod["metadata"], pod.get("status") or {}
    node = (pod.get("spec") or {}).get("nodeName")
    doing = str(status.get("phase") or "unknown").lower()
    if meta.get("deletionTimestamp"):
        doing = "was asked to end"
    elif found := waits_for(pod):
        doing = f"{found[0]}: {found[1][:160]}" if found[1] else found[0]
    elif not is_ready(pod):
        doing = f"{doing}, not ready"
    return f"{meta['name']} ({doing}{f', on {node}' if node else ''})"
