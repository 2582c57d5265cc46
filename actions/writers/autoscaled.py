"""HorizontalPodAutoscalers: paused, so that none scales a stopped writer up again or down while it comes back.

The API has a setting for that: a `selectPolicy` of `Disabled` in both directions. The bounds stay what they are. (An
autoscaler whose target is at zero replicas is inactive anyway, unless its own lower bound is zero; this keeps it quiet
also in between.)
"""

import json
from dataclasses import dataclass

from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.kinds import AUTOSCALER
from actions.platforms.kubernetes.refusals import MissingError
from actions.platforms.kubernetes.workloads import changed
from actions.writers.port import ShouldStop

WAS = "backout/behavior"
_DIRECTIONS = ("scaleUp", "scaleDown")


@dataclass(frozen=True, kw_only=True)
class PausedAutoscaler:
    name: str
    api: Api
    autoscaler: str

    def look(self) -> JsonObject:
        seen = self.api.get(AUTOSCALER, self.autoscaler)
        spec = seen["spec"]
        return {
            "running": not _is_paused(seen), "uid": str(seen["metadata"]["uid"]), "behavior": spec.get("behavior"),
            "minimum": spec.get("minReplicas", 1), "maximum": spec["maxReplicas"],
        }  # fmt: skip

    def is_stopped(self) -> bool:
        seen = self.api.find(AUTOSCALER, self.autoscaler)
        return seen is None or _is_paused(seen)

    def stop(self, should_stop: ShouldStop) -> None:
        def pause(seen: Json) -> Json | None:
            if _is_paused(seen):
                return None
            was = json.dumps(seen["spec"].get("behavior"))
            disabled = {direction: {"selectPolicy": "Disabled"} for direction in _DIRECTIONS}
            return {"spec": {"behavior": disabled}, "metadata": {"annotations": {WAS: was}}}

        changed(self.api.heeding(should_stop), AUTOSCALER, self.autoscaler, pause)

    def start(self, was: JsonObject, should_stop: ShouldStop) -> str | None:
        if not was.get("running"):
            return None
        words: list[str] = []

        def back(seen: Json) -> Json | None:
            words.clear()
            bounds = (seen["spec"].get("minReplicas", 1), seen["spec"]["maxReplicas"])
            had = (was.get("minimum"), was.get("maximum"))
            if bounds != had:
                words.append(
                    f"Somebody changed the bounds of autoscaler {self.autoscaler} meanwhile, from {_bounds(had)} to "
                    f"{_bounds(bounds)}; they were left as they are"
                )
            if WAS not in (seen["metadata"].get("annotations") or {}):
                return None
            # Each part of it anew: a merge would keep what it did not have.
            behavior = was.get("behavior")
            cleared = dict.fromkeys(_DIRECTIONS)
            return {
                "spec": {"behavior": {**cleared, **behavior} if isinstance(behavior, dict) else None},
                "metadata": {"annotations": {WAS: None}},
            }  # fmt: skip

        try:
            changed(self.api.heeding(should_stop), AUTOSCALER, self.autoscaler, back)
        except MissingError:
            raise BackoutError(
                f"Somebody deleted autoscaler {self.autoscaler} while it was paused",
                next_step="Apply it again with its manifest, then go on.",
            ) from None
        return words[0] if words else None


def _is_paused(seen: Json) -> bool:
    behavior = (seen.get("spec") or {}).get("behavior") or {}
    return all((behavior.get(direction) or {}).get("selectPolicy") == "Disabled" for direction in _DIRECTIONS)


def _bounds(bounds: tuple[object, object]) -> str:
    return f"{bounds[0]}..{bounds[1]}"
