"""Deployments and StatefulSets: scaled to zero, and back to exactly what they had.

What it had is in our record before anything is changed, and also in an annotation on the object, so that whoever finds it
at zero sees why.
"""

from dataclasses import dataclass
from datetime import timedelta

from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import Kind
from actions.platforms.kubernetes.pods import pods_of, told
from actions.platforms.kubernetes.refusals import MissingError
from actions.platforms.kubernetes.workloads import changed, look_at_readiness, progress_of, replicas_of
from actions.writers.patience import wait_until
from actions.writers.port import ShouldStop

HAD = "backout/replicas"


@dataclass(frozen=True, kw_only=True)
class ScaledWriter:
    name: str
    api: Api
    kind: Kind
    workload: str
    stop_within: timedelta
    start_within: timedelta

    @property
    def called(self) -> str:
        return f"{self.kind.word} {self.workload}"

    def look(self) -> JsonObject:
        seen = self.api.get(self.kind, self.workload)
        replicas = replicas_of(seen)
        return {"running": replicas > 0, "replicas": replicas, "uid": str(seen["metadata"]["uid"])}

    def is_stopped(self) -> bool:
        """No replica is wanted, its controller knows, and no pod of it is left, not even one that is on its way out."""
        seen = self.api.find(self.kind, self.workload)
        if seen is None:
            return True
        if replicas_of(seen) or not progress_of(self.kind, seen).complete:
            return False
        return not pods_of(self.api, self.kind, seen)

    def stop(self, should_stop: ShouldStop) -> None:
        api = self.api.heeding(should_stop)

        def to_zero(seen: Json) -> Json | None:
            replicas = replicas_of(seen)
            return {"spec": {"replicas": 0}, "metadata": {"annotations": {HAD: str(replicas)}}} if replicas else None

        changed(api, self.kind, self.workload, to_zero)
        still = _StillThereError("")
        try:
            wait_until(self._is_gone, within=self.stop_within, should_stop=should_stop, otherwise=still)
        except _StillThereError:
            raise self._does_not_end() from None

    def start(self, was: JsonObject, should_stop: ShouldStop) -> str | None:
        if not was.get("running"):
            return None
        api = self.api.heeding(should_stop)
        wanted = was.get("replicas")
        words: list[str] = []

        def back(seen: Json) -> Json | None:
            words.clear()
            now = replicas_of(seen)
            if now == 0:
                return {"spec": {"replicas": wanted}, "metadata": {"annotations": {HAD: None}}}
            if now != wanted:
                # Not ours to undo.
                words.append(
                    f"Somebody scaled {self.called} to {now} meanwhile; it had {wanted}, and was left as it is"
                )
            return (
                {"metadata": {"annotations": {HAD: None}}}
                if HAD in (seen["metadata"].get("annotations") or {})
                else None
            )

        try:
            changed(api, self.kind, self.workload, back)
        except MissingError:
            raise BackoutError(
                f"Somebody deleted {self.called} while it was stopped; it had {wanted} replicas",
                next_step="Apply it again with its manifest, then go on: it is brought back to what it had.",
            ) from None
        late = _StillThereError("")
        try:
            wait_until(self._is_ready, within=self.start_within, should_stop=should_stop, otherwise=late)
        except _StillThereError:
            found = look_at_readiness(self.api, self.kind, self.workload)
            raise BackoutError(
                f"{self.called} was scaled back to {wanted} and does not get ready in {_seconds(self.start_within)}: {found.said}",
                next_step="Look at its pods and events.",
            ) from None
        return words[0] if words else None

    def _is_gone(self) -> bool:
        seen = self.api.get(self.kind, self.workload)
        if replicas := replicas_of(seen):
            raise BackoutError(
                f"Somebody scaled {self.called} to {replicas} while it was being stopped",
                next_step="Find out who or what does that (an autoscaler, GitOps, a person), then ask again.",
            )
        return progress_of(self.kind, seen).complete and not pods_of(self.api, self.kind, seen)

    def _is_ready(self) -> bool:
        found = look_at_readiness(self.api, self.kind, self.workload)
        if found.stuck:
            raise BackoutError(
                f"{self.called} does not get ready: {found.said}", next_step="Look at its pods and events."
            )
        return found.complete

    def _does_not_end(self) -> BackoutError:
        pods = pods_of(self.api, self.kind, self.api.get(self.kind, self.workload))
        return BackoutError(
            f"{self.called} is at zero replicas, and {len(pods)} pod{'' if len(pods) == 1 else 's'} did not end within "
            f"{_seconds(self.stop_within)}: {told(pods)}",
            next_step="Look at the pod and its node. Delete it by force only when you know that nothing of it runs there.",
        )


class _StillThereError(BackoutError):
    """It took too long."""


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.0f} s"
