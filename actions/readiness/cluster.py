"""The questions that only a service on Kubernetes raises: rights, workloads, and who would undo us."""

from collections.abc import Iterator, Mapping

from actions.catalog.service import Service
from actions.errors import BackoutError
from actions.platforms.kubernetes.rights import missing
from actions.platforms.kubernetes_house import KubernetesHouse
from actions.readiness.answers import Answer, Level
from actions.readiness.rights import rights_for
from actions.writers.keepers import pauses_keepers, workloads_of, would_undo


def ask_cluster(service: Service, environ: Mapping[str, str]) -> Iterator[Answer]:
    house = KubernetesHouse(service=service, environ=environ)
    for question, ask in (("rights", _ask_rights), ("workloads", _ask_workloads), ("gitops", _ask_keepers)):
        try:
            yield ask(question, house)
        except BackoutError as error:
            yield Answer(question=question, level=Level.FAILED, said=error.what, remedy=error.next_step)


def _ask_rights(question: str, house: KubernetesHouse) -> Answer:
    wanted = rights_for(house)
    lacking = missing(house.api.impatient(), wanted)
    if lacking:
        return Answer(
            question=question, level=Level.FAILED, said=f"may not {', '.join(map(str, lacking))}",
            remedy="Apply deploy/kubernetes/rbac.yaml to the service's namespace, or give the account these rights.",
        )  # fmt: skip
    return Answer(question=question, level=Level.OK, said=f"all {len(wanted)} that its rollbacks need")


def _ask_workloads(question: str, house: KubernetesHouse) -> Answer:
    api, named = house.api.impatient(), workloads_of(house.service)
    gone = [f"{kind.word} {name}" for kind, name in named if api.find(kind, name) is None]
    if gone:
        return Answer(
            question=question, level=Level.FAILED, said=f"not in the namespace: {', '.join(gone)}",
            remedy="Correct the names in the catalog, or its `namespace`.",
        )  # fmt: skip
    return Answer(question=question, level=Level.OK, said=f"all {len(named)} that the catalog names are there")


def _ask_keepers(question: str, house: KubernetesHouse) -> Answer:
    keepers = would_undo(house)
    if not keepers:
        return Answer(question=question, level=Level.OK, said="nobody puts back what a rollback changes")
    said = f"would put back what a rollback changes: {', '.join(keepers)}"
    if pauses_keepers(house.service):
        return Answer(question=question, level=Level.OK, said=f"{said}; paused for the run")
    return Answer(
        question=question, level=Level.WARNING, said=said,
        remedy="Pause it before a rollback, or write `gitops: pause` under `platform`.",
    )  # fmt: skip
