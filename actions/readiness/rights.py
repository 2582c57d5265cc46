"""Which rights in its namespace a service's rollbacks need: no more than its catalog entry makes use of."""

from actions.catalog import writers as written
from actions.catalog.checks import ReadyCheck
from actions.catalog.release import DeploymentRelease
from actions.catalog.service import Service
from actions.platforms.kubernetes.kinds import (
    AUTOSCALER,
    CRONJOB,
    DEPLOYMENT,
    EVENT,
    JOB,
    POD,
    REPLICASET,
    SECRET,
    STATEFULSET,
    WORKLOADS,
)
from actions.platforms.kubernetes.rights import Right, rights
from actions.platforms.kubernetes_house import KubernetesHouse

LOOK = rights(POD, "list")
#: A command is a Job: made, begun, listened to, ended.
RUN = (
    rights(POD, "get", "list") | rights(POD, "get", subresource="log") | rights(JOB, "create", "delete", "get", "patch")
    | rights(SECRET, "create") | rights(EVENT, "list")
)  # fmt: skip
SCALE_DEPLOYMENT = rights(DEPLOYMENT, "get", "patch") | rights(REPLICASET, "list") | LOOK
SCALE_STATEFULSET = rights(STATEFULSET, "get", "patch") | LOOK
RELEASE = rights(DEPLOYMENT, "get", "patch") | rights(REPLICASET, "get", "list") | LOOK
SUSPEND = rights(CRONJOB, "get", "patch") | rights(JOB, "list") | LOOK
PAUSE = rights(AUTOSCALER, "get", "patch")


def rights_for(house: KubernetesHouse) -> frozenset[Right]:
    service, found = house.service, set(LOOK)
    for writer in service.writers.stop:
        found |= _of_writer(writer)
    if any(isinstance(each, DeploymentRelease) for each in service.application):
        found |= RELEASE
    for check in service.checks:
        if isinstance(check, ReadyCheck):
            for name in check.ready:
                found |= rights(WORKLOADS[name.partition("/")[0]], "get") | rights(REPLICASET, "list")
    if service.migrations is not None:
        found |= RUN | _of_template(house, service)
    return frozenset(found)


def _of_writer(writer: written.Writer) -> frozenset[Right]:
    match writer:
        case written.DeploymentWriter():
            return SCALE_DEPLOYMENT
        case written.StatefulSetWriter():
            return SCALE_STATEFULSET
        case written.CronJobWriter(running=running):
            return SUSPEND | (rights(JOB, "delete") if running == "end" else frozenset())
        case written.AutoscalerWriter():
            return PAUSE
        case _:
            return frozenset()


def _of_template(house: KubernetesHouse, service: Service) -> frozenset[Right]:
    inside = house.workplace().inside if service.migrations is not None else None
    if inside is None or inside.service is None:
        return frozenset()
    return rights(WORKLOADS[inside.service.partition("/")[0]], "get")
