"""The control loops: what makes the cluster become what its objects ask for. Each look is one step."""

import hashlib
import json
import secrets
import time
from typing import Any

from tests.kube_double.admission import admit_new
from tests.kube_double.store import ApiError, Json, Store, moment_of, now

REVISION = "deployment.kubernetes.io/revision"


class Controllers:
    def __init__(self, store: Store) -> None:
        self._store = store
        #: How many replicas an autoscaler's metrics ask for, by its name.
        self.wants: dict[str, int] = {}
        #: How the pods of each Job ended, by their uids.
        self._of_job: dict[str, dict[str, str]] = {}
        self._progress: dict[str, tuple[str, float]] = {}

    def look(self) -> None:
        store = self._store
        for kind, do in (
            ("HorizontalPodAutoscaler", self._autoscale), ("Deployment", self._deployment), ("ReplicaSet", self._replicas),
            ("StatefulSet", self._stateful), ("CronJob", self._cronjob), ("Job", self._job),
        ):  # fmt: skip
            for each in store.all(kind):
                if (found := store.find(kind, each["metadata"]["namespace"], each["metadata"]["name"])) is not None:
                    do(found)
        self._collect_garbage()

    # Autoscalers

    def _autoscale(self, it: Json) -> None:
        spec, meta = it["spec"], it["metadata"]
        target = self._store.find(spec["scaleTargetRef"]["kind"], meta["namespace"], spec["scaleTargetRef"]["name"])
        if target is None:
            return
        current = target["spec"]["replicas"]
        active = current != 0
        self._status(it, {"currentReplicas": current, "conditions": [
            {"type": "ScalingActive", "status": "True" if active else "False", "reason": "ValidMetricFound" if active else "ScalingDisabled"}
        ]})  # fmt: skip
        if not active:
            return
        behavior = spec.get("behavior", {})
        wanted = self.wants.get(meta["name"], current)
        if current > spec["maxReplicas"]:
            wanted = spec["maxReplicas"]
        elif current < spec["minReplicas"]:
            wanted = spec["minReplicas"]
        else:
            direction = "scaleUp" if wanted > current else "scaleDown"
            if behavior.get(direction, {}).get("selectPolicy") == "Disabled":
                wanted = current
            wanted = min(max(wanted, spec["minReplicas"]), spec["maxReplicas"])
        if wanted != current:
            self._change(target, lambda each: each["spec"].update(replicas=wanted))

    # Deployments

    def _deployment(self, it: Json) -> None:
        if it["metadata"].get("deletionTimestamp"):
            return
        sets = list(self._store.owned("ReplicaSet", it))
        digest = _digest(_plain(it["spec"]["template"]))
        current = next((each for each in sets if _digest(_plain(each["spec"]["template"])) == digest), None)
        highest = max((_revision(each) for each in sets), default=0)
        if not it["spec"].get("paused"):
            if current is None:
                current = self._new_set(it, digest, highest + 1)
                sets.append(current)
            elif _revision(current) < highest:
                current = self._annotate(current, highest + 1)
            self._roll(it, current, sets)
            if it["metadata"].get("annotations", {}).get(REVISION) != str(_revision(current)):
                self._annotate(it, _revision(current))
        elif sets:
            # No new release while it is paused, but as many of the old one as are wanted.
            self._scale(max(sets, key=_revision), it["spec"]["replicas"])
        self._tell_progress(it, current)

    def _new_set(self, it: Json, digest: str, revision: int) -> Json:
        meta, template = it["metadata"], json.loads(json.dumps(it["spec"]["template"]))
        short = digest[:10]
        template["metadata"].setdefault("labels", {})["pod-template-hash"] = short
        labels = template["metadata"]["labels"]
        body = {
            "metadata": {
                "name": f"{meta['name']}-{short}", "labels": labels, "annotations": {REVISION: str(revision)},
                "ownerReferences": [owner_of(it)],
            },
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        }  # fmt: skip
        return self._store.create(
            "ReplicaSet", meta["namespace"], admit_new(self._store, "ReplicaSet", meta["namespace"], body)
        )

    def _annotate(self, it: Json, revision: int) -> Json:
        return self._change(
            it, lambda each: each["metadata"].setdefault("annotations", {}).update({REVISION: str(revision)})
        )

    def _roll(self, it: Json, current: Json, sets: list[Json]) -> None:
        """New ones first; old ones go when the new ones are ready, so a release that does not start leaves the old."""
        wanted = it["spec"]["replicas"]
        self._scale(current, wanted)
        ready = self._store.get("ReplicaSet", current["metadata"]["namespace"], current["metadata"]["name"])
        if ready.get("status", {}).get("readyReplicas", 0) >= wanted:
            for old in sets:
                if old["metadata"]["uid"] != current["metadata"]["uid"]:
                    self._scale(old, 0)

    def _tell_progress(self, it: Json, current: Json | None) -> None:
        meta = it["metadata"]
        sets = list(self._store.owned("ReplicaSet", it))
        now_set = next(
            (each for each in sets if current and each["metadata"]["uid"] == current["metadata"]["uid"]), None
        )
        replicas = sum(each.get("status", {}).get("replicas", 0) for each in sets)
        ready = sum(each.get("status", {}).get("readyReplicas", 0) for each in sets)
        updated = now_set.get("status", {}).get("replicas", 0) if now_set else 0
        new_ready = now_set.get("status", {}).get("readyReplicas", 0) if now_set else 0
        wanted = it["spec"]["replicas"]
        complete = updated == wanted == replicas and new_ready == wanted
        mark = f"{updated}/{new_ready}/{wanted}/{current['metadata']['uid'] if current else ''}"
        before = self._progress.get(meta["uid"])
        if before is None or before[0] != mark:
            before = self._progress[meta["uid"]] = (mark, time.monotonic())
        late = not complete and time.monotonic() - before[1] > it["spec"]["progressDeadlineSeconds"]
        progressing = {
            "type": "Progressing", "status": "False" if late else "True",
            "reason": "ProgressDeadlineExceeded" if late else ("NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"),
        }  # fmt: skip
        failures = [each for one in sets for each in one.get("status", {}).get("conditions", ())]
        available = {"type": "Available", "status": "True" if ready >= wanted else "False"}
        status: Json = {"observedGeneration": meta["generation"], "conditions": [available, progressing, *failures[:1]]}
        # Zeros are left out, as the real server does.
        counts = {
            "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready,
            "unavailableReplicas": max(0, wanted - ready),
        }  # fmt: skip
        self._status(it, {**status, **{name: count for name, count in counts.items() if count}})

    # ReplicaSets and StatefulSets

    def _replicas(self, it: Json) -> None:
        pods = [each for each in self._store.owned("Pod", it) if each["status"]["phase"] not in ("Succeeded", "Failed")]
        living = [each for each in pods if not each["metadata"].get("deletionTimestamp")]
        wanted = it["spec"]["replicas"]
        failure: str | None = None
        for _ in range(wanted - len(living)):
            name = f"{it['metadata']['name']}-{secrets.token_hex(3)[:5]}"
            if failure := self._new_pod(it, name, it["spec"]["template"]):
                break
        for each in living[wanted:] if wanted < len(living) else ():
            self.delete_pod(each)
        told = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": failure}
        self._count(it, pods, conditions=[told] if failure else [])

    def _stateful(self, it: Json) -> None:
        pods = list(self._store.owned("Pod", it))
        names = {each["metadata"]["name"]: each for each in pods}
        wanted = it["spec"]["replicas"]
        for number in range(wanted):
            name = f"{it['metadata']['name']}-{number}"
            if name not in names:
                self._new_pod(it, name, it["spec"]["template"])
            if name not in names or not _is_ready(names[name]):
                break
        above = sorted(
            (each for each in pods if int(each["metadata"]["name"].rpartition("-")[2]) >= wanted),
            key=lambda each: -int(each["metadata"]["name"].rpartition("-")[2]),
        )
        if above and not above[0]["metadata"].get("deletionTimestamp"):
            self.delete_pod(above[0])
        self._count(
            it, pods, currentRevision="one", updateRevision="one", updatedReplicas=len(pods), currentReplicas=len(pods)
        )

    def _count(self, it: Json, pods: list[Json], **more: Any) -> None:
        there = [each for each in pods if not each["metadata"].get("deletionTimestamp")]
        ready = sum(1 for each in there if _is_ready(each))
        status = {
            "observedGeneration": it["metadata"]["generation"], "replicas": len(there), "readyReplicas": ready,
            "availableReplicas": ready, **more,
        }  # fmt: skip
        self._status(it, {name: value for name, value in status.items() if value or name == "replicas"})

    # Jobs

    def _cronjob(self, it: Json) -> None:
        running = [each for each in self._store.owned("Job", it) if not _finished(each)]
        active = [{"kind": "Job", "name": each["metadata"]["name"], "uid": each["metadata"]["uid"]} for each in running]
        self._status(it, {"active": active} if active else {})

    def fire(self, namespace: str, name: str) -> Json | None:
        """The schedule's time has come; nothing happens while it is suspended."""
        it = self._store.get("CronJob", namespace, name)
        if it["spec"]["suspend"]:
            return None
        template = it["spec"]["jobTemplate"]
        body = {
            "metadata": {**template.get("metadata", {}), "name": f"{name}-{secrets.token_hex(4)}", "ownerReferences": [owner_of(it)]},
            "spec": json.loads(json.dumps(template["spec"])),
        }  # fmt: skip
        return self._store.create("Job", namespace, admit_new(self._store, "Job", namespace, body))

    def _job(self, it: Json) -> None:
        meta, spec, status = it["metadata"], it["spec"], dict(it.get("status", {}))
        pods = list(self._store.owned("Pod", it))
        living = [each for each in pods if each["status"]["phase"] in ("Pending", "Running")]
        if meta.get("deletionTimestamp"):
            return
        if _finished(it):
            self._expire(it)
            return
        if spec.get("suspend"):
            self._of_job.pop(meta["uid"], None)
            for each in living:
                self.delete_pod(each)
            self._status(it, {"conditions": [{"type": "Suspended", "status": "True"}]})
            return
        status.setdefault("startTime", now())
        # A pod that is gone before it ended has failed: the real one keeps it by a finalizer until it is counted.
        ends = self._of_job.setdefault(meta["uid"], {})
        ends |= dict.fromkeys(ends.keys() - {each["metadata"]["uid"] for each in pods}, "Failed") | {
            uid: end for uid, end in ends.items() if end in ("Failed", "Succeeded")
        }
        ends |= {each["metadata"]["uid"]: each["status"]["phase"] for each in pods}
        failed, succeeded = (sum(1 for end in ends.values() if end == kind) for kind in ("Failed", "Succeeded"))
        late = (
            spec.get("activeDeadlineSeconds")
            and time.time() - moment_of(status["startTime"]) > spec["activeDeadlineSeconds"]
        )
        if late or failed > spec["backoffLimit"]:
            for each in living:
                self.delete_pod(each)
            reason = "DeadlineExceeded" if late else "BackoffLimitExceeded"
            kinds = ("FailureTarget",) if living else ("FailureTarget", "Failed")
            conditions = [
                {
                    "type": each,
                    "status": "True",
                    "reason": reason,
                    "message": f"Job has {reason}",
                    "lastTransitionTime": now(),
                }
                for each in kinds
            ]
            self._status(it, {**status, "failed": failed, "conditions": conditions})
            return
        if succeeded:
            done = [
                {"type": each, "status": "True", "lastTransitionTime": now()}
                for each in ("SuccessCriteriaMet", "Complete")
            ]
            self._status(it, {**status, "succeeded": 1, "completionTime": now(), "conditions": done})
            return
        if not living and not (failed and spec["backoffLimit"] == 0):
            self._new_pod(it, f"{meta['name'][:57]}-{secrets.token_hex(3)[:5]}", spec["template"])
        active = sum(1 for each in living if not each["metadata"].get("deletionTimestamp"))
        self._status(
            it,
            {
                **{key: value for key, value in status.items() if key != "conditions"},
                **({"active": active} if active else {}),
            },
        )

    def _expire(self, it: Json) -> None:
        ttl = it["spec"].get("ttlSecondsAfterFinished")
        ended = next(
            (
                each["lastTransitionTime"]
                for each in it["status"]["conditions"]
                if each["type"] in ("Complete", "Failed")
            ),
            None,
        )
        if ttl is not None and ended and time.time() - moment_of(ended) > ttl:
            self._store.remove("Job", it["metadata"]["namespace"], it["metadata"]["name"])

    # What they share

    def _new_pod(self, owner: Json, name: str, template: Json) -> str | None:
        """What kept it from being made."""
        namespace, labels = owner["metadata"]["namespace"], dict(template.get("metadata", {}).get("labels", {}))
        if owner["kind"] == "Job":
            labels |= {"job-name": owner["metadata"]["name"], "batch.kubernetes.io/job-name": owner["metadata"]["name"]}
        body = {
            "metadata": {
                "name": name, "labels": labels, "annotations": template.get("metadata", {}).get("annotations", {}),
                "ownerReferences": [owner_of(owner)],
            },
            "spec": json.loads(json.dumps(template["spec"])), "status": {"phase": "Pending"},
        }  # fmt: skip
        try:
            self._store.create("Pod", namespace, admit_new(self._store, "Pod", namespace, body))
        except ApiError as error:
            self._event(owner, "FailedCreate", f"Error creating: {error.message}")
            return error.message
        return None

    def _event(self, about: Json, reason: str, message: str) -> None:
        meta = about["metadata"]
        known = [
            each
            for each in self._store.all("Event", meta["namespace"])
            if each["involvedObject"]["uid"] == meta["uid"] and each["reason"] == reason
        ]
        if not known:
            ref = {"kind": about["kind"], "name": meta["name"], "uid": meta["uid"], "namespace": meta["namespace"]}
            body = {
                "metadata": {"name": f"{meta['name']}.{secrets.token_hex(6)}"}, "involvedObject": ref, "reason": reason,
                "message": message, "type": "Warning", "lastTimestamp": now(), "count": 1,
            }  # fmt: skip
            self._store.create("Event", meta["namespace"], body)

    def delete_pod(self, pod: Json, grace: int | None = None) -> None:
        meta = pod["metadata"]
        found = self._store.find("Pod", meta["namespace"], meta["name"])
        if found is None or found["metadata"].get("deletionTimestamp"):
            return
        seconds = pod["spec"]["terminationGracePeriodSeconds"] if grace is None else grace
        self._store.mark(
            "Pod", meta["namespace"], meta["name"], deletionTimestamp=now(seconds), deletionGracePeriodSeconds=seconds
        )

    def _collect_garbage(self) -> None:
        uids = set()
        dependents: dict[str, list[Json]] = {}
        everything = [
            each
            for kind in ("Deployment", "ReplicaSet", "StatefulSet", "CronJob", "Job", "Pod", "Secret")
            for each in self._store.all(kind)
        ]
        for each in everything:
            uids.add(each["metadata"]["uid"])
            for ref in each["metadata"].get("ownerReferences", ()):
                dependents.setdefault(ref["uid"], []).append(each)
        for each in everything:
            meta = each["metadata"]
            refs = meta.get("ownerReferences", ())
            known = ("Deployment", "ReplicaSet", "StatefulSet", "CronJob", "Job")
            if refs and all(ref["kind"] in known and ref["uid"] not in uids for ref in refs):
                self._let_go(each)
            if "foregroundDeletion" in meta.get("finalizers", ()):
                below = dependents.get(meta["uid"], [])
                for one in below:
                    self._let_go(one)
                if not below:
                    self._store.remove(each["kind"], meta["namespace"], meta["name"])

    def _let_go(self, it: Json) -> None:
        if it["kind"] == "Pod":
            self.delete_pod(it)
        else:
            self._store.remove(it["kind"], it["metadata"]["namespace"], it["metadata"]["name"])

    def _scale(self, it: Json, replicas: int) -> None:
        self._change(it, lambda each: each["spec"].update(replicas=replicas))

    def _change(self, it: Json, how: Any) -> Json:
        meta = it["metadata"]
        return self._store.update(it["kind"], meta["namespace"], meta["name"], how)

    def _status(self, it: Json, status: Json) -> None:
        if it.get("status") == status:
            return
        meta = it["metadata"]
        if self._store.find(it["kind"], meta["namespace"], meta["name"]) is not None:
            self._store.update(
                it["kind"], meta["namespace"], meta["name"], lambda each: each.update(status=status), status=True
            )


def owner_of(it: Json) -> Json:
    return {
        "apiVersion": it["apiVersion"], "kind": it["kind"], "name": it["metadata"]["name"], "uid": it["metadata"]["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def _plain(template: Json) -> Json:
    plain = json.loads(json.dumps(template))
    meta = plain["metadata"]
    meta.get("labels", {}).pop("pod-template-hash", None)
    # An empty field and none at all are the same.
    plain["metadata"] = {name: value for name, value in meta.items() if value}
    return plain  # type: ignore[no-any-return]


def _digest(template: Json) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()


def _revision(it: Json) -> int:
    return int(it["metadata"].get("annotations", {}).get(REVISION, 0))


def _is_ready(pod: Json) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))


def _finished(job: Json) -> bool:
    return any(
        each["type"] in ("Complete", "Failed") and each["status"] == "True"
        for each in job.get("status", {}).get("conditions", ())
    )
