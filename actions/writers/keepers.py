"""Argo CD, Flux and KEDA: whoever would put back what a rollback changes, found and, where the catalog says so, paused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actions.catalog import writers as written
from actions.catalog.platform import KubernetesPlatform
from actions.catalog.release import DeploymentRelease
from actions.catalog.service import Service
from actions.history.canonical import Json, JsonObject
from actions.platforms.house import House
from actions.platforms.kubernetes import gitops
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.api import Json as ApiJson
from actions.platforms.kubernetes.kinds import AUTOSCALER, CRONJOB, DEPLOYMENT, STATEFULSET, Kind
from actions.platforms.kubernetes_house import KubernetesHouse
from actions.writers.port import ShouldStop

#: Under this name they are a writer like any other: stopped first.
NAME = "gitops"


def pauses_keepers(service: Service) -> bool:
    return isinstance(service.platform, KubernetesPlatform) and service.platform.gitops == "pause"


@dataclass(frozen=True, kw_only=True)
class PausedKeepers:
    """As a writer: running while one of them acts by itself."""

    api: Api
    workloads: Sequence[tuple[Kind, str]]
    name: str = NAME

    def look(self) -> JsonObject:
        acting = [keeper for keeper in self._keepers() if not gitops.is_paused(self.api, keeper)]
        records: list[Json] = [dict(keeper.as_record()) for keeper in acting]
        return {"running": bool(acting), "keepers": records}

    def is_stopped(self) -> bool:
        return all(gitops.is_paused(self.api, keeper) for keeper in self._keepers())

    def stop(self, should_stop: ShouldStop) -> None:
        for keeper in self._keepers():
            gitops.pause(self.api.heeding(should_stop), keeper)

    def start(self, was: JsonObject, should_stop: ShouldStop) -> str | None:
        kept = was.get("keepers")
        said = [
            gitops.resume(self.api.heeding(should_stop), gitops.Keeper.from_record(each))
            for each in (kept if isinstance(kept, list | tuple) else ())
        ]
        return "; ".join(each for each in said if each) or None

    def _keepers(self) -> tuple[gitops.Keeper, ...]:
        return gitops.keepers_of(seen(self.api, self.workloads))


def keepers_for(house: KubernetesHouse) -> PausedKeepers:
    return PausedKeepers(api=house.api, workloads=workloads_of(house.service))


def workloads_of(service: Service) -> tuple[tuple[Kind, str], ...]:
    """What the catalog says that we change in the cluster."""
    found: list[tuple[Kind, str]] = []
    for writer in service.writers.stop:
        match writer:
            case written.DeploymentWriter():
                found.append((DEPLOYMENT, writer.deployment))
            case written.StatefulSetWriter():
                found.append((STATEFULSET, writer.statefulset))
            case written.CronJobWriter():
                found.append((CRONJOB, writer.cronjob))
            case written.AutoscalerWriter():
                found.append((AUTOSCALER, writer.hpa))
            case _:
                pass
    found += [(DEPLOYMENT, each.deployment) for each in service.application if isinstance(each, DeploymentRelease)]
    return tuple(dict.fromkeys(found))


def would_undo(house: House) -> tuple[str, ...]:
    """In words, who acts by itself, or may: our account need not be allowed to look at it."""
    if not isinstance(house, KubernetesHouse):
        return ()
    objects = tuple(seen(house.api, workloads_of(house.service)))
    told = []
    for keeper in gitops.keepers_of(objects):
        acts = gitops.acts_by_itself(house.api, keeper)
        if acts is not False:
            told.append(str(keeper) if acts else f"{keeper} (which Backout may not look at)")
    return (*told, *(f"{name}, by the fields that it wrote" for name in gitops.unnamed_keepers(objects)))


def seen(api: Api, workloads: Sequence[tuple[Kind, str]]) -> Iterator[ApiJson]:
    for kind, name in workloads:
        if (found := api.find(kind, name)) is not None:
            yield found
