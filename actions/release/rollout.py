"""Taking the application back along the history of its Deployment, whether its pods run or are scaled to zero."""

import time
from dataclasses import dataclass
from datetime import timedelta

from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.platforms.kubernetes import rollouts
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.kinds import DEPLOYMENT
from actions.platforms.kubernetes.workloads import Progress, look_at_readiness
from actions.release.port import ShouldStop

_TICK_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class RolloutRelease:
    api: Api
    deployment: str
    to_revision: int | None
    within: timedelta

    def look(self) -> JsonObject:
        """Which release runs, and which one it goes back to: decided once, for a number means another one later."""
        releases = rollouts.releases_of(self.api, self.deployment)
        older = rollouts.choose(releases, self.deployment, self.to_revision)
        return {
            "newer": releases[0].replica_set, "newer_revision": releases[0].revision, "newer_images": list(releases[0].images),
            "older": older.replica_set, "older_revision": older.revision, "older_images": list(older.images),
        }  # fmt: skip

    def is_back(self, was: JsonObject) -> bool | None:
        return rollouts.runs(self.api, self.deployment, str(was["older"])) and self._progress().complete

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:
        self._go_to(str(was["older"]), should_stop, f"the release of revision {was.get('older_revision')}")

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:
        if newer := was.get("newer"):
            self._go_to(str(newer), should_stop, f"the release of revision {was.get('newer_revision')}")

    def _go_to(self, replica_set: str, should_stop: ShouldStop, what: str) -> None:
        rollouts.go_to(self.api.heeding(should_stop), self.deployment, replica_set)
        until = time.monotonic() + self.within.total_seconds()
        while not (progress := self._progress()).complete:
            if progress.stuck or time.monotonic() > until:
                raise BackoutError(
                    f"Deployment {self.deployment} was set to {what}, and is not there: {progress.said}",
                    next_step="Look at its pods and events.",
                )
            if should_stop():
                raise BackoutError("It was stopped while the rollout was under way")
            time.sleep(_TICK_SECONDS)

    def _progress(self) -> Progress:
        return look_at_readiness(self.api, DEPLOYMENT, self.deployment)
