"""Getting a Job to run: found again or made, and given up with its reason when it cannot start."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from actions.errors import BackoutError
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.following import PodGoneError
from actions.platforms.kubernetes.job_making import (
    MANAGED_BY,
    ORDER,
    TAKEN,
    TOKEN,
    UNTIL,
    JobOrder,
    digest_of,
    job_body,
    secret_body,
)
from actions.platforms.kubernetes.kinds import EVENT, JOB, SECRET
from actions.platforms.kubernetes.pods import HOPELESS, is_over, pods_of_job, waits_for
from actions.platforms.kubernetes.refusals import ConflictError, ExistsError, MissingError
from actions.platforms.kubernetes.workloads import annotation

#: How long a pod may take to be scheduled and to have its image.
START_WITHIN = timedelta(minutes=5)
#: How long a reason for not starting is borne: a node that is being added, a registry that is slow.
BORNE = timedelta(seconds=45)
#: How long one that was ended may take to be gone.
GONE_WITHIN = timedelta(minutes=3)
GLANCE_SECONDS = 0.2
POD_SECURITY = "violates PodSecurity"


class CannotStartError(BackoutError):
    """The cluster cannot run it as things are."""


def found_or_made(api: Api, order: JobOrder) -> Json:
    """The Job of this name: one that an earlier process of ours started for the very same command goes on; any other is
    ended first, so that the name never runs twice."""
    while True:
        found = api.find(JOB, order.name)
        if found is not None and not _is_ours(found, order):
            end(api, found)
            continue
        if found is None:
            try:
                found = api.create(JOB, job_body(order))
            except ExistsError:
                continue  # from a try of ours whose answer was lost, or somebody was faster: look again
        if not (found.get("spec") or {}).get("suspend"):
            return found
        if begun := _begin(api, order, found):
            return begun


def wait_for_pod(api: Api, job: Json, *, enough: Callable[[], bool], within: timedelta = START_WITHIN) -> Json | None:
    """Its pod, once it runs or has ended; None when `enough`. CannotStartError says why it does not."""
    began, stuck_since = time.monotonic(), None
    while not enough():
        pods = pods_of_job(api, job)
        for pod in pods:
            if (pod.get("status") or {}).get("phase") == "Running" or is_over(pod):
                return pod
        if not pods:
            _refuse_what_is_over(api, job)
        why = next((found for pod in pods if (found := waits_for(pod))), None) or (None if pods else _refused(api, job))
        stuck_since = (stuck_since or time.monotonic()) if why else None
        late = time.monotonic() - began > within.total_seconds()
        if why and (late or _is_hopeless(*why) or time.monotonic() - (stuck_since or began) > BORNE.total_seconds()):
            raise CannotStartError(
                f"The Job {job['metadata']['name']} cannot start: {why[0]}: {why[1][:300]}", next_step=_advice(*why)
            )
        if late:
            raise CannotStartError(
                f"The Job {job['metadata']['name']} did not start in {within.total_seconds():.0f} s",
                next_step="Look at its pod and at the namespace's events.",
            )
        time.sleep(GLANCE_SECONDS)
    return None


def end(api: Api, job: Json) -> None:
    """Deleted with everything of it; returns when its pods are gone, for only then nothing of it runs any more."""
    api.delete(JOB, job)
    until = time.monotonic() + GONE_WITHIN.total_seconds()
    while (again := api.find(JOB, job["metadata"]["name"])) is not None and again["metadata"]["uid"] == job["metadata"][
        "uid"
    ]:
        _refuse_to_wait_longer(job, until)
    while any(not is_over(pod) for pod in pods_of_job(api, job)):
        _refuse_to_wait_longer(job, until)


def mark_taken(api: Api, job: Json) -> None:
    """Its result is known: the next one of this name is a new one. It stays a while, for people who want its log."""
    try:
        api.patch(JOB, api.get(JOB, job["metadata"]["name"]), {"metadata": {"annotations": {TAKEN: "true"}}})
    except ConflictError:
        mark_taken(api, job)
    except MissingError:
        pass


def clear_forgotten(api: Api) -> None:
    """Deletes Jobs of processes that died before they knew the result, once nobody can be waiting for them any more."""
    now = time.time()
    for job in api.list(JOB, labels=f"{MANAGED_BY}=backout"):
        until = annotation(job, UNTIL)
        if until is not None and annotation(job, TAKEN) is None and float(until) < now:
            api.delete(JOB, job, propagation="Background")


def _begin(api: Api, order: JobOrder, job: Json) -> Json | None:
    """With its Secret there it may start; None: look again."""
    made_with = replace(order, token=annotation(job, TOKEN) or order.token)
    # One of an earlier try of this very Job holds the same.
    with suppress(ExistsError):
        api.create(SECRET, secret_body(made_with, job))
    try:
        return api.patch(JOB, api.get(JOB, order.name), {"spec": {"suspend": False}})
    except (ConflictError, MissingError):
        return None


def _refuse_what_is_over(api: Api, job: Json) -> None:
    """Without a pod, and none will come: nobody can tell any more how it ended."""
    name, again = job["metadata"]["name"], api.find(JOB, job["metadata"]["name"])
    conditions = ((again or {}).get("status") or {}).get("conditions") or ()
    if again is None or any(each["type"] in ("Complete", "Failed") and each["status"] == "True" for each in conditions):
        raise PodGoneError(
            f"The Job {name} is over, and its pod with its log is gone (its node was drained, or somebody deleted it)",
            next_step="Look at what was done, then try again.",
        )


def _is_ours(job: Json, order: JobOrder) -> bool:
    return (
        annotation(job, ORDER) == digest_of(order)
        and annotation(job, TAKEN) is None
        and not job["metadata"].get("deletionTimestamp")
    )


def _refused(api: Api, job: Json) -> tuple[str, str] | None:
    """What its controller says when it may not make a pod: a quota, a policy."""
    for event in api.list(EVENT, fields=f"involvedObject.uid={job['metadata']['uid']}"):
        if event.get("reason") == "FailedCreate":
            return "FailedCreate", str(event.get("message", ""))
    return None


def _is_hopeless(reason: str, message: str) -> bool:
    """It does not come by itself; the pod security standard refuses the same pod for as long as the namespace has it."""
    return reason in HOPELESS or POD_SECURITY in message


def _advice(reason: str, message: str) -> str:
    if POD_SECURITY in message:
        return (
            "Under `migrations`, `run: {workload: deployment/NAME}` takes that workload's security context over, where the "
            "namespace admits its pods; of an image alone nobody knows as whom it runs."
        )
    if "Image" in reason or "Pull" in reason:
        return "See that the image exists and that its pull secret is right."
    if reason == "FailedCreate":
        return "Look at the namespace's quotas and admission policies."
    return "Look at its pod and at the namespace's events."


def _refuse_to_wait_longer(job: Json, until: float) -> None:
    if time.monotonic() > until:
        raise BackoutError(
            f"The Job {job['metadata']['name']} was deleted, and its pod does not end",
            next_step="Look at the pod and its node. Nothing else of this step is started before it is gone.",
        )
    time.sleep(GLANCE_SECONDS)
