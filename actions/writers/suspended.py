"""CronJobs: suspended, with what they had started waited for or ended; and resumed if they were not suspended before."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import CRONJOB, JOB
from actions.platforms.kubernetes.pods import is_over, is_owned_by, pods_of_job
from actions.platforms.kubernetes.refusals import MissingError
from actions.platforms.kubernetes.workloads import changed
from actions.writers.patience import wait_until
from actions.writers.port import ShouldStop

BY_US = "backout/suspended"


@dataclass(frozen=True, kw_only=True)
class SuspendedWriter:
    name: str
    api: Api
    cronjob: str
    running: Literal["wait", "end"]
    stop_within: timedelta

    def look(self) -> JsonObject:
        seen = self.api.get(CRONJOB, self.cronjob)
        return {"running": not _is_suspended(seen), "uid": str(seen["metadata"]["uid"])}

    def is_stopped(self) -> bool:
        seen = self.api.find(CRONJOB, self.cronjob)
        return seen is None or (_is_suspended(seen) and not self._under_way(seen))

    def stop(self, should_stop: ShouldStop) -> None:
        api = self.api.heeding(should_stop)

        def suspend(seen: Json) -> Json | None:
            if _is_suspended(seen):
                return None
            return {"spec": {"suspend": True}, "metadata": {"annotations": {BY_US: "true"}}}

        seen = changed(api, CRONJOB, self.cronjob, suspend)
        if self.running == "end":
            for job in self._under_way(seen):
                api.delete(JOB, job)
        still = _StillThereError("")
        try:
            wait_until(
                lambda: not self._under_way(seen), within=self.stop_within, should_stop=should_stop, otherwise=still
            )
        except _StillThereError:
            names = ", ".join(sorted(str(job["metadata"]["name"]) for job in self._under_way(seen)))
            raise BackoutError(
                f"CronJob {self.cronjob} is suspended, and a run of it does not end: {names}",
                next_step="Wait for it and ask again, raise `stop_timeout`, or say `running: end` for this writer.",
            ) from None

    def start(self, was: JsonObject, should_stop: ShouldStop) -> str | None:
        if not was.get("running"):
            return None

        def resume(seen: Json) -> Json | None:
            ours = BY_US in (seen["metadata"].get("annotations") or {})
            if not _is_suspended(seen) and not ours:
                return None
            return {"spec": {"suspend": False}, "metadata": {"annotations": {BY_US: None}}}

        try:
            changed(self.api.heeding(should_stop), CRONJOB, self.cronjob, resume)
        except MissingError:
            raise BackoutError(
                f"Somebody deleted CronJob {self.cronjob} while it was suspended",
                next_step="Apply it again with its manifest, then go on.",
            ) from None
        return None

    def trouble(self) -> str | None:
        """A run of it that failed since it came back."""
        seen = self.api.get(CRONJOB, self.cronjob)
        newest = max(self._jobs(seen), key=lambda job: str(job["metadata"].get("creationTimestamp", "")), default=None)
        if newest is not None and _condition(newest, "Failed"):
            return f"its latest run failed ({newest['metadata']['name']})"
        return None

    def _jobs(self, seen: Json) -> list[Json]:
        return [job for job in self.api.list(JOB) if is_owned_by(job, [seen["metadata"]["uid"]])]

    def _under_way(self, seen: Json) -> list[Json]:
        """Its Jobs that have not ended, and those whose pods have not."""
        found = []
        for job in self._jobs(seen):
            over = _condition(job, "Complete") or _condition(job, "Failed") or _condition(job, "Suspended")
            if not over or any(not is_over(pod) for pod in pods_of_job(self.api, job)):
                found.append(job)
        return found


class _StillThereError(BackoutError):
    """It took too long."""


def _is_suspended(seen: Json) -> bool:
    return bool((seen.get("spec") or {}).get("suspend"))


def _condition(job: Json, kind: str) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)
